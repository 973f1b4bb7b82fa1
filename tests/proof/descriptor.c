/* sources: hypervisor/memory/descriptor.c */
/* property: an accepted descriptor is absent, or code or data outside ring 0 that the processor never
 * writes to, for every 64-bit value; a checked page holds accepted ones only (page of 4). */
#include "lib/errno.h"
#include "memory/descriptor.h"
#include "proof.h"

#define ACCESSED_BIT 40
#define TYPE_CODE_BIT 43
#define SEGMENT_BIT 44
#define DPL_BIT 45
#define PRESENT_BIT 47
#define LONG_BIT 53

static bool bit(uint64_t d, unsigned n)
{
    return d >> n & 1;
}

static void harmless(uint64_t d, bool compat)
{
    unsigned dpl = d >> DPL_BIT & 3;

    if (!bit(d, PRESENT_BIT))
        return;
    PROVE(bit(d, SEGMENT_BIT), "no gate, task state or table");
    PROVE(dpl >= (compat ? 1 : 3), "not Ringfort's ring");
    PROVE(bit(d, ACCESSED_BIT), "the processor has nothing to write");
    PROVE(!(compat && bit(d, TYPE_CODE_BIT) && bit(d, LONG_BIT)), "no 64-bit code for 32 bits");
}

static void one(void)
{
    uint64_t before = any_u64(), d = before;
    bool compat = any_bool();
    const uint64_t decided = UINT64_C(7) << DPL_BIT | UINT64_C(1) << ACCESSED_BIT;
    const uint64_t base = UINT64_C(0xff0000ffffff0000), limit = UINT64_C(0x000f00000000ffff);

    if (!descriptor_check(&d, compat)) {
        PROVE(d == before, "a refused one is not changed");
        return;
    }
    harmless(d, compat);
    PROVE(!((d ^ before) & ~(decided | limit)), "base and type stay");
    PROVE(!((d ^ before) & limit) || (compat && (d & limit) == limit && !(d & base)),
          "what is changed of a limit is a 32-bit guest's, and then there is none");
    PROVE((d >> DPL_BIT & 3) >= (before >> DPL_BIT & 3), "privilege only falls");
}

static void page(void)
{
    uint64_t entries[DESCRIPTORS_PER_PAGE];
    bool compat = any_bool();

    for (unsigned i = 0; i < DESCRIPTORS_PER_PAGE; i++)
        entries[i] = any_u64();
    if (descriptor_page_check(entries, compat) == 0)
        for (unsigned i = 0; i < DESCRIPTORS_PER_PAGE; i++)
            harmless(entries[i], compat);
}

int main(void)
{
    one();
    page();
}
