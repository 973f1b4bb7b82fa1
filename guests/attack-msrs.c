/* Model-specific registers: those that a guest should not have had were the hypervisor's entry
 * points, its bases and its stack, a neighbour's debug masks, or a crash by a register that the
 * processor has not (advisories 52, 333 and 444 among them). What must hold for a domain without
 * privileges: of all registers in the three ranges that there are, few can be read, by both halves
 * of the result and nothing else, and none of them tells an address of the hypervisor's; the rest
 * is a fault; a value that no register may have changes none. */
#include "guest.h"

#define RANGE 0x2000U
#define READABLE_MOST 64
#define MSR_TSC 0x10 /* runs on */
/* Not canonical, with bits that are reserved nearly everywhere. */
#define NONSENSE 0x4bad8000f00df00dULL

static const uint32_t ranges[] = {0, 0xc0000000, 0xc0010000};

/* The hypervisor's own: a guest that reads or writes one has the machine. */
static const uint32_t forbidden[] = {
    0x3a,       0x48,       0x49,       0x79,       0xfe,       0x10a,      0x174,
    0x175,      0x176,      0x1d9,      0x1db,      0x1dd,      0x200,      0x2ff,
    0x345,      0x38f,      0x480,      0x600,      0x802,      0x80b,      0x830,
    0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, 0xc0010010, 0xc0010111, 0xc0010114,
    0xc0010117, 0xc0011019, 0xc001101a, 0xc001101b, 0xc0011027};

/* False for a fault. */
static bool read(uint32_t msr, uint64_t *value)
{
    volatile unsigned long low = ~0UL, high = ~0UL;

    if (CATCH({
            unsigned long a = ~0UL, d = ~0UL;

            asm volatile("rdmsr" : "+a"(a), "+d"(d) : "c"(msr));
            low = a;
            high = d;
        }) != NO_TRAP)
        return false;
    CHECK_EQ((uint64_t)low >> 32 | (uint64_t)high >> 32, 0);
    *value = (uint64_t)(uint32_t)high << 32 | (uint32_t)low;
    return true;
}

static int write(uint32_t msr, uint64_t value)
{
    return CATCH(asm volatile("wrmsr"
                              :
                              : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))));
}

static bool is_hypervisors(uint64_t value)
{
    return value >= 0xffff800000000000ULL && value < 0xffff880000000000ULL;
}

/* Whether it can be read. */
static bool check_register(uint32_t msr)
{
    uint64_t before = 0, after = 0;
    bool readable = read(msr, &before);
    int trap = write(msr, NONSENSE);

    if (!(trap == TRAP_GP || trap == NO_TRAP) || read(msr, &after) != readable ||
        (msr != MSR_TSC && after != before) || is_hypervisors(before)) {
        print("MSR %x: trap %d, %llx, %llx\n", msr, trap, (unsigned long long)before,
              (unsigned long long)after);
        CHECK(false);
    }
    return readable;
}

void test(void)
{
    unsigned readable = 0;
    uint64_t value;

    if (!is_beside()) {
        beside_wait(60 * SECOND);
        return;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++)
        for (uint32_t msr = ranges[i]; msr < ranges[i] + RANGE; msr++)
            readable += check_register(msr);
    print("%u registers can be read\n", readable);
    CHECK(readable > 0 && readable <= READABLE_MOST);
    for (unsigned i = 0; i < ARRAY_SIZE(forbidden); i++) {
        if (read(forbidden[i], &value) || write(forbidden[i], 0) != TRAP_GP)
            print("MSR %x\n", forbidden[i]);
        CHECK(!read(forbidden[i], &value));
        CHECK_EQ(write(forbidden[i], 0), TRAP_GP);
        CHECK_EQ(write(forbidden[i], ~0ULL), TRAP_GP);
    }
    CHECK_EQ(CATCH(asm volatile("rdpmc" : : "c"(0) : "eax", "edx")), TRAP_GP);
    CHECK_EQ(xen_version(XENVER_pagesize, NULL), PAGE_SIZE);
}
