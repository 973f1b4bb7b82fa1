/* sources: @memory */
/* Extended MMU operations, updates by address, descriptor tables and grant leaves: what each does,
 * what it refuses, and what it holds afterwards. */
#include <string.h>

#include "check.h"
#include "lib/errno.h"
#include "memory/descriptor_tables.h"
#include "memory/guest_copy.h"
#include "memory/hypmap.h"
#include "memory/mapping.h"
#include "memory/mmu.h"
#include "memory/oracle.h"
#include "memory/page_type.h"
#include "memory/pte.h"
#include "memory/root.h"
#include "memory/update_parties.h"
#include "one_root.h"
#include "x86/current.h"

#include <xen/domctl.h>

#define AT(l1) VA(1, 2, 3, l1)
#define NOWHERE (UINT64_C(1) << 47) /* no guest's address */

static mfn_t theirs;
static struct domain *d;

static void start(void)
{
    d = one_root(0);
    theirs = machine_frame(machine_domain(1));
}

static void flushes(void)
{
    uint64_t set = 1, nobody = 0;

    start();
    CHECK_EQ(mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0), 0);
    CHECK_EQ(machine_flushes, 1);
    CHECK_EQ(mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, (uint64_t)&set), 0);
    CHECK_EQ(mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0), 0);
    CHECK_EQ(machine_flushes, 3);
    CHECK_EQ(mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, (uint64_t)&nobody), 0);
    CHECK_EQ(mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, NOWHERE), -EINVAL);
    current->sched.is_running = false;
    CHECK_EQ(mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, (uint64_t)&set), 0);
    current->sched.is_running = true;
    CHECK_EQ(machine_flushes, 3);

    CHECK_EQ(mmuext(MMUEXT_INVLPG_LOCAL, AT(4), 0), 0);
    CHECK_EQ(machine_page_flushes, 1);
    CHECK_EQ(mmuext(MMUEXT_INVLPG_LOCAL, HV_VIRT_START, 0), 0);
    CHECK_EQ(machine_page_flushes, 1);
    CHECK_EQ(mmuext(MMUEXT_INVLPG_MULTI, AT(4), (uint64_t)&set), 0);
    CHECK_EQ(mmuext(MMUEXT_INVLPG_MULTI, AT(4), NOWHERE), -EINVAL);
    CHECK_EQ(mmuext(MMUEXT_INVLPG_ALL, AT(4), 0), 0);
    CHECK_EQ(machine_page_flushes, 3);
    CHECK_EQ(machine_flushes, 3);

    CHECK_EQ(mmuext(MMUEXT_FLUSH_CACHE, 0, 0), 0);
    CHECK_EQ(mmuext(MMUEXT_FLUSH_CACHE_GLOBAL, 0, 0), 0);
    machine_run(1);
    CHECK_EQ(mmuext(MMUEXT_FLUSH_CACHE, 0, 0), -EACCES);
    machine_run(0);
    CHECK_EQ(mmuext(MMUEXT_MARK_SUPER, 0, 0), -EOPNOTSUPP);
    CHECK_EQ(mmuext(99, 0, 0), -ENOSYS);
}

