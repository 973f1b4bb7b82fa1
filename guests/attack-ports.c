/* Ports: what the hypervisor's emulation of IN left in a register or in memory was its own stack's
 * (advisories 63, 67, 239), and a range or a width that was not looked at let a guest at a device
 * (46). What must hold for a domain without privileges, also one that gave its kernel all rights
 * that the ABI knows: every port of every width reads as nothing, with all bits set, in just the
 * bytes that were asked for; no other register, flag or byte changes; what is written goes nowhere:
 * neither a reset nor a power-off nor another domain's device. */
#include "guest.h"

#define PORTS 65536U
#define STRIDE 7 /* for the wider accesses */
#define PATTERN ((unsigned long)0x1122334455667788ULL)
#define MARK 0x5a
/* Reads as zero, which spares Linux a long look for a timer that is not there. */
#define PIT_CHANNEL2 0x42

struct registers {
    unsigned long a, d;
};

static struct registers in(unsigned width, unsigned port)
{
    struct registers r = {.a = PATTERN, .d = (PATTERN & ~0xffffUL) | port};

    if (width == 1)
        asm volatile("inb %%dx, %%al" : "+a"(r.a), "+d"(r.d));
    else if (width == 2)
        asm volatile("inw %%dx, %%ax" : "+a"(r.a), "+d"(r.d));
    else
        asm volatile("inl %%dx, %%eax" : "+a"(r.a), "+d"(r.d));
    return r;
}

static void out(unsigned width, unsigned port, unsigned value)
{
    if (width == 1)
        asm volatile("outb %%al, %%dx" : : "a"(value), "d"(port));
    else if (width == 2)
        asm volatile("outw %%ax, %%dx" : : "a"(value), "d"(port));
    else
        asm volatile("outl %%eax, %%dx" : : "a"(value), "d"(port));
}

static bool is_nothing(unsigned width, unsigned port)
{
    struct registers r = in(width, port);
    unsigned long asked = width == 4 ? ~0UL : (1UL << 8 * width) - 1;
    uint32_t value = port == PIT_CHANNEL2 ? 0 : ~0U;

    return r.a == ((PATTERN & ~asked) | (value & asked)) && r.d == ((PATTERN & ~0xffffUL) | port);
}

static void check_all(unsigned width, unsigned stride)
{
    /* A keyboard controller's and a chip set's reset; a PC's power-off is 0x2000. */
    static const unsigned values[] = {0xfe, 0x06, 0x2000};
    unsigned bad = 0;

    for (unsigned port = 0; port < PORTS; port += stride) {
        if (!is_nothing(width, port) && bad++ < 5)
            print("port %x, %u bytes\n", port, width);
        out(width, port, values[port / stride % 3]);
    }
    CHECK_EQ(bad, 0);
}

/* Each of these by each value. */
static void check_switches(void)
{
    static const uint16_t ports[] = {0x64, 0x92, 0xcf9, 0xb004, 0x604, 0x600, 0xb2};

    for (unsigned i = 0; i < ARRAY_SIZE(ports); i++)
        for (unsigned value = 0; value < 256; value++) {
            out(1, ports[i], value);
            out(2, ports[i], value << 8);
        }
    for (unsigned width = 1; width <= 4; width *= 2)
        CHECK(is_nothing(width, PORTS - 1));
}

static void check_strings(void)
{
    static uint8_t room[16];
    void *at = room + 4;
    unsigned long count = 2;

    memset(room, MARK, sizeof(room));
    asm volatile("rep insl" : "+D"(at), "+c"(count) : "d"(0xcfc) : "memory");
    CHECK_EQ(at, room + 12);
    CHECK_EQ(count, 0);
    for (unsigned i = 0; i < sizeof(room); i++)
        CHECK_EQ(room[i], i >= 4 && i < 12 ? 0xff : MARK);
}

void test(void)
{
    struct physdev_set_iopl iopl = {.iopl = 3};

    if (!is_beside()) {
        beside_wait(60 * SECOND);
        return;
    }
    CHECK_EQ(CATCH(in(1, 0x61)), TRAP_GP);
    MUST(physdev_op(PHYSDEVOP_set_iopl, &iopl));
    check_all(1, 1);
    check_all(2, STRIDE);
    check_all(4, STRIDE);
    check_switches();
    check_strings();
}
