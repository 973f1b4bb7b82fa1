#include "x86/msr.h"

#include "domain/domain.h"
#include "x86/cpu.h"
#include "x86/cpuid.h"

#define MSR_TSC 0x10
#define MSR_PLATFORM_ID 0x17
#define MSR_PATCH_LEVEL 0x8b
#define MSR_MCG_CAP 0x179
#define MSR_MCG_STATUS 0x17a
#define MSR_MISC_ENABLE 0x1a0
#define MSR_MC0_CTL 0x400
#define MSR_MC1_LAST 0x407
#define MSR_K7_EVNTSEL0 0xc0010000
#define MSR_K7_PERFCTR3 0xc0010007
#define MSR_K7_HWCR 0xc0010015
#define MSR_K8_DE_CFG 0xc0011029

#define APIC_BASE_DEFAULT 0xfee00000UL
#define APIC_BASE_BSP (1UL << 8)
#define APIC_BASE_ENABLE (1UL << 11)
/* Entries 0 to 7: WB WT UC- UC WC WP UC UC (memory/hypmap_root loads the same). */
#define PAT_SHOWN 0x0000050100070406UL
#define MISC_ENABLE_NO_BTS_PEBS 0x1800UL

/* What the guest may know of a register of the machine; 0 where there is no such register. */
static uint64_t from_machine(uint32_t msr)
{
    uint64_t value;

    rdmsr_safe(msr, &value);
    return value;
}

static uint64_t apic_base(const struct vcpu *v)
{
    return APIC_BASE_DEFAULT | APIC_BASE_ENABLE | (v->id == 0 ? APIC_BASE_BSP : 0);
}

bool guest_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    *value = 0;
    switch (msr) {
    case MSR_FS_BASE:
    case MSR_GS_BASE:
    case MSR_KERNEL_GS_BASE:
        *value = rdmsr(msr);
        return !v->domain->is_compat;
    case MSR_EFER:
        *value = rdmsr(msr);
        return true;
    case MSR_TSC:
        *value = rdtsc();
        return true;
    case MSR_PAT:
        *value = PAT_SHOWN;
        return true;
    case MSR_APIC_BASE:
        *value = apic_base(v);
        return true;
    case MSR_TSC_AUX:
        *value = v->arch.tsc_aux;
        return cpu_features.tsc_aux;
    case MSR_PLATFORM_ID:
        *value = from_machine(msr);
        return !cpu_features.is_amd;
    case MSR_MISC_ENABLE:
        *value = from_machine(msr) | MISC_ENABLE_NO_BTS_PEBS;
        return !cpu_features.is_amd;
    case MSR_PATCH_LEVEL:
        *value = from_machine(msr);
        return true;
    case MSR_K7_HWCR:
    case MSR_K8_DE_CFG:
        *value = from_machine(msr);
        return cpu_features.is_amd;
    case MSR_MCG_CAP:
    case MSR_MCG_STATUS:
    case MSR_MC0_CTL ... MSR_MC1_LAST:
        return true;
    case MSR_K7_EVNTSEL0 ... MSR_K7_PERFCTR3:
        return cpu_features.is_amd;
    default:
        return false;
    }
}

/* Writes that would change nothing guests can see are taken and forgotten. */
bool guest_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value)
{
    switch (msr) {
    case MSR_FS_BASE:
    case MSR_GS_BASE:
    case MSR_KERNEL_GS_BASE:
        if (!is_canonical(value) || v->domain->is_compat)
            return false;
        wrmsr(msr, value);
        return true;
    case MSR_EFER:
        return value == rdmsr(MSR_EFER);
    case MSR_PAT:
        return value == PAT_SHOWN;
    case MSR_TSC_AUX:
        if (!cpu_features.tsc_aux || value >> 32)
            return false;
        v->arch.tsc_aux = value;
        wrmsr(MSR_TSC_AUX, value);
        return true;
    case MSR_MISC_ENABLE:
        return !cpu_features.is_amd;
    case MSR_PATCH_LEVEL:
        /* On Intel's the way to have CPUID leave the revision here, to be read next. */
        return !cpu_features.is_amd && value == 0;
    case MSR_MCG_STATUS:
    case MSR_MC0_CTL ... MSR_MC1_LAST:
        return true;
    case MSR_K7_HWCR:
    case MSR_K7_EVNTSEL0 ... MSR_K7_PERFCTR3:
        return cpu_features.is_amd;
    default:
        return false;
    }
}
