/* The ends that lib/assert.h announces; that of a domain is in domain/lifecycle.c. */
#include "control/console.h"
#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "lib/assert.h"
#include "lib/printk.h"
#include "memory/hypmap.h"
#include "x86/acpi.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/desc.h"
#include "x86/entry.h"
#include "x86/smp.h"

/* CPU that panics, plus one. A second CPU waits for the first to stop it; a second panic on the
 * same CPU says no more than its message. */
static unsigned panicking;

/* Early in the boot there are no CPU areas yet, and the boot processor's stack is elsewhere. */
static bool has_own_stack(void)
{
    return (uint64_t)cpu_info() >= CPU_AREA_BASE && (uint64_t)cpu_info() < IMAGE_BASE;
}

static void show_last_hypercalls(void)
{
    if (!has_own_stack())
        return;
    /* Not cpus_online: those that have been stopped are no longer in it. */
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        struct cpu_info *info = cpu_area(cpu, CPU_AREA_STACKS + STACK_MAIN_TOP);
        struct vcpu *v = info[-1].vcpu;

        if (v == NULL || v->is_idle)
            log_err("CPU %u: idle", cpu);
        else
            log_err("CPU %u: d%uv%u, last hypercall %s, guest rip %016lx", cpu, v->domain->id,
                    v->id, hypercall_name(v->arch.last_hypercall), info[-1].regs.rip);
        hypercall_print_recent(cpu);
    }
}

static void become_the_one(void)
{
    unsigned expected = 0, self = this_cpu() + 1;

    irq_disable();
    if (__atomic_compare_exchange_n(&panicking, &expected, self, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST)) {
        smp_stop_others();
        console_force_unlock();
        return;
    }
    while (expected != self)
        cpu_relax();
    log_err("panic inside a panic");
    for (;;)
        asm volatile("hlt");
}

/* Registers as they are here, where the frame pointer leads on. */
static inline __attribute__((always_inline)) void registers_here(struct cpu_user_regs *regs)
{
    *regs = (struct cpu_user_regs){0};
    asm volatile("mov %%rbx, %0" : "=m"(regs->rbx));
    asm volatile("mov %%r12, %0" : "=m"(regs->r12));
    asm volatile("mov %%r13, %0" : "=m"(regs->r13));
    asm volatile("mov %%r14, %0" : "=m"(regs->r14));
    asm volatile("mov %%r15, %0" : "=m"(regs->r15));
    asm volatile("mov %%rsp, %0" : "=m"(regs->rsp));
    regs->rbp = (uint64_t)__builtin_frame_address(0);
    regs->rip = (uint64_t)panic;
    regs->rflags = read_flags();
    regs->cs = HV_CS;
    regs->ss = HV_DS;
}

static void print_message(const char *fmt, va_list ap)
{
    char message[256];

    vformat(message, sizeof(message), fmt, ap);
    log_err("PANIC on CPU %u: %s", this_cpu(), message);
}

static void stop_here(void) __attribute__((noreturn));

static void stop_here(void)
{
    show_last_hypercalls();
    log_err("Ringfort has stopped.");
    machine_halt();
}

/* The caller's registers are gone by now but for those that a call keeps. */
void panic(const char *fmt, ...)
{
    struct cpu_user_regs regs;
    va_list ap;

    registers_here(&regs);
    become_the_one();
    va_start(ap, fmt);
    print_message(fmt, ap);
    va_end(ap);
    show_registers(&regs);
    show_backtrace(regs.rbp, regs.rip);
    stop_here();
}

void panic_at(const struct cpu_user_regs *regs, const char *fmt, ...)
{
    va_list ap;

    become_the_one();
    va_start(ap, fmt);
    print_message(fmt, ap);
    va_end(ap);
    show_registers(regs);
    show_backtrace(regs->rbp, regs->rip);
    stop_here();
}

void assert_failed(const char *expr, const char *file, int line)
{
    panic("assertion failed: %s (%s:%d)", expr, file, line);
}

int refuse_at(int error, const char *file, int line)
{
    struct vcpu *v = current;

    if (v != NULL && !v->is_idle)
        guest_log(v->domain, "v%u: %s refused with %d (%s:%d)", v->id,
                  hypercall_name(v->arch.last_hypercall), error, file, line);
    return error;
}
