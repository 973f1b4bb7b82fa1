/*
 * What grants reach outside grant/, as host tests see it: frames that count their references, and
 * for each domain a page table of a few entries. And the rule that references and uses add up.
 */
#ifndef TESTS_HOST_GRANT_WORLD_H
#define TESTS_HOST_GRANT_WORLD_H

#include "grant/table.h"
#include "small_world.h"

#define WORLD_FRAMES 64u
#define WORLD_DOMAIN_FRAMES 8u /* domain d owns frames d * 8 to d * 8 + 7 at first */
#define WORLD_SLOTS 8u

/* A small world with grant tables of `max_frames` frames and one page of mapping records. */
void grant_world_reset(unsigned max_frames);
/* Ends all domains and checks that every frame has its first count again. */
void grant_world_end(void);

/* The granter's side: what a guest writes into its shared table. */
void grant_world_offer(unsigned id, uint32_t ref, uint16_t flags, domid_t to, uint32_t frame);
uint16_t grant_world_flags(unsigned id, uint32_t ref);
uint32_t grant_world_frame(unsigned id, uint32_t ref);

/* A call of the domain that runs, after which all counts add up. */
long grant_world_op(unsigned cmd, void *arg, unsigned count);
/* Domain 2 maps grant `ref` of domain 1 at its entry `slot`. */
struct gnttab_map_grant_ref grant_world_map(uint32_t ref, uint32_t flags, unsigned slot);

/* Address that maps through entry `slot`, and the entry's own (as its machine address). */
uint64_t grant_world_va(unsigned slot);
uint64_t grant_world_pte(unsigned id, unsigned slot);
/* Bits that the mapping's maker asked for in the entry. */
uint64_t grant_world_bits(unsigned id, unsigned slot);
/* MFN in the entry, WORLD_FRAMES for none. */
uint32_t grant_world_mapped(unsigned id, unsigned slot);
/* The guest clears its entry by itself. */
void grant_world_clear(unsigned id, unsigned slot);
/* The guest gives a frame back (balloon). */
void grant_world_release(uint32_t frame);
/* A frame becomes a page table of its owner, if nothing writes to it; false otherwise. */
bool grant_world_make_table(uint32_t frame);
/* A type of the frame is being taken down, or no longer. */
void grant_world_make_busy(uint32_t frame, bool is_busy);
bool grant_world_is_free(uint32_t frame);

/* A domain dies up to the point where only others' mappings of its frames are left. */
void grant_world_kill(unsigned id);

/* Stops the test unless all counts add up. */
void grant_world_check(void);

#endif
