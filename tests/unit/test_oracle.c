/* sources: @memory */
/* The oracle itself: each of these mistakes, planted in tables and counts that are right, it must
 * find. */
#include <string.h>

#include "check.h"
#include "memory/allocator.h"
#include "memory/dirty_table.h"
#include "memory/frame_table.h"
#include "memory/hypmap.h"
#include "memory/mapping.h"
#include "memory/mmu.h"
#include "memory/oracle.h"
#include "memory/page_type.h"
#include "one_root.h"
#include "panics.h"
#include "x86/current.h"
#include "x86/pirq.h"

#define LEAF(m, bits) pte_complete_leaf(pte_make(m, bits), false, true)

static struct domain *d;
static mfn_t ringforts, theirs, held;

/* What the oracle had allocated when it stopped is lost. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static void writable_table(void)
{
    table(l1)[9] = LEAF(l1, DATA);
}

static void writable_without_type(void)
{
    table(l1)[9] = LEAF(spare, DATA);
}

static void leaf_uncounted(void)
{
    table(l1)[9] = LEAF(spare, READ_ONLY);
}

static void leaf_of_free_frame(void)
{
    table(l1)[9] = LEAF(ringforts, READ_ONLY);
}

static void leaf_of_kernel_only(void)
{
    table(l1)[4] &= ~PTE_USER;
}

static void large_page(void)
{
    table(l2)[3] |= PTE_LARGE;
}

static void table_outside_ram(void)
{
    table(l2)[9] = pte_make(mfn(DEVICE_FRAME), TABLE);
}

static void table_of_another(void)
{
    table(l2)[9] = pte_make(theirs, TABLE);
}

static void table_that_is_none(void)
{
    table(l2)[9] = pte_make(spare, TABLE);
}

static void table_of_wrong_level(void)
{
    table(l2)[9] = pte_make(l3, TABLE);
}

static void slot_changed(void)
{
    table(root)[HV_SLOT_LAST] = 0;
}

static void left_busy(void)
{
    frame_of(spare)->type = type_key(FRAME_WRITABLE) | TYPE_BUSY;
}

static void root_that_is_none(void)
{
    current->memory.user_root = data;
}

static void reference_too_many(void)
{
    frame_of(data)->count++;
}

static void reference_lost(void)
{
    frame_of(l1)->count--;
}

static void type_too_many(void)
{
    frame_of(data)->count++;
    frame_of(data)->type++;
}

static void type_lost(void)
{
    CHECK_EQ(update(l1, 5, pte_make(data, DATA)), 0);
    frame_of(data)->type--;
}

static void more_types_than_references(void)
{
    frame_of(spare)->type = type_key(FRAME_SEGDESC) | 2;
}

static void pin_uncounted(void)
{
    frame_of(l2)->type |= TYPE_PINNED;
}

static void partial_and_counted(void)
{
    frame_of(l1)->count++;
    frame_of(l1)->type |= UINT64_C(1) << TYPE_PARTIAL_SHIFT;
}

static void partial_without_reference(void)
{
    frame_of(spare)->type = type_key(FRAME_L1) | UINT64_C(1) << TYPE_PARTIAL_SHIFT;
}

static void free_with_owner(void)
{
    frame_of(ringforts)->owner = d;
}

static void free_with_type(void)
{
    frame_of(ringforts)->type = type_key(FRAME_L1) | 1;
}

static void recount(void)
{
    memory_oracle();
}

/* Whether the oracle stops, and for the right reason. */
static bool finds(const char *what)
{
    bool found = panics(recount) && strstr(panic_message, what);

    if (!found)
        printf("%s: not found, but %s\n", what, panic_message);
    return found;
}

static void start(void)
{
    d = one_root(0);
    ringforts = virt_to_mfn(page_alloc(0));
    theirs = machine_frame(machine_domain(1));
    machine_run(1);
    CHECK_EQ(mmu_pin(machine_domain(1), theirs, FRAME_L1), 0);
    machine_run(0);
    recount();
}

