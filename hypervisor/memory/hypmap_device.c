/* Mappings of what is not RAM: handed out one after the other, never taken back. */
#include "lib/spinlock.h"
#include "memory/hypmap.h"
#include "memory/hypmap_table.h"

/* Devices are mapped at boot and when Domain0 sets up MSI-X, with its own locks held. */
static spinlock_t device_lock = SPINLOCK_INIT(LOCK_DOMAIN_PAGES);
static uint64_t next = DEVICE_BASE;

static void *map_other(maddr_t base, size_t bytes, uint64_t flags)
{
    uint64_t offset = base.a & ~PAGE_MASK;
    uint64_t size = ROUND_UP(offset + bytes, PAGE_SIZE);
    char *place = NULL;

    if (bytes == 0 || base.a + bytes < base.a || size > SLOT_ADDR(262) - DEVICE_BASE)
        return NULL;
    spin_lock(&device_lock);
    if (size <= DEVICE_BASE + (SLOT_ADDR(262) - DEVICE_BASE) - next &&
        hv_map(hv_root, next, maddr(base.a - offset), size, flags)) {
        place = (char *)next + offset;
        next += size;
    }
    spin_unlock(&device_lock);
    return place;
}

volatile void *map_device(maddr_t base, size_t bytes)
{
    return map_other(base, bytes, HV_DEVICE);
}

const void *map_firmware(maddr_t base, size_t bytes)
{
    return map_other(base, bytes, HV_RO);
}
