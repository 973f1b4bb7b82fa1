/* What Ringfort's own stack or memory holds comes out in answers: padding, unused entries, unions
 * (advisories 63, 66, 100, 122). What must hold: no answer contains an address of Ringfort's (but
 * the one that says where they begin), each byte of an answer is the answer's, zero, or what the
 * caller had put there, and nothing behind it is written. */
#include "guest.h"

#define ROOM 1024
#define MARK 0xa5

static uint8_t room[ROOM] __attribute__((aligned(16)));

/* An address in Ringfort's part of the address space, at any multiple of four bytes. */
static bool has_address(void)
{
    for (unsigned i = 0; i + 8 <= ROOM; i += 4) {
        uint64_t word;

        memcpy(&word, room + i, sizeof(word));
        if (word >= 0xffff800000000000ULL && word < 0xffff880000000000ULL)
            return true;
    }
    return false;
}

/* After a call that answers in `size` bytes, of which the first `given` were the caller's. */
static void inspect(const char *name, unsigned number, unsigned size)
{
    unsigned written = 0;

    for (unsigned i = size; i < ROOM; i++)
        written += room[i] != MARK;
    if (written || has_address())
        print("%s %u: %u bytes behind the answer written\n", name, number, written);
    CHECK_EQ(written, 0);
    CHECK(!has_address());
}

static void *fresh(const void *argument, unsigned size)
{
    memset(room, MARK, ROOM);
    if (argument)
        memcpy(room, argument, size);
    return room;
}

static void check_version(void)
{
    static const struct {
        unsigned op, size;
    } ops[] = {{XENVER_extraversion, sizeof(xen_extraversion_t)},
               {XENVER_compile_info, sizeof(struct xen_compile_info)},
               {XENVER_capabilities, sizeof(xen_capabilities_info_t)},
               {XENVER_changeset, sizeof(xen_changeset_info_t)},
               {XENVER_guest_handle, sizeof(xen_domain_handle_t)},
               {XENVER_commandline, sizeof(xen_commandline_t)}};

    for (unsigned i = 0; i < ARRAY_SIZE(ops); i++) {
        xen_version(ops[i].op, fresh(NULL, 0));
        inspect("xen_version", ops[i].op, ops[i].size);
    }
}

static void check_events(void)
{
    long ipi = event_bind_ipi(0), unbound = event_alloc_unbound(DOMID_SELF, DOMID_SELF);
    long virq = event_bind_virq(VIRQ_TIMER, 0);
    const long ports[] = {ipi, unbound, virq, 0, 900};

    for (unsigned i = 0; i < ARRAY_SIZE(ports); i++) {
        struct evtchn_status status;

        memset(&status, 0, sizeof(status));
        status.dom = DOMID_SELF;
        status.port = (evtchn_port_t)ports[i];
        event_channel_op(EVTCHNOP_status, fresh(&status, sizeof(status)));
        inspect("status", i, sizeof(status));
    }
}

static void check_vcpu(void)
{
    vcpu_op(VCPUOP_get_runstate_info, 0, fresh(NULL, 0));
    inspect("runstate", 0, sizeof(struct vcpu_runstate_info));
    vcpu_op(VCPUOP_get_physid, 0, fresh(NULL, 0));
    inspect("physid", 0, sizeof(struct vcpu_get_physid));
}

/* Those that fail, too. */
static void check_rest(void)
{
    for (unsigned op = 0; op < 16; op++) {
        struct gnttab_map_grant_ref map;

        memset(&map, 0, sizeof(map));
        map.dom = 4711;
        grant_table_op(op, fresh(&map, sizeof(map)), 1);
        inspect("grant_table_op", op, 64);
    }
    for (unsigned op = 0; op < 40; op++) {
        static const uint32_t zeros[16];

        if (op == PHYSDEVOP_set_iopl)
            continue;
        physdev_op(op, fresh(zeros, sizeof(zeros)));
        inspect("physdev_op", op, sizeof(zeros));
    }
}

void test(void)
{
    event_disable();
    check_version();
    check_events();
    check_vcpu();
    check_rest();
}
