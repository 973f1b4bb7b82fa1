/*
 * Ways in and out of Ringfort.
 *
 * A guest enters with the frame below at the very top of the CPU's main stack, where it is both the
 * start of struct cpu_info and the ABI's struct cpu_user_regs. `top` is the stack block's end:
 *
 *     top - INFO_SIZE + REGS_SS      ss   ^
 *                       REGS_RSP     rsp  | pushed by hardware, or by the SYSCALL stub
 *                       REGS_RFLAGS  rflags
 *                       REGS_CS      cs   |
 *                       REGS_RIP     rip  v
 *                       REGS_ERROR   error code, vector
 *                       ...          rdi, rsi, rdx, rcx, rax, r8 - r11, rbx, rbp, r12 - r15
 *     top - INFO_SIZE + 0            r15
 *
 * C then runs from the page below: under isolation a guest's own view of memory has the stack's top
 * page, the stubs of this file and the descriptor tables, and nothing else of Ringfort.
 *
 * Isolation: cpu_info.hv_cr3 is what an entry must load, and 0 while Ringfort's own view is loaded.
 * The exit path sets it before it loads guest_cr3, an entry clears it after it has loaded it: an NMI
 * between the two finds a non-zero value, loads a view that is loaded already, and does no harm.
 *
 * Both GS bases stay the guest's throughout; nothing here executes SWAPGS.
 */
#include "offsets.h"
#include "x86/desc.h"

#define FLAT_CS32 0xe023
#define FLAT_SS 0xe02b
#define FLAT_CS64 0xe033

/* From the frame to where C's stack begins, one page below the top. */
#define C_STACK_GAP (PAGE_BYTES - INFO_SIZE)

.macro save_registers
    push    %rdi
    push    %rsi
    push    %rdx
    push    %rcx
    push    %rax
    push    %r8
    push    %r9
    push    %r10
    push    %r11
    push    %rbx
    push    %rbp
    push    %r12
    push    %r13
    push    %r14
    push    %r15
.endm

/* Leaves RSP at the error code. */
.macro restore_registers
    pop     %r15
    pop     %r14
    pop     %r13
    pop     %r12
    pop     %rbp
    pop     %rbx
    pop     %r11
    pop     %r10
    pop     %r9
    pop     %r8
    pop     %rax
    pop     %rcx
    pop     %rdx
    pop     %rsi
    pop     %rdi
.endm

/* What restore_registers has left below the frame's rip, where RSP is now and nobody pushes: a guest's
 * view has this page, and the registers may be another domain's. */
.macro clear_restored
    .set    below, 8
    .rept   REGS_RIP / 8
    movq    $0, -below(%rsp)
    .set    below, below + 8
    .endr
.endm

/* RSP is at a guest's frame: Ringfort's own view of memory, and C's stack. RDI: the frame. */
.macro enter_from_guest
    mov     INFO_HV_CR3(%rsp), %rcx
    test    %rcx, %rcx
    jz      .Lmapped\@
    mov     %rcx, %cr3
    movq    $0, INFO_HV_CR3(%rsp)
.Lmapped\@:
    mov     %rsp, %rdi
    xor     %ebp, %ebp
    sub     $C_STACK_GAP, %rsp
.endm

    .section .entry.text, "ax", @progbits
    .code64

/*
 * One stub of 16 bytes for each vector, in order; the IDT is filled by computing their addresses.
 * Each leaves, on top of what hardware pushed, the error code (0 where there is none) in the low and
 * the vector in the high half of one word.
 */
    .balign 16
    .globl entry_stubs
    .hidden entry_stubs
entry_stubs:
    .set vector, 0
    .rept 256
    .balign 16
    /* #DF, #TS, #NP, #SS, #GP, #PF, #AC, #CP, #VC and #SX push an error code themselves. */
    .if vector >= NR_EXCEPTIONS
    push    $0
    .elseif (0x60227d00 >> vector) & 1 == 0
    push    $0
    .endif
    movl    $vector, 4(%rsp)
    .if vector == 1 || vector == 2 || vector == 8 || vector == 18
    jmp     ist_entry
    .elseif vector < NR_EXCEPTIONS || vector == NR_LINUX_SYSCALL || vector == NR_HYPERCALL
    jmp     exception_entry
    .else
    jmp     interrupt_entry
    .endif
    .set vector, vector + 1
    .endr

    .balign 16
exception_entry:
    save_registers
    cld
    testb   $3, REGS_CS(%rsp)
    jz      own_exception
    enter_from_guest
    call    handle_exception

/* C's stack is empty, its guest's frame one gap above. Interrupts may be on. */
exit_to_guest:
    cli
    call    prepare_exit
    add     $C_STACK_GAP, %rsp

