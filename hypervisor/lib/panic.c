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
#include "x86/entry.h"
#include "x86/smp.h"

/* CPU that panics, plus one. A second CPU waits for the first to stop it; a second panic on the same
 * CPU says no more than its message. */
static unsigned panicking;

static void show_last_hypercalls(void)
{
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

static void report_and_stop(uint64_t frame_pointer, uint64_t ip) __attribute__((noreturn));

static void report_and_stop(uint64_t frame_pointer, uint64_t ip)
{
    log_err("CPU %u, CR2 %016lx, CR3 %016lx", this_cpu(), read_cr2(), read_cr3());
    show_backtrace(frame_pointer, ip);
    show_last_hypercalls();
    log_err("Ringfort has stopped.");
    machine_halt();
}

void panic(const char *fmt, ...)
{
    char message[256];
    va_list ap;

    become_the_one();
    va_start(ap, fmt);
    vformat(message, sizeof(message), fmt, ap);
    va_end(ap);
    log_err("PANIC: %s", message);
    report_and_stop((uint64_t)__builtin_frame_address(0), (uint64_t)panic);
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
