/* Where a processor that has just been started enters C. */
#ifndef X86_SMP_BOOT_H
#define X86_SMP_BOOT_H

/* Called by smp_trampoline.S on the CPU's own stack, in hv_root, interrupts off. */
void smp_ap_start(void) __attribute__((noreturn));

#endif
