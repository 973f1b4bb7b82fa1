/* MSI and MSI-X messages (PCI Local Bus 3.0, 6.8; SDM volume 3, 11.11). Domain0 turns the
 * capability on and off; the messages in it are written here alone. */
#include "x86/msi.h"

#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/hypmap.h"
#include "x86/irq.h"
#include "x86/pci.h"

#define MSI_CONTROL 2u
#define MSI_CONTROL_MULTIPLE 0x70u
#define MSI_CONTROL_WIDE 0x80u
#define MSI_CONTROL_MASKABLE 0x100u
#define MSI_ADDRESS 4u
#define MSI_ADDRESS_HIGH 8u
#define MSI_DATA(wide) ((wide) ? 12u : 8u)
#define MSI_MASK(wide) ((wide) ? 16u : 12u)

#define MSIX_CONTROL 2u
#define MSIX_CONTROL_LAST 0x7ffu
#define MSIX_TABLE 4u
#define MSIX_ENTRY_SIZE 16u

#define MESSAGE_ADDRESS 0xfee00000u

/* A function's MSI-X table. Entries are never freed, so the list is walked without a lock. */
struct msix_table {
    struct msix_table *next;
    maddr_t base;
    size_t bytes;
    volatile uint32_t *slots; /* four words for each message: address, high half, data, control */
    unsigned users;           /* atomic */
};

static struct msix_table *tables;

static struct msix_table *known_table(maddr_t base, size_t bytes)
{
    for (struct msix_table *t = __atomic_load_n(&tables, __ATOMIC_ACQUIRE); t; t = t->next)
        if (t->base.a == base.a && t->bytes == bytes)
            return t;
    return NULL;
}

