/* Notes for the domain builder, the entry point, and the page that hypercall stubs go to. */
#include <xen/xen.h>

#include "note.inc"
#include "stack.h"

NOTES(.long)
/* The last 64 MB are enough for the hypervisor; it may take more all the same. */
NOTE(XEN_ELFNOTE_HV_START_LOW, .long __HYPERVISOR_VIRT_START_NONPAE)

.macro SAVE reg, index
    movl %\reg, boot_registers + 4 * \index
.endm

    .section .text.start, "ax"
    .globl _start
_start:
    /* Nothing may be disturbed before it is written down: a test looks at all of it. The places are
     * those of the other width. */
    SAVE eax, 0
    SAVE ebx, 1
    SAVE ecx, 2
    SAVE edx, 3
    SAVE esi, 4
    SAVE edi, 5
    SAVE ebp, 6
    SAVE esp, 7
    mov %cs, %eax
    SAVE eax, 16
    mov %ss, %eax
    SAVE eax, 17
    mov %ds, %eax
    SAVE eax, 18
    mov %es, %eax
    SAVE eax, 19
    mov %fs, %eax
    SAVE eax, 20
    mov %gs, %eax
    SAVE eax, 21
    pushf
    pop %eax
    SAVE eax, 22

    mov $stacks + STACK_SIZE, %esp
    xor %ebp, %ebp
    cld
    sub $12, %esp
    push %esi
    call guest_main
    ud2

    .balign 4096
    .globl hypercall_page
hypercall_page:
    .fill 4096, 1, 0xcc

    .data
    .balign 4
    .globl boot_registers
boot_registers:
    .fill 23, 4, 0
