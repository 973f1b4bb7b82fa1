/* Which table a CPU runs on, and the processor's settings that go with it. */
#include "boot/boot.h"
#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/printk.h"
#include "memory/hypmap.h"
#include "memory/hypmap_root.h"
#include "memory/mapping.h"
#include "memory/validate.h"
#include "x86/cpu.h"
#include "x86/current.h"

#define CPUID_1C_PCID (1u << 17)
#define CPUID_1C_HYPERVISOR (1u << 31)
#define CPUID_HYPERVISOR 0x40000000u
#define CPUID_7B_SMEP (1u << 7)
#define CPUID_7B_SMAP (1u << 20)
#define CPUID_7D_ARCH_CAPABILITIES (1u << 29)
#define ARCH_CAP_RDCL_NO (UINT64_C(1) << 0)
#define CPUID_ADDRESS_SIZES 0x80000008u
#define L1D_ADDRESS_BITS                                                                           \
    44u /* fewest that the first cache compares where that is below MAXPHYADDR */
#define PAT_RINGFORT UINT64_C(0x050100070406) /* WB WT UC- UC WC WP UC UC */

enum root_mode root_mode;

static bool is_intel(void)
{
    struct cpuid_regs r = cpuid(0, 0);

    return r.b == 0x756e6547 && r.d == 0x49656e69 && r.c == 0x6c65746e; /* GenuineIntel */
}

static struct cpuid_regs features7(void)
{
    struct cpuid_regs none = {0};

    return cpuid(0, 0).a >= 7 ? cpuid(7, 0) : none;
}

/* Intel processors read ahead through the user bit (Meltdown) and the present bit (L1TF) unless
 * they say otherwise. */
static BOOT_CODE bool ignores_pte_bits(void)
{
    if (!is_intel())
        return false;
    if (!(features7().d & CPUID_7D_ARCH_CAPABILITIES))
        return true;
    return !(rdmsr(MSR_ARCH_CAPABILITIES) & ARCH_CAP_RDCL_NO);
}

static BOOT_CODE bool needs_isolation(void)
{
    return options.isolation >= 0 ? options.isolation : ignores_pte_bits();
}

BOOT_CODE void root_mode_choose(void)
{
    static const char *const names[] = {
        [ROOT_GLOBAL] = "not isolated, user mappings global",
        [ROOT_ISOLATED_PCID] = "isolated, with PCIDs",
        [ROOT_ISOLATED] = "isolated",
    };

    if (!needs_isolation())
        root_mode = ROOT_GLOBAL;
    else if (options.pcid && cpuid(1, 0).c & CPUID_1C_PCID)
        root_mode = ROOT_ISOLATED_PCID;
    else
        root_mode = ROOT_ISOLATED;
    log_info("Ringfort's memory is %s", names[root_mode]);
    if (ignores_pte_bits())
        l1tf_bits = MIN(cpuid(CPUID_ADDRESS_SIZES, 0).a & 0xff, L1D_ADDRESS_BITS);
}

/* QEMU's emulator (its signature is TCGTCGTCGTCG) takes a guest's IRET in ring 3 for an access of
 * Ringfort's: under SMAP a guest kernel would not survive its first. */
static bool smap_is_usable(void)
{
    struct cpuid_regs r = cpuid(CPUID_HYPERVISOR, 0);

    return !(cpuid(1, 0).c & CPUID_1C_HYPERVISOR) || r.b != 0x54474354 || r.c != 0x43544743;
}

void hypmap_init_cpu(void)
{
    struct cpuid_regs f = features7();
    unsigned long cr4 = CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT;

    wrmsr(MSR_PAT, PAT_RINGFORT);
    write_cr3(mfn_maddr(virt_to_mfn(hv_root)).a);
    if (root_mode == ROOT_GLOBAL)
        cr4 |= CR4_PGE;
    if (root_mode == ROOT_ISOLATED_PCID)
        cr4 |= CR4_PCIDE;
    if (options.smep && f.b & CPUID_7B_SMEP)
        cr4 |= CR4_SMEP;
    if (options.smap && f.b & CPUID_7B_SMAP && smap_is_usable())
        cr4 |= CR4_SMAP;
    write_cr4(cr4);
}

static void load_if_other(mfn_t root)
{
    uint64_t cr3 = mfn_maddr(root).a;

    if (read_cr3() != cr3)
        write_cr3(cr3);
}

void root_load_wide(void)
{
    struct vcpu *v = current;
    bool kernel = v->arch.in_kernel;
    mfn_t root = kernel ? v->memory.kernel_root : v->memory.user_root;

    assert(!irq_enabled());
    /* The idle vCPU and a vCPU without a base pointer have nothing of their own. */
    if (v->is_idle || mfn_eq(root, INVALID_MFN) || root.n == 0) {
        cpu_info()->guest_cr3 = 0;
        write_cr3(mfn_maddr(virt_to_mfn(hv_root)).a);
    } else if (root_mode == ROOT_GLOBAL) {
        load_if_other(root);
    } else {
        isolation_load(v, root, kernel);
    }
}

void root_load_current(void)
{
    const struct vcpu *v = current;

    assert(!irq_enabled());
    if (unlikely(v->domain->is_compat && !mfn_eq(v->memory.kernel_root, INVALID_MFN)))
        compat_root_load(v->memory.kernel_root);
    else
        root_load_wide();
}
