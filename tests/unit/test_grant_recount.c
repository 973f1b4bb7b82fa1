/* sources: tests/host/panic.c tests/host/small_world.c tests/host/grant_world.c hypervisor/lib/spinlock.c hypervisor/grant/entry.c hypervisor/grant/maptrack.c hypervisor/grant/recount.c hypervisor/grant/table.c hypervisor/grant/use.c hypervisor/grant/setup.c hypervisor/grant/map.c hypervisor/grant/unmap.c hypervisor/grant/copy.c hypervisor/grant/transfer.c hypervisor/grant/grant_op.c hypervisor/hypercall/compat.c */
/* The oracle's look at grants: each of these mistakes, planted in records that are right, it must
 * find. */
#include <string.h>

#include "check.h"
#include "grant_world.h"
#include "panics.h"

#define WRITTEN 8u
#define READ 9u
#define OTHER 10u
#define BOTH (GNTMAP_host_map | GNTMAP_device_map)

static struct grant_active *written, *other;
static struct grant_mapping *writer, *reader;
static struct maptrack *handles;

/* What a world had allocated when it stopped is lost. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static struct grant_active *active(uint32_t ref)
{
    return grant_active_of(world_domain(1)->grants, ref);
}

static struct grant_mapping *mapping(uint32_t ref, uint32_t flags, unsigned slot)
{
    struct gnttab_map_grant_ref m = grant_world_map(ref, flags, slot);

    CHECK_EQ(m.status, GNTST_okay);
    return maptrack_find(handles, m.handle);
}

/* Domain 2 writes frame 9 of domain 1 and reads frame 10. */
static void start(void)
{
    grant_world_reset(2);
    handles = &world_domain(2)->grants->maptrack;
    grant_world_offer(1, WRITTEN, GTF_permit_access, 2, 9);
    grant_world_offer(1, READ, GTF_permit_access, 2, 10);
    writer = mapping(WRITTEN, BOTH, 0);
    reader = mapping(READ, BOTH | GNTMAP_readonly, 1);
    written = active(WRITTEN);
    other = active(OTHER);
    grant_world_check();
}

static void use_too_many(void)
{
    written->writers++;
}

static void use_of_other_kind(void)
{
    written->readers++;
}

static void use_without_mapping(void)
{
    *other = (struct grant_active){.readers = 1, .frame = 9, .user = 2};
}

static void use_by_nobody(void)
{
    *other = (struct grant_active){.readers = 1, .frame = 9, .user = 99};
}

static void use_lost(void)
{
    written->writers = 0;
}

static void used_by_another(void)
{
    written->user = 0;
}

static void another_frame(void)
{
    written->frame = 11;
}

static void frame_outside_ram(void)
{
    written->frame = WORLD_FRAMES;
}

static void mapping_lost(void)
{
    maptrack_give_back(handles, 1);
    reader = NULL;
}

static void mapping_of_another_entry(void)
{
    writer->ref = OTHER;
}

static void mapping_past_the_end(void)
{
    writer->ref = GRANTS_PER_FRAME;
}

static void mapping_of_no_domain(void)
{
    *written = (struct grant_active){0};
    writer->granter = 99;
}

static void mapping_that_writes(void)
{
    reader->flags &= (uint16_t)~GNTMAP_readonly;
}

static void mapping_without_device(void)
{
    writer->flags &= (uint16_t)~GNTMAP_device_map;
}

static void mapping_without_processor(void)
{
    writer->flags &= (uint16_t)~GNTMAP_host_map;
}

static void left_reserved(void)
{
    maptrack_take(handles);
}

static void planted(void)
{
    static const struct {
        void (*plant)(void);
        const char *found;
    } mistakes[] = {
        {use_too_many, "grant 8 of domain 1: uses"},
        {use_of_other_kind, "uses"},
        {use_without_mapping, "grant 10 of domain 1: uses"},
        {use_by_nobody, "grant 10 of domain 1: uses"},
        {use_lost, "mapping that is no use"},
        {used_by_another, "uses"},
        {another_frame, "frame 9: 5 references, 3 writers; should be 2, 1"},
        {frame_outside_ram, "frame outside RAM"},
        {mapping_lost, "grant 9 of domain 1: uses"},
        {mapping_of_another_entry, "uses"},
        {mapping_past_the_end, "uses"},
        {mapping_of_no_domain, "maps a grant of domain 99, which is gone"},
        {mapping_that_writes, "grant 9 of domain 1: uses"},
        {mapping_without_device, "frame 9:"},
        {mapping_without_processor, "frame 9:"},
        {left_reserved, "has 2 mappings, and 3 handles are taken"},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(mistakes); i++) {
        bool found;

        start();
        mistakes[i].plant();
        found = panics(grant_world_check) && strstr(panic_message, mistakes[i].found);
        if (!found)
            printf("%u: not found, but %s\n", i, panic_message);
        CHECK(found);
    }
}

static void entry_past_the_end(void)
{
    grant_world_reset(2);
    handles = &world_domain(2)->grants->maptrack;
    *maptrack_reserved(handles, maptrack_take(handles)) =
        (struct grant_mapping){.ref = GRANTS_PER_FRAME, .granter = 1, .flags = GNTMAP_host_map};
    CHECK(panics(grant_world_check) && strstr(panic_message, "no such entry"));
}

int main(void)
{
    planted();
    entry_past_the_end();
    return check_report();
}
