/* CPUID: the machine's features, each domain's policy, the hypervisor's own leaves. */
#include "x86/cpuid.h"

#include "domain/domain.h"
#include <xen/arch-x86/cpuid.h>

#include "boot/boot.h"
#include "lib/alloc.h"
#include "lib/errno.h"
#include "memory/frame.h"
#include "time/time.h"
#include "x86/context.h"
#include "x86/cpu.h"
#include "x86/cpuid_policy.h"
#include "x86/entry.h"
#include "x86/fpu.h"

#define FIRST_HYPERVISOR_LEAF 0x40000000u
#define LAST_HYPERVISOR_LEAF 0x400000ffu
#define EXTENDED 0x80000000u
#define AUTHENTIC_AMD_EBX 0x68747541
#define HYGON_EBX 0x6f677948
#define FEATURE_XSAVE (1u << 26)
#define FEATURE_OSXSAVE (1u << 27)
#define FEATURE_RDTSCP (1u << 27)
#define FEATURE_INVPCID (1u << 10)    /* EBX of leaf 7 */
#define FEATURE_IBPB_INTEL (1u << 26) /* EDX of leaf 7 */
#define FEATURE_IBPB_AMD (1u << 12)   /* EBX of leaf 0x80000008 */
#define INVARIANT_TSC (1u << 8)       /* EDX of leaf 0x80000007 */
#define XSAVE_LEAF 0xd
#define XSAVE_MINIMUM 576 /* legacy image and header */
#define XSAVE_COMPONENTS 63
#define XSAVE_ALIGNED (1u << 1) /* ECX of a component's subleaf */
#define XSAVE_ALIGNMENT 64
#define FEATURE_XSAVEC (1u << 1) /* EAX of subleaf 1 */
#define CACHE_SUBLEAVES 8
/* EAX of the time leaf (comments in <xen/arch-x86/cpuid.h>). */
#define TSC_HOST_SAFE (1u << 1)
#define TSC_HAS_RDTSCP (1u << 2)

struct cpu_features cpu_features;

/* Bytes that the components of `xcr0` take in the standard format. */
static uint32_t xsave_area_size(uint64_t xcr0)
{
    uint32_t size = XSAVE_MINIMUM;

    for (unsigned i = 2; i < XSAVE_COMPONENTS; i++) {
        if (xcr0 >> i & 1) {
            struct cpuid_regs r = cpuid(XSAVE_LEAF, i);

            size = MAX(size, r.a + r.b);
        }
    }
    return size;
}

/* Bytes that they take in the compacted format (SDM vol. 1, 13.4.3). */
static uint32_t xsave_compacted_size(uint64_t xcr0)
{
    uint32_t size = XSAVE_MINIMUM;

    for (unsigned i = 2; i < XSAVE_COMPONENTS; i++) {
        if (xcr0 >> i & 1) {
            struct cpuid_regs r = cpuid(XSAVE_LEAF, i);

            size = (r.c & XSAVE_ALIGNED ? ROUND_UP(size, XSAVE_ALIGNMENT) : size) + r.a;
        }
    }
    return size;
}

static void init_xsave(void)
{
    struct cpuid_regs r;
    uint64_t machine;

    if (!(cpuid(1, 0).c & FEATURE_XSAVE))
        return;
    r = cpuid(XSAVE_LEAF, 0);
    machine = (uint64_t)r.d << 32 | r.a;
    cpu_features.xsave = true;
    cpu_features.xcr0 = machine & (XCR0_X87 | XCR0_SSE | XCR0_AVX);
    if ((machine & XCR0_AVX512) == XCR0_AVX512)
        cpu_features.xcr0 |= XCR0_AVX512;
    cpu_features.xsaveopt = cpuid(XSAVE_LEAF, 1).a & 1;
    cpu_features.xsave_size = xsave_area_size(cpu_features.xcr0);
}

static bool has_invariant_tsc(void)
{
    return cpuid(EXTENDED, 0).a >= EXTENDED + 7 && (cpuid(EXTENDED + 7, 0).d & INVARIANT_TSC);
}

void cpu_features_init(void)
{
    uint32_t vendor = cpuid(0, 0).b;

    cpu_features.is_amd = vendor == AUTHENTIC_AMD_EBX || vendor == HYGON_EBX;
    cpu_features.tsc_aux =
        cpuid(EXTENDED, 0).a > EXTENDED && (cpuid(EXTENDED + 1, 0).d & FEATURE_RDTSCP);
    cpu_features.invpcid = cpuid(0, 0).a >= 7 && (cpuid(7, 0).b & FEATURE_INVPCID);
    cpu_features.ibpb =
        (cpuid(0, 0).a >= 7 && (cpuid(7, 0).d & FEATURE_IBPB_INTEL)) ||
        (cpuid(EXTENDED, 0).a >= EXTENDED + 8 && (cpuid(EXTENDED + 8, 0).b & FEATURE_IBPB_AMD));
    cpu_features.stable_tsc =
        options.tsc == TSC_BY_CPUID ? has_invariant_tsc() : options.tsc == TSC_RELIABLE;
    init_xsave();
}