static void whole_pages(void)
{
    start();
    table(data)[7] = 77;
    CHECK_EQ(mmuext(MMUEXT_COPY_PAGE, spare.n, data.n), 0);
    CHECK_EQ(table(spare)[7], 77);
    CHECK_EQ(mmuext(MMUEXT_COPY_PAGE, spare.n, 0x200000), -EINVAL);
    CHECK_EQ(mmuext(MMUEXT_COPY_PAGE, spare.n, theirs.n), -EINVAL);
    CHECK_EQ(mmuext(MMUEXT_COPY_PAGE, theirs.n, data.n), -EINVAL);
    CHECK_EQ(mmuext(MMUEXT_COPY_PAGE, l1.n, data.n), -EINVAL);
    CHECK_EQ(mmuext(MMUEXT_COPY_PAGE, 0x200000, data.n), -EINVAL);
    CHECK_EQ(table(l1)[4] & PTE_FRAME, mfn_maddr(data).a);
    CHECK_EQ(mmuext(MMUEXT_CLEAR_PAGE, spare.n, 0), 0);
    CHECK_EQ(table(spare)[7], 0);
    CHECK_EQ(mmuext(MMUEXT_UNPIN_TABLE, 0x200000, 0), -EINVAL);
    CHECK_EQ(mmuext(MMUEXT_UNPIN_TABLE, theirs.n, 0), -EINVAL);
    CHECK_EQ(mmuext(MMUEXT_UNPIN_TABLE, spare.n, 0), -EINVAL);
    CHECK_EQ(mmu_pin(d, spare, FRAME_NONE), -EINVAL);
    CHECK_EQ(mmuext(MMUEXT_PIN_L3_TABLE, 0x200000, 0), -EINVAL);
    CHECK_EQ(mmuext(MMUEXT_PIN_L3_TABLE, l3.n, 0), 0);
    CHECK_EQ(mmuext(MMUEXT_UNPIN_TABLE, l3.n, 0), 0);
    CHECK_EQ(refs(spare), 1);
    CHECK_EQ(refs(theirs), 1);
    CHECK_EQ(refs(data), 2);
}

/* The lists' and counters' places are the guest's word, each checked. */
static void bad_places(void)
{
    uint32_t done = 5;
    struct mmuext_op op = {.cmd = MMUEXT_TLB_FLUSH_LOCAL};
    struct mmu_update req = {mfn_maddr(l1).a + 9 * 8, 0};

    start();
    req.ptr = mfn_maddr(l1).a + 9 * 8;
    CHECK_EQ(do_mmuext_op(NOWHERE, 1, 0, DOMID_SELF), -EFAULT);
    CHECK_EQ(do_mmuext_op((uint64_t)&op, 1 | BATCH_RESUMED, NOWHERE, DOMID_SELF), -EFAULT);
    CHECK_EQ(machine_flushes, 0);
    CHECK_EQ(do_mmuext_op((uint64_t)&op, 1, NOWHERE, DOMID_SELF), -EFAULT);
    CHECK_EQ(machine_flushes, 1);
    CHECK_EQ(do_mmuext_op((uint64_t)&op, 1 | BATCH_RESUMED, (uint64_t)&done, DOMID_SELF), 0);
    CHECK_EQ(done, 6);
    CHECK_EQ(do_mmuext_op((uint64_t)&op, 1, (uint64_t)&done, DOMID_SELF), 0);
    CHECK_EQ(done, 1);
    CHECK_EQ(do_mmu_update(NOWHERE, 1, 0, DOMID_SELF), -EFAULT);
    CHECK_EQ(do_mmu_update((uint64_t)&req, 1 | BATCH_RESUMED, NOWHERE, DOMID_SELF), -EFAULT);
    CHECK_EQ(do_mmu_update((uint64_t)&req, 1, NOWHERE, DOMID_SELF), -EFAULT);
    req.ptr = mfn_maddr(theirs).a;
    CHECK_EQ(do_mmu_update((uint64_t)&req, 1, 0, DOMID_SELF), -EINVAL);
    memory_oracle();
}

