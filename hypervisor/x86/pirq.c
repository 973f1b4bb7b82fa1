/* Physical interrupts as Domain0 uses them: mapped, bound to event channels, moved, finished. */
#include "x86/pirq.h"

#include "lib/abi.h"
#include <xen/physdev.h>

#include "domain/domain.h"
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/bitmap.h"
#include "lib/errno.h"
#include "memory/frame.h"
#include "memory/mapping.h"
#include "x86/current.h"
#include "x86/irq.h"
#include "x86/irq_table.h"

/* Which MSI pirqs are taken; inside it, single entries' locks. */
static spinlock_t map_lock = SPINLOCK_INIT(LOCK_IRQ);

/* Tells the guest whether it must say when it has dealt with the interrupt. irq->lock held. */
static void note_needs_eoi(const struct domain *d, unsigned pirq, const struct irq *irq)
{
    uint64_t *map = d->irqs->eoi_map;

    if (map && irq->level)
        bit_test_and_set(map, pirq);
    else if (map)
        bit_test_and_clear(map, pirq);
}

static int bind_locked(struct irq *irq, struct domain *d, unsigned pirq, uint32_t port)
{
    int error;

    if (!irq->mapped)
        return refuse(-EINVAL);
    if (irq->is_console)
        return refuse(-EBUSY);
    if (irq->domain)
        return refuse(-EEXIST);
    error = irq->vector ? 0 : irq_assign(irq, d->vcpus[0]->sched.cpu);
    if (error)
        return error;
    irq->domain = d;
    irq->port = port;
    irq->in_service = false;
    irq->masked = false;
    irq_program(irq);
    note_needs_eoi(d, pirq, irq);
    return 0;
}

/* Several guests on one line would need interrupts that wait for each of them; only Domain0 has
 * any, so `will_share` changes nothing. */
int pirq_bind(struct domain *d, unsigned pirq, uint32_t port, bool will_share)
{
    struct irq *irq = irq_entry(pirq);
    unsigned long flags;
    int error;

    if (!d->irqs)
        return refuse(-EPERM);
    if (!irq)
        return refuse(-EINVAL);
    flags = spin_lock_irqsave(&irq->lock);
    error = bind_locked(irq, d, pirq, port);
    spin_unlock_irqrestore(&irq->lock, flags);
    return error;
}

void pirq_unbind(struct domain *d, unsigned pirq)
{
    struct irq *irq = irq_entry(pirq);
    unsigned long flags;

    if (!irq)
        return;
    flags = spin_lock_irqsave(&irq->lock);
    if (irq->domain == d) {
        irq_set_masked(irq, true);
        irq->in_service = false;
        irq->domain = NULL;
        irq->port = 0;
    }
    spin_unlock_irqrestore(&irq->lock, flags);
}

int pirq_eoi(struct domain *d, unsigned pirq)
{
    struct irq *irq = irq_entry(pirq);
    unsigned long flags;

    if (!irq || !d->irqs)
        return refuse(-EINVAL);
    flags = spin_lock_irqsave(&irq->lock);
    if (irq->domain == d && irq->in_service) {
        irq->in_service = false;
        irq_set_masked(irq, false);
    }
    spin_unlock_irqrestore(&irq->lock, flags);
    return 0;
}

void pirq_set_cpu(struct domain *d, unsigned pirq, unsigned cpu)
{
    struct irq *irq = irq_entry(pirq);
    unsigned long flags;

    if (!irq)
        return;
    flags = spin_lock_irqsave(&irq->lock);
    /* Without a free vector there it stays where it is: slower, not wrong. */
    if (irq->domain == d && irq->cpu != cpu && irq_assign(irq, cpu) == 0)
        irq_program(irq);
    spin_unlock_irqrestore(&irq->lock, flags);
}

int pirq_map_gsi(unsigned gsi)
{
    struct irq *irq = gsi < nr_gsis() ? irq_entry(gsi) : NULL;
    unsigned long flags;

    if (!irq || irq->kind != IRQ_GSI)
        return refuse(-EINVAL);
    flags = spin_lock_irqsave(&irq->lock);
    irq->mapped = true;
    spin_unlock_irqrestore(&irq->lock, flags);
    return 0;
}

static bool is_free(unsigned pirq, bool reserved_too)
{
    enum irq_kind kind = irq_entry(pirq)->kind;

    return kind == IRQ_FREE || (reserved_too && kind == IRQ_RESERVED);
}

/* The highest free MSI pirq, or -ENOSPC. map_lock held. */
static int find_free(void)
{
    for (unsigned pirq = nr_pirqs(); pirq-- > nr_gsis();)
        if (is_free(pirq, false))
            return pirq;
    return refuse(-ENOSPC);
}

static bool already_mapped(const struct msi *msi)
{
    for (unsigned pirq = nr_gsis(); pirq < nr_pirqs(); pirq++) {
        const struct irq *irq = irq_entry(pirq);

        if (irq->kind == IRQ_MSI && msi_same(&irq->msi, msi))
            return true;
    }
    return false;
}

static int choose_msi_pirq(int wanted, const struct msi *msi)
{
    if (already_mapped(msi))
        return refuse(-EEXIST);
    if (wanted < 0)
        return find_free();
    if ((unsigned)wanted < nr_gsis() || (unsigned)wanted >= nr_pirqs())
        return refuse(-EINVAL);
    return is_free(wanted, true) ? wanted : refuse(-EEXIST);
}

