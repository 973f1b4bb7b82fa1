/*
 * Descriptor tables of guests: set_gdt, update_descriptor, SET_LDT. Frames of the GDT are taken
 * when it is set, those of the LDT one by one when the processor first looks at them, as few guests
 * use theirs. Each holds a total and a type reference.
 */
#include "memory/descriptor_tables.h"

#include "domain/domain.h"
#include "hypercall/compat.h"
#include "hypercall/hypercall.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/descriptor.h"
#include "memory/guest_copy.h"
#include "memory/hypmap.h"
#include "memory/mapping.h"
#include "memory/mmu.h"
#include "memory/page_type.h"
#include "memory/pte.h"
#include "memory/root.h"
#include "schedule/schedule.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/desc.h"
#include "x86/entry.h"

#define MAX_LDT_ENTRIES 8192u
#define LDT_WINDOW_PAGES 16u
#define SELECTOR_LDT 4u

static void gdt_load(struct vcpu *v)
{
    unsigned long flags;

    if (v != current)
        return;
    flags = irq_save();
    desc_load_gdt(v);
    irq_restore(flags);
}

static void ldt_load(struct vcpu *v)
{
    unsigned long flags;

    if (v != current)
        return;
    flags = irq_save();
    desc_load_ldt(v);
    irq_restore(flags);
}

static int segdesc_get(struct domain *d, mfn_t m)
{
    if (!mfn_valid(m))
        return refuse(-EINVAL);
    return frame_get_typed(frame_of(m), d, FRAME_SEGDESC);
}

static void segdesc_put_all(const mfn_t *frames, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (mfn_is_named(frames[i]))
            frame_put_typed(frame_of(frames[i]));
}

static unsigned gdt_pages(unsigned entries)
{
    return ROUND_UP(entries, DESCRIPTORS_PER_PAGE) / DESCRIPTORS_PER_PAGE;
}

int vcpu_set_gdt(struct vcpu *v, const mfn_t *frames, unsigned entries)
{
    unsigned pages = gdt_pages(entries);
    mfn_t old[GUEST_GDT_FRAMES];

    if (entries > GUEST_GDT_FRAMES * DESCRIPTORS_PER_PAGE)
        return refuse(-EINVAL);
    for (unsigned i = 0; i < pages; i++) {
        /* Pages that have been checked are taken quickly when the call begins again. */
        bool is_cut = i && preempt_needed();

        if (is_cut || segdesc_get(v->domain, frames[i])) {
            segdesc_put_all(frames, i);
            return is_cut ? -ERESTART : refuse(-EINVAL);
        }
    }
    for (unsigned i = 0; i < GUEST_GDT_FRAMES; i++) {
        old[i] = v->arch.gdt_frames[i];
        v->arch.gdt_frames[i] = i < pages ? frames[i] : INVALID_MFN;
    }
    v->arch.gdt_entries = entries;
    gdt_load(v);
    segdesc_put_all(old, GUEST_GDT_FRAMES);
    return 0;
}

void vcpu_drop_gdt(struct vcpu *v)
{
    const mfn_t none = INVALID_MFN;

    vcpu_set_gdt(v, &none, 0);
}

void vcpu_drop_ldt(struct vcpu *v)
{
    mfn_t old[LDT_WINDOW_PAGES];

    for (unsigned i = 0; i < LDT_WINDOW_PAGES; i++) {
        old[i] = v->arch.ldt_frames[i];
        v->arch.ldt_frames[i] = INVALID_MFN;
    }
    v->arch.ldt_entries = 0;
    ldt_load(v);
    segdesc_put_all(old, LDT_WINDOW_PAGES);
}

static bool frame_list_read(uint64_t list, mfn_t *frames, unsigned count)
{
    uint64_t numbers[GUEST_GDT_FRAMES];

    if (!words_from_guest(numbers, list, count))
        return false;
    for (unsigned i = 0; i < count; i++)
        frames[i] = mfn(numbers[i]);
    return true;
}

long do_set_gdt(uint64_t frame_list, unsigned entries)
{
    mfn_t frames[GUEST_GDT_FRAMES] = {{0}};
    int rc;

    if (entries > GUEST_GDT_FRAMES * DESCRIPTORS_PER_PAGE)
        return refuse(-EINVAL);
    if (!frame_list_read(frame_list, frames, gdt_pages(entries)))
        return refuse(-EFAULT);
    rc = vcpu_set_gdt(current, frames, entries);
    if (rc == -ERESTART)
        return hypercall_restart(__HYPERVISOR_set_gdt, 2, frame_list, (uint64_t)entries);
    return rc;
}

long do_update_descriptor(uint64_t ma, uint64_t desc)
{
    struct domain *d = current->domain;
    mfn_t m = maddr_mfn(maddr(ma));
    enum frame_type type;
    struct frame *f;

    if (ma % sizeof(desc) || !mfn_valid(m) || !descriptor_check(&desc, d->is_compat))
        return refuse(-EINVAL);
    f = frame_of(m);
    type = key_type(READ_ONCE(f->type)) == FRAME_SEGDESC ? FRAME_SEGDESC : FRAME_WRITABLE;
    if (frame_get_typed(f, d, type))
        return refuse(-EINVAL);
    WRITE_ONCE(*(uint64_t *)maddr_to_virt(maddr(ma)), desc);
    frame_put_typed(f);
    return 0;
}

int set_ldt(uint64_t base, unsigned entries)
{
    struct vcpu *v = current;

    if (base % PAGE_SIZE || entries > MAX_LDT_ENTRIES ||
        (entries && !guest_range_ok(base, entries * sizeof(uint64_t))))
        return refuse(-EINVAL);
    if (!entries && !v->arch.ldt_entries)
        return 0;
    vcpu_drop_ldt(v);
    v->arch.ldt_base = base;
    v->arch.ldt_entries = entries;
    ldt_load(v);
    return 0;
}

/* Frame behind a page of the guest's LDT, with references taken; INVALID_MFN if there is none. */
static mfn_t ldt_page_get(struct vcpu *v, uint64_t va)
{
    uint64_t e = mmu_walk(v->memory.kernel_root, va);

    if (!(e & PTE_PRESENT) || segdesc_get(v->domain, pte_mfn(e)))
        return INVALID_MFN;
    return pte_mfn(e);
}

/* Maps a page of the guest's LDT that the window does not have yet; false where there is none. */
static bool ldt_page_map(struct vcpu *v, unsigned page)
{
    unsigned long flags;
    mfn_t m = INVALID_MFN;

    if (!mfn_is_named(v->arch.ldt_frames[page]))
        m = ldt_page_get(v, v->arch.ldt_base + page * PAGE_SIZE);
    if (!mfn_is_named(m))
        return false;
    flags = irq_save();
    v->arch.ldt_frames[page] = m;
    desc_load_ldt(v);
    irq_restore(flags);
    return true;
}

bool ldt_fault(struct vcpu *v, uint64_t va)
{
    uint64_t offset = va - (uint64_t)cpu_area(this_cpu(), CPU_AREA_LDT);
    unsigned page = offset >> PAGE_SHIFT;

    if (page >= LDT_WINDOW_PAGES || offset >= v->arch.ldt_entries * sizeof(uint64_t))
        return false;
    if (!ldt_page_map(v, page))
        inject_page_fault(v->arch.ldt_base + offset, 0);
    return true;
}

void ldt_want(uint16_t selector)
{
    unsigned offset = selector & ~7u;

    if ((selector & SELECTOR_LDT) && offset < current->arch.ldt_entries * sizeof(uint64_t))
        ldt_page_map(current, offset >> PAGE_SHIFT);
}
