/* How a domain stops: pausing, shutting down, crashing, and giving back all that it holds. */
#include "domain/domain.h"

#include "boot/boot.h"
#include "control/trace.h"
#include "grant/grant.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/printk.h"
#include "memory/allocator.h"
#include "memory/frame.h"
#include "memory/mmu.h"
#include "schedule/schedule.h"
#include "time/time.h"
#include "x86/acpi.h"
#include "x86/current.h"
#include "x86/entry.h"
#include "x86/irq.h"
#include <xen/sched.h>

#define CRASH_MESSAGE_MAX 256
/* Long enough to read the message on a screen before the machine restarts. */
#define CRASH_RESTART_SECONDS 5

/* Domain's lock. Those that run are told and not waited for: they may be spinning on the lock. */
static void pause_all(struct domain *d)
{
    struct vcpu *v;

    d->pauses++;
    for_each_vcpu (d, v)
        vcpu_pause_nosync(v);
}

/* Domain's lock. */
static void unpause_all(struct domain *d)
{
    struct vcpu *v;

    d->pauses--;
    for_each_vcpu (d, v)
        vcpu_unpause(v);
}

void domain_pause(struct domain *d)
{
    struct vcpu *v;

    spin_lock(&d->lock);
    pause_all(d);
    spin_unlock(&d->lock);
    for_each_vcpu (d, v)
        if (v != current)
            vcpu_wait_stopped(v);
}

void domain_unpause(struct domain *d)
{
    spin_lock(&d->lock);
    unpause_all(d);
    spin_unlock(&d->lock);
}

/* Domain0 has stopped, and nothing works without it: the machine follows. */
static void __attribute__((noreturn)) machine_follow(int code)
{
    log_warn("Domain0 has shut down, code %d", code);
    switch (code) {
    case SHUTDOWN_poweroff:
        machine_poweroff();
    case SHUTDOWN_crash:
        if (!options.no_reboot) {
            log_err("restarting in %d seconds", CRASH_RESTART_SECONDS);
            for (unsigned i = 0; i < CRASH_RESTART_SECONDS * 1000; i++)
                udelay(1000);
        }
        break;
    default:
        break;
    }
    if (options.no_reboot) {
        log_warn("halted: restart is disabled by the option noreboot");
        machine_halt();
    }
    machine_reset();
}

void domain_shutdown(struct domain *d, int code)
{
    if (d == domain0)
        machine_follow(code);

    spin_lock(&d->lock);
    if (d->is_shutting_down) {
        spin_unlock(&d->lock);
        return;
    }
    d->is_shutting_down = true;
    /* The guest may have said beforehand what its end is to be called. */
    if (d->shutdown_code < 0)
        d->shutdown_code = code;
    /* Callers may hold locks that another vCPU of the domain spins on, so this does not wait. */
    pause_all(d);
    d->is_shut_down = true;
    spin_unlock(&d->lock);
    event_send_global_virq(VIRQ_DOM_EXC);
}

int domain_resume(struct domain *d)
{
    spin_lock(&d->lock);
    if (!d->is_shut_down || d->state != DOMAIN_ALIVE) {
        spin_unlock(&d->lock);
        return refuse(-EINVAL);
    }
    d->is_shutting_down = false;
    d->is_shut_down = false;
    d->shutdown_code = -1;
    unpause_all(d);
    spin_unlock(&d->lock);
    return 0;
}

void domain_crash(struct domain *d, const char *why, ...)
{
    char message[CRASH_MESSAGE_MAX];
    struct vcpu *v = current;
    unsigned long flags = irq_save();
    va_list args;

    /* The domain's lock may be held by one who waits for this CPU's answer to a call: exception
     * handlers come here with interrupts off. */
    irq_enable();
    if (!d->is_shutting_down) {
        va_start(args, why);
        vformat(message, sizeof(message), why, args);
        va_end(args);
        log_err("domain %u crashed: %s", d->id, message);
        if (v->domain == d) {
            log_err("on its vCPU %u, CPU %u, %s mode:", v->id, this_cpu(),
                    v->arch.in_kernel ? "kernel" : "user");
            show_registers(guest_regs());
        }
    }
    domain_shutdown(d, SHUTDOWN_crash);
    irq_restore(flags);
}

