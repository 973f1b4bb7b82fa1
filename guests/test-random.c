/* Random calls, most of them wrong, do no harm: every call of the one list (hypercall/list.h), from
 * several vCPUs of two domains, with arguments that are right, nearly right and nonsense, on page
 * tables that are changed all the time. After each batch a debug build recounts all frames. In the
 * end the pages used are given back in good order and the guest still works.
 *
 * The command line, the same for both domains: seed=N; calls=N per vCPU; batch=N calls between two
 * recounts; who=MASK of the vCPUs that take part (bits 0 to 2 Domain0's, 3 to 5 the other's);
 * only=A-B,C-D,... the steps made, of all of them: with these a failure is cut down to its shortest
 * sequence (tools/fuzz-guest). */
#include "random/random.h"

#include "beside.h"

static unsigned calls, batch, who;
static const char *only;
static volatile uint32_t accepted, made, finished;

static uint64_t argument(const char *name, uint64_t otherwise)
{
    const char *line = (const char *)start_info->cmd_line;
    size_t length = strlen(name);

    for (; *line; line++)
        if (!strncmp(line, name, length))
            return number_of(line + length);
    return otherwise;
}

static const char *list_argument(const char *name)
{
    const char *line = (const char *)start_info->cmd_line;

    for (; *line; line++)
        if (!strncmp(line, name, strlen(name)))
            return line + strlen(name);
    return NULL;
}

static const char *number_end(const char *c)
{
    while (*c >= '0' && *c <= '9')
        c++;
    return c;
}

static bool is_wanted(unsigned step)
{
    const char *c = only;

    if (!c)
        return true;
    while (*c >= '0' && *c <= '9') {
        unsigned first = (unsigned)number_of(c), last = first;

        c = number_end(c);
        if (*c == '-') {
            last = (unsigned)number_of(c + 1);
            c = number_end(c + 1);
        }
        if (step >= first && step <= last)
            return true;
        c += *c == ',';
    }
    return false;
}

/* Entries of the grant table come and go, too. */
static void change_grants(void)
{
    volatile struct grant_entry_v1 *e = &grant_table[GRANT_FIRST + below(16)];

    e->domid = (domid_t)below(2);
    e->frame = (uint32_t)va_to_mfn(play_pages[PRIVATE_PAGES + below(PAGES - PRIVATE_PAGES)]);
    if (one_in(10))
        e->frame = (uint32_t)hypervisor_mfn();
    if (one_in(6))
        e->flags = GTF_accept_transfer;
    else
        e->flags = (uint16_t)((e->flags & (GTF_reading | GTF_writing)) | GTF_permit_access |
                              (one_in(4) ? GTF_readonly : 0));
}

static void run(unsigned vcpu)
{
    bool leads = !is_beside() && vcpu == 0;

    for (unsigned step = 0; step < calls && who >> (vcpu + (is_beside() ? 3 : 0)) & 1; step++) {
        struct call call;

        if (leads && batch && step % batch == 0 && step) {
            MUST(check_recount());
            print("step %u: %u calls, %u accepted, %u outcomes\n", step, made, accepted,
                  reached_outcomes);
        }
        if (!is_wanted(step))
            continue;
        step_begin(vcpu, step);
        if (one_in(10))
            change_grants();
        if (one_in(16)) {
            __atomic_fetch_add(&accepted, store_random(), __ATOMIC_RELAXED);
        } else {
            call_make(&call);
            __atomic_fetch_add(&accepted, call_run(&call), __ATOMIC_RELAXED);
        }
        __atomic_fetch_add(&made, 1, __ATOMIC_RELAXED);
    }
    vcpu_end();
    __atomic_fetch_add(&finished, 1, __ATOMIC_SEQ_CST);
}

/* A selector that set_segment_base() gave a vCPU is refused when its descriptor has gone with a GDT
 * or an LDT that another took the place of. Ringfort has made it null: the vCPU goes on. */
static bool selector_lost(struct trap_frame *frame)
{
    return frame->entry == ENTRY_FAILSAFE;
}

void test(void)
{
    unsigned vcpus = vcpu_count() < RANDOM_VCPUS ? vcpu_count() : RANDOM_VCPUS;

    random_seed = argument("seed=", 1);
    calls = (unsigned)argument("calls=", 4000);
    batch = (unsigned)argument("batch=", 500);
    who = (unsigned)argument("who=", ~0U);
    only = list_argument("only=");
    event_disable();
    clock_keep();
    trap_hook(ENTRY_FAILSAFE, selector_lost);
    grant_init();
    tables_make();
    spares_make();
    brink_make();
    targets_make();
    for (unsigned vcpu = 1; vcpu < vcpus; vcpu++)
        MUST(vcpu_launch(vcpu, run));
    run(0);
    while (finished < vcpus)
        sched_op(SCHEDOP_yield, NULL);
    print("%u calls, %u accepted, %u outcomes\n", made, accepted, reached_outcomes);
    outcomes_print();
    /* Of a few steps cut down from all it need not be so. */
    CHECK(made < calls || accepted > made / 20);
    CHECK(made < calls || accepted < made);
    play_end();
    if (!is_beside())
        beside_wait(PATIENCE);
    CHECK_EQ(xen_version(XENVER_pagesize, NULL), PAGE_SIZE);
}
