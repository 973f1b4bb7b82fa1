/* Host builds: the real header, without the instructions that a process may not use. */
#ifndef HOST_X86_CPU_H
#define HOST_X86_CPU_H

#define irq_disable real_irq_disable
#define irq_enable real_irq_enable
#define irq_save real_irq_save
#define irq_restore real_irq_restore
#define irq_enabled real_irq_enabled
#include_next "x86/cpu.h"
#undef irq_disable
#undef irq_enable
#undef irq_save
#undef irq_restore
#undef irq_enabled

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

#endif
