/*
 * Privileged instructions that a guest kernel executes in ring 3 (SOSP'03 3.2: it should use
 * hypercalls instead, and mostly does). Port I/O is in privop_port.c.
 */
#include "x86/privop.h"

#include "domain/domain.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/guest_copy.h"
#include "memory/tlb.h"
#include "x86/context.h"
#include "x86/cpu.h"
#include "x86/cpuid.h"
#include "x86/current.h"
#include "x86/debugreg.h"
#include "x86/decode.h"
#include "x86/desc.h"
#include "x86/entry.h"
#include "x86/fpu.h"
#include "x86/msr.h"
#include "x86/privop_cr.h"
#include "x86/privop_port.h"

#define CR0_LMSW_BITS 0xfUL
#define DR6_SINGLE_STEP (1UL << 14)
#define DESCRIPTOR_LONG (1UL << 53)
#define FLAT_CS32 0xe023

/* True when the code segment that `v` runs in is a 64-bit one. */
static bool runs_64bit_code(const struct cpu_user_regs *regs)
{
    uint64_t descriptor;

    if (likely(regs->cs == FLAT_CS64))
        return true;
    if (regs->cs == FLAT_CS32 || current->domain->is_compat)
        return false;
    return desc_read(regs->cs, &descriptor) && (descriptor & DESCRIPTOR_LONG);
}

/* Reads the bytes at RIP, at most an instruction's length; fewer where the next page is missing. */
static unsigned fetch(const struct cpu_user_regs *regs, uint8_t *buf)
{
    unsigned in_page = PAGE_SIZE - (regs->rip & ~PAGE_MASK);

    if (unlikely(current->domain->is_compat) && !desc_is_flat_code32(regs->cs))
        return 0;
    if (copy_from_guest(buf, regs->rip, INSN_MAX))
        return INSN_MAX;
    if (in_page < INSN_MAX && copy_from_guest(buf, regs->rip, in_page))
        return in_page;
    return 0;
}

/* Past an instruction that has been carried out: a single step ends here. */
static void advance(struct vcpu *v, struct cpu_user_regs *regs, unsigned length)
{
    regs->rip += length;
    regs->rflags &= ~RFLAGS_RF;
    if (unlikely(regs->rflags & RFLAGS_TF)) {
        v->arch.dr[6] |= DR6_SINGLE_STEP;
        inject_trap(VEC_DB, 0);
    }
}

static void set_pair(struct cpu_user_regs *regs, uint64_t value)
{
    regs->rax = (uint32_t)value;
    regs->rdx = value >> 32;
}

static uint64_t get_pair(const struct cpu_user_regs *regs)
{
    return regs->rdx << 32 | (uint32_t)regs->rax;
}

static bool debug_register(struct vcpu *v, struct cpu_user_regs *regs,
                           const struct decoded_privop *p)
{
    uint64_t *gpr = decode_gpr(regs, p->reg);

    if (p->number > 7)
        return false;
    if (p->op == PRIVOP_WRITE_DR)
        return vcpu_set_debugreg(v, p->number, *gpr) == 0;
    *gpr = do_get_debugreg(p->number);
    return true;
}

static bool set_xcr(struct vcpu *v, const struct cpu_user_regs *regs)
{
    uint64_t value = get_pair(regs);

    if ((uint32_t)regs->rcx != 0 || !(v->arch.cr4 & CR4_OSXSAVE) || !xcr0_valid(value))
        return false;
    fpu_set_xcr0(v, value);
    return true;
}

static void emulate_cpuid(struct vcpu *v, struct cpu_user_regs *regs)
{
    struct cpuid_regs r = guest_cpuid(v, regs->rax, regs->rcx);

    regs->rax = r.a;
    regs->rbx = r.b;
    regs->rcx = r.c;
    regs->rdx = r.d;
}

static bool emulate_rdtsc(const struct vcpu *v, struct cpu_user_regs *regs, bool with_aux)
{
    if (!guest_in_kernel(v, regs) && (v->arch.cr4 & CR4_TSD))
        return false;
    set_pair(regs, rdtsc());
    if (with_aux)
        regs->rcx = v->arch.tsc_aux;
    return true;
}

