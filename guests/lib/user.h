/* User mode: a root of its own, and running small pieces of code there. */
#ifndef GUEST_USER_H
#define GUEST_USER_H

#include "abi.h"
#include "trap.h"

/* Where user code and data (section .user) and one stack page appear in the user half. */
#define USER_CODE 0x400000UL
#define USER_STACK 0x800000UL
#define USER_STACK_TOP (USER_STACK + PAGE_SIZE)

/* Puts a function, or an object, into the part of the image that user mode can reach. */
#define USER __attribute__((section(".user"), used))

#define USER_DATA __attribute__((section(".user.data"), used))

/* The user half's address of something in section .user. */
#define USER_ADDRESS(symbol) (USER_CODE + ((uintptr_t)(symbol) - (uintptr_t)user_begin))
extern char user_begin[], user_end[];

/* Builds the user root on first use, makes it the vCPU's and gives entries a stack. Addresses in
 * the user half are mapped in the kernel's root too. */
void user_init(void);

/* Makes the root for user mode on first use, and makes it the vCPU's: for user_init. At 32 bits the
 * kernel's root serves both. */
void user_root_use(void);

/* Fills in data segments that the frame leaves zero where user code cannot do without. */
void user_segments(struct trap_frame *frame);

/* The user root's virtual address: 64 bits only. */
pte_t *user_root(void);

/* Runs user code from `frame` on (fields of the hypervisor's part and registers) by the iret
 * hypercall with these VGCF_ flags, until it enters the kernel by anything but an event: the entry,
 * which last_trap then describes. */
int user_run_frame(const struct trap_frame *frame, unsigned flags);

/* The same from an address of the user half with the user stack, CS64 and cleared registers. */
int user_run(uintptr_t rip);

/* For trap.c: whether this entry came from user mode that user_run started, and back to there. */
bool user_left(const struct trap_frame *frame);
void __attribute__((noreturn)) user_return(struct trap_frame *frame);

#endif
