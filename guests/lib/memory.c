#include "memory.h"

#include "beside.h"
#include "check.h"
#include "guest.h"
#include "hypercall.h"

/* The linker script has room for these. */
extern char pool[][PAGE_SIZE], pool_end[];

static unsigned pool_used;
static pfn_t spare_next;
static pte_t *root;

mfn_t pfn_to_mfn(pfn_t pfn)
{
    return ((const mfn_t *)start_info->mfn_list)[pfn];
}

pfn_t mfn_to_pfn(mfn_t mfn)
{
    return machine_to_phys[mfn];
}

pfn_t va_to_pfn(const void *va)
{
    return ((uintptr_t)va - VIRT_BASE) >> PAGE_SHIFT;
}

mfn_t va_to_mfn(const void *va)
{
    return pfn_to_mfn(va_to_pfn(va));
}

maddr_t va_to_maddr(const void *va)
{
    return (maddr_t)va_to_mfn(va) << PAGE_SHIFT | ((uintptr_t)va & (PAGE_SIZE - 1));
}

void *mfn_to_va(mfn_t mfn)
{
    return (void *)(VIRT_BASE + (mfn_to_pfn(mfn) << PAGE_SHIFT));
}

void *pages_alloc(unsigned count)
{
    unsigned first = __atomic_fetch_add(&pool_used, count, __ATOMIC_RELAXED);

    if (pool[first + count] > pool_end)
        check_abort("the pool of pages is empty");
    return pool[first];
}

void *page_alloc(void)
{
    return pages_alloc(1);
}

pfn_t spare_pfn(void)
{
    /* Twice the initial mapping's 4 MiB granule beyond its last part, the page tables and stack. */
    if (!spare_next)
        spare_next = va_to_pfn((void *)start_info->pt_base) + 4096;
    if (spare_next >= start_info->nr_pages)
        check_abort("the domain has too few pages for this test");
    return spare_next++;
}

pte_t *root_table(void)
{
    return root ? root : (pte_t *)start_info->pt_base;
}

void root_set(pte_t *table)
{
    root = table;
}

pte_t *entry_of(unsigned long va, unsigned level)
{
    pte_t *table = root_table();

    for (unsigned l = ROOT_LEVEL;; l--) {
        unsigned entries = l == ROOT_LEVEL ? ROOT_ENTRIES : TABLE_ENTRIES;
        pte_t *entry = &table[va >> (PAGE_SHIFT + 9 * (l - 1)) & (entries - 1)];

        if (l == level)
            return entry;
        /* Domain0's own builder may have mapped something with a large page. */
        if (!(*entry & PTE_P) || (*entry & PTE_PSE))
            return NULL;
        table = mfn_to_va(pte_mfn(*entry));
    }
}

long mmu_update_one(uint64_t ptr, uint64_t value)
{
    struct mmu_update update = {.ptr = ptr, .val = value};

    return mmu_update(&update, 1, NULL, DOMID_SELF);
}

long entry_write(const pte_t *entry, pte_t value)
{
    return mmu_update_one(va_to_maddr(entry) | MMU_NORMAL_PT_UPDATE, value);
}

long mmuext_mfn(unsigned cmd, mfn_t mfn)
{
    struct mmuext_op op = {.cmd = cmd, .arg1.mfn = mfn};

    return mmuext_op(&op, 1, NULL, DOMID_SELF);
}

long mmuext_va(unsigned cmd, unsigned long va)
{
    struct mmuext_op op = {.cmd = cmd, .arg1.linear_addr = va};

    return mmuext_op(&op, 1, NULL, DOMID_SELF);
}

mfn_t hypervisor_mfn(void)
{
    xen_pfn_t frame;
    struct xen_machphys_mfn_list list = {.max_extents = 1};

    /* Only Domain0 gets the list. */
    if (is_beside())
        return pte_mfn(*entry_of((unsigned long)machine_to_phys, ROOT_LEVEL == 4 ? 4 : 2));
    set_xen_guest_handle(list.extent_start, &frame);
    if (memory_op(XENMEM_machphys_mfn_list, &list) || !list.nr_extents)
        check_abort("no frame of the hypervisor's is known");
    return frame;
}

long page_protect(const void *page, uint64_t bits)
{
    pte_t pte = bits ? pte_make(va_to_mfn(page), bits) : 0;

    return update_va_mapping((unsigned long)page, pte, UVMF_INVLPG | UVMF_ALL);
}

void page_make_readonly(const void *page)
{
    MUST(page_protect(page, PAGE_RO));
}

pte_t *tables_for(unsigned long va)
{
    for (unsigned level = ROOT_LEVEL; level > 1; level--) {
        pte_t *entry = entry_of(va, level);

        if (!(*entry & PTE_P)) {
            void *table = page_alloc();

            page_make_readonly(table);
            MUST(entry_write(entry, pte_make(va_to_mfn(table),
                                             level == ROOT_LEVEL ? ROOT_TABLE_BITS : TABLE_BITS)));
        }
    }
    return entry_of(va, 1);
}

long map_at(unsigned long va, mfn_t mfn, uint64_t bits)
{
    long result = entry_write(tables_for(va), pte_make(mfn, bits));

    mmuext_va(MMUEXT_INVLPG_ALL, va);
    return result;
}

long frame_exchange(mfn_t mfn)
{
    xen_pfn_t in = mfn, out = mfn_to_pfn(mfn);
    struct xen_memory_exchange e = {.in = {.nr_extents = 1, .domid = DOMID_SELF},
                                    .out = {.nr_extents = 1, .domid = DOMID_SELF}};

    set_xen_guest_handle(e.in.extent_start, &in);
    set_xen_guest_handle(e.out.extent_start, &out);
    return memory_op(XENMEM_exchange, &e);
}
