/*
 * Entries from the hypervisor. The frame that it leaves, lowest address first:
 *   RCX R11 [error code] RIP CS RFLAGS RSP SS
 * (the failsafe callback has DS ES FS GS in place of the error code). Each stub turns that into
 * struct trap_frame and calls trap_entry with its address.
 */
#include <xen/xen.h>

#include "stack.h"
#include "stubs.inc"

#define TRAP_FRAME_SIZE (22 * 8)

    .text

.macro STUB number
    .balign 32
    pop %rcx
    pop %r11
    NUMBER \number
.endm

TRAP_STUBS

    .globl entry_event, entry_syscall, entry_syscall32, entry_sysenter, entry_failsafe
entry_event:
    STUB ENTRY_EVENT
entry_syscall:
    STUB ENTRY_SYSCALL
entry_syscall32:
    STUB ENTRY_SYSCALL32
entry_sysenter:
    STUB ENTRY_SYSENTER
entry_failsafe:
    pop %rcx
    pop %r11
    pop failsafe_selectors(%rip)
    pop failsafe_selectors + 8(%rip)
    pop failsafe_selectors + 16(%rip)
    pop failsafe_selectors + 24(%rip)
    push $0
    push $ENTRY_FAILSAFE

entry_common:
    push %rcx
    push %r11
    push %rdi
    push %rsi
    push %rdx
    push %rax
    push %r8
    push %r9
    push %r10
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, %rdi
    mov %rsp, %rbx
    and $-16, %rsp
    cld
    call trap_entry
    mov %rbx, %rsp

/* Resumes the struct trap_frame at RSP through the iret hypercall, whose flags are 0. */
trap_return:
    movq $0, 15 * 8(%rsp)
    movq $0, 16 * 8(%rsp)

/* The same with the hypercall's flags where the frame's error code is. */
trap_return_flags:
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    pop %r10
    pop %r9
    pop %r8
    pop %rax
    pop %rdx
    pop %rsi
    pop %rdi
    pop %r11
    pop %rcx
    add $8, %rsp
    push %rcx
    push %r11
    push %rax
    mov $__HYPERVISOR_iret, %eax
    syscall
    ud2

/* void trap_resume(const struct trap_frame *frame): never returns. */
    .globl trap_resume
trap_resume:
    mov %rdi, %rsp
    jmp trap_return

/* void user_enter(const struct trap_frame *frame, unsigned long flags): never returns. Works on a
 * copy, since the frame may be anywhere. */
    .globl user_enter
user_enter:
    sub $TRAP_FRAME_SIZE, %rsp
    mov %rsi, %rax
    mov %rdi, %rsi
    mov %rsp, %rdi
    mov $TRAP_FRAME_SIZE / 8, %ecx
    rep movsq
    mov %rax, 16 * 8(%rsp)
    jmp trap_return_flags

/* int context_save(struct context *c): 0, and later whatever context_restore is given. */
    .globl context_save
context_save:
    mov (%rsp), %rax
    mov %rax, (%rdi)
    lea 8(%rsp), %rax
    mov %rax, 8(%rdi)
    mov %rbx, 16(%rdi)
    mov %rbp, 24(%rdi)
    mov %r12, 32(%rdi)
    mov %r13, 40(%rdi)
    mov %r14, 48(%rdi)
    mov %r15, 56(%rdi)
    xor %eax, %eax
    ret

/* void context_restore(struct context *c, int result). */
    .globl context_restore
context_restore:
    mov %esi, %eax
    mov 8(%rdi), %rsp
    mov 16(%rdi), %rbx
    mov 24(%rdi), %rbp
    mov 32(%rdi), %r12
    mov 40(%rdi), %r13
    mov 48(%rdi), %r14
    mov 56(%rdi), %r15
    cld
    jmp *(%rdi)

/* Where a started vCPU begins: its own stack, and its number in RDI. */
    .globl vcpu_start
vcpu_start:
    xor %ebp, %ebp
    call vcpu_main
    ud2

    .data
    .balign 8
    .globl failsafe_selectors
failsafe_selectors:
    .fill 4, 8, 0
