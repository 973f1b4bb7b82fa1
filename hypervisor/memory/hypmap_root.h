/* Choice of the root mode, for the hypmap files. */
#ifndef MEMORY_HYPMAP_ROOT_H
#define MEMORY_HYPMAP_ROOT_H

#include "lib/types.h"

struct vcpu;

/* Sets root_mode by processor and options. Boot. */
void root_mode_choose(void);

/* Builds what the guest's view of Ringfort needs on `cpu`, whose area exists. 0 or -ENOMEM; nothing
 * to do in ROOT_GLOBAL. */
int isolation_add_cpu(unsigned cpu);
/* Copies one entry of the area's L1 table (index within it) into the guest's view. */
void isolation_set_area_entry(unsigned cpu, unsigned index, uint64_t entry);
/* Makes the root that 32-bit guests run on at `cpu`. 0 or -ENOMEM. */
int compat_root_add_cpu(unsigned cpu);
/* root_load_current for a 32-bit guest, whose base pointer is the level-3 table `root`. */
void compat_root_load(mfn_t root);
/* The isolated half of root_load_current: `root` is the table of the vCPU's present mode. */
void isolation_load(struct vcpu *v, mfn_t root, bool kernel);

#endif