void ensure_failed(struct domain *d, const char *expr, const char *file, int line)
{
    domain_crash(d, "%s:%d: does not hold: %s", file, line, expr);
}

/* Stands in for the shared page of a domain that has given its own back: the clock and the debug
 * keys need not ask whether a domain has one. */
static struct shared_info dead_shared_info;

/* No vCPU runs any more, and nobody starts or makes one. No frame is allocated to it, none set
 * aside. */
static int kill_begin(struct domain *d)
{
    spin_lock(&domain_list_lock);
    spin_lock(&d->lock);
    d->state = DOMAIN_DYING;
    spin_unlock(&d->lock);
    spin_unlock(&domain_list_lock);
    domain_claim(d, 0);
    domain_pause(d);
    return 0;
}

/* Drops what each vCPU holds of the domain's memory: tables left to take down, base pointers,
 * descriptor frames, its registered vcpu_info. */
static int kill_vcpus(struct domain *d)
{
    while (d->kill_vcpu < d->max_vcpus) {
        struct vcpu *v = domain_vcpu(d, d->kill_vcpu);
        int rc = v ? mmu_drain_dying(v) : 0;

        if (rc == 0 && v)
            rc = vcpu_drop_roots(v);
        if (rc)
            return rc;
        d->kill_vcpu++;
        if (!v)
            continue;
        vcpu_drop_gdt(v);
        vcpu_drop_ldt(v);
        event_unregister_vcpu_info(v);
        if (preempt_needed())
            return -ERESTART;
    }
    return 0;
}

/* Timers and run queues forget the vCPUs; the shared pages are taken from the domain. Pages that
 * other domains still map keep their frame, and the frame keeps the domain's structure. */
static int kill_end(struct domain *d)
{
    struct vcpu *v;

    trace(RINGFORT_EVENT_DOMAIN_DIE, current, d->id, 0);
    for_each_vcpu (d, v) {
        time_destroy_vcpu(v);
        sched_destroy_vcpu(v);
        v->event.info = &dead_shared_info.vcpu_info[0];
    }
    time_destroy_domain(d);
    sched_destroy_domain(d);
    irq_free_domain(d);
    ports_free_domain(d);
    grant_free_domain(d);
    /* Setting the clock writes to every domain's page, under this lock. */
    spin_lock(&domain_list_lock);
    WRITE_ONCE(d->shared_info, &dead_shared_info);
    spin_unlock(&domain_list_lock);
    frame_unshare(frame_of(d->shared_info_mfn));
    return 0;
}

/* One stage of domain_kill(): 0 when it is done. */
static int kill_stage(struct domain *d, unsigned stage)
{
    switch (stage) {
    case 0:
        return kill_begin(d);
    case 1:
        return event_close_all(d);
    case 2:
        return grant_release_mappings(d);
    case 3:
        return kill_vcpus(d);
    case 4:
        return memory_teardown(d);
    default:
        return kill_end(d);
    }
}

#define KILL_STAGES 6

int domain_kill(struct domain *d)
{
    /* Done before: what is left is held by others, and the creator's reference is gone. */
    if (d->kill_stage == KILL_STAGES)
        return 0;
    while (d->kill_stage < KILL_STAGES) {
        int rc = kill_stage(d, d->kill_stage);

        if (rc)
            return rc;
        if (++d->kill_stage == KILL_STAGES)
            break;
        if (preempt_needed())
            return -ERESTART;
    }
    event_send_global_virq(VIRQ_DOM_EXC);
    domain_put(d);
    return 0;
}