static void by_address(void)
{
    uint64_t set = 1, e;

    start();
    e = pte_make(spare, DATA);
    CHECK_EQ(do_update_va_mapping(AT(5), e, UVMF_TLB_FLUSH | UVMF_LOCAL), 0);
    CHECK_EQ(machine_flushes, 1);
    CHECK_EQ(do_update_va_mapping(AT(5), e, UVMF_TLB_FLUSH | UVMF_ALL), 0);
    CHECK_EQ(do_update_va_mapping(AT(5), e, UVMF_TLB_FLUSH | (uint64_t)&set), 0);
    CHECK_EQ(machine_flushes, 3);
    CHECK_EQ(do_update_va_mapping(AT(5), e, UVMF_INVLPG | UVMF_LOCAL), 0);
    CHECK_EQ(do_update_va_mapping(AT(5), e, UVMF_INVLPG | UVMF_ALL), 0);
    CHECK_EQ(do_update_va_mapping(AT(5), e, UVMF_INVLPG | (uint64_t)&set), 0);
    CHECK_EQ(machine_page_flushes, 3);
    CHECK_EQ(do_update_va_mapping(AT(5), e, UVMF_INVLPG | NOWHERE), -EFAULT);
    CHECK_EQ(do_update_va_mapping(AT(5), e, UVMF_FLUSHTYPE_MASK), 0);
    CHECK_EQ(machine_page_flushes + machine_flushes, 6);
    CHECK_EQ(refs(spare), 2);

    /* Another domain's frame, for the one that may. */
    e = pte_make(theirs, DATA);
    CHECK_EQ(do_update_va_mapping(AT(6), e, 0), -EINVAL);
    CHECK_EQ(do_update_va_mapping_otherdomain(AT(6), e, UVMF_INVLPG, 1), 0);
    CHECK_EQ(refs(theirs), 2);
    CHECK(do_update_va_mapping_otherdomain(AT(6), e, 0, 9) < 0);
    CHECK_EQ(do_update_va_mapping_otherdomain(AT(7), e, 0, DOMID_XEN), -EINVAL);
    CHECK_EQ(do_update_va_mapping(AT(6), 0, 0), 0);
    CHECK_EQ(refs(theirs), 1);
    memory_oracle();
}

/* A table that is still being taken down comes first; the call comes again. */
static void after_a_dying_table(void)
{
    uint64_t e;

    start();
    e = pte_make(spare, DATA);
    for (unsigned i = 10; i < 16; i++)
        CHECK_EQ(update(l3, i, pte_make(machine_frame(d), TABLE)), 0);
    machine_preempt_always(true);
    CHECK_EQ(update(root, 1, 0), 0);
    CHECK(mfn_eq(current->memory.dying_table, l3));
    CHECK_EQ(do_update_va_mapping(AT(5), e, 0), -ERESTART);
    CHECK_EQ(last_restart.op, __HYPERVISOR_update_va_mapping);
    CHECK_EQ(last_restart.args[1], e);
    CHECK_EQ(do_update_va_mapping_otherdomain(AT(5), e, 1, DOMID_SELF), -ERESTART);
    CHECK_EQ(last_restart.op, __HYPERVISOR_update_va_mapping_otherdomain);
    CHECK_EQ(last_restart.args[2], 1);
    machine_preempt_always(false);
    CHECK_EQ(do_update_va_mapping(AT(5), e, 0), -EINVAL);
    CHECK(mfn_eq(current->memory.dying_table, INVALID_MFN));
    CHECK_EQ(frame_of(l3)->type & (TYPE_COUNT | TYPE_PARTIAL), 0);
    CHECK_EQ(refs(data), 1);
    memory_oracle();
}

