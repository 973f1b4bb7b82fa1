/* A new domain's vCPUs, and the registers that the first one starts with. */
#include "boot/dom0.h"

#include "domain/domain.h"
#include "lib/abi32.h"
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/frame.h"
#include "schedule/schedule.h"
#include "x86/cpu.h"
#include "x86/entry.h"

#define DR6_START 0xffff0ff0UL
#define DR7_START 0x400UL

/* The start of day of the ABI: no descriptor table, no handlers, the stack page's top. */
static void context_fill(const struct dom0_build *b, struct vcpu_guest_context *c)
{
    const struct dom0_layout *l = &b->layout;
    uint64_t root = dom0_mfn(b, l->tables.first).n;

    c->flags = VGCF_in_kernel | VGCF_online;
    c->user_regs.rip = b->image.entry;
    c->user_regs.rsp = layout_va(l, l->stack.first + l->stack.count);
    c->user_regs.rsi = layout_va(l, l->start_info.first);
    c->user_regs.rflags = RFLAGS_IF;
    if (b->image.is64) {
        c->user_regs.cs = FLAT_KERNEL_CS;
        c->user_regs.ss = c->kernel_ss = FLAT_KERNEL_SS;
    } else {
        c->user_regs.cs = FLAT_KERNEL_CS_X86_32;
        c->user_regs.ss = c->kernel_ss = FLAT_KERNEL_SS_X86_32;
        c->user_regs.ds = c->user_regs.es = FLAT_KERNEL_DS_X86_32;
        c->user_regs.fs = c->user_regs.gs = FLAT_KERNEL_DS_X86_32;
    }
    c->kernel_sp = c->user_regs.rsp;
    c->ctrlreg[3] = xen_pfn_to_cr3(root);
    c->debugreg[6] = DR6_START;
    c->debugreg[7] = DR7_START;
}

void dom0_vcpus_build(struct dom0_build *b)
{
    struct vcpu_guest_context *context = zalloc(sizeof(*context));
    struct domain *d = b->d;
    int rc;

    for (unsigned i = 0; i < d->max_vcpus; i++)
        if (!vcpu_create(d, i))
            dom0_fail(b->name, "no memory for vCPU %u", i);
    if (!context)
        dom0_fail(b->name, "no memory for the registers of vCPU 0");
    context_fill(b, context);
    do
        rc = vcpu_set_context(d->vcpus[0], context);
    while (rc == -ERESTART);
    if (rc)
        panic("%s: its first registers are not valid (%d)", b->name, rc);
    zfree(context);
    d->vcpus[0]->initialised = true;
}
