/*
 * What the compiler calls in place of an indirect branch (-mindirect-branch=thunk-extern): a return
 * to an address put on the stack, whose prediction a guest cannot train.
 */
    .text
.macro thunk reg
    .globl __x86_indirect_thunk_\reg
    .hidden __x86_indirect_thunk_\reg
    .balign 16
__x86_indirect_thunk_\reg:
    call    2f
1:  pause
    lfence
    jmp     1b
2:  mov     %\reg, (%rsp)
    ret
.endm

    .irp reg, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    thunk \reg
    .endr

    .section .note.GNU-stack, "", @progbits