static void planted(void)
{
    static const struct {
        void (*plant)(void);
        const char *found;
    } mistakes[] = {
        {writable_table, "rule 1"},
        {writable_without_type, "rule 1"},
        {leaf_uncounted, "rule 3: references"},
        {leaf_of_free_frame, "rule 6"},
        {leaf_of_kernel_only, "leaf bits"},
        {large_page, "entry bits"},
        {table_outside_ram, "entry outside RAM"},
        {table_of_another, "rule 4"},
        {table_that_is_none, "rule 4"},
        {table_of_wrong_level, "rule 4"},
        {slot_changed, "rule 5"},
        {left_busy, "left busy"},
        {root_that_is_none, "rule 7"},
        {reference_too_many, "rule 3: references"},
        {reference_lost, "rule 3: references"},
        {type_too_many, "rule 2"},
        {type_lost, "rule 2"},
        {more_types_than_references, "rule 3"},
        {pin_uncounted, "rule 2"},
        {partial_and_counted, "rule 10"},
        {partial_without_reference, "rule 3: references"},
        {free_with_owner, "rule 6"},
        {free_with_type, "rule 6: type"},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(mistakes); i++) {
        start();
        mistakes[i].plant();
        CHECK(finds(mistakes[i].found));
    }
}

/* The entries of a 32-bit guest's hole. */
static void hole_changed(void)
{
    mfn_t top, second[COMPAT_L3_ENTRIES];

    machine_reset();
    machine_run(1);
    d = machine_domain(1);
    d->is_compat = true;
    top = machine_frame(d);
    for (unsigned i = 0; i < COMPAT_L3_ENTRIES; i++) {
        second[i] = machine_frame(d);
        table(top)[i] = pte_make(second[i], PTE_PRESENT);
    }
    CHECK_EQ(mmu_pin(d, top, FRAME_L3), 0);
    recount();
    table(second[3])[TABLE_ENTRIES - 1] ^= PTE_WRITE;
    CHECK(finds("rule 5: hole"));
}

/* What others hold: a vCPU's registered page, Domain0's page of interrupts, the log's place in its
 * list, grants. Each accounts for one reference, and a lost one is found. */
static void hold_vcpu_info(void)
{
    current->event.info_frame = frame_of(held);
}

static void hold_eoi_page(void)
{
    static struct domain_irq irqs;

    irqs = (struct domain_irq){.eoi_frame = frame_of(held)};
    d->irqs = &irqs;
}

static void hold_log_place(void)
{
    static struct dirty_log log;

    log = (struct dirty_log){.at = frame_of(held)};
    d->log = &log;
}

static void granted(void)
{
    oracle_found(held, true);
}

static void hold_grant(void)
{
    machine_holders = granted;
}

static void holders(void)
{
    static const struct {
        void (*hold)(void);
        bool typed;
    } holder[] = {
        {hold_vcpu_info, true}, {hold_eoi_page, true}, {hold_log_place, false}, {hold_grant, true}};

    for (unsigned i = 0; i < ARRAY_SIZE(holder); i++) {
        struct frame *f;

        start();
        held = machine_frame(d);
        f = frame_of(held);
        if (holder[i].typed)
            CHECK_EQ(frame_get_typed(f, d, FRAME_WRITABLE), 0);
        else
            CHECK(frame_get(f, d));
        CHECK(finds(holder[i].typed ? "rule 2" : "rule 3: references"));
        holder[i].hold();
        CHECK_EQ(memory_oracle(), MACHINE_FRAMES);
        f->count++;
        CHECK(finds("rule 3: references"));
        f->count -= 2;
        CHECK(finds("rule 3"));
        d->irqs = NULL;
        d->log = NULL;
    }
}

int main(void)
{
    planted();
    hole_changed();
    holders();
    return check_report();
}
