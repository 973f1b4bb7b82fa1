/* Debug exceptions: in advisories 260 and 265 one came at the hypervisor's own first instruction,
 * deferred behind MOV SS, and found the hypervisor on the guest's stack; 156 was one that came
 * again for ever; a breakpoint on the hypervisor's own code or data does both. What must hold:
 * breakpoints on the guest's own addresses work, those on the hypervisor's are refused with -EPERM
 * and what was set stays, dangerous bits of DR7 are dropped, and instructions behind MOV SS hurt
 * nobody. */
#include "guest.h"

static volatile unsigned hits;
static volatile unsigned long status;
static volatile uint32_t watched;

static bool hit(struct trap_frame *f)
{
    hits++;
    status = get_debugreg(6);
    f->rflags |= 0x10000;
    return true;
}

static void check_values(void)
{
    long result;

    CHECK_EQ(set_debugreg(0, VIRT_BASE), 0);
    CHECK_EQ(get_debugreg(0), VIRT_BASE);
    CHECK_EQ(set_debugreg(0, HYPERVISOR_VIRT_START), -XEN_EPERM);
    CHECK_EQ(set_debugreg(0, HYPERVISOR_LAST_PAGE), -XEN_EPERM);
    CHECK_EQ(set_debugreg(1, NO_ADDRESS), -XEN_EPERM);
    CHECK_EQ(get_debugreg(0), VIRT_BASE);
    CHECK_EQ(set_debugreg(0, 0), 0);
    /* There is none of that number (Xen: -ENODEV). */
    result = set_debugreg(8, 0);
    CHECK(result == -XEN_EINVAL || result == -XEN_ENODEV);
    CHECK_EQ(get_debugreg(8), result);
    CHECK_EQ(set_debugreg(6, 0), 0);
    CHECK_EQ(set_debugreg(7, 0), 0);
}

static void check_watch(void)
{
    trap_hook(TRAP_DB, hit);
    MUST(set_debugreg(0, (unsigned long)&watched));
    /* Local enable of 0: write, 4 bytes. */
    MUST(set_debugreg(7, 1 | 13UL << 16));
    watched = 1;
    CHECK_EQ(hits, 1);
    CHECK_EQ(status & 1, 1);
    (void)watched;
    CHECK_EQ(hits, 1);
    MUST(set_debugreg(7, 0));
    watched = 2;
    CHECK_EQ(hits, 1);
    /* General detect is not the guest's. */
    set_debugreg(7, 1UL << 13);
    CHECK_EQ(get_debugreg(7) & 1UL << 13, 0);
    MUST(set_debugreg(7, 0));
}

/* Instructions after MOV SS run before the trap it caused: the hypervisor then meets the trap at
 * its own first instruction. */
static void check_mov_ss(void)
{
    static uint16_t selector = FLAT_KERNEL_SS;
    unsigned before = hits;
    long result;

    MUST(set_debugreg(0, (unsigned long)&selector));
    MUST(set_debugreg(7, 1 | 7UL << 16)); /* reads and writes of 2 bytes */
    asm volatile("mov %1, %%ss; " HYPERCALL_INSN
                 : "=a"(result)
                 : "m"(selector), "a"(__HYPERVISOR_xen_version),
                   HYPERCALL_ARGUMENTS(XENVER_pagesize, 0)
                 : HYPERCALL_CLOBBERS);
    CHECK_EQ(result, PAGE_SIZE);
    CHECK_EQ(CATCH(asm volatile("mov %0, %%ss; int3" : : "m"(selector))), TRAP_BP);
    CHECK_EQ(CATCH(asm volatile("mov %0, %%ss; int $0x80" : : "m"(selector))), 0x80);
    CHECK_EQ(CATCH(asm volatile("mov %0, %%ss; ud2" : : "m"(selector))), TRAP_UD);
    CHECK_EQ(CATCH(asm volatile("mov %0, %%ss; hlt" : : "m"(selector))), TRAP_GP);
    CHECK_EQ(CATCH(asm volatile("mov %0, %%ss; mov 0x1000, %%eax"
                                :
                                : "m"(selector)
                                : "eax")),
             TRAP_PF);
    asm volatile("mov %0, %%ss; nop" : : "m"(selector));
    CHECK(hits > before);
    MUST(set_debugreg(7, 0));
    CHECK_EQ(xen_version(XENVER_pagesize, NULL), PAGE_SIZE);
}

/* A single step over a hypercall ends behind it. */
static void check_step(void)
{
    long result;
    unsigned before = hits;

    trap_hook(TRAP_DB, hit);
    asm volatile("pushf; orl $0x100, (" REG("sp") "); popf; " HYPERCALL_INSN
                                                  "; pushf; andl $~0x100, (" REG("sp") "); popf"
                 : "=a"(result)
                 : "a"(__HYPERVISOR_xen_version), HYPERCALL_ARGUMENTS(XENVER_pagesize, 0)
                 : HYPERCALL_CLOBBERS, "cc");
    CHECK_EQ(result, PAGE_SIZE);
    CHECK(hits > before);
}

void test(void)
{
    check_values();
    check_watch();
    check_mov_ss();
    check_step();
}
