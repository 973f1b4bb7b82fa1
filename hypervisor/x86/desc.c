/* The GDT: fourteen pages of the guest's, one of Ringfort's; the LDT; the task-state segment. */
#include "x86/desc.h"

#include "domain/domain.h"
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "memory/allocator.h"
#include "memory/hypmap.h"
#include "memory/mapping.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/entry_setup.h"
#include "x86/extable.h"

/* Flat segments: base 0, limit 4 GiB, page granular, present, accessed (so that the processor never
 * writes to the table). DPL in bits 45 and 46. */
#define FLAT_CODE64 0x00af9b000000ffffUL
#define FLAT_CODE32 0x00cf9b000000ffffUL
#define FLAT_DATA 0x00cf93000000ffffUL
#define DPL(n) ((uint64_t)(n) << 45)
#define DESC_BASE 0xff0000ffffff0000UL
#define DESC_DEFAULT_32 (1UL << 54)
#define SYSTEM_PRESENT (1UL << 47)
#define SYSTEM_TSS (9UL << 40)
#define SYSTEM_LDT (2UL << 40)

#define LDT_WINDOW 16 /* hypmap_set_window's index of the LDT's first page */
#define LDT_WINDOW_PAGES 16
#define RESERVED_INDEX(selector) (((selector)-RESERVED_SELECTOR) / 8)

/* SDM vol. 3, figure "64-Bit TSS Format". */
struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3, iomap;
} __attribute__((packed));

/* What one CPU's tables hold now. */
struct cpu_tables {
    uint64_t *reserved64, *reserved32; /* Ringfort's page for guests of each width */
    const uint64_t *reserved;          /* the one in the window */
    mfn_t window[GUEST_GDT_FRAMES];
    bool has_ldt;
};

static struct cpu_tables *cpu_tables[MAX_CPUS];

/* A system descriptor takes two entries in long mode. */
static void set_system(uint64_t *page, unsigned selector, uint64_t type, uint64_t base,
                       uint32_t limit)
{
    uint64_t *entry = &page[RESERVED_INDEX(selector)];

    entry[0] = SYSTEM_PRESENT | type | (limit & 0xffff) | (uint64_t)(limit >> 16 & 0xf) << 48 |
               (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
    entry[1] = base >> 32;
}

static uint64_t *make_reserved(unsigned cpu, bool compat)
{
    uint64_t *page = page_alloc(0);

    if (!page)
        panic("no memory for the descriptor tables of CPU %u", cpu);
    page[RESERVED_INDEX(HV_CS)] = FLAT_CODE64;
    page[RESERVED_INDEX(HV_DS)] = FLAT_DATA;
    if (compat) {
        page[RESERVED_INDEX(0xe018)] = FLAT_CODE32 | DPL(1);
        page[RESERVED_INDEX(0xe020)] = FLAT_DATA | DPL(1);
        page[RESERVED_INDEX(0xe028)] = FLAT_CODE32 | DPL(3);
        page[RESERVED_INDEX(0xe030)] = FLAT_DATA | DPL(3);
    } else {
        page[RESERVED_INDEX(0xe020)] = FLAT_CODE32 | DPL(3);
        page[RESERVED_INDEX(0xe028)] = FLAT_DATA | DPL(3);
        page[RESERVED_INDEX(0xe030)] = FLAT_CODE64 | DPL(3);
    }
    set_system(page, TSS_SELECTOR, SYSTEM_TSS, (uint64_t)cpu_area(cpu, CPU_AREA_TSS),
               sizeof(struct tss) - 1);
    return page;
}

static void init_tss(unsigned cpu)
{
    struct tss *tss = cpu_area(cpu, CPU_AREA_TSS);
    uint64_t stacks = (uint64_t)cpu_area(cpu, CPU_AREA_STACKS);

    memset(tss, 0, sizeof(*tss));
    tss->rsp[0] =
        stacks + STACK_MAIN_TOP - sizeof(struct cpu_info) + offsetof(struct cpu_user_regs, es);
    tss->ist[IST_DF - 1] = stacks + STACK_DF_TOP;
    tss->ist[IST_NMI - 1] = stacks + STACK_NMI_TOP;
    tss->ist[IST_MC - 1] = stacks + STACK_MC_TOP;
    tss->ist[IST_DB - 1] = stacks + STACK_DB_TOP;
    /* Beyond the limit: no port is open to ring 3. */
    tss->iomap = sizeof(*tss);
}

static void load_gdtr(unsigned cpu)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) gdtr = {GDT_LIMIT, (uint64_t)cpu_area(cpu, CPU_AREA_GDT)};

    asm volatile("lgdt %0" ::"m"(gdtr));
    asm volatile("push %0\n"
                 "lea 1f(%%rip), %%rax\n"
                 "push %%rax\n"
                 "lretq\n"
                 "1: mov %1, %%ss\n"
                 "mov %2, %%ds\n"
                 "mov %2, %%es\n"
                 "mov %2, %%fs\n"
                 "mov %2, %%gs" ::"i"(HV_CS),
                 "r"(HV_DS), "r"(0)
                 : "rax", "memory");
}