static bool emulate_msr(struct vcpu *v, struct cpu_user_regs *regs, bool write)
{
    uint64_t value;

    if (write)
        return guest_wrmsr(v, regs->rcx, get_pair(regs));
    if (!guest_rdmsr(v, regs->rcx, &value))
        return false;
    set_pair(regs, value);
    return true;
}

/* What only kernel mode may do. */
static int kernel_privop(struct vcpu *v, struct cpu_user_regs *regs, const struct decoded_privop *p)
{
    switch (p->op) {
    case PRIVOP_RDMSR:
    case PRIVOP_WRMSR:
        return emulate_msr(v, regs, p->op == PRIVOP_WRMSR) ? 0 : -EINVAL;
    case PRIVOP_READ_CR:
        return read_cr(v, p->number, decode_gpr(regs, p->reg)) ? 0 : -EINVAL;
    case PRIVOP_WRITE_CR:
        return set_cr(v, p->number, *decode_gpr(regs, p->reg));
    case PRIVOP_READ_DR:
    case PRIVOP_WRITE_DR:
        return debug_register(v, regs, p) ? 0 : -EINVAL;
    case PRIVOP_CLTS:
        return do_fpu_taskswitch(0);
    case PRIVOP_LMSW:
        return set_cr(
            v, 0, (shown_cr0(v) & ~CR0_LMSW_BITS) | (*decode_gpr(regs, p->reg) & CR0_LMSW_BITS));
    case PRIVOP_INVLPG:
        tlb_flush_page_local(p->address);
        return 0;
    case PRIVOP_INVD:
        if (v->domain->is_hardware)
            cache_flush_all();
        return 0;
    case PRIVOP_XSETBV:
        return set_xcr(v, regs) ? 0 : -EINVAL;
    default:
        return -EINVAL;
    }
}

/* CLI and STI do nothing for a guest that may use them: events are masked in memory. */
static int emulate(struct vcpu *v, struct cpu_user_regs *regs, const struct decoded_privop *p)
{
    switch (p->op) {
    case PRIVOP_IN:
    case PRIVOP_OUT:
        return emulate_port(v, regs, p);
    case PRIVOP_INS:
    case PRIVOP_OUTS:
        return emulate_port_string(v, regs, p, runs_64bit_code(regs));
    case PRIVOP_CLI:
    case PRIVOP_STI:
        return iopl_permits(v) ? 0 : -EINVAL;
    case PRIVOP_CPUID:
        emulate_cpuid(v, regs);
        return 0;
    case PRIVOP_RDTSC:
    case PRIVOP_RDTSCP:
        return emulate_rdtsc(v, regs, p->op == PRIVOP_RDTSCP) ? 0 : -EINVAL;
    default:
        return guest_in_kernel(v, regs) ? kernel_privop(v, regs, p) : -EINVAL;
    }
}

bool privop_emulate(struct vcpu *v, struct cpu_user_regs *regs)
{
    struct decoded_privop p;
    uint8_t insn[INSN_MAX];
    unsigned len = fetch(regs, insn);
    int rc;

    if (!len || decode_privop(insn, len, regs, runs_64bit_code(regs), &p) != 0)
        return false;
    rc = emulate(v, regs, &p);
    if (rc == 0)
        advance(v, regs, p.length);
    return rc == 0 || rc == -ERESTART;
}

bool privop_forced_cpuid(struct vcpu *v, struct cpu_user_regs *regs)
{
    /* UD2, "xen", CPUID: XEN_CPUID of <xen/arch-x86/xen.h>. */
    static const uint8_t prefixed[] = {0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2};
    uint8_t insn[sizeof(prefixed)];

    irq_enable();
    if (!copy_from_guest(insn, regs->rip, sizeof(insn)) ||
        memcmp(insn, prefixed, sizeof(insn)) != 0)
        return false;
    emulate_cpuid(v, regs);
    advance(v, regs, sizeof(insn));
    return true;
}
