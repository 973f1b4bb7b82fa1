/*
 * From the loader to the first C function. Multiboot 1, Multiboot 2 and PVH all start a 32-bit
 * processor without paging; what differs is the magic number in EAX and the structure at EBX.
 */
#include "boot/image_layout.h"

#define PHYS(symbol) ((symbol) - IMAGE_VIRTUAL)

#define MB1_MAGIC 0x1badb002
#define MB1_FLAGS 0x3           /* modules on page boundaries; memory map wanted */
#define MB2_MAGIC 0xe85250d6
#define PVH_START_MAGIC 0x336ec578

    .section .head, "ax", @progbits
    .code32

    .balign 8
    .long MB1_MAGIC, MB1_FLAGS, -(MB1_MAGIC + MB1_FLAGS)

    .balign 8
mb2_header:
    .long MB2_MAGIC, 0, mb2_header_end - mb2_header
    .long -(MB2_MAGIC + (mb2_header_end - mb2_header))

    /* Wanted if there: command line, loader, modules, map, framebuffer, EFI table, RSDPs, EFI map. */
    .balign 8
mb2_request:
    .short 1, 1
    .long mb2_request_end - mb2_request
    .long 1, 2, 3, 6, 8, 12, 14, 15, 17
mb2_request_end:

    .balign 8
    .short 4, 1                 /* console: a text screen is fine */
    .long 12, 2

    .balign 8
    .short 5, 1                 /* so is any graphics mode */
    .long 20, 0, 0, 0

    .balign 8
    .short 6, 1                 /* modules on page boundaries */
    .long 8

    .balign 8
    .short 0, 0
    .long 8
mb2_header_end:

    .globl pvh_entry
pvh_entry:
    mov     $PVH_START_MAGIC, %eax

    .globl image_entry
image_entry:
    cli
    cld
    mov     %eax, %ebp
    mov     $PHYS(early_stack_top), %esp

    /* BSS is cleared by most loaders, but not by every one. */
    mov     $PHYS(__bss_start), %edi
    mov     $PHYS(__bss_end), %ecx
    sub     %edi, %ecx
    shr     $2, %ecx
    xor     %eax, %eax
    rep stosl

    call    check_long_mode
    call    build_early_tables
    mov     $PHYS(start64), %edi
    jmp     enter_long_mode

/* Needs long mode and no-execute pages; says so on the serial port and stops without them. */
check_long_mode:
    mov     $0x80000000, %eax
    mov     %ebx, %edi
    cpuid
    cmp     $0x80000001, %eax
    jb      1f
    mov     $0x80000001, %eax
    cpuid
    and     $(1 << 29 | 1 << 20), %edx
    cmp     $(1 << 29 | 1 << 20), %edx
    jne     1f
    mov     %edi, %ebx
    ret
1:  mov     $PHYS(unfit_message), %esi
    mov     $0x3f8, %edx
2:  lodsb
    test    %al, %al
    jz      3f
    out     %al, %dx
    jmp     2b
3:  hlt
    jmp     3b

/* Maps the low 4 GiB at 0, at IMAGE_VIRTUAL and at the start of the direct map (slot 262). */
build_early_tables:
    mov     $PHYS(early_l2), %edi
    mov     $0x83, %eax
    xor     %ecx, %ecx
1:  mov     %eax, (%edi, %ecx, 8)
    add     $0x200000, %eax
    inc     %ecx
    cmp     $(512 * EARLY_MAP_TABLES), %ecx
    jb      1b

    mov     $PHYS(early_l3), %edi
    mov     $(PHYS(early_l2) + 3), %eax
    xor     %ecx, %ecx
2:  mov     %eax, (%edi, %ecx, 8)
    add     $4096, %eax
    inc     %ecx
    cmp     $EARLY_MAP_TABLES, %ecx
    jb      2b

    mov     $(PHYS(early_l3) + 3), %eax
    mov     %eax, PHYS(early_l4)
    mov     %eax, PHYS(early_l4) + 260 * 8
    mov     %eax, PHYS(early_l4) + 262 * 8
    ret

/*
 * Any processor, protected mode, flat segments: to the 64-bit code at EDI (low address), in the early
 * tables. EBX and EBP are kept. CR0: PE MP ET NE WP PG. CR4: PAE MCE OSFXSR OSXMMEXCPT. EFER: SCE LME
 * NXE.
 */
    .globl enter_long_mode
enter_long_mode:
    mov     $(1 << 5 | 1 << 6 | 1 << 9 | 1 << 10), %eax
    mov     %eax, %cr4
    mov     $PHYS(early_l4), %eax
    mov     %eax, %cr3
    mov     $0xc0000080, %ecx
    rdmsr
    or      $(1 << 0 | 1 << 8 | 1 << 11), %eax
    wrmsr
    mov     $(1 << 31 | 1 << 16 | 1 << 5 | 1 << 4 | 1 << 1 | 1 << 0), %eax
    mov     %eax, %cr0
    lgdt    PHYS(early_gdt_pointer)
    push    $EARLY_CS64
    push    %edi
    lret

    .code64
/* In: EBP the loader's magic number, EBX its structure. */
start64:
    xor     %eax, %eax
    mov     %eax, %ds
    mov     %eax, %es
    mov     %eax, %ss
    mov     %eax, %fs
    mov     %eax, %gs
    movabs  $boot_stack_start, %rsp
    mov     %ebp, %edi
    mov     %ebx, %esi
    xor     %ebp, %ebp
    movabs  $boot_start, %rax
    call    *%rax
    ud2

    .section .boot.rodata, "a", @progbits
unfit_message:
    .asciz  "Ringfort needs a 64-bit processor with no-execute pages.\r\n"

    .balign 8
    .globl early_gdt
early_gdt:
    .quad   0
    .quad   0x00cf9b000000ffff
    .quad   0x00cf93000000ffff
    .quad   0x00af9b000000ffff
    .short  0
early_gdt_pointer:
    .short  EARLY_GDT_LIMIT
    .long   PHYS(early_gdt)

    /* Allocated in the file: the code that clears BSS must not depend on anything in it. */
    .section .boot.data, "aw", @progbits
    .balign 4096
    .globl early_l4
early_l4:
    .fill   512, 8, 0
early_l3:
    .fill   512, 8, 0
early_l2:
    .fill   512 * EARLY_MAP_TABLES, 8, 0
    .fill   256, 1, 0
    .globl early_stack_top
early_stack_top:

    .section .note.ringfort, "a", @note
    .balign 4
    .long   4, 4, 18            /* XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz  "Xen"
    .long   PHYS(pvh_entry)

    .section .note.GNU-stack, "", @progbits
