/* A toolstack that asks for what no toolstack would. What must hold: a domain runs only when every
 * pause of it is over, whenever its vCPUs were made; pauses are counted, and not more of them taken
 * than can be; a domain that is dying gets no more vCPUs. */
#include "guest.h"

#define WINDOW (FREE_BASE + 0x200000UL)
#define PAUSES_TRIED 300

/* Operations without arguments. */
static long ask(domid_t id, uint32_t cmd)
{
    struct xen_domctl op;

    return domctl(&op, cmd, id);
}

/* Its vCPU is made while it is shut down, as nobody's would be, and it is resumed: paused it still
 * is. Then more pauses than are counted are refused, and none gets lost. Running is its end. */
static void pauses(void)
{
    static struct vcpu_guest_context context;
    domid_t id = domain_make(1);
    struct sched_remote_shutdown end = {.domain_id = id, .reason = SHUTDOWN_suspend};
    unsigned taken = 1;

    MUST(sched_op(SCHEDOP_remote_shutdown, &end));
    MUST(domain_make_vcpus(id, 1));
    MUST(ask(id, XEN_DOMCTL_resumedomain));
    domain_context(&context, domain_root(id));
    MUST(domain_set_context(id, &context));
    sleep_for(20 * MILLISECOND);
    CHECK(!domain_has_ended(id));

    while (taken < PAUSES_TRIED && !ask(id, XEN_DOMCTL_pausedomain))
        taken++;
    CHECK(taken < PAUSES_TRIED);
    CHECK_EQ(ask(id, XEN_DOMCTL_pausedomain), -XEN_EOVERFLOW);
    while (--taken)
        MUST(ask(id, XEN_DOMCTL_unpausedomain));
    sleep_for(20 * MILLISECOND);
    CHECK(!domain_has_ended(id));
    MUST(ask(id, XEN_DOMCTL_unpausedomain));
    CHECK(WAIT_FOR(domain_has_ended(id), 10 * SECOND));
    CHECK_EQ(ask(id, XEN_DOMCTL_unpausedomain), -XEN_EINVAL);
    MUST(ask(id, XEN_DOMCTL_destroydomain));
}

/* A page of it that is mapped here keeps what is left of a domain that is destroyed. */
static void no_vcpus_for_the_dying(void)
{
    domid_t id = domain_make(2);
    struct mmu_update map = {.ptr = va_to_maddr(tables_for(WINDOW)),
                             .val = pte_make(domain_page(id), PAGE_RW)};

    MUST(mmu_update(&map, 1, NULL, id));
    MUST(ask(id, XEN_DOMCTL_destroydomain));
    CHECK_EQ(domain_make_vcpus(id, 2), -XEN_ESRCH);
    MUST(update_va_mapping(WINDOW, 0, UVMF_INVLPG | UVMF_ALL));
    CHECK_EQ(domain_make_vcpus(id, 2), -XEN_ESRCH);
}

void test(void)
{
    pauses();
    no_vcpus_for_the_dying();
    check_recount();
}
