/* physdev_op and pirq channels: a GSI is mapped, bound, unbound and unmapped; numbers that do not
 * exist, devices that are not there and lines that the hypervisor keeps are refused. */
#include "guest.h"

static long map_gsi(int gsi, int *pirq)
{
    struct physdev_map_pirq map = {
        .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = gsi, .pirq = gsi};
    long result = physdev_op(PHYSDEVOP_map_pirq, &map);

    *pirq = map.pirq;
    return result;
}

static long unmap(int pirq)
{
    struct physdev_unmap_pirq op = {.domid = DOMID_SELF, .pirq = pirq};

    return physdev_op(PHYSDEVOP_unmap_pirq, &op);
}

static long bind(unsigned pirq, unsigned *port)
{
    struct evtchn_bind_pirq op = {.pirq = pirq, .flags = BIND_PIRQ__WILL_SHARE};
    long result = event_channel_op(EVTCHNOP_bind_pirq, &op);

    *port = op.port;
    return result;
}

static void check_gsi(void)
{
    struct physdev_setup_gsi setup = {.gsi = 10, .triggering = 1, .polarity = 1};
    struct physdev_irq_status_query query = {.irq = 10};
    struct physdev_eoi eoi = {.irq = 10};
    struct evtchn_status status = {.dom = DOMID_SELF};
    struct evtchn_bind_vcpu to = {.vcpu = 0};
    long again;
    unsigned port;
    int pirq;

    CHECK_EQ(physdev_op(PHYSDEVOP_setup_gsi, &setup), 0);
    again = physdev_op(PHYSDEVOP_setup_gsi, &setup);
    CHECK(again == 0 || again == -XEN_EEXIST);
    CHECK_EQ(map_gsi(10, &pirq), 0);
    CHECK_EQ(pirq, 10);
    REQUIRE(CHECK_EQ(bind(10, &port), 0));
    CHECK_EQ(bind(10, &status.port), -XEN_EEXIST);
    status.port = to.port = port;
    CHECK_EQ(event_channel_op(EVTCHNOP_status, &status), 0);
    CHECK_EQ(status.status, EVTCHNSTAT_pirq);
    CHECK_EQ(status.u.pirq, 10);
    CHECK_EQ(physdev_op(PHYSDEVOP_irq_status_query, &query), 0);
    CHECK_EQ(physdev_op(PHYSDEVOP_eoi, &eoi), 0);
    CHECK_EQ(event_channel_op(EVTCHNOP_bind_vcpu, &to), 0);
    CHECK_EQ(event_send(port), -XEN_EINVAL);
    CHECK_EQ(event_close(port), 0);
    CHECK_EQ(bind(10, &port), 0);
    CHECK_EQ(event_close(port), 0);
    CHECK_EQ(unmap(10), 0);
    CHECK(unmap(10) < 0);
}

static void check_bad(void)
{
    static const int bad[] = {-5, 1000000, 0x7fffffff};
    struct physdev_eoi eoi;
    struct physdev_irq_status_query query;
    struct physdev_pci_device_add add = {.seg = 0, .bus = 200, .devfn = 0xff};
    struct physdev_map_pirq msi = {.domid = DOMID_SELF,
                                   .type = MAP_PIRQ_TYPE_MSI_SEG,
                                   .index = -1,
                                   .pirq = -1,
                                   .bus = 200,
                                   .devfn = 0xf8};
    unsigned port;
    int pirq;

    for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        CHECK(map_gsi(bad[i], &pirq) < 0);
        CHECK(unmap(bad[i]) < 0);
        CHECK(bind((unsigned)bad[i], &port) < 0);
        eoi.irq = query.irq = (uint32_t)bad[i];
        CHECK_EQ(physdev_op(PHYSDEVOP_eoi, &eoi), -XEN_EINVAL);
        CHECK_EQ(physdev_op(PHYSDEVOP_irq_status_query, &query), -XEN_EINVAL);
    }
    msi.type = 77;
    CHECK(physdev_op(PHYSDEVOP_map_pirq, &msi) < 0);
    msi.type = MAP_PIRQ_TYPE_MSI_SEG;
    CHECK(physdev_op(PHYSDEVOP_map_pirq, &msi) < 0);
    msi.domid = 4711;
    CHECK(physdev_op(PHYSDEVOP_map_pirq, &msi) < 0);
    /* No such device: whatever the answer, nothing breaks. */
    physdev_op(PHYSDEVOP_pci_device_add, &add);
    CHECK_EQ(physdev_op(PHYSDEVOP_map_pirq, (void *)0x1000), -XEN_EFAULT);
    CHECK_EQ(physdev_op(PHYSDEVOP_eoi, (void *)0x1000), -XEN_EFAULT);
    CHECK_EQ(physdev_op(99, NULL), -XEN_ENOSYS);
}

/* The processor's own interrupt controllers cannot be written. */
static void check_apic(void)
{
    struct physdev_apic apic = {.apic_physbase = 0xfec00000, .reg = 1};

    if (physdev_op(PHYSDEVOP_apic_read, &apic) == 0)
        CHECK((apic.value >> 16 & 0xff) >= 15);
    apic.apic_physbase = 0xfee00000;
    CHECK(physdev_op(PHYSDEVOP_apic_read, &apic) < 0);
    apic.apic_physbase = 0x1000;
    CHECK(physdev_op(PHYSDEVOP_apic_write, &apic) < 0);
}

void test(void)
{
    check_gsi();
    check_bad();
    check_apic();
}
