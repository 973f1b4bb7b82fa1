/* How a 32-bit guest calls the hypervisor: number in EAX, arguments in EBX, ECX, EDX, ESI and EDI,
 * result in EAX. What is 64 bits wide takes two arguments, the low half first. */
#ifndef GUEST_HYPERCALL_ASM_H
#define GUEST_HYPERCALL_ASM_H

/* For assembly with two arguments. */
#define HYPERCALL_INSN "int $0x82"
#define HYPERCALL_ARGUMENTS(a, b) "b"(a), "c"(b)
#define HYPERCALL_CLOBBERS "memory"

static inline long hypercall5(unsigned op, unsigned long a, unsigned long b, unsigned long c,
                              unsigned long d, unsigned long e)
{
    long result = (long)op;

    asm volatile(HYPERCALL_INSN
                 : "+a"(result), "+b"(a), "+c"(b), "+d"(c), "+S"(d), "+D"(e)
                 :
                 : "memory");
    return result;
}

/* The same by a stub of the hypercall page, which keeps registers that take no argument: -1 if it
 * does not. */
static inline long hypercall_stub(const char *stub, unsigned long a, unsigned long b)
{
    const unsigned long kept = 0x11223344;
    unsigned long edx = kept;
    long result;

    asm volatile("call *%4" : "=a"(result), "+b"(a), "+c"(b), "+d"(edx) : "S"(stub) : "memory");
    return edx == kept ? result : -1;
}

#define LOW_HALF(value) ((unsigned long)(value))
#define HIGH_HALF(value) ((unsigned long)((uint64_t)(value) >> 32))

static inline long update_va_mapping(unsigned long va, uint64_t pte, unsigned long flags)
{
    return hypercall5(__HYPERVISOR_update_va_mapping, va, LOW_HALF(pte), HIGH_HALF(pte), flags, 0);
}

static inline long update_descriptor(uint64_t at, uint64_t descriptor)
{
    return hypercall5(__HYPERVISOR_update_descriptor, LOW_HALF(at), HIGH_HALF(at),
                      LOW_HALF(descriptor), HIGH_HALF(descriptor), 0);
}

static inline long set_timer_op(uint64_t at)
{
    return hypercall5(__HYPERVISOR_set_timer_op, LOW_HALF(at), HIGH_HALF(at), 0, 0, 0);
}

static inline long set_callbacks(const void *event, const void *failsafe, const void *syscall)
{
    (void)syscall;
    return hypercall5(__HYPERVISOR_set_callbacks, FLAT_KERNEL_CS, (unsigned long)event,
                      FLAT_KERNEL_CS, (unsigned long)failsafe, 0);
}

#endif
