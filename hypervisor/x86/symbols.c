/* Names for addresses of Ringfort: the table that tools/symbols makes of the first link. */
#include "lib/printk.h"
#include "x86/current.h"
#include "x86/entry.h"
#include "x86/symbols.h"

#define MAX_FRAMES 32

struct symbol {
    uint32_t address, name; /* relative to base; offset into the names */
};

/* Entries ascend by address; the names follow the last one. */
struct symbol_table {
    uint64_t base;
    uint32_t count, pad;
    struct symbol entries[];
};

extern const struct symbol_table symbol_table;
extern const char __boot_start[], __text_end[];

bool is_code(uint64_t ip)
{
    return ip >= (uint64_t)__boot_start && ip < (uint64_t)__text_end;
}

const char *symbol_lookup(uint64_t ip, unsigned long *offset)
{
    const struct symbol_table *t = &symbol_table;
    uint64_t low = 0, high = t->count;

    *offset = 0;
    if (!is_code(ip) || t->count == 0 || ip < t->base)
        return "?";
    while (high - low > 1) {
        uint64_t middle = (low + high) / 2;
        if (t->base + t->entries[middle].address <= ip)
            low = middle;
        else
            high = middle;
    }
    *offset = ip - t->base - t->entries[low].address;
    return (const char *)&t->entries[t->count] + t->entries[low].name;
}

static void show_frame(uint64_t ip)
{
    unsigned long offset;
    const char *name = symbol_lookup(ip, &offset);

    log_err("  [%016lx] %s+%#lx", ip, name, offset);
}

void show_backtrace(uint64_t frame_pointer, uint64_t ip)
{
    uint64_t block = (uint64_t)cpu_info() & ~(STACKS_SIZE - 1);
    uint64_t at = frame_pointer;

    log_err("call trace:");
    show_frame(ip);
    /* Frames ascend on this CPU's stacks; anything else ends the walk. */
    for (unsigned i = 0; i < MAX_FRAMES; i++) {
        if (at % 8 != 0 || at < block || at > block + STACKS_SIZE - 16)
            return;
        const uint64_t *frame = (const uint64_t *)at;
        if (!is_code(frame[1]))
            return;
        show_frame(frame[1]);
        if (frame[0] <= at)
            return;
        at = frame[0];
    }
}
