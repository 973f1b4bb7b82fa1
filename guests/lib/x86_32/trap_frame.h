/* What the entry stubs leave on the stack of a 32-bit guest. The fields have the names of their
 * 64-bit relatives, so that one source does for both. */
#ifndef GUEST_TRAP_FRAME_H
#define GUEST_TRAP_FRAME_H

#include "abi.h"

struct trap_frame {
    unsigned long gs, fs, es, ds;
    unsigned long rdi, rsi, rbp, rbx, rdx, rcx, rax;
    unsigned long entry; /* vector or ENTRY_... */
    unsigned long error;
    unsigned long rip;
    uint16_t cs;
    uint16_t saved_upcall_mask; /* low 8 bits */
    /* The hypervisor leaves the last two of entries from user mode only; the stubs complete the
     * frame of others. */
    unsigned long rflags, rsp, ss;
};

/* Registers that a function keeps, where it returns to and its stack after that. */
struct context {
    unsigned long rip, rsp, rbx, rbp, rsi, rdi;
};

/* 0 now; returns again with `result` when somebody calls context_restore(c, result). */
int __attribute__((returns_twice)) context_save(struct context *c);
void __attribute__((noreturn)) context_restore(struct context *c, int result);

/* Resumes the frame by the iret hypercall. One that goes to the kernel must leave its stack at
 * least this frame's size above the frame. */
void __attribute__((noreturn)) trap_resume(const struct trap_frame *frame);

/* As trap_resume. (There are no flags for the hypercall at this width.) */
void __attribute__((noreturn)) user_enter(const struct trap_frame *frame, unsigned long flags);

/* The selectors of the last failsafe callback: DS ES FS GS. */
extern unsigned long failsafe_selectors[4];

/* Entry points of the stubs: TRAP_STUB_SIZE apart for vectors. */
#define TRAP_STUB_SIZE 32
extern const char trap_stubs[], entry_event[], entry_failsafe[], entry_syscall32[],
    entry_sysenter[];

#endif
