/* What the entry stubs leave on the stack of a 64-bit guest. */
#ifndef GUEST_TRAP_FRAME_H
#define GUEST_TRAP_FRAME_H

#include "abi.h"

struct trap_frame {
    uint64_t r15, r14, r13, r12, rbp, rbx, r10, r9, r8, rax, rdx, rsi, rdi, r11, rcx;
    uint64_t entry; /* vector or ENTRY_... */
    uint64_t error;
    uint64_t rip;
    uint32_t cs;                /* low 16 bits: the selector */
    uint32_t saved_upcall_mask; /* low 8 bits */
    uint64_t rflags, rsp, ss;
};

/* Registers that a function keeps, where it returns to and its stack after that. */
struct context {
    uint64_t rip, rsp, rbx, rbp, r12, r13, r14, r15;
};

/* 0 now; returns again with `result` when somebody calls context_restore(c, result). */
int __attribute__((returns_twice)) context_save(struct context *c);
void __attribute__((noreturn)) context_restore(struct context *c, int result);

/* Resumes the frame by the iret hypercall. */
void __attribute__((noreturn)) trap_resume(const struct trap_frame *frame);

/* As trap_resume, with VGCF_ flags for the hypercall. */
void __attribute__((noreturn)) user_enter(const struct trap_frame *frame, unsigned long flags);

/* The selectors of the last failsafe callback: DS ES FS GS. */
extern uint64_t failsafe_selectors[4];

/* Entry points of the stubs: TRAP_STUB_SIZE apart for vectors. */
#define TRAP_STUB_SIZE 32
extern const char trap_stubs[], entry_event[], entry_failsafe[], entry_syscall[], entry_syscall32[],
    entry_sysenter[];

#endif
