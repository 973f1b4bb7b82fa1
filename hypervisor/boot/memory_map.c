#include "boot/memory_map.h"
#include "lib/string.h"

#define ADDRESS_END (UINT64_C(1) << 52)
#define LOW_MEMORY_END (UINT64_C(1) << 20)
#define MAX_EDGES (2 * BOOT_MAX_REGIONS)

static void sort_edges(uint64_t *edges, unsigned n)
{
    for (unsigned i = 1; i < n; i++) {
        uint64_t e = edges[i];
        unsigned j = i;

        for (; j > 0 && edges[j - 1] > e; j--)
            edges[j] = edges[j - 1];
        edges[j] = e;
    }
}

/* Where a region ends, as far as addresses go. */
static uint64_t region_end(const struct boot_region *r)
{
    if (r->base >= ADDRESS_END)
        return r->base;
    return r->size < ADDRESS_END - r->base ? r->base + r->size : ADDRESS_END;
}

/* The strongest type of the regions that cover all of the stretch from `start`; 0 when none does.
 */
static uint32_t type_at(const struct boot_region *regions, unsigned n, uint64_t start)
{
    uint32_t type = 0;

    for (unsigned i = 0; i < n; i++)
        if (regions[i].base <= start && start < region_end(&regions[i]))
            type = MAX(type, regions[i].type);
    return type;
}

static void append(struct boot_info *info, uint64_t start, uint64_t end, uint32_t type)
{
    struct boot_region *last = info->regions + info->region_count - 1;

    if (info->region_count > 0 && last->type == type && last->base + last->size == start) {
        last->size += end - start;
        return;
    }
    /* The list is in ascending order, so what is left out is the highest memory. */
    if (info->region_count < BOOT_MAX_REGIONS)
        info->regions[info->region_count++] = (struct boot_region){start, end - start, type};
}

void memory_map_normalize(struct boot_info *info)
{
    static struct boot_region old[BOOT_MAX_REGIONS] BOOT_DATA;
    static uint64_t edges[MAX_EDGES] BOOT_DATA;
    unsigned count = info->region_count, n = 0;

    memcpy(old, info->regions, sizeof(old));
    for (unsigned i = 0; i < count; i++) {
        edges[n++] = MIN(old[i].base, ADDRESS_END);
        edges[n++] = MIN(region_end(&old[i]), ADDRESS_END);
    }
    sort_edges(edges, n);

    info->region_count = 0;
    for (unsigned i = 0; i + 1 < n; i++) {
        uint32_t type = type_at(old, count, edges[i]);
        if (edges[i] < edges[i + 1] && type != 0)
            append(info, edges[i], edges[i + 1], type);
    }
}

void free_memory_init(struct free_memory *free, const struct boot_info *info)
{
    free->count = 0;
    for (unsigned i = 0; i < info->region_count; i++) {
        const struct boot_region *r = &info->regions[i];
        uint64_t start = ROUND_UP(MAX(r->base, LOW_MEMORY_END), PAGE_SIZE) >> PAGE_SHIFT;
        uint64_t end = (r->base + r->size) >> PAGE_SHIFT;

        if (r->type == REGION_RAM && start < end)
            free->ranges[free->count++] = (struct free_range){start, end};
    }
}

static void remove_range(struct free_memory *free, unsigned i)
{
    free->count--;
    memmove(&free->ranges[i], &free->ranges[i + 1], (free->count - i) * sizeof(struct free_range));
}

static void insert_range(struct free_memory *free, unsigned i, struct free_range range)
{
    memmove(&free->ranges[i + 1], &free->ranges[i], (free->count - i) * sizeof(struct free_range));
    free->ranges[i] = range;
    free->count++;
}

/* Cuts frames [start, end) out of range `i`; returns how many ranges are there instead of it. */
static unsigned cut(struct free_memory *free, unsigned i, uint64_t start, uint64_t end)
{
    struct free_range below = {free->ranges[i].start, MIN(free->ranges[i].end, start)};
    struct free_range above = {MAX(free->ranges[i].start, end), free->ranges[i].end};
    unsigned left = 0;

    remove_range(free, i);
    if (below.start < below.end)
        insert_range(free, i + left++, below);
    if (above.start < above.end && free->count < FREE_RANGES)
        insert_range(free, i + left++, above);
    return left;
}

void free_memory_exclude(struct free_memory *free, uint64_t base, uint64_t size)
{
    uint64_t start = base >> PAGE_SHIFT;
    uint64_t end = (base + size + PAGE_SIZE - 1) >> PAGE_SHIFT;

    for (unsigned i = 0; i < free->count;) {
        if (free->ranges[i].start < end && start < free->ranges[i].end)
            i += cut(free, i, start, end);
        else
            i++;
    }
}

uint64_t free_memory_take(struct free_memory *free, uint64_t frames, uint64_t align, uint64_t limit)
{
    for (unsigned i = free->count; i-- > 0;) {
        uint64_t end = MIN(free->ranges[i].end, limit);
        if (end < frames)
            continue;

        uint64_t start = (end - frames) & ~(align - 1);
        if (start < free->ranges[i].start)
            continue;
        cut(free, i, start, start + frames);
        return start;
    }
    return 0;
}
