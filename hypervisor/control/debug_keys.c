/* One key, one report: typed on the serial line after three Ctrl-A, or sent by `xl debug-keys`. */
#include "control/console.h"
#include "domain/domain.h"
#include "event/event.h"
#include "lib/printk.h"
#include "memory/allocator.h"
#include "memory/hypmap.h"
#include "memory/oracle.h"
#include "schedule/schedule.h"
#include "time/time.h"
#include "time/timer.h"
#include "x86/acpi.h"
#include "x86/current.h"
#include "x86/entry.h"
#include "x86/irq.h"
#include "x86/smp.h"

static void help(void)
{
    log_err("d  guest registers of each CPU      q  domains and vCPUs");
    log_err("m  memory                           r  run queues");
    log_err("e  event channels                   i  physical interrupts");
    log_err("t  timers, clocks compared          R  reboot the machine");
    if (RINGFORT_DEBUG) {
        log_err("O  recount all frames and compare (memory oracle)");
        log_err("P  panic (a page fault in Ringfort)");
    }
    log_err("h  this list");
}

static void show_cpus(void)
{
    unsigned cpu;

    for_each_cpu (cpu, &cpus_online) {
        struct cpu_info *info = cpu_area(cpu, CPU_AREA_STACKS + STACK_MAIN_TOP);
        struct vcpu *v = info[-1].vcpu;

        if (v == NULL || v->is_idle) {
            log_err("CPU %u: idle", cpu);
            continue;
        }
        /* Another CPU's guest runs on: what is shown is from when it last entered Ringfort. */
        log_err("CPU %u: d%uv%u", cpu, v->domain->id, v->id);
        show_registers(&info[-1].regs);
    }
}

static void show_memory(void)
{
    log_err("%lu KiB of memory, %lu KiB free", frames_total() * (PAGE_SIZE / 1024),
            frames_free() * (PAGE_SIZE / 1024));
}

/* Who comes second must not stay: its vCPU is to stop, too. */
static void run_oracle(void)
{
    static bool is_busy;
    struct domain *d;

    if (!RINGFORT_DEBUG) {
        log_err("this build has no memory oracle");
        return;
    }
    if (__atomic_exchange_n(&is_busy, true, __ATOMIC_ACQUIRE)) {
        log_err("memory oracle: another CPU is at it");
        return;
    }
    for_each_domain (d) {
        domain_pause(d);
        domain_ref(d);
    }
    /* Nobody can make a domain now, and none that is paused is forgotten. */
    log_err("memory oracle: %lu frames agree", memory_oracle());
    for_each_domain (d) {
        domain_unpause(d);
        domain_put(d);
    }
    __atomic_store_n(&is_busy, false, __ATOMIC_RELEASE);
}

/* Shows in a debug build what a bug of Ringfort's own looks like: nothing is mapped below the
 * devices. */
static void page_fault(void)
{
    volatile const char *nothing = (const char *)DEVICE_BASE - PAGE_SIZE;

    if (RINGFORT_DEBUG)
        log_err("%d is at %p", *nothing, nothing);
    else
        log_err("this build panics for reasons only");
}

void debug_key(char key)
{
    switch (key) {
    case 'd':
        show_cpus();
        break;
    case 'q':
        domain_dump();
        break;
    case 'm':
        show_memory();
        break;
    case 'r':
        sched_dump();
        break;
    case 'e':
        event_dump();
        break;
    case 'i':
        irq_dump();
        break;
    case 't':
        timer_dump();
        time_check();
        break;
    case 'O':
        run_oracle();
        break;
    case 'P':
        page_fault();
        break;
    case 'R':
        log_err("reboot by debug key");
        machine_reset();
    default:
        help();
    }
}
