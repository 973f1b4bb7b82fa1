/* How a 64-bit guest calls the hypervisor: number in RAX, arguments in RDI, RSI, RDX, R10 and R8,
 * result in RAX; SYSCALL itself takes RCX and R11. */
#ifndef GUEST_HYPERCALL_ASM_H
#define GUEST_HYPERCALL_ASM_H

/* For assembly with two arguments. */
#define HYPERCALL_INSN "syscall"
#define HYPERCALL_ARGUMENTS(a, b) "D"(a), "S"(b)
#define HYPERCALL_CLOBBERS "rcx", "r11", "memory"

static inline long hypercall5(unsigned op, unsigned long a, unsigned long b, unsigned long c,
                              unsigned long d, unsigned long e)
{
    long result = (long)op;
    register unsigned long r10 asm("r10") = d;
    register unsigned long r8 asm("r8") = e;

    asm volatile(HYPERCALL_INSN
                 : "+a"(result), "+D"(a), "+S"(b), "+d"(c), "+r"(r10), "+r"(r8)
                 :
                 : "rcx", "r11", "memory");
    return result;
}

/* The same by a stub of the hypercall page, which keeps RCX and R11: -1 if it does not. */
static inline long hypercall_stub(const char *stub, unsigned long a, unsigned long b)
{
    const unsigned long kept = 0x1122334455667788;
    unsigned long rcx = kept;
    register unsigned long r11 asm("r11") = kept;
    long result;

    asm volatile("call *%5"
                 : "=a"(result), "+c"(rcx), "+r"(r11), "+D"(a), "+S"(b)
                 : "r"(stub)
                 : "rdx", "r10", "r8", "memory");
    return rcx == kept && r11 == kept ? result : -1;
}

static inline long update_va_mapping(unsigned long va, uint64_t pte, unsigned long flags)
{
    return hypercall5(__HYPERVISOR_update_va_mapping, va, pte, flags, 0, 0);
}

static inline long update_descriptor(uint64_t at, uint64_t descriptor)
{
    return hypercall5(__HYPERVISOR_update_descriptor, at, descriptor, 0, 0, 0);
}

static inline long set_timer_op(uint64_t at)
{
    return hypercall5(__HYPERVISOR_set_timer_op, at, 0, 0, 0, 0);
}

static inline long set_callbacks(const void *event, const void *failsafe, const void *syscall)
{
    return hypercall5(__HYPERVISOR_set_callbacks, (unsigned long)event, (unsigned long)failsafe,
                      (unsigned long)syscall, 0, 0);
}

#endif