/* Adds a leaf of this view; empty ones are left out. Returns what was added. */
static struct cpuid_regs add_leaf(struct cpu_policy *p, enum cpu_view view, uint32_t leaf,
                                  uint32_t subleaf)
{
    struct cpuid_regs r = cpuid(leaf, subleaf);

    if (view != CPU_VIEW_MACHINE)
        cpuid_policy_cut(leaf, subleaf, &cpu_features, view == CPU_VIEW_HARDWARE, &r);
    if ((r.a | r.b | r.c | r.d) && p->count < CPU_POLICY_LEAVES)
        p->leaves[p->count++] = (struct xen_cpuid_leaf){
            .leaf = leaf,
            .subleaf = cpuid_has_subleaves(leaf) ? subleaf : XEN_CPUID_NO_SUBLEAF,
            .a = r.a,
            .b = r.b,
            .c = r.c,
            .d = r.d,
        };
    return r;
}

static void add_subleaves(struct cpu_policy *p, enum cpu_view view, uint32_t leaf)
{
    unsigned last = 0;

    switch (leaf) {
    case 4:
        last = CACHE_SUBLEAVES - 1;
        break;
    case 7:
        last = 1;
        break;
    case XSAVE_LEAF:
        last = XSAVE_COMPONENTS - 1;
        break;
    }
    for (unsigned subleaf = 0; subleaf <= last; subleaf++)
        add_leaf(p, view, leaf, subleaf);
}

void cpu_policy_fill(struct cpu_policy *p, enum cpu_view view)
{
    uint32_t max;

    p->count = 0;
    max = MIN(add_leaf(p, view, 0, 0).a, POLICY_MAX_BASIC);
    for (uint32_t leaf = 1; leaf <= max; leaf++)
        add_subleaves(p, view, leaf);
    max = MIN(add_leaf(p, view, EXTENDED, 0).a, POLICY_MAX_EXTENDED);
    for (uint32_t leaf = EXTENDED + 1; leaf <= max; leaf++)
        add_leaf(p, view, leaf, 0);
}

int cpu_policy_init(struct domain *d)
{
    d->policy = zalloc(sizeof(*d->policy));
    if (!d->policy)
        return -ENOMEM;
    cpu_policy_fill(d->policy, d->is_hardware ? CPU_VIEW_HARDWARE : CPU_VIEW_GUEST);
    return 0;
}

void cpu_policy_free(struct domain *d)
{
    zfree(d->policy);
    d->policy = NULL;
}

static unsigned machine_address_bits(void)
{
    unsigned bits = PAGE_SHIFT;

    for (uint64_t n = max_mfn().n; n; n >>= 1)
        bits++;
    return bits;
}

static struct cpuid_regs time_leaf(const struct vcpu *v, uint32_t subleaf)
{
    const struct domain *d = v->domain;
    const struct vcpu_time_info *t = &v->event.info->time;

    switch (subleaf) {
    case 0:
        return (struct cpuid_regs){
            .a = TSC_HOST_SAFE | (cpu_features.tsc_aux ? TSC_HAS_RDTSCP : 0),
            .b = d->time.tsc_mode,
            .c = tsc_khz(),
            .d = d->time.incarnation,
        };
    case 1:
        return (struct cpuid_regs){.c = t->tsc_to_system_mul, .d = (uint8_t)t->tsc_shift};
    case 2:
        return (struct cpuid_regs){.a = tsc_khz()};
    default:
        return (struct cpuid_regs){0};
    }
}

static struct cpuid_regs hypervisor_leaf(const struct vcpu *v, uint32_t index, uint32_t subleaf)
{
    switch (index) {
    case 0:
        return (struct cpuid_regs){
            .a = FIRST_HYPERVISOR_LEAF + XEN_CPUID_MAX_NUM_LEAVES,
            .b = XEN_CPUID_SIGNATURE_EBX,
            .c = XEN_CPUID_SIGNATURE_ECX,
            .d = XEN_CPUID_SIGNATURE_EDX,
        };
    case 1:
        return (struct cpuid_regs){.a = 4 << 16 | options.report_minor};
    case 2:
        return (struct cpuid_regs){.c = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD};
    case 3:
        return time_leaf(v, subleaf);
    case 5:
        return (struct cpuid_regs){.b = machine_address_bits()};
    default:
        return (struct cpuid_regs){0};
    }
}

static struct cpuid_regs policy_leaf(const struct cpu_policy *p, uint32_t leaf, uint32_t subleaf)
{
    for (unsigned i = 0; i < p->count; i++) {
        const struct xen_cpuid_leaf *l = &p->leaves[i];

        if (l->leaf == leaf && (l->subleaf == XEN_CPUID_NO_SUBLEAF || l->subleaf == subleaf))
            return (struct cpuid_regs){l->a, l->b, l->c, l->d};
    }
    return (struct cpuid_regs){0};
}

struct cpuid_regs guest_cpuid(const struct vcpu *v, uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_regs r;

    if (leaf >= FIRST_HYPERVISOR_LEAF && leaf <= LAST_HYPERVISOR_LEAF)
        return hypervisor_leaf(v, leaf - FIRST_HYPERVISOR_LEAF, subleaf);
    r = policy_leaf(v->domain->policy, leaf, subleaf);
    if (leaf == 1) {
        r.b = (r.b & 0x00ffffff) | (v->id & 0xff) << 24; /* initial APIC id */
        /* Linux takes XSAVE for usable on Xen only if it finds this set before it has set its own
         * CR4: the forced view shows Ringfort's. */
        if (r.c & FEATURE_XSAVE)
            r.c |= FEATURE_OSXSAVE;
    } else if (leaf == XSAVE_LEAF && subleaf == 0 && cpu_features.xsave) {
        r.b = xsave_area_size(v->arch.xcr0);
    } else if (leaf == XSAVE_LEAF && subleaf == 1 && (r.a & FEATURE_XSAVEC)) {
        r.b = xsave_compacted_size(v->arch.xcr0);
    }
    return r;
}
