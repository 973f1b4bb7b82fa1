/* Random hypercalls. Each is made from (seed, domain, vCPU, step) alone, so that a step can be left
 * out without a change to the others. */
#ifndef RANDOM_RANDOM_H
#define RANDOM_RANDOM_H

#include "guest.h"

#include <xen/domctl.h>

/* That one domain waits for the other: on a busy host both take long. */
#define PATIENCE (600 * SECOND)

#define RANDOM_VCPUS 3
#define RAM_FRAMES 0x10000 /* of the machine that tests use */
#define PAGES 24           /* to play with: writable, or tables */
#define PRIVATE_PAGES 8    /* of these, the first ones: never granted */
#define SPARES 16          /* frames mapped nowhere, to give back and exchange */
#define PLAY_FIRST 8       /* of the entries to play with in the tree at FREE_BASE */
#define PLAY_ENTRIES 8
#define ARENA_PAGES 6
#define GRANT_LIST_MAX 40
#define TARGETS 8       /* pages of the domain beside Domain0 that it does as it likes with */
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

/* The time by a copy of vCPU 0's structure: the structures themselves are written over. */
void clock_keep(void);
uint64_t kept_now(void);

/* Random numbers: 64 bits; less than n (not 0); true in one of n. */
uint64_t any(void);
unsigned below(unsigned n);
bool one_in(unsigned n);

/* Values of a kind: mostly right, sometimes nearly, sometimes not at all. */
uint64_t some_number(void);
mfn_t some_mfn(void);
/* One to write over: nothing of what this guest lives by, were it shared with Ringfort. */
mfn_t some_page_mfn(void);
/* One of the domain beside Domain0, set aside for this. */
mfn_t some_target(void);
bool is_target(mfn_t mfn);
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

/* The same of one of those for tools, and for the domain that has the hardware. */
void call_make_control(struct call *call);
void call_make_hardware(struct call *call);

/* Whether this guest and the one beside it survive an operation on a domain in good order and time;
 * of ringfort_op's, one on the scheduler; of sched_op's, one that ends soon. */
bool is_gentle(const struct xen_domctl *op);
bool is_gentle_schedule(unsigned command, const void *argument);
bool is_gentle_wait(unsigned command, const void *argument);

/* Page-table and grant calls use these. */
void tables_make(void);
void spares_make(void);
/* The domain beside Domain0 sets targets aside, and Domain0 learns which; Domain0 lets go of them.
 */
void targets_make(void);
void targets_end(void);
void brink_make(void);

/* Makes a call, notes its outcome, and repairs what the guest itself needs: whether it was
 * accepted. */
bool call_run(const struct call *call);

/* A store to a page table: whether it was carried out. */
bool store_random(void);

/* All outcomes so far, one number each. */
void outcomes_print(void);

/* Takes from this vCPU what calls may have given it. */
void vcpu_end(void);

/* Takes back what calls may have made of the pages, and checks that no reference to those that were
 * not granted is left. */
void play_end(void);

#endif
