/* Random hypercalls. Each is made from (seed, domain, vCPU, step) alone, so that a step can be left
 * out without a change to the others. */
#ifndef RANDOM_RANDOM_H
#define RANDOM_RANDOM_H

#include "guest.h"

#define RANDOM_VCPUS 3
#define RAM_FRAMES 0x10000 /* of the machine that tests use */
#define PAGES 24           /* to play with: writable, or tables */
#define PRIVATE_PAGES 8    /* of these, the first ones: never granted */
#define SPARES 16          /* frames mapped nowhere, to give back and exchange */
#define PLAY_FIRST 8       /* of the entries to play with in the tree at FREE_BASE */
#define PLAY_ENTRIES 8
#define ARENA_PAGES 6
#define GRANT_LIST_MAX 40
#define CONTROL_SEEDS 5 /* with one in so many, half the calls are the tools' */

struct call {
    unsigned op;
    unsigned long args[5];
};

extern uint64_t random_seed;
extern char *play_pages[PAGES];
extern pte_t *play_tables[ROOT_LEVEL]; /* by level from 1 on; they map FREE_BASE */
extern mfn_t spare_frames[SPARES];     /* 0: given back */
extern uint32_t reached_outcomes;

/* Begins a step on this vCPU. */
void step_begin(unsigned vcpu, uint64_t step);

/* Random numbers: 64 bits; less than n (not 0); true in one of n. */
uint64_t any(void);
unsigned below(unsigned n);
bool one_in(unsigned n);

/* Values of a kind: mostly right, sometimes nearly, sometimes not at all. */
uint64_t some_number(void);
mfn_t some_mfn(void);
/* Whether a frame is a private page's: these must stay the guest's. */
bool is_private(mfn_t mfn);
pte_t some_entry(void);
unsigned long some_va(void);
unsigned some_domain(void);
unsigned some_port(void);
unsigned some_ref(void);
void *bad_pointer(void);

/* Room for an argument in this step's memory, filled with values of all kinds; now and then an
 * address instead that is no guest's, is not mapped or ends too early. */
void *some_room(size_t size);

/* An address at most 1 KiB before one where nothing is mapped. */
unsigned long some_brink(void);

/* Whether an address is in that memory, and can be written. */
bool is_room(const void *at);

/* The next call. */
void call_make(struct call *call);

/* The same of one of page tables' and memory's kinds. */
void call_make_memory(struct call *call);

/* Page-table and grant calls use these. */
void tables_make(void);
void spares_make(void);
void brink_make(void);
void clock_keep(void);

/* Makes a call, notes its outcome, and repairs what the guest itself needs: whether it was
 * accepted. */
bool call_run(const struct call *call);

/* Takes from this vCPU what calls may have given it. */
void vcpu_end(void);

/* Takes back what calls may have made of the pages, and checks that no reference to those that were
 * not granted is left. */
void play_end(void);

#endif
