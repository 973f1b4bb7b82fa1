/* Sizes that C and assembly agree on. */
#ifndef GUEST_STACK_H
#define GUEST_STACK_H

/* Each vCPU has two stacks, one behind the other and aligned to their size: one that its kernel
 * code runs on, and one that entries from user mode start on. The vCPU's number is that of the
 * pair. */
#define STACK_SHIFT 13
#define STACK_SIZE (1 << STACK_SHIFT)
#define MAX_VCPUS 64

/* Numbers for entries that are no exceptions, beyond the vectors. */
#define ENTRY_EVENT 256
#define ENTRY_FAILSAFE 257
#define ENTRY_SYSCALL 258
#define ENTRY_SYSCALL32 259
#define ENTRY_SYSENTER 260

#define VECTORS 256

#endif
