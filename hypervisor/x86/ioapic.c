/* I/O APICs (Intel 82093AA data sheet): two windows, an index and the register it selects. */
#include "x86/ioapic.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/printk.h"
#include "lib/spinlock.h"
#include "memory/hypmap.h"
#include "x86/acpi.h"

#define INDEX 0x00u
#define WINDOW 0x10u

#define REG_ID 0u
#define REG_VERSION 1u
#define REG_ARBITRATION 2u
#define REG_ROUTE(pin) (0x10u + 2 * (pin))

#define ROUTE_MASKED 0x10000u
#define ROUTE_LEVEL 0x8000u
#define ROUTE_ACTIVE_LOW 0x2000u
#define ROUTE_DELIVERY 0x700u
#define ROUTE_SMI 0x200u

#define MAX_PINS 240u

struct ioapic {
    volatile uint8_t *registers; /* NULL: could not be mapped */
    unsigned gsi_base, pins;
    uint32_t low[MAX_PINS]; /* lower halves of the routes, to change one bit without a read */
};

static struct ioapic ioapics[ACPI_MAX_IOAPICS];
static unsigned gsi_count = ISA_IRQS;
static spinlock_t lock = SPINLOCK_INIT(LOCK_IRQ);

static uint32_t ioapic_read(const struct ioapic *a, uint32_t reg)
{
    *(volatile uint32_t *)(a->registers + INDEX) = reg;
    return *(volatile uint32_t *)(a->registers + WINDOW);
}

static void ioapic_write(const struct ioapic *a, uint32_t reg, uint32_t value)
{
    *(volatile uint32_t *)(a->registers + INDEX) = reg;
    *(volatile uint32_t *)(a->registers + WINDOW) = value;
}

static void init_one(struct ioapic *a, maddr_t base, unsigned gsi_base)
{
    volatile uint8_t *page = map_device(maddr(base.a & PAGE_MASK), PAGE_SIZE);

    if (!page) {
        log_err("ioapic: no room to map the one at 0x%lx", (unsigned long)base.a);
        return;
    }
    a->registers = page + (base.a & (PAGE_SIZE - 1));
    a->gsi_base = gsi_base;
    a->pins = MIN((ioapic_read(a, REG_VERSION) >> 16 & 0xff) + 1, MAX_PINS);
    for (unsigned pin = 0; pin < a->pins; pin++) {
        /* A line that firmware has wired to its own SMI handler stays. */
        a->low[pin] = ioapic_read(a, REG_ROUTE(pin));
        if ((a->low[pin] & ROUTE_DELIVERY) == ROUTE_SMI)
            continue;
        a->low[pin] = ROUTE_MASKED;
        ioapic_write(a, REG_ROUTE(pin), a->low[pin]);
    }
    /* Pirq numbers are 16 bits wide here; no machine comes near. */
    if (gsi_base < 0x4000)
        gsi_count = MAX(gsi_count, gsi_base + a->pins);
    log_info("ioapic: GSIs %u to %u at 0x%lx", gsi_base, gsi_base + a->pins - 1,
             (unsigned long)base.a);
}

void ioapic_init(void)
{
    for (unsigned i = 0; i < acpi.ioapic_count; i++)
        init_one(&ioapics[i], acpi.ioapics[i].base, acpi.ioapics[i].gsi_base);
}

unsigned ioapic_gsi_count(void)
{
    return gsi_count;
}

static struct ioapic *find(unsigned gsi)
{
    for (unsigned i = 0; i < acpi.ioapic_count; i++) {
        struct ioapic *a = &ioapics[i];

        if (a->registers && gsi >= a->gsi_base && gsi - a->gsi_base < a->pins)
            return a;
    }
    return NULL;
}

bool ioapic_has_gsi(unsigned gsi)
{
    return gsi < gsi_count && find(gsi);
}

void ioapic_set_route(unsigned gsi, const struct ioapic_route *route)
{
    struct ioapic *a = find(gsi);
    unsigned long flags;
    unsigned pin;

    assert(a);
    pin = gsi - a->gsi_base;
    flags = spin_lock_irqsave(&lock);
    /* The halves are written one after the other: masked in between. */
    ioapic_write(a, REG_ROUTE(pin), a->low[pin] | ROUTE_MASKED);
    ioapic_write(a, REG_ROUTE(pin) + 1, route->apic_id << 24);
    a->low[pin] = route->vector | (route->level ? ROUTE_LEVEL : 0) |
                  (route->active_low ? ROUTE_ACTIVE_LOW : 0) |
                  (route->masked || !route->vector ? ROUTE_MASKED : 0);
    ioapic_write(a, REG_ROUTE(pin), a->low[pin]);
    spin_unlock_irqrestore(&lock, flags);
}

void ioapic_mask(unsigned gsi, bool masked)
{
    struct ioapic *a = find(gsi);
    unsigned long flags;
    unsigned pin;

    assert(a);
    pin = gsi - a->gsi_base;
    flags = spin_lock_irqsave(&lock);
    a->low[pin] = masked ? a->low[pin] | ROUTE_MASKED : a->low[pin] & ~ROUTE_MASKED;
    ioapic_write(a, REG_ROUTE(pin), a->low[pin]);
    spin_unlock_irqrestore(&lock, flags);
}

int ioapic_guest_read(maddr_t base, uint32_t reg, uint32_t *value)
{
    unsigned long flags;

    for (unsigned i = 0; i < acpi.ioapic_count; i++) {
        if (!ioapics[i].registers || acpi.ioapics[i].base.a != base.a)
            continue;
        if (reg > REG_ARBITRATION) {
            *value = reg & 1 ? 0 : ROUTE_MASKED;
            return 0;
        }
        flags = spin_lock_irqsave(&lock);
        *value = ioapic_read(&ioapics[i], reg);
        spin_unlock_irqrestore(&lock, flags);
        return 0;
    }
    return refuse(-EINVAL);
}