static void publish(struct msix_table *t)
{
    t->next = __atomic_load_n(&tables, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&tables, &t->next, t, false, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
        ;
}

/* The table at `base` with a use counted, mapped if it was not; NULL without memory. */
static struct msix_table *get_table(maddr_t base, size_t bytes)
{
    struct msix_table *t = known_table(base, bytes);
    uint64_t offset = base.a & (PAGE_SIZE - 1);
    volatile uint8_t *page;

    if (!t) {
        t = zalloc(sizeof(*t));
        if (!t)
            return NULL;
        page = map_device(maddr(base.a - offset), ROUND_UP(offset + bytes, PAGE_SIZE));
        if (!page) {
            zfree(t);
            return NULL;
        }
        t->base = base;
        t->bytes = bytes;
        t->slots = (volatile uint32_t *)(page + offset);
        publish(t);
    }
    __atomic_fetch_add(&t->users, 1, __ATOMIC_RELAXED);
    return t;
}

static void put_table(struct msix_table *t)
{
    __atomic_fetch_sub(&t->users, 1, __ATOMIC_RELAXED);
}

static uint64_t first_frame(const struct msix_table *t)
{
    return t->base.a >> PAGE_SHIFT;
}

static uint64_t last_frame(const struct msix_table *t)
{
    return (t->base.a + t->bytes - 1) >> PAGE_SHIFT;
}

bool msix_table_page(mfn_t m)
{
    for (struct msix_table *t = __atomic_load_n(&tables, __ATOMIC_ACQUIRE); t; t = t->next)
        if (m.n >= first_frame(t) && m.n <= last_frame(t) && READ_ONCE(t->users))
            return true;
    return false;
}

int msi_find(uint32_t sbdf, struct msi *msi)
{
    unsigned at;
    uint16_t control;

    if (pci_reach(sbdf))
        return refuse(-ENODEV);
    at = pci_capability(sbdf, PCI_CAP_MSI);
    if (!at)
        return refuse(-ENODEV);
    control = pci_read(sbdf, at + MSI_CONTROL, 2);
    *msi = (struct msi){
        .sbdf = sbdf,
        .capability = at,
        .is_wide = control & MSI_CONTROL_WIDE,
        .is_maskable = control & MSI_CONTROL_MASKABLE,
    };
    return 0;
}

/* Where a function's table is and how many messages it has; 0, -ENODEV, or -ENXIO: not in a
 * device's memory that answers. */
static int locate_table(uint32_t sbdf, maddr_t bar_hint, maddr_t *base, unsigned *entries)
{
    unsigned at;
    uint32_t where;
    maddr_t bar;

    if (pci_reach(sbdf))
        return refuse(-ENODEV);
    at = pci_capability(sbdf, PCI_CAP_MSIX);
    if (!at)
        return refuse(-ENODEV);
    if (!(pci_read(sbdf, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY) && !bar_hint.a)
        return refuse(-ENXIO);
    where = pci_read(sbdf, at + MSIX_TABLE, 4);
    bar = pci_memory_bar(sbdf, where & 7);
    if (!bar.a)
        bar = bar_hint;
    *entries = (pci_read(sbdf, at + MSIX_CONTROL, 2) & MSIX_CONTROL_LAST) + 1;
    *base = maddr(bar.a + (where & ~7u));
    if (!bar.a || !mmio_is_device(maddr_mfn(*base),
                                  maddr_mfn(maddr(base->a + *entries * MSIX_ENTRY_SIZE - 1))))
        return refuse(-ENXIO);
    return 0;
}

int msix_find(uint32_t sbdf, unsigned entry, maddr_t bar_hint, struct msi *msi)
{
    struct msix_table *table;
    unsigned entries;
    maddr_t base;
    int error = locate_table(sbdf, bar_hint, &base, &entries);

    if (error)
        return error;
    if (entry >= entries)
        return refuse(-EINVAL);
    table = get_table(base, entries * MSIX_ENTRY_SIZE);
    if (!table)
        return refuse(-ENOMEM);
    *msi = (struct msi){.sbdf = sbdf, .is_msix = true, .entry = entry, .table = table};
    return 0;
}

void msi_put(struct msi *msi)
{
    if (msi->table)
        put_table(msi->table);
    msi->table = NULL;
}

int msix_protect(uint32_t sbdf, bool protect)
{
    struct msix_table *table;
    unsigned entries;
    maddr_t base;
    int error = locate_table(sbdf, maddr(0), &base, &entries);

    if (error)
        return error;
    if (protect)
        return get_table(base, entries * MSIX_ENTRY_SIZE) ? 0 : refuse(-ENOMEM);
    table = known_table(base, entries * MSIX_ENTRY_SIZE);
    if (!table || READ_ONCE(table->users) == 0)
        return refuse(-ENODEV);
    put_table(table);
    return 0;
}

static volatile uint32_t *slot_of(const struct msi *msi)
{
    return msi->table->slots + msi->entry * (MSIX_ENTRY_SIZE / sizeof(uint32_t));
}

void msi_mask(const struct msi *msi, bool masked)
{
    if (msi->is_msix)
        slot_of(msi)[3] = masked;
    else if (msi->is_maskable)
        pci_write(msi->sbdf, msi->capability + MSI_MASK(msi->is_wide), 4, masked);
}

static void program_msix(const struct msi *msi, uint32_t address, uint32_t data, bool masked)
{
    volatile uint32_t *slot = slot_of(msi);

    /* A message must not be sent half old, half new. */
    slot[3] = 1;
    slot[0] = address;
    slot[1] = 0;
    slot[2] = data;
    slot[3] = masked;
}

static void program_msi(const struct msi *msi, uint32_t address, uint32_t data)
{
    unsigned at = msi->capability;
    uint16_t control = pci_read(msi->sbdf, at + MSI_CONTROL, 2);

    pci_write(msi->sbdf, at + MSI_CONTROL, 2, control & ~MSI_CONTROL_MULTIPLE);
    pci_write(msi->sbdf, at + MSI_ADDRESS, 4, address);
    if (msi->is_wide)
        pci_write(msi->sbdf, at + MSI_ADDRESS_HIGH, 4, 0);
    pci_write(msi->sbdf, at + MSI_DATA(msi->is_wide), 2, data);
}

void msi_program(const struct msi *msi, uint32_t apic_id, uint8_t vector, bool masked)
{
    uint32_t address = MESSAGE_ADDRESS | apic_id << 12;

    if (msi->is_msix) {
        program_msix(msi, address, vector, masked);
        return;
    }
    msi_mask(msi, true);
    program_msi(msi, address, vector);
    msi_mask(msi, masked);
}

bool msi_same(const struct msi *a, const struct msi *b)
{
    return a->sbdf == b->sbdf && a->is_msix == b->is_msix && a->entry == b->entry;
}
