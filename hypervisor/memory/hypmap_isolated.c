/*
 * Isolation (Meltdown): while a guest runs, the processor's tables are a copy, made on this CPU, of
 * the guest's L4 in which Ringfort's slots lead only to what entry and exit touch: the descriptor
 * windows, the stub, TSS and IDT of this CPU, the top pages of its stacks, and the entry code. C
 * code runs on the guest's real root with all of Ringfort in it.
 *
 * With PCIDs Ringfort's view and the guest's view each have their own, for kernel and user mode, so
 * that changing between them keeps both; changing a root flushes all four.
 */
#include "domain/domain.h"
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/allocator.h"
#include "memory/hypmap.h"
#include "memory/hypmap_root.h"
#include "memory/hypmap_table.h"
#include "memory/mapping.h"
#include "memory/tlb.h"
#include "x86/current.h"

#define CR3_KEEP (UINT64_C(1) << 63) /* do not flush the PCID that is loaded */
enum { PCID_HV_USER = 1, PCID_HV_KERNEL, PCID_GUEST_USER, PCID_GUEST_KERNEL };

/* One CPU's copies, index 0 for user mode's and 1 for kernel mode's. */
struct isolation {
    uint64_t *copy[2];
    mfn_t source[2];    /* root that each is a copy of */
    uint64_t *area;     /* L1 table of the area as guests have it */
    uint64_t area_slot; /* L4 entries for slots 259 and 260 */
};

static struct isolation *isolation[MAX_CPUS];
static uint64_t entry_code_slot; /* L4 entry of slot 260, the same for all CPUs */

extern char __entry_text_start[], __entry_text_end[];
extern char __entry_data_start[], __entry_data_end[];

/* Entry code and data at their places under a root of their own, of which one slot is taken. */
static bool map_entry_code(void)
{
    uint64_t *root = hv_table_alloc();
    uint64_t text = (uint64_t)__entry_text_start, data = (uint64_t)__entry_data_start;

    if (root == NULL ||
        !hv_map(root, text, image_maddr(__entry_text_start), __entry_text_end - __entry_text_start,
                HV_RX) ||
        !hv_map(root, data, image_maddr(__entry_data_start), __entry_data_end - __entry_data_start,
                HV_RW))
        return false;
    entry_code_slot = root[260];
    page_free(root, 0);
    return true;
}

/* The page of the area at `off` as the guest's view has it too. */
static void show_page(unsigned cpu, struct isolation *own, unsigned long off)
{
    uint64_t *full = hv_entry(hv_root, (uint64_t)cpu_area(cpu, off), 1);

    own->area[off >> PAGE_SHIFT] = *full;
}

static void show_area(unsigned cpu, struct isolation *own)
{
    static const unsigned long tops[] = {STACK_DF_TOP, STACK_NMI_TOP, STACK_MC_TOP, STACK_DB_TOP,
                                         STACK_MAIN_TOP};

    show_page(cpu, own, CPU_AREA_STUB);
    show_page(cpu, own, CPU_AREA_DATA);
    show_page(cpu, own, CPU_AREA_TSS);
    show_page(cpu, own, CPU_AREA_IDT);
    for (unsigned i = 0; i < ARRAY_SIZE(tops); i++)
        show_page(cpu, own, CPU_AREA_STACKS + tops[i] - PAGE_SIZE);
}

int isolation_add_cpu(unsigned cpu)
{
    if (root_mode == ROOT_GLOBAL)
        return 0;
    if (entry_code_slot == 0 && !map_entry_code())
        return -ENOMEM;

    struct isolation *own = zalloc(sizeof(*own));
    uint64_t *root = hv_table_alloc();
    if (own == NULL || root == NULL)
        return -ENOMEM;
    uint64_t *first = hv_entry(root, (uint64_t)cpu_area(cpu, 0), 1);
    own->copy[0] = page_alloc(0);
    own->copy[1] = page_alloc(0);
    if (first == NULL || own->copy[0] == NULL || own->copy[1] == NULL)
        return -ENOMEM;

    own->source[0] = own->source[1] = INVALID_MFN;
    own->area = (uint64_t *)((uint64_t)first & PAGE_MASK);
    own->area_slot = root[259];
    show_area(cpu, own);
    page_free(root, 0);
    isolation[cpu] = own;
    return 0;
}

void isolation_set_area_entry(unsigned cpu, unsigned index, uint64_t entry)
{
    if (root_mode == ROOT_GLOBAL || isolation[cpu] == NULL)
        return;
    isolation[cpu]->area[index] = entry;
    /* INVLPG reaches the present PCID only. */
    if (root_mode == ROOT_ISOLATED_PCID)
        tlb_flush_local();
}

/* Makes the copy of `root` anew: the guest's own slots, and what it must have of Ringfort's. */
static void copy_root(struct isolation *own, mfn_t root, bool kernel)
{
    const uint64_t *from = mfn_to_virt(root);
    uint64_t *to = own->copy[kernel];

    /* `current` first: who changes an entry from now on finds this CPU and has the copy renewed. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    memcpy(to, from, HV_SLOT_FIRST * sizeof(*to));
    memcpy(to + HV_SLOT_LAST + 1, from + HV_SLOT_LAST + 1, (511 - HV_SLOT_LAST) * sizeof(*to));
    to[256] = hv_root[256];
    to[259] = own->area_slot;
    to[260] = entry_code_slot;
    own->source[kernel] = root;
}

void isolation_load(struct vcpu *v, mfn_t root, bool kernel)
{
    struct isolation *own = isolation[this_cpu()];
    uint64_t hv = mfn_maddr(root).a, guest = mfn_maddr(virt_to_mfn(own->copy[kernel])).a;

    if (root_mode == ROOT_ISOLATED_PCID) {
        hv |= (kernel ? PCID_HV_KERNEL : PCID_HV_USER) | CR3_KEEP;
        guest |= (kernel ? PCID_GUEST_KERNEL : PCID_GUEST_USER) | CR3_KEEP;
    }
    bool changed = v->memory.root_changed || !mfn_eq(own->source[kernel], root);
    if (v->memory.root_changed) {
        /* Whichever copy is next must not be trusted either. */
        own->source[0] = own->source[1] = INVALID_MFN;
        v->memory.root_changed = false;
    }
    if (changed) {
        copy_root(own, root, kernel);
        /* What this PCID kept may be of tables that are no more: not even for the flush below. */
        hv &= ~CR3_KEEP;
    }
    asm volatile("mov %0, %%cr3" : : "r"(hv) : "memory");
    if (changed && root_mode == ROOT_ISOLATED_PCID)
        tlb_flush_local();
    cpu_info()->guest_cr3 = guest;
}