/* The LDT's pages are taken when the processor looks at them, through whatever maps them then. */
static void local_descriptors(void)
{
    uint64_t window = (uint64_t)cpu_area(0, CPU_AREA_LDT);
    struct vcpu *v;

    start();
    v = current;
    machine_page_faults = 0;
    CHECK_EQ(mmuext(MMUEXT_SET_LDT, AT(4) + 8, 1), -EINVAL);
    CHECK_EQ(mmuext(MMUEXT_SET_LDT, AT(4), 8193), -EINVAL);
    CHECK_EQ(mmuext(MMUEXT_SET_LDT, NOWHERE - PAGE_SIZE, 513), -EINVAL);
    CHECK_EQ(mmuext(MMUEXT_SET_LDT, 0, 0), 0);
    CHECK(!mmu_fixup_fault(v, window, 0, &host_regs));

    CHECK_EQ(mmuext(MMUEXT_SET_LDT, AT(4), 520), 0);
    CHECK_EQ(v->arch.ldt_entries, 520);
    /* Still writable, then not there: the guest hears of its own address. */
    CHECK(mmu_fixup_fault(v, window + 16, 0, &host_regs));
    CHECK(mmu_fixup_fault(v, window + PAGE_SIZE, 0, &host_regs));
    CHECK_EQ(machine_page_faults, 2);
    CHECK_EQ(refs(data), 2);
    CHECK(!mmu_fixup_fault(v, window + 520 * 8, 0, &host_regs));
    CHECK(!ldt_fault(v, window - 8));

    CHECK_EQ(update(l1, 4, pte_make(data, PTE_PRESENT)), 0);
    CHECK(mmu_fixup_fault(v, window + 16, 0, &host_regs));
    CHECK_EQ(machine_page_faults, 2);
    CHECK_EQ(frame_of(data)->type & (TYPE_KEY | TYPE_COUNT), type_key(FRAME_SEGDESC) | 1);
    CHECK(mfn_eq(v->arch.ldt_frames[0], data));
    CHECK_EQ(update(l1, 4, pte_make(data, DATA)), -EINVAL);
    memory_oracle();
    CHECK(mmu_fixup_fault(v, window + 16, 0, &host_regs));
    CHECK_EQ(machine_page_faults, 3);
    CHECK_EQ(refs(data), 3);

    CHECK_EQ(mmuext(MMUEXT_SET_LDT, 0, 0), 0);
    CHECK_EQ(refs(data), 2);

    /* Before Ringfort itself loads a selector the page is fetched, or nothing happens at all. */
    CHECK_EQ(mmuext(MMUEXT_SET_LDT, AT(4), 520), 0);
    ldt_want(519 << 3 | 4); /* a page that is not there */
    CHECK_EQ(mmuext(MMUEXT_SET_LDT, AT(4), 8), 0);
    ldt_want(2 << 3);     /* of the GDT */
    ldt_want(8 << 3 | 4); /* beyond the table */
    CHECK_EQ(refs(data), 2);
    ldt_want(7 << 3 | 4 | 3);
    CHECK(mfn_eq(v->arch.ldt_frames[0], data));
    ldt_want(6 << 3 | 4);
    CHECK_EQ(refs(data), 3);
    CHECK_EQ(frame_of(data)->type, type_key(FRAME_SEGDESC) | 1);
    CHECK_EQ(machine_page_faults, 3);
    CHECK_EQ(mmuext(MMUEXT_SET_LDT, 0, 0), 0);
    CHECK_EQ(update(l1, 4, pte_make(data, DATA)), 0);
}

/* Checked once, and again when it can have been written to; cut between pages. */
static void descriptors_checked(void)
{
    const uint64_t flat = UINT64_C(0x00cffb000000ffff), gate = UINT64_C(0x00008c00e008ffff);
    uint64_t frames[2];

    start();
    frames[0] = spare.n;
    frames[1] = machine_frame(d).n;
    table(spare)[511] = flat & ~(UINT64_C(1) << 40);
    machine_preempt_always(true);
    CHECK_EQ(do_set_gdt((uint64_t)frames, 1024), -ERESTART);
    CHECK_EQ(last_restart.op, __HYPERVISOR_set_gdt);
    CHECK_EQ(last_restart.args[1], 1024);
    CHECK_EQ(table(spare)[511], flat);
    CHECK_EQ(refs(spare), 1);
    CHECK_EQ(frame_of(spare)->type, type_key(FRAME_SEGDESC));
    machine_preempt_always(false);
    CHECK_EQ(do_set_gdt((uint64_t)frames, 1024), 0);
    CHECK_EQ(refs(spare), 2);
    memory_oracle();
    CHECK_EQ(do_set_gdt((uint64_t)frames, 0), 0);

    /* By a mapping a gate comes in; what was refused once is not taken for checked. */
    CHECK_EQ(update(l1, 9, pte_make(spare, DATA)), 0);
    table(spare)[511] = gate;
    CHECK_EQ(update(l1, 9, 0), 0);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_EQ(do_set_gdt((uint64_t)frames, 512), -EINVAL);
        CHECK_EQ(frame_of(spare)->type, type_key(FRAME_NONE));
    }
    memory_oracle();
}

