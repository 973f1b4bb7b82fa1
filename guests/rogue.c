/*
 * A guest that misbehaves for as long as it lives, in the way that its command line names; xl
 * starts it beside others, which must not notice. Not a test of its own:
 * tests/system/test_faults.py asks the others.
 */
#include "guest.h"

#define PORTS 4000
#define VICTIM 0

static uint64_t seed = 88172645463325252;

static uint64_t any(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

/* With upcalls masked and nothing that would ever let go of the processor. */
static void spin(void)
{
    for (;;)
        asm volatile("pause");
}

/* Opens all the ports that it may have, to itself and to Domain0, and sends on each without end. */
static void flood(void)
{
    static unsigned ports[PORTS];
    unsigned count = 0;
    long port;

    while (count < PORTS / 2 && (port = event_alloc_unbound(DOMID_SELF, VICTIM)) > 0)
        ports[count++] = (unsigned)port;
    while (count < PORTS && (port = event_bind_ipi(0)) > 0)
        ports[count++] = (unsigned)port;
    /* The store's and the console's go to Domain0, whose daemons have to look each time. */
    for (uint64_t turn = 0;; turn++) {
        event_send(start_info->store_evtchn);
        event_send(start_info->console.domU.evtchn);
        event_send(ports[turn % count]);
    }
}

/* Rubbish in every entry of the grant table, those of the console's and the store's ring among
 * them, again and again; and grants of others that nobody has made are mapped and copied. */
static void grants(void)
{
    static grant_entry_v1_t table[PAGE_SIZE / sizeof(grant_entry_v1_t)]
        __attribute__((aligned(PAGE_SIZE)));
    xen_pfn_t frame = 0;
    struct gnttab_setup_table setup = {.dom = DOMID_SELF, .nr_frames = 1};

    set_xen_guest_handle(setup.frame_list, &frame);
    grant_table_op(GNTTABOP_setup_table, &setup, 1);
    MUST(update_va_mapping((unsigned long)table, pte_make(frame, PAGE_RW), UVMF_INVLPG));
    for (;;) {
        struct gnttab_map_grant_ref map = {
            .host_addr = any() & 0x7ffffffff000,
            .flags = GNTMAP_host_map | (any() & 0xff),
            .ref = (grant_ref_t)(any() % 5000),
            .dom = (domid_t)(any() % 8),
        };
        struct gnttab_copy copy = {
            .source.u.ref = (grant_ref_t)any(),
            .source.domid = (domid_t)(any() % 8),
            .dest.u.gmfn = any() % (1 << 20),
            .dest.domid = DOMID_SELF,
            .len = (uint16_t)any(),
            .flags = GNTCOPY_source_gref,
        };

        for (unsigned i = 0; i < 512; i++)
            table[any() % 512] = (grant_entry_v1_t){
                .flags = (uint16_t)any(),
                .domid = (domid_t)(any() % 4),
                .frame = (uint32_t)any() >> (any() % 24),
            };
        grant_table_op(GNTTABOP_map_grant_ref, &map, 1);
        grant_table_op(GNTTABOP_copy, &copy, 1);
    }
}

/* A fault whose handler returns to it. */
static void faults(void)
{
    for (;;)
        CATCH(*(volatile char *)0x1000 = 0);
}

/* Hypercalls of any number with any arguments, but those that would end it. */
static void calls(void)
{
    for (;;) {
        unsigned op = (unsigned)(any() % 56);

        if (op == __HYPERVISOR_sched_op || op == __HYPERVISOR_iret ||
            op == __HYPERVISOR_set_callbacks || op == __HYPERVISOR_sched_op_compat ||
            op == __HYPERVISOR_set_trap_table || op == __HYPERVISOR_callback_op ||
            op == __HYPERVISOR_stack_switch || op == __HYPERVISOR_mmuext_op ||
            op == __HYPERVISOR_console_io || op == __HYPERVISOR_vcpu_op ||
            op == __HYPERVISOR_multicall)
            continue;
        hypercall5(op, any() % 40, any() >> (any() % 64), any() >> (any() % 64), any() % 8, any());
    }
}

/* Crashes at once. */
static void crash(void)
{
    struct sched_shutdown end = {.reason = SHUTDOWN_crash};

    sched_op(SCHEDOP_shutdown, &end);
}

static bool is_asked(const char *word)
{
    const char *line = (const char *)start_info->cmd_line;

    for (; *word; word++, line++)
        if (*word != *line)
            return false;
    return true;
}

void test(void)
{
    static const struct {
        const char *word;
        void (*body)(void);
    } ways[] = {
        {"spin", spin},     {"flood", flood}, {"grants", grants},
        {"faults", faults}, {"calls", calls}, {"crash", crash},
    };

    for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (is_asked(ways[i].word))
            ways[i].body();
    check_abort("the command line names no way to misbehave");
}
