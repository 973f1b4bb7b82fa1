#include "x86/privop_port.h"

#include "domain/domain.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"
#include "schedule/schedule.h"
#include "x86/bounce.h"
#include "x86/context.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/desc.h"
#include "x86/entry.h"
#include "x86/irq.h"

#define PF_WRITE 2u
#define PF_USER 4u
#define DESCRIPTOR_PRESENT (1UL << 47)
#define DESCRIPTOR_USER (1UL << 44)
#define DESCRIPTOR_CODE (1UL << 43)
#define DESCRIPTOR_EXPAND_DOWN (1UL << 42)
#define DESCRIPTOR_GRANULAR (1UL << 55)

bool iopl_permits(const struct vcpu *v)
{
    return v->arch.iopl >= (guest_in_kernel(v, guest_regs()) ? 1 : 3);
}

/* One byte of the kernel's, wherever the guest is: a 64-bit kernel's memory is not there for its
 * applications. */
static bool read_kernels_byte(struct vcpu *v, uint64_t va, uint8_t *byte)
{
    bool away = !v->arch.in_kernel, ok;

    if (away)
        toggle_mode(v);
    ok = copy_from_guest(byte, va, 1);
    if (away) {
        toggle_mode(v);
        irq_enable();
    }
    return ok;
}

/* The bitmap that the guest kernel registered for its user mode: every port's bit must be clear. */
static bool bitmap_permits(struct vcpu *v, unsigned port, unsigned bytes)
{
    uint8_t bits[2];

    if (!v->arch.iobitmap_ports || port + bytes > v->arch.iobitmap_ports)
        return false;
    if (!read_kernels_byte(v, v->arch.iobitmap_addr + port / 8, &bits[0]) ||
        !read_kernels_byte(v, v->arch.iobitmap_addr + (port + bytes - 1) / 8, &bits[1]))
        return false;
    for (unsigned i = 0; i < bytes; i++)
        if (bits[(port + i) / 8 - port / 8] >> ((port + i) % 8) & 1)
            return false;
    return true;
}

static bool port_permitted(struct vcpu *v, unsigned port, unsigned bytes)
{
    return iopl_permits(v) || bitmap_permits(v, port, bytes);
}

/* AL, AX or EAX; the last clears the upper half. */
static void set_accumulator(struct cpu_user_regs *regs, unsigned bytes, uint32_t value)
{
    if (bytes == 1)
        regs->al = value;
    else if (bytes == 2)
        regs->ax = value;
    else
        regs->rax = value;
}

int emulate_port(struct vcpu *v, struct cpu_user_regs *regs, const struct decoded_privop *p)
{
    uint16_t port = p->has_port ? p->port : (uint16_t)regs->rdx;

    if (!port_permitted(v, port, p->size))
        return -EINVAL;
    if (p->op == PRIVOP_IN)
        set_accumulator(regs, p->size, guest_port_in(v->domain, port, p->size));
    else
        guest_port_out(v->domain, port, p->size, regs->rax);
    return 0;
}

static uint16_t selector_of(const struct cpu_user_regs *regs, enum segment segment)
{
    uint16_t data[4]; /* DS, ES, FS, GS */

    read_selectors(data);
    switch (segment) {
    case SEGMENT_CS:
        return regs->cs;
    case SEGMENT_SS:
        return regs->ss;
    case SEGMENT_DS:
        return data[0];
    case SEGMENT_ES:
        return data[1];
    case SEGMENT_FS:
        return data[2];
    default:
        return data[3];
    }
}

/* Base of a segment for an access of `bytes` at `offset`; false where the processor would refuse.
 * 64-bit code has bases in FS and GS only, and no limits. */
static bool segment_base(const struct cpu_user_regs *regs, enum segment segment, bool mode64,
                         uint64_t offset, unsigned bytes, uint64_t *base)
{
    uint64_t d, limit;

    *base = 0;
    if (mode64) {
        if (segment == SEGMENT_FS)
            *base = rdmsr(MSR_FS_BASE);
        else if (segment == SEGMENT_GS)
            *base = rdmsr(MSR_GS_BASE);
        return true;
    }
    if (!desc_read(selector_of(regs, segment), &d) || !(d & DESCRIPTOR_PRESENT) ||
        !(d & DESCRIPTOR_USER) || (!(d & DESCRIPTOR_CODE) && (d & DESCRIPTOR_EXPAND_DOWN)))
        return false;
    limit = (d & 0xffff) | (d >> 32 & 0xf0000);
    if (d & DESCRIPTOR_GRANULAR)
        limit = limit << PAGE_SHIFT | ~PAGE_MASK;
    *base = (d >> 16 & 0xffffff) | (d >> 32 & 0xff000000);
    return offset + bytes - 1 <= limit;
}

static uint64_t address_mask(unsigned address_size)
{
    return address_size == 8 ? ~UINT64_C(0) : (UINT64_C(1) << (8 * address_size)) - 1;
}

/* An index register as the address size sees it; 32-bit writes clear the upper half. */
static void set_index(uint64_t *reg, unsigned address_size, uint64_t value)
{
    uint64_t mask = address_mask(address_size);

    *reg = address_size == 2 ? (*reg & ~mask) | (value & mask) : value & mask;
}

/* One element. False: the guest's memory faulted, which has been delivered. */
static bool move_element(struct vcpu *v, const struct decoded_privop *p, uint16_t port, uint64_t va)
{
    uint32_t value = 0;

    if (p->op == PRIVOP_INS) {
        value = guest_port_in(v->domain, port, p->size);
        if (copy_to_guest(va, &value, p->size))
            return true;
        inject_page_fault(va, PF_WRITE | PF_USER);
        return false;
    }
    if (!copy_from_guest(&value, va, p->size)) {
        inject_page_fault(va, PF_USER);
        return false;
    }
    guest_port_out(v->domain, port, p->size, value);
    return true;
}

int emulate_port_string(struct vcpu *v, struct cpu_user_regs *regs, const struct decoded_privop *p,
                        bool mode64)
{
    enum segment segment = p->op == PRIVOP_INS ? SEGMENT_ES : p->segment;
    uint64_t *index = p->op == PRIVOP_INS ? &regs->rdi : &regs->rsi;
    uint64_t mask = address_mask(p->address_size), base;
    uint16_t port = regs->rdx;
    int64_t step = regs->rflags & RFLAGS_DF ? -(int64_t)p->size : p->size;

    if (!port_permitted(v, port, p->size))
        return -EINVAL;
    /* The pages of a 32-bit kernel are closed to its applications, but not to Ringfort. */
    if (v->domain->is_compat && !guest_in_kernel(v, regs))
        return -EINVAL;
    while (!p->rep || (regs->rcx & mask)) {
        uint64_t offset = *index & mask;

        if (!segment_base(regs, segment, mode64, offset, p->size, &base))
            return -EINVAL;
        if (!move_element(v, p, port, mode64 ? base + offset : (uint32_t)(base + offset)))
            return -ERESTART;
        set_index(index, p->address_size, offset + step);
        if (!p->rep)
            return 0;
        set_index(&regs->rcx, p->address_size, (regs->rcx & mask) - 1);
        if (preempt_needed())
            return -ERESTART;
    }
    return 0;
}
