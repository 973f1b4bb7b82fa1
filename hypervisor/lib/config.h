/* Fixed sizes and the address map. This is one of the few headers where `#if` may stand. */
#ifndef LIB_CONFIG_H
#define LIB_CONFIG_H

/* 1 in `make DEBUG=1` builds: assertions, lock-order checks, refusal log. */
#ifndef RINGFORT_DEBUG
#define RINGFORT_DEBUG 0
#endif

#define MAX_CPUS 256
#define MAX_DOMAINS 0x7ff0 /* DOMID_FIRST_RESERVED */
#define MAX_VCPUS_PER_DOMAIN 128
#define LEGACY_VCPUS 32 /* vcpu_info slots inside shared_info (XEN_LEGACY_MAX_VCPUS) */

/*
 * Ringfort's virtual address map. L4 slots 256..271 are the hypervisor's by the ABI; every slot is
 * 512 GiB. Guests see only the first, and only to read.
 *
 *   256  machine-to-physical array, as guests see it (read-only, user-accessible), 8 bytes a frame
 *   257  the same frames, writable by Ringfort; in its second half the array of 4-byte entries that
 *        32-bit guests see in their hole
 *   258  frame table (struct frame, FRAME_SIZE bytes each)
 *   259  per-CPU areas: CPU_AREA_SIZE each (GDT and LDT windows, entry stub, TSS, stacks)
 *   260  Ringfort's image
 *   261  device mappings (APICs, ACPI tables, MSI-X tables, MMCFG): map_device()
 *   262..271  direct map of machine memory, 5 TiB
 */
#define HV_SLOT_FIRST 256
#define HV_SLOT_LAST 271
#define SLOT_ADDR(slot) (0xffff000000000000UL | ((unsigned long)(slot) << 39))

#define M2P_GUEST_BASE SLOT_ADDR(256)
#define M2P_BASE SLOT_ADDR(257)
#define COMPAT_M2P_BASE (M2P_BASE + (1UL << 38))
#define FRAME_TABLE_BASE SLOT_ADDR(258)
#define CPU_AREA_BASE SLOT_ADDR(259)
#define IMAGE_BASE SLOT_ADDR(260)
#define DEVICE_BASE SLOT_ADDR(261)
#define DIRECT_MAP_BASE SLOT_ADDR(262)
#define DIRECT_MAP_SIZE (10UL << 39)

#define HV_VIRT_START SLOT_ADDR(HV_SLOT_FIRST)
#define HV_VIRT_END SLOT_ADDR(HV_SLOT_LAST + 1)

/* Layout of one CPU's area, offsets in bytes. One area has one 2 MiB stretch, so one L1 table. */
#define CPU_AREA_SIZE 0x200000UL
#define CPU_AREA_GDT 0x00000UL /* 16 pages: 14 guest frames, the reserved page, a hole */
#define CPU_AREA_LDT 0x10000UL /* 16 pages */
#define CPU_AREA_STUB                                                                              \
    0x20000UL /* 1 page, executable: SYSCALL entry stubs (position independent)                    \
               */
#define CPU_AREA_DATA                                                                              \
    0x21000UL                  /* 1 page, writable: the stubs' scratch words (struct entry_data)   \
                                */
#define CPU_AREA_TSS 0x22000UL /* 1 page: TSS, no I/O bitmap */
#define CPU_AREA_IDT 0x23000UL /* 1 page: the IDT, same frame for all CPUs */
#define CPU_AREA_STACKS 0x30000UL /* 64 KiB, aligned to 64 KiB */

/* One CPU's stacks: 16 pages. The top page of each stack is all that hardware and entry code push
 * to; C code starts one page below it, so that a guest's view may map the top pages only. */
#define STACKS_SIZE 0x10000UL
#define STACK_DF_TOP 0x2000UL    /* #DF, IST 1 */
#define STACK_NMI_TOP 0x4000UL   /* NMI, IST 2 */
#define STACK_MC_TOP 0x6000UL    /* #MC, IST 3 */
#define STACK_DB_TOP 0x8000UL    /* #DB, IST 4 */
#define STACK_MAIN_TOP 0x10000UL /* everything else; struct cpu_info lies at the very top */

/* 32-bit guests: the hole at the top of the address space. The machine-to-physical window begins
 * with it and leaves the last 2 MiB free, so that its end is a 32-bit address. */
#define COMPAT_HOLE_DEFAULT 0xf5800000UL
#define COMPAT_HOLE_PAPER 0xfc000000UL
#define COMPAT_HOLE_END 0xffe00000UL

#endif
