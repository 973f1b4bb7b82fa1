/* Notes for the domain builder, the entry point, and the page that hypercall stubs go to. */
#include "note.inc"
#include "stack.h"

NOTES(.quad)

.macro SAVE reg, index
    mov %\reg, boot_registers + 8 * \index(%rip)
.endm

    .section .text.start, "ax"
    .globl _start
_start:
    /* Nothing may be disturbed before it is written down: a test looks at all of it. */
    SAVE rax, 0
    SAVE rbx, 1
    SAVE rcx, 2
    SAVE rdx, 3
    SAVE rsi, 4
    SAVE rdi, 5
    SAVE rbp, 6
    SAVE rsp, 7
    SAVE r8, 8
    SAVE r9, 9
    SAVE r10, 10
    SAVE r11, 11
    SAVE r12, 12
    SAVE r13, 13
    SAVE r14, 14
    SAVE r15, 15
    mov %cs, %eax
    SAVE rax, 16
    mov %ss, %eax
    SAVE rax, 17
    mov %ds, %eax
    SAVE rax, 18
    mov %es, %eax
    SAVE rax, 19
    mov %fs, %eax
    SAVE rax, 20
    mov %gs, %eax
    SAVE rax, 21
    pushfq
    pop %rax
    SAVE rax, 22

    lea stacks + STACK_SIZE(%rip), %rsp
    xor %ebp, %ebp
    cld
    mov %rsi, %rdi
    call guest_main
    ud2

    .balign 4096
    .globl hypercall_page
hypercall_page:
    .fill 4096, 1, 0xcc

    .data
    .balign 8
    .globl boot_registers
boot_registers:
    .fill 23, 8, 0
