/* Frames, pages and page tables as the guest sees them. */
#ifndef GUEST_MEMORY_H
#define GUEST_MEMORY_H

#include "abi.h"
#include "stack.h"
#include "width.h"

#define PTE_P 0x001ULL
#define PTE_RW 0x002ULL
#define PTE_US 0x004ULL
#define PTE_PWT 0x008ULL
#define PTE_PCD 0x010ULL
#define PTE_A 0x020ULL
#define PTE_D 0x040ULL
#define PTE_PSE 0x080ULL
#define PTE_G 0x100ULL
#define PTE_NX (1ULL << 63)
#define PTE_FRAME 0x000ffffffffff000ULL

/* Bytes that one entry of a level's table stands for. */
#define LEVEL_SPAN(level) ((unsigned long)PAGE_SIZE << 9 * ((level)-1))

/* Leaf protections. */
#define PAGE_RO (PTE_P | PTE_KERNEL | PTE_A | PTE_D)
#define PAGE_RW (PAGE_RO | PTE_RW)
#define TABLE_BITS (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

#define TABLE_ENTRIES 512

/* At file level: room for so many vCPUs' stacks and pages of the pool in place of the usual 64 and
 * 512, for a guest that is to be small. */
#define GUEST_ROOM(vcpus, pages)                                                                   \
    asm(".globl GUEST_VCPUS, GUEST_POOL_PAGES\n"                                                   \
        "GUEST_VCPUS = " #vcpus "\nGUEST_POOL_PAGES = " #pages)

/* Each vCPU's two stacks: see stack.h. */
extern char stacks[][STACK_SIZE];

static inline pte_t pte_make(mfn_t mfn, uint64_t bits)
{
    return (pte_t)mfn << PAGE_SHIFT | bits;
}

static inline mfn_t pte_mfn(pte_t pte)
{
    return (mfn_t)((pte & PTE_FRAME) >> PAGE_SHIFT);
}

/* PFN to MFN by the list that start_info names, and back by the machine-to-physical array. */
mfn_t pfn_to_mfn(pfn_t pfn);
pfn_t mfn_to_pfn(mfn_t mfn);

/* Addresses inside the initial mapping only. */
pfn_t va_to_pfn(const void *va);
mfn_t va_to_mfn(const void *va);
maddr_t va_to_maddr(const void *va);
void *mfn_to_va(mfn_t mfn);

/* The next free pages of a pool inside the initial mapping, zeroed and writable. Never freed. */
void *page_alloc(void);
void *pages_alloc(unsigned count);

/* A PFN of the domain beyond the initial mapping that nobody uses yet; each only once. */
pfn_t spare_pfn(void);

/* The root that the vCPU runs on: its virtual address (read-only), and another one to use from now
 * on for the walks below. */
pte_t *root_table(void);
void root_set(pte_t *root);

/* The entry that maps va at a level (1: leaf, ROOT_LEVEL: root), NULL when a table above is
 * missing. */
pte_t *entry_of(unsigned long va, unsigned level);

/* One normal update of the entry at this address (a table's address in the initial mapping). */
long entry_write(const pte_t *entry, pte_t value);

/* Exchanges one frame for another behind the same PFN: the call's result. It takes that nothing but
 * its allocation refers to the frame. */
long frame_exchange(mfn_t mfn);

/* One update with its command in the low bits of ptr: the result of mmu_update. */
long mmu_update_one(uint64_t ptr, uint64_t value);

/* One mmuext operation on a frame; on an address. */
long mmuext_mfn(unsigned cmd, mfn_t mfn);
long mmuext_va(unsigned cmd, unsigned long va);

/* A frame of RAM that is the hypervisor's: one that holds the machine-to-physical array, or a table
 * that leads to it. */
mfn_t hypervisor_mfn(void);

/* Changes the protection of a page of the initial mapping, flushing it on all vCPUs: the
 * hypercall's result. `bits` 0: unmap. */
long page_protect(const void *page, uint64_t bits);

/* Makes a page of the initial mapping read-only; ends the test when that fails. */
void page_make_readonly(const void *page);

/* Tables down to L1 for va, made of pool pages as far as they are missing; the leaf's entry. Ends
 * the test when that fails. */
pte_t *tables_for(unsigned long va);

/* Maps one frame at va (tables are made): result of the update of the leaf. */
long map_at(unsigned long va, mfn_t mfn, uint64_t bits);

/* Ends the test when a call fails that has to work for the test to mean anything. */
#define MUST(call)                                                                                 \
    do {                                                                                           \
        if (!CHECK_EQ((call), 0))                                                                  \
            check_end();                                                                           \
    } while (0)

#endif
