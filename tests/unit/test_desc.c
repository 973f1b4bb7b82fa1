/* sources: tests/host/panic.c hypervisor/memory/descriptor.c */
/* Ringfort's page of the GDT, for guests of each width. */
#include "../../hypervisor/x86/desc.c"
#include "check.h"
#include "memory/descriptor.h"

#include <xen/arch-x86/xen-x86_64.h>

unsigned char *host_memory;
void *host_frame_table;
uint64_t *host_m2p;
struct vcpu *host_current;
unsigned host_cpu;

void *page_alloc(unsigned order)
{
    static uint64_t pages[8][PAGE_SIZE / sizeof(uint64_t)];
    static unsigned used;

    return pages[used++];
}

void *zalloc(size_t size)
{
    return NULL;
}

void hypmap_set_window(unsigned index, mfn_t m)
{
}

static const uint64_t *entry(const uint64_t *page, unsigned selector)
{
    return &page[RESERVED_INDEX(selector & ~7u)];
}

/* Flat, present, of that ring; code of that width or data. */
static bool is_flat(uint64_t d, unsigned ring, bool code, bool is_long)
{
    bool flat = (d & UINT64_C(0xff0000ffffff0000)) == 0 && (d & 0xffff) == 0xffff &&
                (d >> 48 & 0xf) == 0xf && d >> 55 & 1;

    return flat && (d >> 47 & 1) && (d >> 44 & 1) && (d >> 45 & 3) == ring &&
           (d >> 43 & 1) == code && (d >> 53 & 1) == is_long && (d >> 54 & 1) == !is_long;
}

static void selectors(void)
{
    const uint64_t *wide = make_reserved(0, false), *narrow = make_reserved(0, true);

    CHECK(is_flat(*entry(wide, FLAT_RING3_CS64), 3, true, true));
    CHECK(is_flat(*entry(wide, FLAT_RING3_CS32), 3, true, false));
    CHECK(is_flat(*entry(wide, FLAT_RING3_SS32), 3, false, false));
    /* The ABI's header for 32-bit guests cannot be had beside the other one. */
    CHECK(is_flat(*entry(narrow, 0xe019), 1, true, false));
    CHECK(is_flat(*entry(narrow, 0xe021), 1, false, false));
    CHECK(is_flat(*entry(narrow, 0xe02b), 3, true, false));
    CHECK(is_flat(*entry(narrow, 0xe033), 3, false, false));
    CHECK(is_flat(*entry(wide, HV_CS), 0, true, true));
    CHECK(is_flat(*entry(narrow, HV_CS), 0, true, true));
}

/* Beside Ringfort's own, which ring 0 alone may load, nothing that a guest might not write itself.
 */
static void nothing_else(void)
{
    for (unsigned compat = 0; compat < 2; compat++) {
        const uint64_t *page = make_reserved(1, compat);

        for (unsigned i = 0; i < DESCRIPTORS_PER_PAGE; i++) {
            unsigned selector = RESERVED_SELECTOR + i * 8;
            uint64_t d = page[i], checked = d;

            if (selector == HV_CS || selector == HV_DS || selector == TSS_SELECTOR) {
                CHECK_EQ(d >> 45 & 3, 0);
            } else if (selector == TSS_SELECTOR + 8) {
                CHECK_EQ(d, (uint64_t)cpu_area(1, CPU_AREA_TSS) >> 32);
            } else {
                CHECK(descriptor_check(&checked, compat));
                CHECK_EQ(checked, d);
            }
        }
    }
}

static uint64_t checked(uint64_t d, bool compat)
{
    CHECK(descriptor_check(&d, compat));
    return d;
}

/* A 32-bit guest's segment that ends in the hole ends with it; no other one is made longer. */
static void limits(void)
{
    const uint64_t pages = UINT64_C(0x00c0bb0000000000), bytes = UINT64_C(0x0040bb0000000000);
    const uint64_t expand_down = UINT64_C(0x00c0b70000000000), conforming = pages | 1UL << 42;
    const uint64_t to_hole = UINT64_C(0x000f0000000057ff), into_hole = to_hole + 1;
    const uint64_t all = UINT64_C(0x000f00000000ffff), base = UINT64_C(1) << 16;

    CHECK_EQ(checked(pages | to_hole, true), pages | to_hole);
    CHECK_EQ(checked(pages | into_hole, true), pages | all);
    CHECK_EQ(checked(pages | all, true), pages | all);
    CHECK_EQ(checked(bytes | into_hole, true), bytes | into_hole);
    CHECK_EQ(checked(pages | into_hole | base, true), pages | into_hole | base);
    CHECK_EQ(checked(pages | into_hole | base << 40, true), pages | into_hole | base << 40);
    CHECK_EQ(checked(pages | into_hole, false) & all, into_hole);
    CHECK_EQ(checked(conforming | into_hole, true), conforming | all);
    /* It would be made empty. */
    CHECK_EQ(checked(expand_down | into_hole, true), expand_down | into_hole);
}

static void task_state(void)
{
    const uint64_t *page = make_reserved(2, false);
    const uint64_t *e = entry(page, TSS_SELECTOR);
    uint64_t base = (e[0] >> 16 & 0xffffff) | (e[0] >> 56) << 24 | e[1] << 32;

    CHECK_EQ(base, (uint64_t)cpu_area(2, CPU_AREA_TSS));
    CHECK_EQ(e[0] & 0xffff, 103);
    CHECK_EQ(e[0] >> 40 & 0xff, 0x89);
}

int main(void)
{
    selectors();
    nothing_else();
    limits();
    task_state();
    return check_report();
}
