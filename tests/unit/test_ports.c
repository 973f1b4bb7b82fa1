/* sources: hypervisor/x86/port_rules.c */
/* Which ports Domain0 reaches, and how. */
#include <string.h>

#include "check.h"
#include "x86/port_rules.h"

#define COM1 0x3f8
#define PM_TIMER 0x608

static uint64_t denied[BITMAP_WORDS(PORT_COUNT)];

static enum port_access one(uint16_t port)
{
    return port_access(denied, port, 1);
}

static void test_kept_ports(void)
{
    static const uint16_t kept[] = {0x20, 0x21, 0xa0, 0xa1, 0x40, 0x41, 0x4d0, 0x4d1};

    for (unsigned i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        CHECK_EQ(one(kept[i]), PORT_ACCESS_DENIED);
    for (unsigned i = 0; i < 8; i++)
        CHECK_EQ(one(COM1 + i), PORT_ACCESS_DENIED);
    for (unsigned i = 0; i < 4; i++)
        CHECK_EQ(one(PM_TIMER + i), PORT_ACCESS_DENIED);
    CHECK_EQ(one(COM1 - 1), PORT_ACCESS_DIRECT);
    CHECK_EQ(one(COM1 + 8), PORT_ACCESS_DIRECT);
    CHECK_EQ(one(PM_TIMER + 4), PORT_ACCESS_DIRECT);
}

/* No wide access gets at a kept port from beside it. */
static void test_wide_accesses(void)
{
    CHECK_EQ(port_access(denied, 0x1f, 2), PORT_ACCESS_DENIED);
    CHECK_EQ(port_access(denied, 0x1d, 4), PORT_ACCESS_DENIED);
    CHECK_EQ(port_access(denied, 0x1c, 4), PORT_ACCESS_DIRECT);
    CHECK_EQ(port_access(denied, 0x42, 2), PORT_ACCESS_DENIED);
    CHECK_EQ(port_access(denied, 0x60, 2), PORT_ACCESS_DENIED);
    CHECK_EQ(port_access(denied, 0x70, 2), PORT_ACCESS_DENIED);
    CHECK_EQ(port_access(denied, PM_TIMER, 4), PORT_ACCESS_DENIED);
    CHECK_EQ(port_access(denied, 0xffff, 2), PORT_ACCESS_DENIED);
    CHECK_EQ(port_access(denied, 0xfffd, 4), PORT_ACCESS_DENIED);
    CHECK_EQ(port_access(denied, 0xfffc, 4), PORT_ACCESS_DIRECT);
    CHECK_EQ(one(0xffff), PORT_ACCESS_DIRECT);
}

static void test_special_ports(void)
{
    CHECK_EQ(one(0x42), PORT_ACCESS_DIRECT);
    CHECK_EQ(one(0x43), PORT_ACCESS_PIT_COMMAND);
    CHECK_EQ(one(0x61), PORT_ACCESS_SPEAKER);
    CHECK_EQ(one(0x70), PORT_ACCESS_CMOS_INDEX);
    CHECK_EQ(one(0x71), PORT_ACCESS_CMOS_DATA);
    CHECK(pit_command_allowed(0xb0));
    CHECK(pit_command_allowed(0xe8));
    CHECK(!pit_command_allowed(0x34));
    CHECK(!pit_command_allowed(0x70));
    CHECK(!pit_command_allowed(0xea));
}

static void test_pci(void)
{
    CHECK_EQ(port_access(denied, 0xcf8, 4), PORT_ACCESS_PCI_ADDRESS);
    CHECK_EQ(one(0xcfb), PORT_ACCESS_DIRECT);
    CHECK_EQ(one(0xcf9), PORT_ACCESS_DIRECT);
    CHECK_EQ(port_access(denied, 0xcf7, 2), PORT_ACCESS_DENIED);
    CHECK_EQ(port_access(denied, 0xcf9, 4), PORT_ACCESS_DENIED);
    CHECK_EQ(port_access(denied, 0xcfb, 2), PORT_ACCESS_DENIED);
    for (unsigned i = 0; i < 4; i++)
        CHECK_EQ(one(0xcfc + i), PORT_ACCESS_PCI_DATA);
    CHECK_EQ(port_access(denied, 0xcfe, 2), PORT_ACCESS_PCI_DATA);
    CHECK_EQ(port_access(denied, 0xcfc, 4), PORT_ACCESS_PCI_DATA);
    CHECK_EQ(port_access(denied, 0xcff, 2), PORT_ACCESS_DENIED);
    CHECK_EQ(port_access(denied, 0xcfe, 4), PORT_ACCESS_DENIED);
    CHECK_EQ(port_access(denied, 0xcf6, 2), PORT_ACCESS_DIRECT);
    CHECK_EQ(one(0xd00), PORT_ACCESS_DIRECT);
}

/* The property behind the list above: an access of any width is refused if one of its bytes is. */
static void test_no_width_helps(void)
{
    unsigned wrong = 0;

    for (unsigned port = 0; port < PORT_COUNT; port++)
        for (unsigned bytes = 2; bytes <= 4; bytes += 2)
            for (unsigned i = 0; i < bytes && port + i < PORT_COUNT; i++)
                wrong += one(port + i) == PORT_ACCESS_DENIED &&
                         port_access(denied, port, bytes) != PORT_ACCESS_DENIED;
    CHECK_EQ(wrong, 0);
}

int main(void)
{
    port_rules_init(denied, COM1, PM_TIMER);
    test_kept_ports();
    test_wide_accesses();
    test_special_ports();
    test_pci();
    test_no_width_helps();
    memset(denied, 0, sizeof(denied));
    port_rules_init(denied, 0, 0);
    CHECK_EQ(one(0), PORT_ACCESS_DIRECT);
    CHECK_EQ(one(COM1), PORT_ACCESS_DIRECT);
    return check_report();
}
