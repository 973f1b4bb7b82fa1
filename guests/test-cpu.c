/* Privileged instructions of the guest kernel: CPUID by the ABI's prefix shows no feature that a PV
 * guest must not use, control registers and MSRs read and write as allowed, everything else faults.
 */
#include "guest.h"

static void cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    asm volatile(XEN_CPUID
                 : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
                 : "a"(leaf), "c"(sub));
}

static void check_cpuid(void)
{
    uint32_t r[4], base[4];

    cpuid(0, 0, r);
    CHECK(r[0] >= 1);
    cpuid(1, 0, r);
    /* Page sizes, global pages, virtual 8086 extensions; MONITOR, VMX, PCID, x2APIC, deadline. */
    CHECK_EQ(r[3] & (1U << 1 | 1U << 3 | 1U << 13 | 1U << 17), 0);
    CHECK_EQ(r[2] & (1U << 3 | 1U << 5 | 1U << 17 | 1U << 21 | 1U << 24), 0);
    /* FPU, TSC, MSR, PAE, CX8, CMOV, FXSR, SSE, SSE2; CX16; a hypervisor. */
    CHECK_EQ(r[3] & 0x07008171, 0x07008171);
    CHECK(r[2] & 1U << 31);
    cpuid(7, 0, r);
    /* SMEP, INVPCID, SMAP; UMIP, PKU, LA57. */
    CHECK_EQ(r[1] & (1U << 7 | 1U << 10 | 1U << 20), 0);
    CHECK_EQ(r[2] & (1U << 2 | 1U << 3 | 1U << 16), 0);
    cpuid(0x80000001, 0, r);
    /* SYSCALL, NX, long mode; no 1 GiB pages, no SVM. */
    CHECK_EQ(r[3] & (1U << 11 | 1U << 20 | 1U << 29), 1U << 11 | 1U << 20 | 1U << 29);
    CHECK_EQ(r[3] & 1U << 26, 0);
    CHECK_EQ(r[2] & 1U << 2, 0);

    cpuid(0x40000000, 0, base);
    CHECK(base[0] >= 0x40000002);
    CHECK_EQ(memcmp(&base[1], "XenVMMXenVMM", 12), 0);
    cpuid(0x40000001, 0, r);
    CHECK_EQ(r[0], xen_version(XENVER_version, NULL));
    cpuid(0x40000002, 0, r);
    CHECK(r[2] & 1);
    /* Far out of range: an answer, whatever it is. */
    cpuid(0xdeadbeef, 0x12345678, r);
    cpuid(0xffffffff, 0xffffffff, r);
    /* The prefix is for CPUID alone. */
    CHECK_EQ(CATCH(asm volatile(XEN_EMULATE_PREFIX "nop")), TRAP_UD);
}

static uint64_t rdmsr(uint32_t msr)
{
    uint32_t low, high;

    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static void wrmsr(uint32_t msr, uint64_t value)
{
    asm volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static void check_msrs(void)
{
    static const uint32_t readable[] = {0xc0000080, 0x277, 0x1b, 0x10, 0x179, 0x17a, 0x8b};
    static const uint32_t dangerous[] = {0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084,
                                         0x174,      0x175,      0x176,      0x1d9,
                                         0x200,      0x2ff,      0xc001001a};
    uint64_t efer;

    for (unsigned i = 0; i < sizeof(readable) / sizeof(*readable); i++)
        if (!CHECK_EQ(CATCH((void)rdmsr(readable[i])), NO_TRAP))
            print("MSR %x\n", readable[i]);
    CHECK_EQ(rdmsr(0x277), 0x0000050100070406);
    efer = rdmsr(0xc0000080);
    CHECK_EQ(efer & 0xd01, 0xd01);
    CHECK_EQ(CATCH(wrmsr(0xc0000080, efer)), NO_TRAP);
    /* These would be a way in: a write must fault or have no effect. */
    for (unsigned i = 0; i < sizeof(dangerous) / sizeof(*dangerous); i++)
        CATCH(wrmsr(dangerous[i], 0x1234));
    CATCH(wrmsr(0xc0000080, 0));
    CATCH(wrmsr(0x1b, 0));
    CATCH(wrmsr(0x277, 0));
    CHECK_EQ(rdmsr(0xc0000080) & 0xd01, 0xd01);
    CHECK_EQ(rdmsr(0x277), 0x0000050100070406);
    CHECK_EQ(xen_version(XENVER_pagesize, NULL), PAGE_SIZE);
    CHECK_EQ(CATCH((void)rdmsr(0xdeadbeef)), TRAP_GP);
}

/* By their bytes, which mean something else to 32-bit code: it has none of the three. */
static void check_64_bit_instructions(void)
{
    if (!HAS_SYSCALL)
        return;
    /* MOV to CR8, SWAPGS, SYSRET. */
    CHECK_EQ(CATCH(asm volatile(".byte 0x44, 0x0f, 0x22, 0xc0" : : "a"(0))), TRAP_GP);
    CHECK_EQ(CATCH(asm volatile(".byte 0x0f, 0x01, 0xf8")), TRAP_GP);
    CHECK_EQ(CATCH(asm volatile(".byte 0x48, 0x0f, 0x07")), TRAP_GP);
}

static void check_control_registers(void)
{
    unsigned long cr0, cr2, cr3, cr4;

    asm volatile("mov %%cr0, %0" : "=r"(cr0));
    CHECK_EQ(cr0 & 0x80010001, 0x80010001);
    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    CHECK_EQ(cr4 & 0x620, 0x620);
    /* SMEP, SMAP, PCIDE, UMIP, FSGSBASE and the rest of the host's are not shown. */
    CHECK_EQ(cr4 & 0x320890, 0);
    CHECK_EQ(CATCH((void)*(volatile char *)0x5678), TRAP_PF);
    asm volatile("mov %%cr2, %0" : "=r"(cr2));
    CHECK_EQ(cr2, 0x5678);
    asm volatile("mov %%cr3, %0" : "=r"(cr3));
    CHECK_EQ(xen_cr3_to_pfn(cr3), va_to_mfn(root_table()));
    CHECK_EQ(CATCH(asm volatile("mov %0, %%cr3" : : "r"(cr3))), NO_TRAP);
    CHECK_EQ(CATCH(asm volatile("mov %0, %%cr3"
                                :
                                : "r"(xen_pfn_to_cr3(va_to_mfn(stacks))))),
             TRAP_GP);
    CHECK_EQ(CATCH(asm volatile("mov %0, %%cr4" : : "r"(cr4))), NO_TRAP);
    /* Paging and protection stay on. */
    CHECK_EQ(CATCH(asm volatile("mov %0, %%cr0" : : "r"(cr0 & ~0x80000000UL))), TRAP_GP);
    CHECK_EQ(CATCH(asm volatile("mov %0, %%cr0" : : "r"(cr0))), NO_TRAP);
    CHECK_EQ(CATCH(asm volatile("mov %%cr1, %0" : "=r"(cr0))) != NO_TRAP, true);
    CHECK_EQ(CATCH(asm volatile("ltr %w0" : : "r"(8))), TRAP_GP);
    CHECK_EQ(CATCH(asm volatile("lidt (%0)" : : "r"(stacks))), TRAP_GP);
    check_64_bit_instructions();
}

void test(void)
{
    uint64_t a = rdtsc(), b;

    for (unsigned i = 0; i < 10000; i++) {
        b = rdtsc();
        if (!(b >= a))
            CHECK(b >= a);
        a = b;
    }
    check_cpuid();
    check_msrs();
    check_control_registers();
}
