/* Making a CPU ready to be entered: the parts of cpu_init_descriptors(). */
#ifndef X86_ENTRY_SETUP_H
#define X86_ENTRY_SETUP_H

#include "lib/types.h"

/* Interrupt-stack-table slots of the exceptions with stacks of their own. */
enum ist { IST_NONE, IST_DF, IST_NMI, IST_MC, IST_DB };

/* Fills and loads this CPU's GDT, TSS and an empty LDT. `cpu` is the calling CPU, on its own stack,
 * interrupts off. */
void desc_init_cpu(unsigned cpu);

/* CR4 bits that Ringfort keeps set; a vCPU's own come on top (context switch). */
uint64_t hv_cr4(void);

#endif