/*
 * RSP is at the frame. SYSRET where it gives the same state as IRET: RCX and R11 are what it needs
 * there (kept so by the SYSCALL stub and by every bounce), the flat selectors, no flag that it would
 * drop or that traps too early, and an address that it will not fault on with the guest's stack
 * pointer already loaded.
 */
    mov     INFO_GUEST_CR3(%rsp), %rax
    test    %rax, %rax
    jnz     load_guest_view
restore_guest:
    cmpw    $FLAT_CS64, REGS_CS(%rsp)
    jne     restore_by_iret             /* an application of Linux, which has selectors of its own */
    mov     REGS_RCX(%rsp), %rcx
    mov     REGS_R11(%rsp), %r11
    cmp     %rcx, REGS_RIP(%rsp)
    jne     restore_by_iret
    cmp     %r11, REGS_RFLAGS(%rsp)
    jne     restore_by_iret
    test    $SLOW_FLAGS, %r11d
    jnz     restore_by_iret
    cmpw    $FLAT_SS, REGS_SS(%rsp)
    jne     restore_by_iret
    mov     %rcx, %rax
    shl     $16, %rax
    sar     $16, %rax
    cmp     %rcx, %rax
    jne     restore_by_iret
    pop     %r15
    pop     %r14
    pop     %r13
    pop     %r12
    pop     %rbp
    pop     %rbx
    pop     %rax                        /* R11 holds its value already */
    pop     %r10
    pop     %r9
    pop     %r8
    pop     %rax
    pop     %rdx                        /* so does RCX */
    pop     %rdx
    pop     %rsi
    pop     %rdi
    mov     REGS_RSP - REGS_ERROR(%rsp), %rsp
    sysretq

restore_by_iret:
    restore_registers
    add     $8, %rsp
guest_iret:
    iretq
    .pushsection .extable, "a"
    .balign 4
    .long   guest_iret - ., failed_iret - .
    .popsection

/* CR3 reads without bit 63 (keep what the PCID has cached); Ringfort's view wants it as the guest's. */
load_guest_view:
    mov     %cr3, %rcx
    mov     %rax, %rdx
    shr     $63, %rdx
    shl     $63, %rdx
    or      %rdx, %rcx
    mov     %rcx, INFO_HV_CR3(%rsp)
    mov     %rax, %cr3
    jmp     restore_guest

/*
 * IRET faulted: selectors, RIP or RSP that the processor refuses. Registers hold the guest's values,
 * RSP is at the frame's rip; the fault's own frame overwrote what lies below, so that is pushed anew.
 */
failed_iret:
    push    $0
    save_registers
    enter_from_guest
    call    handle_failed_return
    jmp     exit_to_guest

    .balign 16
interrupt_entry:
    save_registers
    cld
    testb   $3, REGS_CS(%rsp)
    jz      own_interrupt
    enter_from_guest
    call    handle_interrupt
    jmp     exit_to_guest

/*
 * Interrupt inside Ringfort: its frame lies anywhere on the main stack,
 *     ss, rsp, rflags, cs, rip, error/vector, rdi ... r15   (RSP)
 * below what was interrupted. Nothing is switched here.
 */
own_interrupt:
    mov     %rsp, %rdi
    mov     %rsp, %rbx
    and     $-16, %rsp
    call    handle_interrupt
    mov     %rbx, %rsp
    restore_registers
    add     $8, %rsp
    iretq

/*
 * Exception inside Ringfort, frame as above. Only the IRET to a guest can fault with the guest's
 * view loaded, and its fix-up continues inside Ringfort: so the view is changed for good.
 */
own_exception:
    mov     %rsp, %rbx
    or      $(STACK_BLOCK - 1), %rbx
    mov     INFO_HV_CR3 + 1 - INFO_SIZE(%rbx), %rax
    test    %rax, %rax
    jz      1f
    mov     %rax, %cr3
    movq    $0, INFO_HV_CR3 + 1 - INFO_SIZE(%rbx)
1:  mov     %rsp, %rdi
    mov     %rsp, %rbx
    and     $-16, %rsp
    call    handle_own_exception
    mov     %rbx, %rsp
    restore_registers
    add     $8, %rsp
    iretq

/*
 * #DB, NMI, #DF, #MC. Each has a stack of two pages; hardware and these pushes fill the end of the
 * upper page, C runs on the lower one.
 */
    .balign 16
ist_entry:
    save_registers
    cld
    mov     %rsp, %rbx
    or      $(STACK_BLOCK - 1), %rbx
    sub     $(INFO_SIZE - 1), %rbx      /* RBX: struct cpu_info */
    testb   $3, REGS_CS(%rsp)
    jnz     ist_from_guest

/* Ringfort was interrupted, perhaps in a stub with the guest's view loaded: the view found is put
 * back, and hv_cr3 is left as it is. */
    mov     %rsp, %r13
    mov     %cr3, %r12
    mov     INFO_HV_CR3(%rbx), %rax
    test    %rax, %rax
    jz      1f
    mov     %rax, %cr3
