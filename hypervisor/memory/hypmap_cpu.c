/* The per-CPU areas: descriptor windows, entry stub, TSS, IDT, stacks. */
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/hypmap.h"
#include "memory/hypmap_root.h"
#include "memory/hypmap_table.h"
#include "memory/mapping.h"
#include "x86/cpu.h"
#include "x86/current.h"

#define WINDOW_PAGES ((CPU_AREA_STUB - CPU_AREA_GDT) >> PAGE_SHIFT)

/* The L1 table of each CPU's area; Ringfort's own view. */
static uint64_t *area_tables[MAX_CPUS];

static unsigned area_index(unsigned long off)
{
    return (off >> PAGE_SHIFT) & 511;
}

static bool map_area_page(unsigned cpu, unsigned long off, uint64_t flags)
{
    void *page = page_alloc(0);

    if (page == NULL)
        return false;
    area_tables[cpu][area_index(off)] = mfn_maddr(virt_to_mfn(page)).a | flags;
    return true;
}

/* The IDT is one frame for all CPUs. */
static bool map_idt(unsigned cpu)
{
    if (cpu == 0)
        return map_area_page(0, CPU_AREA_IDT, HV_RW);
    area_tables[cpu][area_index(CPU_AREA_IDT)] = area_tables[0][area_index(CPU_AREA_IDT)];
    return true;
}

static bool map_stacks(unsigned cpu)
{
    for (unsigned long off = 0; off < STACKS_SIZE; off += PAGE_SIZE)
        if (!map_area_page(cpu, CPU_AREA_STACKS + off, HV_RW))
            return false;
    return true;
}

int hypmap_add_cpu(unsigned cpu)
{
    /* Asking for a leaf's entry makes the area's own L1 table. */
    uint64_t *first = hv_entry(hv_root, (uint64_t)cpu_area(cpu, 0), 1);

    assert(cpu < MAX_CPUS);
    if (first == NULL)
        return -ENOMEM;
    area_tables[cpu] = (uint64_t *)((uint64_t)first & PAGE_MASK);
    if (!map_area_page(cpu, CPU_AREA_STUB, HV_RX) || !map_area_page(cpu, CPU_AREA_DATA, HV_RW) ||
        !map_area_page(cpu, CPU_AREA_TSS, HV_RW) || !map_idt(cpu) || !map_stacks(cpu))
        return -ENOMEM;

    struct cpu_info *info = cpu_area(cpu, CPU_AREA_STACKS + STACK_MAIN_TOP);
    info[-1].cpu = cpu;
    if (compat_root_add_cpu(cpu) != 0)
        return -ENOMEM;
    return isolation_add_cpu(cpu);
}

void *cpu_area_writable(unsigned cpu, unsigned long off)
{
    uint64_t entry = area_tables[cpu][area_index(off)];

    assert(entry & HV_P);
    return (char *)maddr_to_virt(maddr(entry & HV_ADDRESS)) + (off & ~PAGE_MASK);
}

void hypmap_set_window(unsigned index, mfn_t m)
{
    unsigned cpu = this_cpu();
    bool present = !mfn_eq(m, INVALID_MFN);
    /* Writable: the processor sets the accessed bit of descriptors that it loads. */
    uint64_t entry = present ? mfn_maddr(m).a | HV_RW : 0;

    assert(index < WINDOW_PAGES);
    area_tables[cpu][index] = entry;
    invlpg(cpu_area(cpu, (unsigned long)index << PAGE_SHIFT));
    isolation_set_area_entry(cpu, index, entry);
}
