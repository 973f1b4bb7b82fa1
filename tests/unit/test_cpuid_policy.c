/* sources: hypervisor/x86/cpuid_policy.c */
/* A machine that claims every bit: what must stay hidden from PV guests does, what they need shows.
 */
#include "check.h"
#include "x86/cpuid_policy.h"
#include "x86/fpu.h"

#define BIT(n) (1u << (n))

static struct cpu_features everything = {
    .xsave = true,
    .xcr0 = XCR0_X87 | XCR0_SSE | XCR0_AVX | XCR0_AVX512,
    .xsave_size = 2696,
};

static struct cpuid_regs ask(uint32_t leaf, uint32_t subleaf, bool is_hardware)
{
    struct cpuid_regs r = {~0u, ~0u, ~0u, ~0u};

    cpuid_policy_cut(leaf, subleaf, &everything, is_hardware, &r);
    return r;
}

static void test_hidden(void)
{
    /* MONITOR, VMX, SMX, PDCM, PCID, x2APIC, TSC deadline. */
    CHECK_EQ(ask(1, 0, true).c & (BIT(3) | BIT(5) | BIT(6) | BIT(15) | BIT(17) | BIT(21) | BIT(24)),
             0);
    /* VME, PSE, MTRR, PGE, PSE36, DS. */
    CHECK_EQ(ask(1, 0, true).d & (BIT(1) | BIT(3) | BIT(12) | BIT(13) | BIT(17) | BIT(21)), 0);
    /* FSGSBASE, SMEP, INVPCID, RTM, MPX, SMAP, PT. */
    CHECK_EQ(
        ask(7, 0, true).b & (BIT(0) | BIT(7) | BIT(10) | BIT(11) | BIT(14) | BIT(20) | BIT(25)), 0);
    /* UMIP, PKU, shadow stacks, five-level tables. */
    CHECK_EQ(ask(7, 0, true).c & (BIT(2) | BIT(3) | BIT(7) | BIT(16)), 0);
    /* IBT, IBRS, STIBP, ARCH_CAPABILITIES, SSBD. */
    CHECK_EQ(ask(7, 0, true).d & (BIT(20) | BIT(26) | BIT(27) | BIT(29) | BIT(31)), 0);
    CHECK_EQ(ask(0xd, 1, true).a & BIT(3), 0); /* XSAVES */
    /* SVM, OSVW, IBS, topology; 1 GiB pages. */
    CHECK_EQ(ask(0x80000001, 0, true).c & (BIT(2) | BIT(9) | BIT(10) | BIT(22)), 0);
    CHECK_EQ(ask(0x80000001, 0, true).d & BIT(26), 0);
}

static void test_shown(void)
{
    const uint32_t long_mode = BIT(11) | BIT(20) | BIT(29);

    CHECK_EQ(ask(1, 0, false).c & BIT(31), BIT(31)); /* a hypervisor is present */
    CHECK_EQ(ask(0x80000001, 0, false).d & long_mode, long_mode);
    CHECK_EQ(ask(0xd, 0, false).a, everything.xcr0);
    CHECK_EQ(ask(0x80000007, 0, true).d, 0);
    everything.stable_tsc = true;
    CHECK_EQ(ask(0x80000007, 0, true).d, BIT(8));
    CHECK_EQ(ask(0x80000007, 0, false).d, 0);
    everything.stable_tsc = false;
    CHECK(ask(0, 0, false).a <= POLICY_MAX_BASIC);
}

/* Unknown leaves show nothing. */
static void test_unknown(void)
{
    static const uint32_t leaves[] = {3, 5, 9, 0xa, 0xb, 0x12, 0x14, 0x8000000a, 0x8000001f};

    for (unsigned i = 0; i < ARRAY_SIZE(leaves); i++) {
        struct cpuid_regs r = ask(leaves[i], 0, true);

        CHECK_EQ(r.a | r.b | r.c | r.d, 0);
    }
}

/* What needs XSAVE goes when Ringfort does not use it. */
static void test_without_xsave(void)
{
    const uint32_t avx = BIT(12) | BIT(26) | BIT(28) | BIT(29);

    CHECK_EQ(ask(1, 0, false).c & avx, avx);
    everything.xsave = false;
    CHECK_EQ(ask(1, 0, false).c & avx, 0);
    CHECK_EQ(ask(7, 0, false).b & (BIT(5) | BIT(16)), 0);
    CHECK_EQ(ask(0xd, 0, false).a, 0);
    everything.xsave = true;
}

int main(void)
{
    test_hidden();
    test_shown();
    test_unknown();
    test_without_xsave();
    return check_report();
}