static void global_descriptors(void)
{
    const mfn_t nowhere = mfn(0x200000);
    uint64_t frames[2] = {spare.n, 0x200000};

    start();
    frames[0] = spare.n;
    CHECK_EQ(do_set_gdt((uint64_t)frames, 0x10000), -EINVAL);
    CHECK_EQ(do_set_gdt(NOWHERE, 1), -EFAULT);
    CHECK_EQ(do_set_gdt((uint64_t)frames, 513), -EINVAL);
    CHECK_EQ(refs(spare), 1);
    CHECK_EQ(vcpu_set_gdt(current, &nowhere, 0x10000), -EINVAL);
    /* A vCPU that does not run here has nothing to load. */
    machine_run(1);
    CHECK_EQ(vcpu_set_gdt(d->vcpus[0], &spare, 1), 0);
    machine_run(0);
    CHECK_EQ(refs(spare), 2);
    memory_oracle();
    CHECK_EQ(do_update_descriptor(mfn_maddr(spare).a + 1, 0), -EINVAL);
    CHECK_EQ(do_update_descriptor(UINT64_C(0x200000) << PAGE_SHIFT, 0), -EINVAL);
    /* A 32-bit guest has no 64-bit code. */
    machine_domain(1)->is_compat = true;
    machine_run(1);
    CHECK_EQ(do_update_descriptor(mfn_maddr(theirs).a, UINT64_C(0x00affa000000ffff)), -EINVAL);
    CHECK_EQ(do_update_descriptor(mfn_maddr(theirs).a, UINT64_C(0x00cffa000000ffff)), 0);
    CHECK_EQ(table(theirs)[0], UINT64_C(0x00cffb000000ffff));
    /* Of a vCPU that does not run here frames go without a load, too. */
    d->vcpus[0]->arch.ldt_frames[3] = spare;
    CHECK_EQ(frame_get_typed(frame_of(spare), d, FRAME_SEGDESC), 0);
    vcpu_drop_ldt(d->vcpus[0]);
    CHECK_EQ(refs(spare), 2);
    machine_run(0);
    vcpu_drop_gdt(current);
    CHECK_EQ(refs(spare), 1);
}

static void grant_leaves(void)
{
    uint64_t at;

    start();
    at = mfn_maddr(l1).a + 9 * 8;
    CHECK_EQ(mmu_map_grant_pte(maddr(at + 1), theirs, false, 0), -EINVAL);
    CHECK_EQ(mmu_map_grant_pte(maddr(UINT64_C(0x200000) << PAGE_SHIFT), theirs, false, 0), -EINVAL);
    CHECK_EQ(mmu_map_grant_pte(mfn_maddr(theirs), theirs, false, 0), -EINVAL);
    CHECK_EQ(mmu_map_grant_pte(mfn_maddr(spare), theirs, false, 0), -EINVAL);
    CHECK_EQ(mmu_map_grant_va(HV_VIRT_START, theirs, false, 0), -EINVAL);
    CHECK_EQ(mmu_map_grant_va(AT(9), mfn(0x200000), false, 0), -EINVAL);
    CHECK_EQ(mmu_map_grant_va(AT(9), mfn(MACHINE_FRAMES - 1), false, 0), -EINVAL);
    CHECK_EQ(mmu_map_grant_va(AT(9), l2, true, 0), -EINVAL);
    CHECK_EQ(refs(l2), 2);
    CHECK_EQ(table(l1)[9], 0);

    CHECK_EQ(mmu_map_grant_va(AT(9), theirs, true, 0), 0);
    CHECK_EQ(mmu_unmap_grant_va(AT(9), theirs, false, 0), -EINVAL);
    CHECK_EQ(mmu_unmap_grant_va(AT(9), theirs, true, AT(9)), -EINVAL);
    CHECK_EQ(mmu_unmap_grant_va(AT(10), theirs, true, AT(4)), -EINVAL);
    /* Where there is no table for the address, or for that of the replacement. */
    CHECK_EQ(mmu_unmap_grant_va(VA(1, 2, 4, 9), theirs, true, 0), -EINVAL);
    CHECK_EQ(mmu_unmap_grant_va(AT(9), theirs, true, VA(1, 2, 4, 4)), -EINVAL);
    CHECK_EQ(pte_mfn(table(l1)[9]).n, theirs.n);
    CHECK_EQ(pte_mfn(table(l1)[4]).n, data.n);
    CHECK_EQ(mmu_unmap_grant_pte(maddr(at), data, true), -EINVAL);
    CHECK_EQ(mmu_unmap_grant_pte(maddr(at), theirs, true), 0);
    CHECK_EQ(refs(theirs), 1);
    memory_oracle();
}

