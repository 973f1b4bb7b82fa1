/* sources: tests/host/panic.c tests/host/small_world.c tests/host/grant_world.c hypervisor/lib/spinlock.c hypervisor/grant/entry.c hypervisor/grant/maptrack.c hypervisor/grant/recount.c hypervisor/grant/table.c hypervisor/grant/use.c hypervisor/grant/setup.c hypervisor/grant/map.c hypervisor/grant/unmap.c hypervisor/grant/copy.c hypervisor/grant/transfer.c hypervisor/grant/grant_op.c hypervisor/hypercall/compat.c */
/*
 * Any order of grant calls by three domains, while granters rewrite their entries, give frames
 * back, and domains die. After each step references, writers and uses add up; at the end nothing is
 * left. Six bytes a step: what, who, four operands.
 */
#include "grant_world.h"
#include "hypercall/hypercall.h"

enum step {
    STEP_OFFER,
    STEP_MAP,
    STEP_UNMAP,
    STEP_REPLACE,
    STEP_COPY,
    STEP_CLEAR,
    STEP_RELEASE,
    STEP_TABLE,
    STEP_SETUP,
    STEP_KILL,
    STEP_NO_MEMORY,
    STEP_PREEMPT,
    STEP_TRANSFER,
    STEPS
};

/* Few grants and frames, so that steps meet; some past the end. */
static uint32_t ref_of(uint8_t b)
{
    return b % 16 == 15 ? GRANTS_PER_FRAME + b : b % 4;
}

static uint32_t frame_number(uint8_t b)
{
    return b % (WORLD_FRAMES + 2);
}

static uint64_t address(unsigned id, uint8_t slot, bool is_pte)
{
    slot %= WORLD_SLOTS + 1;
    return is_pte ? grant_world_pte(id, slot) : grant_world_va(slot);
}

/* The rest of a list that was cut short is done as a guest would do it. */
static void call(unsigned cmd, void *list, unsigned count)
{
    world_restart.called = false;
    do_grant_table_op(cmd, (uint64_t)list, count);
    while (world_restart.called) {
        grant_world_check();
        world_restart.called = false;
        do_grant_table_op((unsigned)world_restart.args[0], world_restart.args[1],
                          (unsigned)world_restart.args[2]);
    }
}

static void map(unsigned id, const uint8_t *s)
{
    uint32_t flags = s[2] & 0x1f;
    struct gnttab_map_grant_ref list[2] = {
        {.ref = ref_of(s[3]),
         .dom = s[4] % 4,
         .flags = flags,
         .host_addr = address(id, s[5], flags & GNTMAP_contains_pte)},
        {.ref = ref_of(s[3] >> 4),
         .dom = s[4] / 4 % 4,
         .flags = flags,
         .host_addr = address(id, s[5] >> 4, flags & GNTMAP_contains_pte)},
    };

    call(GNTTABOP_map_grant_ref, list, 1 + s[2] / 128);
}

static void unmap(unsigned id, const uint8_t *s)
{
    bool is_pte = s[2] & 1;
    struct gnttab_unmap_grant_ref list[2] = {
        {.handle = s[3] % 16,
         .host_addr = s[2] & 2 ? address(id, s[4], is_pte) : 0,
         .dev_bus_addr = s[2] & 4},
        {.handle = s[3] / 16,
         .host_addr = s[2] & 8 ? address(id, s[5], is_pte) : 0,
         .dev_bus_addr = s[2] & 16},
    };

    call(GNTTABOP_unmap_grant_ref, list, 1 + s[2] / 128);
}

static void replace(unsigned id, const uint8_t *s)
{
    struct gnttab_unmap_and_replace r = {.handle = s[3] % 16,
                                         .host_addr = address(id, s[4], false),
                                         .new_addr = s[2] & 1 ? address(id, s[5], false) : 0};

    call(GNTTABOP_unmap_and_replace, &r, 1);
}

static void copy(const uint8_t *s)
{
    struct gnttab_copy c = {.flags = s[2] & 3,
                            .len = s[2] / 4 * 70,
                            .source.domid = s[3] % 4,
                            .dest.domid = s[3] / 4 % 4};

    if (c.flags & GNTCOPY_source_gref)
        c.source.u.ref = ref_of(s[4]);
    else
        c.source.u.gmfn = frame_number(s[4]);
    if (c.flags & GNTCOPY_dest_gref)
        c.dest.u.ref = ref_of(s[5]);
    else
        c.dest.u.gmfn = frame_number(s[5]);
    call(GNTTABOP_copy, &c, 1);
}

static void transfer(const uint8_t *s)
{
    struct gnttab_transfer list[2] = {
        {.mfn = frame_number(s[3]), .domid = s[2] % 4, .ref = ref_of(s[5])},
        {.mfn = frame_number(s[4]), .domid = s[2] / 4 % 4, .ref = ref_of(s[5] >> 4)},
    };

    call(GNTTABOP_transfer, list, 1 + s[2] / 128);
}

static void setup(const uint8_t *s)
{
    xen_pfn_t list[4];
    struct gnttab_setup_table t = {.dom = s[2] % 4, .nr_frames = s[3] % 5, .frame_list = {list}};

    call(GNTTABOP_setup_table, &t, 1);
}

static void step(const uint8_t *s)
{
    unsigned id = s[1] % WORLD_DOMAINS;

    world_run(id, 0);
    switch (s[0] % STEPS) {
    case STEP_OFFER:
        grant_world_offer(id, ref_of(s[2]), s[3], s[4] % 4, frame_number(s[5]));
        break;
    case STEP_RELEASE:
        grant_world_release(frame_number(s[2]) % WORLD_FRAMES);
        break;
    case STEP_TABLE:
        grant_world_make_table(frame_number(s[2]) % WORLD_FRAMES);
        break;
    case STEP_KILL:
        if (s[2] == 0)
            grant_world_kill(id);
        break;
    case STEP_NO_MEMORY:
        world_fail_alloc_after(1 + s[2] % 4);
        break;
    case STEP_PREEMPT:
        world_preempt_after(1 + s[2] % 4);
        break;
    default:
        /* A dead domain's vCPUs make no calls. */
        if (world_domain(id)->state != DOMAIN_ALIVE)
            break;
        switch (s[0] % STEPS) {
        case STEP_MAP:
            map(id, s);
            break;
        case STEP_UNMAP:
            unmap(id, s);
            break;
        case STEP_REPLACE:
            replace(id, s);
            break;
        case STEP_COPY:
            copy(s);
            break;
        case STEP_TRANSFER:
            transfer(s);
            break;
        case STEP_CLEAR:
            grant_world_clear(id, s[2] % WORLD_SLOTS);
            break;
        case STEP_SETUP:
            setup(s);
            break;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    grant_world_reset(4);
    for (size_t at = 0; at + 6 <= size; at += 6) {
        step(data + at);
        grant_world_check();
    }
    grant_world_end();
    return 0;
}
