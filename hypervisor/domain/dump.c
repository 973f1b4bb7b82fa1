/* What the debug keys and a crash say about domains. */
#include "domain/domain.h"

#include "lib/printk.h"

static const char *state_name(const struct domain *d)
{
    if (d->state != DOMAIN_ALIVE)
        return "dying";
    if (d->is_shut_down)
        return "shut down";
    return d->controller_pauses ? "paused" : "alive";
}

static void dump_vcpu(const struct vcpu *v)
{
    const struct vcpu_info *info = v->event.info;

    log_info("  vCPU %u: CPU %u, %s%s%s, %u pauses, %s mode, upcall %s%s", v->id, v->sched.cpu,
             v->sched.is_running  ? "running"
             : v->sched.is_queued ? "runnable"
                                  : "waiting",
             v->sched.is_up ? "" : ", down", v->sched.is_blocked ? ", blocked" : "",
             v->sched.pauses, v->arch.in_kernel ? "kernel" : "user",
             info->evtchn_upcall_pending ? "pending" : "idle",
             info->evtchn_upcall_mask ? ", masked" : "");
    if (!v->sched.is_running)
        log_info("    rip %#llx rsp %#llx rflags %#llx, root %#llx",
                 (unsigned long long)v->arch.regs.rip, (unsigned long long)v->arch.regs.rsp,
                 (unsigned long long)v->arch.regs.rflags,
                 (unsigned long long)v->memory.kernel_root.n);
}

/* Takes no domain's lock: it has to work when something hangs on one. */
void domain_dump(void)
{
    struct domain *d;
    const struct vcpu *v;

    for_each_domain (d) {
        log_info("domain %u: %s, %u references, %llu of %llu pages", d->id, state_name(d), d->refs,
                 (unsigned long long)d->tot_pages, (unsigned long long)d->max_pages);
        for_each_vcpu (d, v)
            dump_vcpu(v);
    }
}
