/* Tables whose last reference went away in an operation that nobody repeats. */
#ifndef MEMORY_DYING_H
#define MEMORY_DYING_H

struct frame;
struct vcpu;

/* Leaves a partial table to the dying-table slot of `current`; if the slot is taken, finishes it at
 * once. Its owner's paging lock is held. */
void dying_add(struct frame *f);

#endif
