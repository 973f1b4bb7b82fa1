/*
 * Entries from the hypervisor. The frame that it leaves, lowest address first:
 *   [error code] EIP CS EFLAGS, and from user mode ESP SS
 * (the failsafe callback has DS ES FS GS in place of the error code). Each stub turns that into
 * struct trap_frame and calls trap_entry with its address.
 */
#include <xen/xen.h>

#include "stack.h"
#include "stubs.inc"

/* Offsets in struct trap_frame. */
#define FRAME_RAX (10 * 4)
#define FRAME_ENTRY (11 * 4)
#define FRAME_RIP (13 * 4)
#define FRAME_CS (14 * 4)
#define FRAME_RFLAGS (15 * 4)
#define FRAME_RSP (16 * 4)
#define FRAME_SS (17 * 4)
#define FRAME_SIZE (18 * 4)

    .text

.macro STUB number
    .balign 32
    NUMBER \number
.endm

TRAP_STUBS

    .globl entry_event, entry_syscall32, entry_sysenter, entry_failsafe
entry_event:
    STUB ENTRY_EVENT
entry_syscall32:
    STUB ENTRY_SYSCALL32
entry_sysenter:
    STUB ENTRY_SYSENTER
entry_failsafe:
    popl %ss:failsafe_selectors
    popl %ss:failsafe_selectors + 4
    popl %ss:failsafe_selectors + 8
    popl %ss:failsafe_selectors + 12
    push $0
    push $ENTRY_FAILSAFE

/* On the stack: entry, error code, EIP, CS, EFLAGS. */
entry_common:
    testb $2, %ss:3 * 4(%esp)
    jnz 1f
    /* From the kernel: move all five down and put the stack pointer and SS of then behind them. */
    sub $8, %esp
    push %eax
    .irp word, 0, 1, 2, 3, 4
    mov %ss:(3 + \word) * 4(%esp), %eax
    mov %eax, %ss:(1 + \word) * 4(%esp)
    .endr
    lea 8 * 4(%esp), %eax
    mov %eax, %ss:6 * 4(%esp)
    movl $FLAT_KERNEL_SS, %ss:7 * 4(%esp)
    pop %eax
1:
    push %eax
    push %ecx
    push %edx
    push %ebx
    push %ebp
    push %esi
    push %edi
    push %ds
    push %es
    push %fs
    push %gs
    mov $FLAT_KERNEL_DS, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %esp, %ebx
    and $-16, %esp
    sub $12, %esp
    push %ebx
    cld
    call trap_entry
    mov %ebx, %esp

/* Resumes the struct trap_frame at ESP. The hypercall wants, from ESP up, EAX EIP CS EFLAGS and,
 * for user mode, ESP SS: the frame's own end, with EAX where the error code is. A frame of the
 * kernel has its copy put where the stack pointer is to end up. */
trap_return:
    mov FRAME_RAX(%esp), %eax
    lea FRAME_RIP - 4(%esp), %edi
    testb $2, FRAME_CS(%esp)
    jnz 1f
    mov FRAME_RSP(%esp), %edi
    mov FRAME_RIP(%esp), %ebx
    mov FRAME_CS(%esp), %ecx
    mov FRAME_RFLAGS(%esp), %edx
    sub $16, %edi
    mov %ebx, 4(%edi)
    mov %ecx, 8(%edi)
    mov %edx, 12(%edi)
1:
    mov %eax, (%edi)
    mov %edi, FRAME_ENTRY(%esp)
    pop %gs
    pop %fs
    pop %es
    pop %ds
    pop %edi
    pop %esi
    pop %ebp
    pop %ebx
    pop %edx
    pop %ecx
    pop %eax
    pop %esp
    mov $__HYPERVISOR_iret, %eax
    int $0x82
    ud2

/* void trap_resume(const struct trap_frame *frame): never returns. */
    .globl trap_resume
trap_resume:
    mov 4(%esp), %esp
    jmp trap_return

/* void user_enter(const struct trap_frame *frame, unsigned long flags): never returns. Works on a
 * copy, since the frame may be anywhere. */
    .globl user_enter
user_enter:
    mov 4(%esp), %esi
    sub $FRAME_SIZE, %esp
    mov %esp, %edi
    mov $FRAME_SIZE / 4, %ecx
    rep movsl
    jmp trap_return

/* int context_save(struct context *c): 0, and later whatever context_restore is given. */
    .globl context_save
context_save:
    mov 4(%esp), %eax
    mov (%esp), %ecx
    mov %ecx, (%eax)
    lea 4(%esp), %ecx
    mov %ecx, 4(%eax)
    mov %ebx, 8(%eax)
    mov %ebp, 12(%eax)
    mov %esi, 16(%eax)
    mov %edi, 20(%eax)
    xor %eax, %eax
    ret

/* void context_restore(struct context *c, int result). */
    .globl context_restore
context_restore:
    mov 4(%esp), %ecx
    mov 8(%esp), %eax
    mov 4(%ecx), %esp
    mov 8(%ecx), %ebx
    mov 12(%ecx), %ebp
    mov 16(%ecx), %esi
    mov 20(%ecx), %edi
    cld
    jmp *(%ecx)

/* Where a started vCPU begins: its own stack, and its number in EDI. */
    .globl vcpu_start
vcpu_start:
    xor %ebp, %ebp
    sub $12, %esp
    push %edi
    call vcpu_main
    ud2

    .data
    .balign 4
    .globl failsafe_selectors
failsafe_selectors:
    .fill 4, 4, 0
