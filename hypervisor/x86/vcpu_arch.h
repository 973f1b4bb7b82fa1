/* The processor state of a vCPU, as the entry paths and the context switch keep it. */
#ifndef X86_VCPU_ARCH_H
#define X86_VCPU_ARCH_H

#include "lib/abi.h"

#include "lib/types.h"

#define GUEST_GDT_FRAMES 14 /* FIRST_RESERVED_GDT_PAGE */

/* A guest entry point registered by CALLBACKOP_register, set_callbacks or a context. */
struct guest_callback {
    uint64_t address; /* 0: none */
    uint16_t cs;      /* 32-bit guests only */
    bool masks_events;
};

struct fpu_area;

/* Registers live in cpu_info()->regs while the vCPU runs, here otherwise. */
struct vcpu_arch {
    struct cpu_user_regs regs;
    bool in_kernel; /* guest mode: kernel or user root, GS base and stack; 32-bit guests, which have
                     * one of each: true */
    uint8_t iopl;   /* virtual IOPL, 0..3 */

    /* Segment bases while the vCPU does not run. While it runs GS_BASE holds the current mode's
     * base, KERNEL_GS_BASE the other mode's. */
    uint64_t fs_base, gs_base_kernel, gs_base_user;

    uint16_t kernel_ss;
    uint64_t kernel_sp; /* stack for entries from user mode */

    struct trap_info *traps; /* 256 entries */
    struct guest_callback event, failsafe, syscall, syscall32, sysenter;

    uint64_t cr0_ts;      /* CR0_TS when the guest asked for #NM, else 0 */
    uint64_t cr4;         /* guest-chosen bits: TSD, DE, OSXSAVE, FSGSBASE */
    uint64_t dr[8];       /* as the guest set them, filtered */
    uint64_t xcr0;        /* what the guest wrote by XSETBV */
    struct fpu_area *fpu; /* XSAVE or FXSAVE image */
    uint32_t tsc_aux;

    mfn_t gdt_frames[GUEST_GDT_FRAMES]; /* INVALID_MFN: none; each holds a segdesc type reference */
    unsigned gdt_entries;
    uint64_t ldt_base; /* guest VA */
    unsigned ldt_entries;
    mfn_t ldt_frames[16]; /* faulted in; INVALID_MFN: not (yet) */

    bool nmi_pending, nmi_in_service;
    bool mce_pending;
    bool segments_lost;         /* a selector could not be loaded: failsafe callback is due */
    uint16_t lost_selectors[4]; /* then: DS, ES, FS, GS as they should have been */
    uint8_t return_fault;       /* vector of the last IRET to the guest that faulted */
    uint64_t iobitmap_addr;     /* guest VA of the user port bitmap (set_iobitmap) */
    unsigned iobitmap_ports;

    uint32_t last_hypercall; /* for panic messages */
};

/* The memory/ part: which roots the vCPU uses and what still waits to be taken down. */
struct vcpu_memory {
    mfn_t kernel_root; /* base pointer of kernel mode; a type and a total reference held */
    mfn_t user_root;   /* base pointer of user mode; INVALID_MFN: none */
    mfn_t dying_table; /* a table whose last reference went away mid-operation */
    bool root_changed; /* isolation: the CPU's copy of the root must be made again */
};

#endif
