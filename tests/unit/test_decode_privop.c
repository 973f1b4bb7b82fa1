/* sources: hypervisor/x86/decode.c hypervisor/x86/decode_privop.c */
/* Encodings as the SDM gives them, with the prefixes that change their meaning. */
#include "lib/abi.h"

#include "check.h"
#include "x86/decode.h"

struct privop_case {
    uint8_t bytes[8];
    struct decoded_privop want;
};

#define OP(...)                                                                                    \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define CASE(name, len, ...)                                                                       \
    {                                                                                              \
        .op = PRIVOP_##name, .length = len, __VA_ARGS__                                            \
    }

static const struct privop_case cases[] = {
    {OP(0xe4, 0x61), CASE(IN, 2, .size = 1, .has_port = true, .port = 0x61)},
    {OP(0xe5, 0x61), CASE(IN, 2, .size = 4, .has_port = true, .port = 0x61)},
    {OP(0xe6, 0x80), CASE(OUT, 2, .size = 1, .has_port = true, .port = 0x80)},
    {OP(0x66, 0xe7, 0x80), CASE(OUT, 3, .size = 2, .has_port = true, .port = 0x80)},
    {OP(0xec), CASE(IN, 1, .size = 1)},
    {OP(0x66, 0xed), CASE(IN, 2, .size = 2)},
    {OP(0xee), CASE(OUT, 1, .size = 1)},
    {OP(0xef), CASE(OUT, 1, .size = 4)},
    {OP(0x6c), CASE(INS, 1, .size = 1, .address_size = 8, .segment = SEGMENT_DS)},
    {OP(0xf3, 0x6d),
     CASE(INS, 2, .size = 4, .address_size = 8, .rep = true, .segment = SEGMENT_DS)},
    {OP(0xf3, 0x66, 0x6f),
     CASE(OUTS, 3, .size = 2, .address_size = 8, .rep = true, .segment = SEGMENT_DS)},
    {OP(0x67, 0x65, 0x6e), CASE(OUTS, 3, .size = 1, .address_size = 4, .segment = SEGMENT_GS)},
    {OP(0xf4), CASE(HLT, 1, .size = 0)},
    {OP(0xfa), CASE(CLI, 1, .size = 0)},
    {OP(0xfb), CASE(STI, 1, .size = 0)},
    {OP(0x0f, 0x06), CASE(CLTS, 2, .size = 0)},
    {OP(0x0f, 0x09), CASE(INVD, 2, .size = 0)},
    {OP(0x0f, 0x30), CASE(WRMSR, 2, .size = 0)},
    {OP(0x0f, 0x31), CASE(RDTSC, 2, .size = 0)},
    {OP(0x0f, 0x32), CASE(RDMSR, 2, .size = 0)},
    {OP(0x0f, 0x33), CASE(RDPMC, 2, .size = 0)},
    {OP(0x0f, 0xa2), CASE(CPUID, 2, .size = 0)},
    {OP(0x0f, 0x01, 0xf9), CASE(RDTSCP, 3, .reg = 1)},
    {OP(0x0f, 0x01, 0xd1), CASE(XSETBV, 3, .reg = 1)},
    {OP(0x0f, 0x01, 0xf0), CASE(LMSW, 3, .reg = 0)},
    {OP(0x0f, 0x01, 0x3f), CASE(INVLPG, 3, .reg = 7, .address = 0x8000)},
    {OP(0x0f, 0x20, 0xe0), CASE(READ_CR, 3, .reg = 0, .number = 4)},
    {OP(0x0f, 0x22, 0xd8), CASE(WRITE_CR, 3, .reg = 0, .number = 3)},
    {OP(0x41, 0x0f, 0x22, 0xd9), CASE(WRITE_CR, 4, .reg = 9, .number = 3)},
    {OP(0x44, 0x0f, 0x20, 0xc2), CASE(READ_CR, 4, .reg = 2, .number = 8)},
    {OP(0x0f, 0x23, 0xfe), CASE(WRITE_DR, 3, .reg = 6, .number = 7)},
    {OP(0x0f, 0x21, 0xf6), CASE(READ_DR, 3, .reg = 6, .number = 6)},
};

static void test_cases(const struct cpu_user_regs *regs)
{
    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct decoded_privop *want = &cases[i].want;
        struct decoded_privop got;

        CHECK_EQ(decode_privop(cases[i].bytes, sizeof(cases[i].bytes), regs, true, &got), 0);
        CHECK_EQ(got.op, want->op);
        CHECK_EQ(got.length, want->length);
        CHECK_EQ(got.size, want->size);
        CHECK_EQ(got.address_size, want->address_size);
        CHECK_EQ(got.reg, want->reg);
        CHECK_EQ(got.number, want->number);
        CHECK_EQ(got.rep, want->rep);
        CHECK_EQ(got.has_port, want->has_port);
        CHECK_EQ(got.port, want->port);
        CHECK_EQ(got.segment, want->segment);
        CHECK_EQ(got.address, want->address);
        for (unsigned len = 0; len < want->length; len++)
            CHECK(decode_privop(cases[i].bytes, len, regs, true, &got) != 0);
    }
}

static void test_refusals(const struct cpu_user_regs *regs)
{
    static const uint8_t refused[][8] = {
        {0x90},                   /* NOP */
        {0x0f, 0x01, 0x10},       /* LGDT */
        {0x0f, 0x01, 0x1f},       /* LIDT */
        {0x0f, 0x00, 0xd0},       /* LLDT */
        {0x0f, 0x01, 0xf8},       /* SWAPGS */
        {0x0f, 0x01, 0x37},       /* LMSW from memory */
        {0xf0, 0x0f, 0x20, 0xc0}, /* LOCK MOV from CR0 */
        {0x48, 0x89, 0x07},       /* an ordinary store */
    };
    struct decoded_privop p;

    for (unsigned i = 0; i < ARRAY_SIZE(refused); i++)
        CHECK(decode_privop(refused[i], sizeof(refused[i]), regs, true, &p) != 0);
}

/* 32-bit code: no REX there (0x41 is an INC), and addresses are of 4 or 2 bytes. */
static void test_32bit(const struct cpu_user_regs *regs)
{
    static const uint8_t rex[] = {0x41, 0x0f, 0x22, 0xd9}, outs[] = {0x6f}, ins16[] = {0x67, 0x6c};
    struct decoded_privop p;

    CHECK(decode_privop(rex, sizeof(rex), regs, false, &p) != 0);
    CHECK_EQ(decode_privop(outs, sizeof(outs), regs, false, &p), 0);
    CHECK_EQ(p.address_size, 4);
    CHECK_EQ(decode_privop(ins16, sizeof(ins16), regs, false, &p), 0);
    CHECK_EQ(p.address_size, 2);
}

int main(void)
{
    struct cpu_user_regs regs = {.rdi = 0x8000};

    test_cases(&regs);
    test_refusals(&regs);
    test_32bit(&regs);
    return check_report();
}