void desc_init_cpu(unsigned cpu)
{
    struct cpu_tables *t = zalloc(sizeof(*t));

    if (!t)
        panic("no memory for the descriptor tables of CPU %u", cpu);
    t->reserved64 = make_reserved(cpu, false);
    t->reserved32 = make_reserved(cpu, true);
    for (unsigned i = 0; i < GUEST_GDT_FRAMES; i++)
        t->window[i] = INVALID_MFN;
    cpu_tables[cpu] = t;
    t->reserved = t->reserved64;
    hypmap_set_window(GUEST_GDT_FRAMES, virt_to_mfn(t->reserved64));
    init_tss(cpu);
    load_gdtr(cpu);
    asm volatile("lldt %w0" ::"r"(0));
    asm volatile("ltr %w0" ::"r"(TSS_SELECTOR));
}

void desc_load_gdt(const struct vcpu *v)
{
    struct cpu_tables *t = cpu_tables[this_cpu()];
    uint64_t *reserved = v->domain->is_compat ? t->reserved32 : t->reserved64;

    for (unsigned i = 0; i < GUEST_GDT_FRAMES; i++) {
        if (mfn_eq(t->window[i], v->arch.gdt_frames[i]))
            continue;
        t->window[i] = v->arch.gdt_frames[i];
        hypmap_set_window(i, t->window[i]);
    }
    if (t->reserved != reserved) {
        t->reserved = reserved;
        hypmap_set_window(GUEST_GDT_FRAMES, virt_to_mfn(reserved));
    }
}

void desc_load_ldt(const struct vcpu *v)
{
    struct cpu_tables *t = cpu_tables[this_cpu()];
    unsigned entries = v->arch.ldt_entries;

    if (!entries && !t->has_ldt)
        return;
    for (unsigned i = 0; i < LDT_WINDOW_PAGES; i++)
        hypmap_set_window(LDT_WINDOW + i, entries ? v->arch.ldt_frames[i] : INVALID_MFN);
    t->has_ldt = entries != 0;
    if (entries) {
        uint64_t base = (uint64_t)cpu_area(this_cpu(), CPU_AREA_LDT);

        set_system(t->reserved64, LDT_SELECTOR, SYSTEM_LDT, base, entries * 8 - 1);
        set_system(t->reserved32, LDT_SELECTOR, SYSTEM_LDT, base, entries * 8 - 1);
    }
    asm volatile("lldt %w0" ::"r"(entries ? LDT_SELECTOR : 0));
}

bool desc_read(uint16_t selector, uint64_t *descriptor)
{
    bool in_ldt = selector & 4;
    uint64_t offset = selector & ~7U;
    const uint64_t *entry;
    bool ok = true;

    if (offset == 0 && !in_ldt)
        return false;
    if (offset + 7 > (in_ldt ? current->arch.ldt_entries * 8UL - 1 : GDT_LIMIT) ||
        (in_ldt && !current->arch.ldt_entries))
        return false;
    entry = cpu_area(this_cpu(), (in_ldt ? CPU_AREA_LDT : CPU_AREA_GDT) + offset);
    *descriptor = 0;
    asm volatile("1: mov %2, %0\n"
                 "2:\n"
                 ".pushsection .text.fixup, \"ax\"\n"
                 "3: movb $0, %1\n"
                 "jmp 2b\n"
                 ".popsection\n" EXTABLE("1b", "3b")
                 : "+r"(*descriptor), "+m"(ok)
                 : "m"(*entry));
    return ok;
}

bool desc_is_flat_code32(uint16_t selector)
{
    uint64_t d;

    return desc_read(selector, &d) && (d & DESC_BASE) == 0 && (d & DESC_DEFAULT_32);
}
