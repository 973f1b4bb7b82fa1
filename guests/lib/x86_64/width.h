/* What a 64-bit guest's library has other than a 32-bit one's: four levels of page tables, the
 * kernel in the last 2 GiB, user mode on a root of its own. */
#ifndef GUEST_WIDTH_H
#define GUEST_WIDTH_H

#include "abi.h"

#define VIRT_BASE 0xffffffff80000000UL
#define ROOT_LEVEL 4
#define ROOT_ENTRIES 512
#define PIN_ROOT MMUEXT_PIN_L4_TABLE
/* The highest of these commands by which an empty page may become a table. */
#define PIN_EMPTY_LAST MMUEXT_PIN_L4_TABLE

/* A region of addresses that nothing else uses, in an L4 slot of its own: tests map there. */
#define FREE_SLOT 300
#define FREE_BASE (0xffff000000000000UL | ((unsigned long)FREE_SLOT << 39))

/* What the kernel's own leaves and tables have besides. Both modes are ring 3 to the processor, so
 * that without PTE_US the kernel could not reach its pages. */
#define PTE_KERNEL PTE_US
#define ROOT_TABLE_BITS TABLE_BITS

/* A frame that no machine has, and an address that is no guest's: it is not canonical. */
#define NO_MFN 0xffffffff0UL
#define NO_ADDRESS 0x800000000000UL
/* The last page of the addresses that are the hypervisor's. */
#define HYPERVISOR_LAST_PAGE (HYPERVISOR_VIRT_END - 4096)

/* Where shared_info has the upper half of the wall clock's seconds. */
#define WC_SEC_HI wc_sec_hi

/* Full-width registers in assembly. */
#define REG(name) "%%r" name

/* The highest vector register. */
#define XMM_LAST "xmm15"

/* An entry of a page table among the arguments of a multicall. */
#define PTE_ARGUMENT(pte) (pte)

/* Segments that user mode starts with. */
#define USER_CS FLAT_USER_CS64
#define USER_SS FLAT_USER_SS

/* What a frame says when a trap came from the kernel: no privilege bits. */
#define KERNEL_FRAME_CS (FLAT_KERNEL_CS & ~3)

/* One instruction with which user code enters the kernel, and what arrives there. */
#define SYSTEM_CALL "syscall"
#define SYSTEM_CALL_CLOBBERS "rcx", "r11", "memory"
#define ENTRY_SYSTEM_CALL ENTRY_SYSCALL
#define HAS_SYSCALL true

/* Where a context starts, with which stack and argument. */
static inline void context_start(struct vcpu_guest_context *context, const void *code,
                                 const char *stack, unsigned long argument)
{
    context->user_regs.rip = (unsigned long)code;
    context->user_regs.rsp = (unsigned long)stack;
    context->user_regs.rdi = argument;
    context->user_regs.rflags = 0x202;
}

static inline xen_callback_t callback_address(const void *code)
{
    return (xen_callback_t)code;
}

static inline void context_callbacks(struct vcpu_guest_context *context, const void *event,
                                     const void *failsafe, const void *syscall)
{
    context->event_callback_eip = (unsigned long)event;
    context->failsafe_callback_eip = (unsigned long)failsafe;
    context->syscall_callback_eip = (unsigned long)syscall;
}

#endif
