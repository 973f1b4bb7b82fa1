/* A domain starts as the ABI states it: registers, start_info, shared_info, page tables read-only
 * and the root pinned, list of frames and machine-to-physical array in agreement, events masked. */
#include "guest.h"

enum { RAX, RBX, RCX, RDX, RSI, RDI, RBP, RSP, R8, R15 = 15, CS, SS, DS, ES, FS, GS, RFLAGS };

extern const unsigned long boot_registers[];

static void check_registers(void)
{
    const unsigned long *r = boot_registers;
    unsigned long pt_end = start_info->pt_base + start_info->nr_pt_frames * PAGE_SIZE;

    CHECK_EQ(r[RSI], start_info);
    for (unsigned i = RAX; i <= R15; i++)
        if (i != RSI && i != RSP)
            CHECK_EQ(r[i], 0);
    CHECK_EQ(r[CS], FLAT_KERNEL_CS);
    CHECK_EQ(r[SS], FLAT_KERNEL_SS);
    for (unsigned i = DS; i <= GS; i++)
        CHECK_EQ(r[i], FLAT_KERNEL_DS);
    /* Interrupts look enabled; IOPL, NT, AC, TF, DF are clear. */
    CHECK_EQ(r[RFLAGS] & 0x200, 0x200);
    CHECK_EQ(r[RFLAGS] & (0x3000 | 0x4000 | 0x40000 | 0x100 | 0x400), 0);
    /* The boot stack follows the page tables, and ends with its page. */
    CHECK_EQ(r[RSP] % PAGE_SIZE, 0);
    CHECK_EQ(r[RSP], pt_end + PAGE_SIZE);
}

static void check_start_info(void)
{
    CHECK_EQ(strncmp(start_info->magic, ROOT_LEVEL == 4 ? "xen-3.0-x86_64" : "xen-3.0-x86_32p", 14),
             0);
    CHECK_EQ((uintptr_t)start_info % PAGE_SIZE, 0);
    CHECK(start_info->nr_pages > 1024);
    CHECK_EQ(start_info->flags & (SIF_PRIVILEGED | SIF_INITDOMAIN),
             SIF_PRIVILEGED | SIF_INITDOMAIN);
    CHECK_EQ(start_info->flags & SIF_MULTIBOOT_MOD, 0);
    CHECK_EQ(start_info->store_mfn, 0);
    CHECK_EQ(start_info->store_evtchn, 0);
    CHECK_EQ(start_info->pt_base % PAGE_SIZE, 0);
    CHECK(start_info->nr_pt_frames >= 4);
    CHECK_EQ(start_info->mod_start, 0);
    CHECK_EQ(start_info->mod_len, 0);
    CHECK_EQ(strncmp((const char *)start_info->cmd_line, "one two", 7), 0);
    if (start_info->console.dom0.info_size)
        CHECK_EQ(start_info->console.dom0.info_off, sizeof(*start_info));
    CHECK_EQ(start_info->shared_info % PAGE_SIZE, 0);
}

static void check_shared_info(void)
{
    for (unsigned i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        CHECK_EQ(shared_info->vcpu_info[i].evtchn_upcall_mask, 1);
    CHECK_EQ(shared_info->vcpu_info[0].evtchn_upcall_pending, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(shared_info->evtchn_pending); i++)
        CHECK_EQ(shared_info->evtchn_pending[i], 0);
    CHECK(shared_info->wc_sec > 1000000000U);
    CHECK_EQ(shared_info->wc_version & 1, 0);
    CHECK(vcpu_info()->time.tsc_to_system_mul != 0);
}

/* Each PFN has a frame of its own and the array knows it. */
static void check_frames(void)
{
    unsigned wrong = 0;
    pfn_t stray = 0;

    for (pfn_t pfn = 0; pfn < start_info->nr_pages; pfn++)
        if (mfn_to_pfn(pfn_to_mfn(pfn)) != pfn) {
            wrong++;
            stray = pfn;
        }
    if (wrong)
        print("last wrong pfn %lx mfn %lx\n", stray, pfn_to_mfn(stray));
    CHECK_EQ(wrong, 0);
    /* The list itself is mapped writable: a guest keeps it up to date. */
    CHECK_EQ(CATCH(((volatile mfn_t *)start_info->mfn_list)[0] = pfn_to_mfn(0)), NO_TRAP);
}

/* The initial mapping is linear from VIRT_BASE: leaf n maps PFN n. */
static void check_mapping(void)
{
    pfn_t end = va_to_pfn((void *)start_info->pt_base) + start_info->nr_pt_frames + 1;
    pfn_t tables = va_to_pfn((void *)start_info->pt_base);
    unsigned wrong = 0, writable = 0, readonly = 0, mapped_after = 0;

    for (pfn_t pfn = 0; pfn < end; pfn++) {
        pte_t *entry = entry_of(VIRT_BASE + pfn * PAGE_SIZE, 1);

        /* The library has put shared_info in one page's place. */
        if (pfn == va_to_pfn(shared_info))
            continue;
        if (!entry || pte_mfn(*entry) != pfn_to_mfn(pfn) || !(*entry & PTE_P)) {
            wrong++;
            continue;
        }
        if (pfn >= tables && pfn < tables + start_info->nr_pt_frames)
            writable += (*entry & PTE_RW) != 0;
        else
            readonly += (*entry & PTE_RW) == 0;
    }
    CHECK_EQ(wrong, 0);
    CHECK_EQ(writable, 0);
    CHECK_EQ(readonly, 0);
    /* At least 512 KiB of mapped room follow, up to a boundary of 4 MiB. */
    for (pfn_t pfn = end; entry_of(VIRT_BASE + pfn * PAGE_SIZE, 1) &&
                          (*entry_of(VIRT_BASE + pfn * PAGE_SIZE, 1) & PTE_P);
         pfn++)
        mapped_after++;
    CHECK(mapped_after >= 128);
    CHECK_EQ((end + mapped_after) % 1024, 0);
}

static void check_tables(void)
{
    volatile pte_t *top = (pte_t *)start_info->pt_base;
    mfn_t mfn = va_to_mfn((void *)top);

    CHECK_EQ(CATCH(*(volatile char *)top = 0), TRAP_PF);
    CHECK_EQ(last_trap.error, PF_PRESENT | PF_WRITE);
    CHECK_EQ(last_cr2, top);
    /* The root is pinned exactly once: it can be unpinned once, and pinned again. */
    CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn), 0);
    CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn), -XEN_EINVAL);
    CHECK_EQ(mmuext_mfn(PIN_ROOT, mfn), 0);
    /* None of the others is. */
    for (unsigned i = 1; i < start_info->nr_pt_frames; i++)
        CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE,
                            va_to_mfn((void *)(start_info->pt_base + i * PAGE_SIZE))),
                 -XEN_EINVAL);
}

void test(void)
{
    check_registers();
    check_start_info();
    check_shared_info();
    check_frames();
    check_mapping();
    check_tables();
    CHECK_EQ(vcpu_is_up(0), 1);
    /* No GDT frame is registered: only the hypervisor's selectors load. */
    CHECK_EQ(CATCH(asm volatile("mov %0, %%fs" : : "r"(8))), TRAP_GP);
}
