/* Host builds: the real header, without the instructions that a process may not use. */
#ifndef HOST_X86_CPU_H
#define HOST_X86_CPU_H

#define irq_disable real_irq_disable
#define irq_enable real_irq_enable
#define irq_save real_irq_save
#define irq_restore real_irq_restore
#define irq_enabled real_irq_enabled
#define read_cr3 real_read_cr3
#define write_cr3 real_write_cr3
#define read_cr4 real_read_cr4
#define write_cr4 real_write_cr4
#define invlpg real_invlpg
#define invpcid_address real_invpcid_address
#define wbinvd real_wbinvd
#define cpu_relax real_cpu_relax
#include_next "x86/cpu.h"
#undef irq_disable
#undef irq_enable
#undef irq_save
#undef irq_restore
#undef irq_enabled
#undef read_cr3
#undef write_cr3
#undef read_cr4
#undef write_cr4
#undef invlpg
#undef invpcid_address
#undef wbinvd
#undef cpu_relax

/* A test that is linked with interleave.c is told of a processor that waits for another. */
void __attribute__((weak)) host_wait(void);

static inline void cpu_relax(void)
{
    if (host_wait)
        host_wait();
}

static inline void irq_disable(void)
{
}

static inline void irq_enable(void)
{
}

static inline unsigned long irq_save(void)
{
    return 0;
}

static inline void irq_restore(unsigned long flags)
{
}

static inline bool irq_enabled(void)
{
    return true;
}

/* What empties TLBs and caches: for the test that is linked with them. */
unsigned long read_cr3(void);
void write_cr3(unsigned long value);
unsigned long read_cr4(void);
void write_cr4(unsigned long value);
void invlpg(const void *va);
void invpcid_address(uint64_t pcid, uint64_t va);
void wbinvd(void);

#endif