1:  mov     %rsp, %rdi
    and     $-PAGE_BYTES, %rsp
    call    handle_ist_exception
    cmpq    $0, INFO_HV_CR3(%rbx)
    je      1f
    mov     %r12, %cr3
1:  mov     %r13, %rsp
    restore_registers
    add     $8, %rsp
    clear_restored
    iretq

/* A guest was interrupted: the main stack is empty. The frame moves there, then this is an entry
 * like any other. The IRET to the next line lets further NMIs in. */
ist_from_guest:
    mov     INFO_HV_CR3(%rbx), %rax
    test    %rax, %rax
    jz      1f
    mov     %rax, %cr3
    movq    $0, INFO_HV_CR3(%rbx)
1:  mov     %rsp, %rsi
    mov     %rbx, %rdi
    mov     $(REGS_ES / 8), %ecx
    rep movsq
    mov     %rsp, %rdi
    mov     $(REGS_ES / 8), %ecx
    xor     %eax, %eax
    rep stosq
    lea     -C_STACK_GAP(%rbx), %rsp
    mov     %rsp, %rax
    push    $HV_DS
    push    %rax
    pushf
    push    $HV_CS
    lea     2f(%rip), %rax
    push    %rax
    iretq
2:  mov     %rbx, %rdi
    xor     %ebp, %ebp
    call    handle_exception
    jmp     exit_to_guest

/*
 * SYSCALL, from the stub, with ss, rsp, rflags, cs and rip on the main stack. RCX and R11 are saved
 * as SYSCALL left them, which is what lets the exit path use SYSRET.
 */
    .balign 16
    .globl syscall_entry
    .hidden syscall_entry
syscall_entry:
    push    $0
    movl    $0x100, 4(%rsp)             /* ENTRY_SYSCALL */
    save_registers
    enter_from_guest
    call    handle_guest_syscall
    jmp     exit_to_guest

/*
 * SYSENTER (Intel, compatibility mode) starts with RSP at cpu_info.regs.es and no record of where it
 * came from. It leaves TF and NT set: a single step costs a #DB for each instruction until the flags
 * are saved (x86/traps_own.c), NT would break the next IRET.
 */
    .balign 16
    .globl sysenter_entry, sysenter_flags_saved
    .hidden sysenter_entry, sysenter_flags_saved
sysenter_entry:
    push    $FLAT_SS
    push    $0
    pushf
sysenter_flags_saved:
    push    $FLAT_CS32
    push    $0
    push    $0
    movl    $0x101, 4(%rsp)             /* ENTRY_SYSENTER */
    save_registers
    push    $2
    popf
    enter_from_guest
    call    handle_sysenter
    jmp     exit_to_guest

/*
 * SYSCALL's first instructions, copied to each CPU's stub page, from where its own words and its
 * stack lie at fixed distances. RSP is the guest's: until it is replaced only the stacks of NMI,
 * #MC, #DB and #DF are safe, and interrupts are off.
 */
.macro stub_frame cs
    mov     %rsp, syscall_stubs + AREA_DATA - AREA_STUB + ENTRY_DATA_RSP(%rip)
    lea     syscall_stubs + AREA_STACK_TOP - AREA_STUB - INFO_SIZE + REGS_ES(%rip), %rsp
    push    $FLAT_SS
    push    syscall_stubs + AREA_DATA - AREA_STUB + ENTRY_DATA_RSP(%rip)
    push    %r11
    push    \cs
.endm

    .balign 16
    .globl syscall_stubs
    .hidden syscall_stubs
syscall_stubs:
    stub_frame $FLAT_CS64
syscall_stub_jump:
    push    %rcx
    /* An indirect jump whose prediction no guest can train: return to an address put in place. */
    call    2f
1:  pause
    lfence
    jmp     1b
2:  push    syscall_stubs + AREA_DATA - AREA_STUB + ENTRY_DATA_TARGET(%rip)
    pop     (%rsp)
    ret

    .globl syscall32_stub
    .hidden syscall32_stub
syscall32_stub:
    stub_frame $FLAT_CS32
    jmp     syscall_stub_jump
    .globl syscall_stubs_end
    .hidden syscall_stubs_end
syscall_stubs_end:

    .text

/* RSP to C's first page in one step: interrupts are on. */
.macro empty_stack
    mov     %rsp, %rax
    or      $(STACK_BLOCK - 1), %rax
    sub     $(PAGE_BYTES - 1), %rax
    mov     %rax, %rsp
.endm

/* Both start from an empty stack: whatever was on it belonged to a vCPU that has left this CPU. */
    .globl resume_guest
    .hidden resume_guest
resume_guest:
    empty_stack
    xor     %ebp, %ebp
    jmp     exit_to_guest

    .globl call_on_empty_stack
    .hidden call_on_empty_stack
call_on_empty_stack:
    empty_stack
    xor     %ebp, %ebp
    call    __x86_indirect_thunk_rdi
    ud2

    .section .note.GNU-stack, "", @progbits
