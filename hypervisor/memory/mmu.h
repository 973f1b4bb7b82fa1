/* The page-table hypercalls and what else changes guest page tables. */
#ifndef MEMORY_MMU_H
#define MEMORY_MMU_H

#include "lib/abi.h"

#include "lib/types.h"

struct domain;
struct vcpu;
struct vcpu_guest_context;

/* Hypercalls; see the list in hypercall/list.h. */
long do_mmu_update(uint64_t ureqs, unsigned count, uint64_t pdone, unsigned foreigndom);
long do_update_va_mapping(uint64_t va, uint64_t pte, unsigned long flags);
long do_update_va_mapping_otherdomain(uint64_t va, uint64_t pte, unsigned long flags,
                                      domid_t domid);
long do_mmuext_op(uint64_t uops, unsigned count, uint64_t pdone, unsigned foreigndom);
long do_set_gdt(uint64_t frame_list, unsigned entries);
long do_update_descriptor(uint64_t maddr, uint64_t desc);
long do_vm_assist(unsigned cmd, unsigned type);

/* Installs a base pointer for a vCPU that does not run (start of day, VCPUOP_initialise): takes the
 * type and total reference. 0, -EINVAL, -ERESTART. */
int vcpu_set_root(struct vcpu *v, mfn_t root, bool user);
/* Drops both base pointers of a vCPU that does not run: 0 or -ERESTART. */
int vcpu_drop_roots(struct vcpu *v);
/* As set_gdt, also for a vCPU that does not run: 0, -EINVAL; -ERESTART when other work waits, with
 * nothing changed but that some pages have been checked. */
int vcpu_set_gdt(struct vcpu *v, const mfn_t *frames, unsigned entries);
void vcpu_drop_gdt(struct vcpu *v);
void vcpu_drop_ldt(struct vcpu *v);

/* CR3 write by the guest: as MMUEXT_NEW_BASEPTR. */
int mmu_new_baseptr(mfn_t root);
/* INVLPG and WBINVD of a privileged instruction reach memory/tlb directly. */

/* Called by the page-fault handler for a write fault in the guest kernel on a present page: true
 * when the fault was a store to an L1 table and has been carried out (regs advanced), or a page of
 * the LDT window / a spurious fault that is settled; false: bounce it. */
bool mmu_fixup_fault(struct vcpu *v, uint64_t va, uint32_t error_code, struct cpu_user_regs *regs);

/* Takes down what `current` left in its dying-table slot: 0 or -ERESTART. Exit path and before
 * every MMU operation. */
int mmu_drain_dying(struct vcpu *v);

/* Pins / unpins for the domain builder: type FRAME_L1..L4. */
int mmu_pin(struct domain *d, mfn_t m, int type);

/* Reads the leaf entry that maps `va` in a root; 0 when none. For the debug keys and LDT faults. */
uint64_t mmu_walk(mfn_t root, uint64_t va);

/* Grant mappings: installs / removes a leaf entry of `current` by VA or by the entry's machine
 * address; flags say writable. 0 or a GNTST-like -errno. The frame's references are the caller's.
 */
int mmu_map_grant_va(uint64_t va, mfn_t m, bool writable, uint64_t extra_bits);
int mmu_map_grant_pte(maddr_t pte, mfn_t m, bool writable, uint64_t extra_bits);
/* Clears it if it still maps `m`, and replaces with `replacement_va`'s entry when that is not 0. */
int mmu_unmap_grant_va(uint64_t va, mfn_t m, bool writable, uint64_t replacement_va);
int mmu_unmap_grant_pte(maddr_t pte, mfn_t m, bool writable);

/* The walk of domain_kill over page tables and frames: 0 or -ERESTART. */
int memory_teardown(struct domain *d);

#endif