/* With roots that are copied, a changed entry is in the copy before the call returns. */
static void copied_roots(void)
{
    struct vcpu *v;

    start();
    v = current;
    root_mode = ROOT_ISOLATED;
    machine_root_loads = 0;
    CHECK_EQ(update(root, 9, pte_make(l3, TABLE)), 0);
    CHECK_EQ(machine_root_loads, 1);
    CHECK(!v->memory.root_changed);
    CHECK_EQ(mmuext(MMUEXT_PIN_L4_TABLE, spare.n, 0), 0);
    CHECK_EQ(update(spare, 9, pte_make(l3, TABLE)), 0);
    CHECK_EQ(machine_root_loads, 1);

    /* The user's root is loaded by the next switch to user mode, the kernel's at once. */
    CHECK_EQ(mmuext(MMUEXT_NEW_USER_BASEPTR, spare.n, 0), 0);
    CHECK(v->memory.root_changed);
    CHECK_EQ(machine_root_loads, 1);
    CHECK_EQ(mmuext(MMUEXT_NEW_BASEPTR, spare.n, 0), 0);
    CHECK_EQ(machine_flushes, 0);
    CHECK_EQ(mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0), 0);
    CHECK(mfn_eq(v->memory.user_root, INVALID_MFN));
    CHECK_EQ(vcpu_set_root(v, root, true), 0);
    CHECK_EQ(vcpu_set_root(v, theirs, true), -EINVAL);
    CHECK(mfn_eq(v->memory.user_root, root));
    CHECK_EQ(vcpu_drop_roots(v), 0);
    CHECK_EQ(vcpu_drop_roots(v), 0);
    root_mode = ROOT_GLOBAL;
    memory_oracle();
}

/* What the tools are told of a frame, and who may refer to one that is free. */
static void frames(void)
{
    struct frame *unused;

    start();
    unused = frame_of(mfn(MACHINE_FRAMES - 1));
    CHECK_EQ(frame_info(unused), XEN_DOMCTL_PFINFO_XTAB);
    CHECK_EQ(frame_info(frame_of(l1)), XEN_DOMCTL_PFINFO_L1TAB);
    CHECK_EQ(frame_info(frame_of(data)), 0);
    CHECK_EQ(mmuext(MMUEXT_PIN_L2_TABLE, l2.n, 0), 0);
    CHECK_EQ(frame_info(frame_of(l2)), XEN_DOMCTL_PFINFO_L2TAB | XEN_DOMCTL_PFINFO_LPINTAB);
    CHECK(!frame_get(unused, d));
    CHECK(!frame_get(unused, NULL));
    CHECK(!frame_get_any(unused));
    CHECK(!frame_get(frame_of(theirs), d));
    CHECK_EQ(unused->count & COUNT_REFS, 0);
    CHECK(!mfn_valid(mfn(UINT64_C(1) << 36)));
}

int main(void)
{
    flushes();
    whole_pages();
    bad_places();
    by_address();
    after_a_dying_table();
    local_descriptors();
    descriptors_checked();
    global_descriptors();
    grant_leaves();
    copied_roots();
    frames();
    return check_report();
}
