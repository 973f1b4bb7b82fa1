/* The processor's state changes hands between vCPUs (SOSP'03 3.3.1's context switch). */
#include "x86/context.h"

#include "domain/domain.h"
#include "lib/alloc.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/hypmap.h"
#include "memory/tlb.h"
#include "schedule/schedule.h"
#include "x86/cpu.h"
#include "x86/cpuid.h"
#include "x86/current.h"
#include "x86/debugreg.h"
#include "x86/desc.h"
#include "x86/entry.h"
#include "x86/entry_setup.h"
#include "x86/extable.h"
#include "x86/fpu.h"

#define TRAPS 256

void read_selectors(uint16_t selectors[4])
{
    asm volatile("mov %%ds, %0" : "=rm"(selectors[0]));
    asm volatile("mov %%es, %0" : "=rm"(selectors[1]));
    asm volatile("mov %%fs, %0" : "=rm"(selectors[2]));
    asm volatile("mov %%gs, %0" : "=rm"(selectors[3]));
}

/* Loads a data segment register; where the processor refuses, null and `ok` false. */
#define LOAD_SEGMENT(name, selector, ok)                                                           \
    asm volatile("1: mov %1, %%" #name "\n"                                                        \
                 "2:\n"                                                                            \
                 ".pushsection .text.fixup, \"ax\"\n"                                              \
                 "3: xor %1, %1\n"                                                                 \
                 "movb $0, %0\n"                                                                   \
                 "jmp 1b\n"                                                                        \
                 ".popsection\n" EXTABLE("1b", "3b")                                               \
                 : "+m"(ok), "+r"(selector))

bool load_gs_selector(uint16_t selector)
{
    unsigned sel = selector;
    bool ok = true;

    LOAD_SEGMENT(gs, sel, ok);
    return ok;
}

static bool load_selectors(const struct cpu_user_regs *regs)
{
    unsigned ds = regs->ds, es = regs->es, fs = regs->fs, gs = regs->gs;
    bool ok = true;

    LOAD_SEGMENT(ds, ds, ok);
    LOAD_SEGMENT(es, es, ok);
    LOAD_SEGMENT(fs, fs, ok);
    LOAD_SEGMENT(gs, gs, ok);
    return ok;
}

static void save_segments(struct vcpu *v)
{
    uint16_t selectors[4];
    uint64_t active = rdmsr(MSR_GS_BASE), other = rdmsr(MSR_KERNEL_GS_BASE);

    read_selectors(selectors);
    v->arch.regs.ds = selectors[0];
    v->arch.regs.es = selectors[1];
    v->arch.regs.fs = selectors[2];
    v->arch.regs.gs = selectors[3];
    v->arch.fs_base = rdmsr(MSR_FS_BASE);
    v->arch.gs_base_kernel = v->arch.in_kernel ? active : other;
    v->arch.gs_base_user = v->arch.in_kernel ? other : active;
}

static void load_segments(struct vcpu *v)
{
    const struct cpu_user_regs *regs = &v->arch.regs;

    if (unlikely(!load_selectors(regs))) {
        v->arch.segments_lost = true;
        v->arch.lost_selectors[0] = regs->ds;
        v->arch.lost_selectors[1] = regs->es;
        v->arch.lost_selectors[2] = regs->fs;
        v->arch.lost_selectors[3] = regs->gs;
    }
    /* The bases of 32-bit segments came with their descriptors. */
    if (v->domain->is_compat)
        return;
    wrmsr(MSR_FS_BASE, v->arch.fs_base);
    wrmsr(MSR_GS_BASE, v->arch.in_kernel ? v->arch.gs_base_kernel : v->arch.gs_base_user);
    wrmsr(MSR_KERNEL_GS_BASE, v->arch.in_kernel ? v->arch.gs_base_user : v->arch.gs_base_kernel);
}

void load_guest_cr4(const struct vcpu *v)
{
    uint64_t cr4 = hv_cr4() | (v->arch.cr4 & CR4_GUEST_REAL);

    /* Ring 1 is a supervisor too: its kernel would be kept from its own user pages. */
    if (unlikely(v->domain->is_compat))
        cr4 &= ~(CR4_SMEP | CR4_SMAP);
    if (read_cr4() != cr4)
        write_cr4(cr4);
}

static void save_vcpu(struct vcpu *v)
{
    v->arch.regs = *guest_regs();
    save_segments(v);
    fpu_save(v);
    if (debugreg_active(v))
        write_dr7(DR7_RESET);
}

static void load_vcpu(struct vcpu *v)
{
    *guest_regs() = v->arch.regs;
    desc_load_gdt(v);
    desc_load_ldt(v);
    load_segments(v);
    load_guest_cr4(v);
    fpu_restore(v);
    if (debugreg_active(v))
        debugreg_load(v);
    if (cpu_features.tsc_aux)
        wrmsr(MSR_TSC_AUX, v->arch.tsc_aux);
}

/* What one domain taught the branch predictors must not steer the next, which may have the id of
 * one that is gone. Idling in between changes nothing, and a domain's own vCPUs may mislead each
 * other. */
static void forget_branches(const struct vcpu *next)
{
    static struct {
        CACHE_ALIGNED uint64_t serial;
    } last[MAX_CPUS];
    uint64_t serial = next->domain->serial;

    if (!cpu_features.ibpb || last[this_cpu()].serial == serial)
        return;
    last[this_cpu()].serial = serial;
    wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
}

void context_switch(struct vcpu *prev, struct vcpu *next)
{
    if (!prev->is_idle)
        save_vcpu(prev);
    cpu_info()->vcpu = next;
    /* This CPU's copies of roots may be old, and without isolation the user mappings of `prev` are
     * global. */
    next->memory.root_changed = true;
    root_load_current();
    if (!next->is_idle && root_mode == ROOT_GLOBAL)
        tlb_flush_local();
    if (!next->is_idle) {
        forget_branches(next);
        load_vcpu(next);
    } else if (prev->domain->is_compat) {
        load_guest_cr4(next);
    }
}

void resume_current(void)
{
    if (current->is_idle)
        call_on_empty_stack(idle_loop);
    resume_guest();
}

int vcpu_arch_init(struct vcpu *v)
{
    for (unsigned i = 0; i < ARRAY_SIZE(v->arch.gdt_frames); i++)
        v->arch.gdt_frames[i] = INVALID_MFN;
    for (unsigned i = 0; i < ARRAY_SIZE(v->arch.ldt_frames); i++)
        v->arch.ldt_frames[i] = INVALID_MFN;
    v->arch.in_kernel = true;
    v->arch.dr[6] = DR6_RESET;
    v->arch.dr[7] = DR7_RESET;
    v->arch.traps = zalloc(TRAPS * sizeof(*v->arch.traps));
    if (!v->arch.traps)
        return -ENOMEM;
    if (fpu_init_vcpu(v) != 0) {
        zfree(v->arch.traps);
        return -ENOMEM;
    }
    return 0;
}

void vcpu_arch_destroy(struct vcpu *v)
{
    fpu_free_vcpu(v);
    zfree(v->arch.traps);
    v->arch.traps = NULL;
}
