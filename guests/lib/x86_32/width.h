/* What a 32-bit guest's library has other than a 64-bit one's: three levels of page tables (PAE)
 * whose root has four entries, the kernel in ring 1 from 3 GiB on, user mode on the same root. */
#ifndef GUEST_WIDTH_H
#define GUEST_WIDTH_H

#include "abi.h"

#define VIRT_BASE 0xc0000000UL
#define ROOT_LEVEL 3
#define ROOT_ENTRIES 4
#define PIN_ROOT MMUEXT_PIN_L3_TABLE
/* The highest of these commands by which an empty page may become a table: the last entry of a root
 * leads to the hypervisor's addresses, and must be there. */
#define PIN_EMPTY_LAST MMUEXT_PIN_L2_TABLE

/* A region of addresses that nothing else uses, in an L3 slot of its own: tests map there. */
#define FREE_SLOT 1
#define FREE_BASE ((unsigned long)FREE_SLOT << 30)

/* What the kernel's own leaves and tables have besides: nothing, ring 1 is supervisor mode to
 * paging. Entries of the root have no permissions. */
#define PTE_KERNEL 0UL
#define ROOT_TABLE_BITS PTE_P

/* A frame that no machine has, and an address that is no guest's. */
#define NO_MFN 0xfffffff0UL
#define NO_ADDRESS HYPERVISOR_VIRT_START
/* The last page of the addresses that are the hypervisor's. */
#define HYPERVISOR_LAST_PAGE 0xfffff000UL

/* Where shared_info has the upper half of the wall clock's seconds. */
#define WC_SEC_HI arch.wc_sec_hi

/* Full-width registers in assembly. */
#define REG(name) "%%e" name

/* The highest vector register. */
#define XMM_LAST "xmm7"

/* An entry of a page table among the arguments of a multicall. */
#define PTE_ARGUMENT(pte) LOW_HALF(pte), HIGH_HALF(pte)

/* Segments that user mode starts with. */
#define USER_CS FLAT_USER_CS
#define USER_SS FLAT_USER_SS

/* What a frame says when a trap came from the kernel. */
#define KERNEL_FRAME_CS FLAT_KERNEL_CS

/* One instruction with which user code enters the kernel, and what arrives there. */
#define SYSTEM_CALL "int $0x80"
#define SYSTEM_CALL_CLOBBERS "memory"
#define ENTRY_SYSTEM_CALL 0x80

/* No vCPU of this width has a callback for SYSCALL alone, and none returns by SYSRET. */
#define HAS_SYSCALL false
#define entry_syscall NULL
#define VGCF_in_syscall 0

/* Where a context starts, with which stack and argument. */
static inline void context_start(struct vcpu_guest_context *context, const void *code,
                                 const char *stack, unsigned long argument)
{
    context->user_regs.eip = (unsigned long)code;
    context->user_regs.esp = (unsigned long)stack;
    context->user_regs.edi = argument;
    context->user_regs.eflags = 0x202;
    context->user_regs.ds = FLAT_KERNEL_DS;
    context->user_regs.es = FLAT_KERNEL_DS;
}

static inline xen_callback_t callback_address(const void *code)
{
    return (xen_callback_t){.cs = FLAT_KERNEL_CS, .eip = (unsigned long)code};
}

static inline void context_callbacks(struct vcpu_guest_context *context, const void *event,
                                     const void *failsafe, const void *syscall)
{
    (void)syscall;
    context->event_callback_cs = FLAT_KERNEL_CS;
    context->event_callback_eip = (unsigned long)event;
    context->failsafe_callback_cs = FLAT_KERNEL_CS;
    context->failsafe_callback_eip = (unsigned long)failsafe;
}

#endif
