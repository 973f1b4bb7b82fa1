/*
 * Where the other processors start: real mode, in a copy of the first part at TRAMPOLINE_PAGE. One at
 * a time: the stack and the words below are shared.
 */
#include "boot/image_layout.h"

#define PHYS(symbol) ((symbol) - IMAGE_VIRTUAL)

    .section .boot.rodata, "a", @progbits
    .code16
    .globl ap_trampoline
    .hidden ap_trampoline
ap_trampoline:
    cli
    cld
    mov     %cs, %ax
    mov     %ax, %ds
    lgdtl   early_gdt_pointer_copy - ap_trampoline
    mov     $0x11, %eax         /* PE, ET */
    mov     %eax, %cr0
    ljmpl   $EARLY_CS32, $PHYS(ap_start32)
early_gdt_pointer_copy:
    .short  EARLY_GDT_LIMIT
    .long   PHYS(early_gdt)
    .globl ap_trampoline_end
    .hidden ap_trampoline_end
ap_trampoline_end:

    .section .head, "ax", @progbits
    .code32
ap_start32:
    mov     $EARLY_DS32, %eax
    mov     %eax, %ds
    mov     %eax, %es
    mov     %eax, %ss
    mov     $PHYS(early_stack_top), %esp
    mov     $PHYS(ap_start64), %edi
    jmp     enter_long_mode

    .code64
ap_start64:
    xor     %eax, %eax
    mov     %eax, %ds
    mov     %eax, %es
    mov     %eax, %ss
    mov     %eax, %fs
    mov     %eax, %gs
    movabs  $1f, %rax
    jmp     *%rax
    /* In the image's own place, which the final tables have too: they can be loaded now. */
1:  mov     ap_root(%rip), %rax
    mov     %rax, %cr3
    mov     ap_stack(%rip), %rsp
    xor     %ebp, %ebp
    movabs  $smp_ap_start, %rax
    call    *%rax
    ud2

    .section .boot.data, "aw", @progbits
    .balign 8
    .globl ap_root, ap_stack
    .hidden ap_root, ap_stack
ap_root:
    .quad   0
ap_stack:
    .quad   0

    .section .note.GNU-stack, "", @progbits
