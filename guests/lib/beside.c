#include "beside.h"

#include "guest.h"

#define WINDOW (FREE_BASE + 0x3fe00000UL)
#define PATIENCE (30 * SECOND)

bool is_beside(void)
{
    return !(start_info->flags & SIF_PRIVILEGED);
}

static volatile void *map_page(void)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = WINDOW, .flags = GNTMAP_host_map, .ref = GRANT_FIRST, .dom = BESIDE_DOMAIN};
    uint64_t limit = now() + PATIENCE;

    tables_for(WINDOW);
    do {
        MUST(grant_table_op(GNTTABOP_map_grant_ref, &op, 1));
        if (op.status == GNTST_okay)
            return (volatile void *)WINDOW;
        sleep_for(MILLISECOND);
    } while (now() < limit);
    check_abort("the domain beside this one has granted no page");
}

volatile void *beside_page(void)
{
    void *page;

    if (!is_beside())
        return map_page();
    page = page_alloc();
    /* Known to be the first reference that the library gives. */
    REQUIRE(grant_give(0, va_to_mfn(page), 0) == GRANT_FIRST);
    return page;
}

bool beside_reach(volatile uint32_t *word, uint32_t value, uint64_t nanoseconds)
{
    uint64_t limit = now() + nanoseconds;

    while (*word < value && now() < limit)
        sleep_for(MILLISECOND);
    return CHECK(*word >= value);
}

/* The other domain's flags, once it has ended. */
static uint32_t beside_ended(void)
{
    static struct xen_domctl_getdomaininfo info;
    struct xen_sysctl op = {
        .cmd = XEN_SYSCTL_getdomaininfolist,
        .interface_version = XEN_SYSCTL_INTERFACE_VERSION,
        .u.getdomaininfolist = {.first_domain = BESIDE_DOMAIN, .max_domains = 1},
    };

    set_xen_guest_handle(op.u.getdomaininfolist.buffer, &info);
    MUST(hypercall1(__HYPERVISOR_sysctl, (unsigned long)&op));
    REQUIRE(op.u.getdomaininfolist.num_domains == 1);
    return info.flags & XEN_DOMINF_shutdown ? info.flags : 0;
}

void beside_wait(uint64_t nanoseconds)
{
    uint64_t limit = now() + nanoseconds;

    while (!beside_ended() && now() < limit)
        sleep_for(MILLISECOND);
    if (CHECK(beside_ended()))
        CHECK_EQ(beside_ended() >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask,
                 SHUTDOWN_poweroff);
}
