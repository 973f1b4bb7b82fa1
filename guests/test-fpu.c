/* Floating-point and vector state is the guest's: it survives hypercalls, traps, blocking, user
 * mode and another vCPU's use; fpu_taskswitch makes the next use trap, CLTS or the call end that.
 */
#include "guest.h"

static volatile bool over;
static volatile unsigned other_runs, other_wrong;
static bool has_avx;

static void fill(uint8_t seed)
{
    uint64_t pattern = seed * 0x0101010101010101ULL;

    asm volatile("movq %0, %%xmm0; punpcklqdq %%xmm0, %%xmm0; movdqa %%xmm0, %%xmm1;"
                 "movdqa %%xmm0, %%xmm7; movdqa %%xmm0, %%" XMM_LAST "; movq %0, %%mm3"
                 :
                 : "m"(pattern));
    if (has_avx)
        asm volatile("vinsertf128 $1, %xmm0, %ymm0, %ymm5");
}

static bool holds(uint8_t seed)
{
    uint64_t pattern = seed * 0x0101010101010101ULL, a, b, c, d = pattern;

    asm volatile("movq %%xmm0, %0; movhlps %%" XMM_LAST ", %%xmm1; movq %%xmm1, %1; movq %%mm3, %2"
                 : "=m"(a), "=m"(b), "=m"(c));
    if (has_avx)
        asm volatile("vextractf128 $1, %%ymm5, %%xmm1; movq %%xmm1, %0" : "=m"(d));
    return a == pattern && b == pattern && c == pattern && d == pattern;
}

static void cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    asm volatile(XEN_CPUID
                 : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
                 : "a"(leaf), "c"(sub));
}

/* Switches AVX on when the policy shows it. */
static void enable_avx(void)
{
    uint32_t r[4];
    unsigned long cr4;

    cpuid(1, 0, r);
    if (!(r[2] & (1U << 26)))
        return;
    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    asm volatile("mov %0, %%cr4" : : "r"(cr4 | 1UL << 18));
    cpuid(1, 0, r);
    CHECK(r[2] & (1U << 27));
    if (!(r[2] & (1U << 28)))
        return;
    CHECK_EQ(CATCH(asm volatile("xsetbv" : : "c"(0), "a"(7), "d"(0))), NO_TRAP);
    /* SSE without x87, an unknown register, an unknown bit. */
    CHECK_EQ(CATCH(asm volatile("xsetbv" : : "c"(0), "a"(6), "d"(0))), TRAP_GP);
    CHECK_EQ(CATCH(asm volatile("xsetbv" : : "c"(1), "a"(7), "d"(0))), TRAP_GP);
    CHECK_EQ(CATCH(asm volatile("xsetbv" : : "c"(0), "a"(7), "d"(1U << 30))), TRAP_GP);
    has_avx = true;
}

static void other(unsigned vcpu)
{
    (void)vcpu;
    enable_avx();
    while (!over) {
        fill((uint8_t)(0xa0 + other_runs % 16));
        sched_op(SCHEDOP_yield, NULL);
        other_wrong += !holds((uint8_t)(0xa0 + other_runs % 16));
        other_runs++;
    }
}

static void check_kept(void)
{
    struct sched_poll poll = {.timeout = 0};

    fill(0x5a);
    force_upcall();
    CHECK(holds(0x5a));
    fill(0x5b);
    CHECK_EQ(CATCH(asm volatile("ud2")), TRAP_UD);
    CHECK(holds(0x5b));
    fill(0x5c);
    for (unsigned i = 0; i < 20; i++) {
        poll.timeout = now() + MILLISECOND;
        sched_op(SCHEDOP_poll, &poll);
    }
    CHECK(holds(0x5c));
    if (vcpu_count() > 1) {
        MUST(vcpu_launch(1, other));
        CHECK(WAIT_FOR(other_runs > 0, 5 * SECOND));
        for (unsigned i = 0; i < 200; i++) {
            fill((uint8_t)i);
            sched_op(SCHEDOP_yield, NULL);
            poll.timeout = now() + MILLISECOND / 5;
            sched_op(SCHEDOP_poll, &poll);
            if (!CHECK(holds((uint8_t)i)))
                break;
        }
        over = true;
        CHECK(other_runs > 1);
        CHECK_EQ(other_wrong, 0);
    }
}

static void check_taskswitch(void)
{
    unsigned long cr0;

    CHECK_EQ(fpu_taskswitch(1), 0);
    asm volatile("mov %%cr0, %0" : "=r"(cr0));
    CHECK_EQ(cr0 & 8, 8);
    CHECK_EQ(CATCH(asm volatile("movd %xmm0, %eax")), TRAP_NM);
    CHECK_EQ(fpu_taskswitch(0), 0);
    CHECK_EQ(CATCH(asm volatile("movd %%xmm0, %%eax" : : : "eax")), NO_TRAP);
    CHECK_EQ(fpu_taskswitch(1), 0);
    CHECK_EQ(CATCH(asm volatile("clts")), NO_TRAP);
    CHECK_EQ(CATCH(asm volatile("movd %%xmm0, %%eax" : : : "eax")), NO_TRAP);
    asm volatile("mov %%cr0, %0" : "=r"(cr0));
    CHECK_EQ(cr0 & 8, 0);
    CHECK_EQ(CATCH(asm volatile("mov %0, %%cr0" : : "r"(cr0 | 8))), NO_TRAP);
    CHECK_EQ(CATCH(asm volatile("fninit")), TRAP_NM);
    CHECK_EQ(CATCH(asm volatile("mov %0, %%cr0" : : "r"(cr0))), NO_TRAP);
    CHECK_EQ(CATCH(asm volatile("fninit")), NO_TRAP);
}

/* Division by zero, unmasked: vector 16 at the next x87 instruction. (TCG has no vector 19.) */
static void check_exceptions(void)
{
    uint16_t control = 0x37f & ~4;

    CHECK_EQ(CATCH(asm volatile("fninit; fldcw %0; fld1; fldz; fdivrp; fwait"
                                :
                                : "m"(control))),
             TRAP_MF);
    CHECK_EQ(CATCH(asm volatile("fninit; fld1; fldz; fdivrp; fwait; fninit")), NO_TRAP);
}

/* Control words that programs set by the compiler's -ffast-math: small numbers count as zero. */
#define FAST_MATH 0x9fc0

static volatile uint32_t new_mxcsr;

static void newcomer(unsigned vcpu)
{
    uint32_t mxcsr;

    (void)vcpu;
    asm volatile("stmxcsr %0" : "=m"(mxcsr));
    new_mxcsr = mxcsr;
}

/* All bits that the processor has come with a context, as when a domain is restored. */
static void check_context(void)
{
    static struct vcpu_guest_context context;
    static const uint16_t fcw = 0x37f;
    static const uint32_t mxcsr = FAST_MATH;

    vcpu_context(&context, 2, newcomer);
    context.flags |= VGCF_I387_VALID;
    memcpy(context.fpu_ctxt.x, &fcw, sizeof(fcw));
    memcpy(context.fpu_ctxt.x + 24, &mxcsr, sizeof(mxcsr));
    MUST(vcpu_op(VCPUOP_initialise, 2, &context));
    MUST(vcpu_op(VCPUOP_up, 2, NULL));
    CHECK(WAIT_FOR(new_mxcsr, 5 * SECOND));
    CHECK_EQ(new_mxcsr, FAST_MATH);
}

void test(void)
{
    enable_avx();
    print("AVX %s\n", has_avx ? "yes" : "no");
    check_kept();
    check_taskswitch();
    check_exceptions();
    check_context();
}