static int start_msi(unsigned pirq, const struct msi *msi)
{
    struct irq *irq = irq_entry(pirq);
    unsigned long flags = spin_lock_irqsave(&irq->lock);
    int error = irq_assign(irq, current->sched.cpu);

    if (!error) {
        irq->kind = IRQ_MSI;
        irq->msi = *msi;
        irq->level = irq->in_service = false;
        irq->masked = irq->mapped = true;
        irq->count = 0;
        irq_program(irq);
    }
    spin_unlock_irqrestore(&irq->lock, flags);
    return error;
}

int pirq_map_msi(int wanted, const struct msi *msi)
{
    unsigned long flags = spin_lock_irqsave(&map_lock);
    int pirq = choose_msi_pirq(wanted, msi);
    int error = pirq < 0 ? pirq : start_msi(pirq, msi);

    spin_unlock_irqrestore(&map_lock, flags);
    return error ? error : pirq;
}

static int unmap_locked(struct irq *irq)
{
    if (irq->kind == IRQ_FREE || (irq->kind == IRQ_GSI && !irq->mapped))
        return refuse(-EINVAL);
    if (irq->domain || irq->is_console)
        return refuse(-EBUSY);
    irq->mapped = false;
    irq_release(irq);
    if (irq->kind == IRQ_GSI) {
        irq_program(irq);
        return 0;
    }
    if (irq->kind == IRQ_MSI)
        msi_put(&irq->msi);
    irq->kind = IRQ_FREE;
    return 0;
}

int pirq_unmap(unsigned pirq)
{
    struct irq *irq = irq_entry(pirq);
    unsigned long map_flags, flags;
    int error;

    if (!irq)
        return refuse(-EINVAL);
    map_flags = spin_lock_irqsave(&map_lock);
    flags = spin_lock_irqsave(&irq->lock);
    error = unmap_locked(irq);
    spin_unlock_irqrestore(&irq->lock, flags);
    spin_unlock_irqrestore(&map_lock, map_flags);
    return error;
}

int pirq_reserve(void)
{
    unsigned long flags = spin_lock_irqsave(&map_lock);
    int pirq = find_free();

    if (pirq >= 0)
        irq_entry(pirq)->kind = IRQ_RESERVED;
    spin_unlock_irqrestore(&map_lock, flags);
    return pirq;
}

int pirq_setup_gsi(unsigned gsi, bool level, bool active_low)
{
    struct irq *irq = gsi < nr_gsis() ? irq_entry(gsi) : NULL;
    unsigned long flags;
    int error = 0;

    if (!irq || irq->kind != IRQ_GSI)
        return refuse(-EINVAL);
    flags = spin_lock_irqsave(&irq->lock);
    if (irq->configured || irq->is_console) {
        error = -EEXIST;
    } else {
        irq->configured = true;
        irq->level = level;
        irq->active_low = active_low;
        irq_program(irq);
        if (irq->domain)
            note_needs_eoi(irq->domain, gsi, irq);
    }
    spin_unlock_irqrestore(&irq->lock, flags);
    return error;
}

int pirq_status(unsigned pirq, uint32_t *flags)
{
    const struct irq *irq = irq_entry(pirq);

    if (!irq || !current->domain->irqs)
        return refuse(-EINVAL);
    *flags = READ_ONCE(irq->level) ? XENIRQSTAT_needs_eoi : 0;
    return 0;
}

int pirq_set_eoi_page(struct domain *d, mfn_t m)
{
    struct frame *f;
    int error;

    if (!mfn_valid(m))
        return refuse(-EINVAL);
    f = frame_of(m);
    error = frame_get_typed(f, d, FRAME_WRITABLE);
    if (error)
        return error;
    spin_lock(&d->lock);
    if (d->irqs->eoi_map) {
        error = refuse(-EBUSY);
    } else {
        d->irqs->eoi_frame = f;
        d->irqs->eoi_map = mfn_to_virt(m);
        for (unsigned pirq = 0; pirq < nr_gsis(); pirq++)
            if (irq_entry(pirq)->domain == d)
                note_needs_eoi(d, pirq, irq_entry(pirq));
    }
    spin_unlock(&d->lock);
    if (error)
        frame_put_typed(f);
    return error;
}

int pirq_restore_msi(uint32_t sbdf)
{
    int error = -ENODEV;

    for (unsigned pirq = nr_gsis(); pirq < nr_pirqs(); pirq++) {
        struct irq *irq = irq_entry(pirq);
        unsigned long flags = spin_lock_irqsave(&irq->lock);

        if (irq->kind == IRQ_MSI && irq->msi.sbdf == sbdf) {
            irq_program(irq);
            error = 0;
        }
        spin_unlock_irqrestore(&irq->lock, flags);
    }
    return error;
}

int irq_init_domain(struct domain *d)
{
    if (!d->is_hardware)
        return 0;
    d->irqs = zalloc(sizeof(*d->irqs));
    return d->irqs ? 0 : -ENOMEM;
}

void irq_free_domain(struct domain *d)
{
    if (!d->irqs)
        return;
    for (unsigned pirq = 0; pirq < nr_pirqs(); pirq++)
        pirq_unbind(d, pirq);
    if (d->irqs->eoi_frame)
        frame_put_typed(d->irqs->eoi_frame);
    zfree(d->irqs);
    d->irqs = NULL;
}
