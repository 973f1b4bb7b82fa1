#include "x86/extable.h"

#include "lib/abi.h"
#include "x86/cpu.h"

struct extable_entry {
    int32_t from, to;
};

/* From the linker script. */
extern const struct extable_entry __extable_start[], __extable_end[];

static uint64_t target(const int32_t *distance)
{
    return (uint64_t)distance + (int64_t)*distance;
}

/* A few dozen entries, and a fault here is rare: a plain search is fast enough. */
bool extable_fixup(struct cpu_user_regs *regs)
{
    for (const struct extable_entry *e = __extable_start; e < __extable_end; e++) {
        if (target(&e->from) == regs->rip) {
            regs->rip = target(&e->to);
            return true;
        }
    }
    return false;
}

bool rdmsr_safe(uint32_t msr, uint64_t *value)
{
    uint32_t lo = 0, hi = 0;
    bool ok = true;

    asm volatile("1: rdmsr\n"
                 "2:\n"
                 ".pushsection .text.fixup, \"ax\"\n"
                 "3: movb $0, %2\n"
                 "jmp 2b\n"
                 ".popsection\n" EXTABLE("1b", "3b")
                 : "+a"(lo), "+d"(hi), "+m"(ok)
                 : "c"(msr));
    *value = (uint64_t)hi << 32 | lo;
    return ok;
}

bool wrmsr_safe(uint32_t msr, uint64_t value)
{
    bool ok = true;

    asm volatile("1: wrmsr\n"
                 "2:\n"
                 ".pushsection .text.fixup, \"ax\"\n"
                 "3: movb $0, %0\n"
                 "jmp 2b\n"
                 ".popsection\n" EXTABLE("1b", "3b")
                 : "+m"(ok)
                 : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                 : "memory");
    return ok;
}
