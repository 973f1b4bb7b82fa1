/*
 * Physical interrupts: the table, vectors and dispatch.
 *
 * A level interrupt is masked at its I/O APIC and ended at once; the line is opened again when the
 * guest says that it has dealt with it. The local APIC's priorities thus never depend on a guest,
 * and a line that stays asserted costs one interrupt for each hypercall that opens it. Edges and
 * MSIs are ended at once and need no word from the guest.
 */
#include "x86/irq.h"

#include "control/console.h"
#include "event/event.h"
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/printk.h"
#include "x86/acpi.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/ioapic.h"
#include "x86/irq_table.h"
#include "x86/lapic.h"
#include "x86/smp.h"
#include "x86/vectors.h"

#define MSI_PIRQS 1024u
/* Devices and I/O APICs have eight bits for the destination, and this one means every APIC. */
#define ALL_APICS 0xffu

static struct irq *irqs;
static unsigned irq_count;
static spinlock_t vector_lock = SPINLOCK_INIT(LOCK_IRQ);

unsigned nr_pirqs(void)
{
    return irq_count;
}

unsigned nr_gsis(void)
{
    return ioapic_gsi_count();
}

struct irq *irq_entry(unsigned number)
{
    return number < irq_count ? &irqs[number] : NULL;
}

/* How a line is wired when nobody has said so: ISA lines are edges, PCI lines active-low levels. */
static void gsi_defaults(unsigned gsi, struct irq *irq)
{
    irq->level = irq->active_low = gsi >= ISA_IRQS;
    for (unsigned i = 0; i < ISA_IRQS; i++)
        if (acpi.isa[i].gsi_valid && acpi.isa[i].gsi == gsi) {
            irq->level = acpi.isa[i].level;
            irq->active_low = acpi.isa[i].active_low;
        }
}

void irq_init(void)
{
    irq_silence_legacy();
    lapic_init();
    cpu_apic_id[0] = lapic_id();
    ioapic_init();
    irqs = zalloc((ioapic_gsi_count() + MSI_PIRQS) * sizeof(*irqs));
    if (!irqs)
        panic("no memory for the interrupt table");
    irq_count = ioapic_gsi_count() + MSI_PIRQS;
    for (unsigned i = 0; i < irq_count; i++) {
        spin_init(&irqs[i].lock, LOCK_IRQ);
        irqs[i].masked = true;
        if (!ioapic_has_gsi(i))
            continue;
        irqs[i].kind = IRQ_GSI;
        gsi_defaults(i, &irqs[i]);
    }
}

static void free_vector(unsigned cpu, uint8_t vector)
{
    unsigned long flags = spin_lock_irqsave(&vector_lock);

    vector_free(cpu, vector);
    spin_unlock_irqrestore(&vector_lock, flags);
}

/* A free vector on *cpu; an interrupt that has none anywhere takes one on any CPU. 0: none. */
static uint8_t find_vector(const struct irq *irq, unsigned *cpu)
{
    unsigned long flags = spin_lock_irqsave(&vector_lock);
    uint8_t vector = vector_alloc(*cpu, irq - irqs);
    unsigned other;

    if (!vector && !irq->vector)
        for_each_cpu (other, &cpus_online) {
            vector = cpu_apic_id[other] < ALL_APICS ? vector_alloc(other, irq - irqs) : 0;
            if (vector) {
                *cpu = other;
                break;
            }
        }
    spin_unlock_irqrestore(&vector_lock, flags);
    return vector;
}

static void forget_old_place(struct irq *irq)
{
    free_vector(irq->old_cpu, irq->old_vector);
    irq->old_vector = 0;
}

int irq_assign(struct irq *irq, unsigned cpu)
{
    uint8_t vector;

    if (cpu_apic_id[cpu] >= ALL_APICS)
        cpu = 0;
    if (irq->vector && irq->cpu == cpu)
        return 0;
    vector = find_vector(irq, &cpu);
    if (!vector)
        return refuse(-ENOSPC);
    forget_old_place(irq);
    irq->old_cpu = irq->cpu;
    irq->old_vector = irq->vector;
    irq->cpu = cpu;
    irq->vector = vector;
    return 0;
}

void irq_release(struct irq *irq)
{
    forget_old_place(irq);
    free_vector(irq->cpu, irq->vector);
    irq->vector = 0;
}

void irq_program(struct irq *irq)
{
    uint32_t apic_id = cpu_apic_id[irq->cpu];

    if (irq->kind == IRQ_GSI) {
        struct ioapic_route route = {
            .vector = irq->vector,
            .apic_id = apic_id,
            .level = irq->level,
            .active_low = irq->active_low,
            .masked = irq->masked,
        };

        ioapic_set_route(irq - irqs, &route);
    } else if (irq->kind == IRQ_MSI) {
        msi_program(&irq->msi, apic_id, irq->vector, irq->masked);
    }
}

void irq_set_masked(struct irq *irq, bool masked)
{
    if (irq->masked == masked)
        return;
    irq->masked = masked;
    if (irq->kind == IRQ_GSI)
        ioapic_mask(irq - irqs, masked);
    else if (irq->kind == IRQ_MSI)
        msi_mask(&irq->msi, masked);
}

static void stray_interrupt(uint8_t vector)
{
    static unsigned reported;

    if (reported++ < 10)
        log_warn("irq: vector 0x%x on CPU %u stands for nothing", vector, this_cpu());
}

static void console_irq(struct irq *irq)
{
    console_interrupt();
    spin_lock(&irq->lock);
    irq_set_masked(irq, false);
    spin_unlock(&irq->lock);
}

/* Runs with interrupts off, on a vector of this CPU. */
void irq_dispatch(uint8_t vector)
{
    struct irq *irq = irq_entry(vector_irq(this_cpu(), vector));
    struct domain *d;
    uint32_t port;

    if (!irq) {
        stray_interrupt(vector);
        lapic_eoi();
        return;
    }
    spin_lock(&irq->lock);
    irq->count++;
    /* It comes by its new way: what was sent the old way has arrived before. */
    if (irq->old_vector && vector == irq->vector && this_cpu() == irq->cpu)
        forget_old_place(irq);
    if (irq->level) {
        irq_set_masked(irq, true);
        irq->in_service = true;
    }
    d = irq->domain;
    port = irq->port;
    spin_unlock(&irq->lock);
    lapic_eoi();
    if (irq->is_console)
        console_irq(irq);
    else if (d)
        event_send_pirq(d, port);
}

int irq_claim_console(unsigned gsi)
{
    struct irq *irq = irq_entry(gsi);
    unsigned long flags;
    int error;

    if (!irq || irq->kind != IRQ_GSI)
        return -ENODEV;
    flags = spin_lock_irqsave(&irq->lock);
    error = irq->domain || irq->is_console ? -EBUSY : irq_assign(irq, 0);
    if (!error) {
        irq->is_console = true;
        irq->masked = false;
        irq_program(irq);
    }
    spin_unlock_irqrestore(&irq->lock, flags);
    return error;
}

void irq_dump(void)
{
    static const char *const kinds[] = {"free", "reserved", "gsi", "msi"};

    for (unsigned i = 0; i < irq_count; i++) {
        const struct irq *irq = &irqs[i];

        if (irq->vector)
            log_info("irq %u: %s vector 0x%x cpu %u %s%s%s%s port %u count %lu", i,
                     kinds[irq->kind], irq->vector, irq->cpu, irq->level ? "level" : "edge",
                     irq->masked ? " masked" : "", irq->in_service ? " in-service" : "",
                     irq->is_console ? " console" : "", irq->port, (unsigned long)irq->count);
    }
}
