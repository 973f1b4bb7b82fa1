/* sources: hypervisor/x86/decode.c hypervisor/x86/decode_store.c hypervisor/x86/store_apply.c */
/* The decoder against the processor: every form is decoded and applied, and executed for real on
 * the same registers and memory; memory, registers and flags must come out the same. */
#include "lib/abi.h"

#include "check.h"
#include "x86/decode.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ARITHMETIC_FLAGS 0x8d5UL
#define WORDS 8   /* of memory around the operand */
#define OPERAND 4 /* index of the word that the base register points at */

/* assert and refuse need these when an assertion fails; none does. */
void assert_failed(const char *expr, const char *file, int line);
int refuse_at(int error, const char *file, int line);

void assert_failed(const char *expr, const char *file, int line)
{
    printf("%s:%d: %s\n", file, line, expr);
    abort();
}

int refuse_at(int error, const char *file, int line)
{
    return error;
}

/* Registers in the encoding's order; RSP is left alone. */
struct native {
    uint64_t gpr[16], flags, target, stack;
} native __attribute__((used));

void run_native(void);
extern const char native_back[];

asm(".text\n"
    ".globl run_native, native_back\n"
    "run_native:\n"
    "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
    "mov %rsp, native+144(%rip)\n"
    "push native+128(%rip); popf\n"
    "mov native(%rip), %rax; mov native+8(%rip), %rcx; mov native+16(%rip), %rdx\n"
    "mov native+24(%rip), %rbx; mov native+40(%rip), %rbp; mov native+48(%rip), %rsi\n"
    "mov native+56(%rip), %rdi; mov native+64(%rip), %r8; mov native+72(%rip), %r9\n"
    "mov native+80(%rip), %r10; mov native+88(%rip), %r11; mov native+96(%rip), %r12\n"
    "mov native+104(%rip), %r13; mov native+112(%rip), %r14; mov native+120(%rip), %r15\n"
    "jmp *native+136(%rip)\n"
    "native_back:\n"
    "mov %rax, native(%rip); mov %rcx, native+8(%rip); mov %rdx, native+16(%rip)\n"
    "mov %rbx, native+24(%rip); mov %rbp, native+40(%rip); mov %rsi, native+48(%rip)\n"
    "mov %rdi, native+56(%rip); mov %r8, native+64(%rip); mov %r9, native+72(%rip)\n"
    "mov %r10, native+80(%rip); mov %r11, native+88(%rip); mov %r12, native+96(%rip)\n"
    "mov %r13, native+104(%rip); mov %r14, native+112(%rip); mov %r15, native+120(%rip)\n"
    "pushf; pop native+128(%rip)\n"
    "mov native+144(%rip), %rsp\n"
    "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "ret\n");

struct form {
    const char *text;
    uint8_t bytes[15];
    uint8_t len;
    uint8_t base;  /* register that holds the operand's address */
    int8_t offset; /* of the operand from it */
};

#define FORM(t, b, o, ...)                                                                         \
    {                                                                                              \
        .text = t, .bytes = {__VA_ARGS__}, .len = sizeof((uint8_t[]){__VA_ARGS__}), .base = b,     \
        .offset = o                                                                                \
    }

static const struct form forms[] = {
    FORM("mov %rax,(%rdi)", 7, 0, 0x48, 0x89, 0x07),
    FORM("mov %ecx,(%rdi)", 7, 0, 0x89, 0x0f),
    FORM("mov %cx,8(%rdi)", 7, 8, 0x66, 0x89, 0x4f, 0x08),
    FORM("mov %ah,(%rdi)", 7, 0, 0x88, 0x27),
    FORM("mov %spl,(%rdi) as %r12b", 7, 0, 0x44, 0x88, 0x27),
    FORM("mov %r9,-16(%r13)", 13, -16, 0x4d, 0x89, 0x4d, 0xf0),
    FORM("mov %r9,(%r12)", 12, 0, 0x4d, 0x89, 0x0c, 0x24),
    FORM("movq $imm,(%rbx)", 3, 0, 0x48, 0xc7, 0x03, 0x78, 0x56, 0x34, 0x82),
    FORM("movl $imm,(%rbx)", 3, 0, 0xc7, 0x03, 0x78, 0x56, 0x34, 0x82),
    FORM("movw $imm,(%rbx)", 3, 0, 0x66, 0xc7, 0x03, 0x78, 0x56),
    FORM("movb $imm,(%rbx)", 3, 0, 0xc6, 0x03, 0x9a),
    FORM("xchg %rdx,(%rsi)", 6, 0, 0x48, 0x87, 0x16),
    FORM("xchg %edx,(%rsi)", 6, 0, 0x87, 0x16),
    FORM("xchg %dx,(%rsi)", 6, 0, 0x66, 0x87, 0x16),
    FORM("xchg %dh,(%rsi)", 6, 0, 0x86, 0x36),
    FORM("xchg %r11b,(%rsi)", 6, 0, 0x44, 0x86, 0x1e),
    FORM("lock andb $0xfd,(%rdi)", 7, 0, 0xf0, 0x80, 0x27, 0xfd),
    FORM("lock andq $imm8,(%rdi)", 7, 0, 0xf0, 0x48, 0x83, 0x27, 0xbf),
    FORM("orl $imm,(%rdi)", 7, 0, 0x81, 0x0f, 0x00, 0x00, 0x00, 0x80),
    FORM("xorq %rcx,(%rdi)", 7, 0, 0x48, 0x31, 0x0f),
    FORM("lock or %rcx,(%rdi)", 7, 0, 0xf0, 0x48, 0x09, 0x0f),
    FORM("lock and %ecx,(%rdi)", 7, 0, 0xf0, 0x21, 0x0f),
    FORM("add %rcx,(%rdi)", 7, 0, 0x48, 0x01, 0x0f),
    FORM("add %cl,(%rdi)", 7, 0, 0x00, 0x0f),
    FORM("addw %cx,(%rdi)", 7, 0, 0x66, 0x01, 0x0f),
    FORM("sub %ecx,(%rdi)", 7, 0, 0x29, 0x0f),
    FORM("subb $imm,(%rdi)", 7, 0, 0x80, 0x2f, 0x81),
    FORM("incq (%rdi)", 7, 0, 0x48, 0xff, 0x07),
    FORM("decl (%rdi)", 7, 0, 0xff, 0x0f),
    FORM("lock incb (%rdi)", 7, 0, 0xf0, 0xfe, 0x07),
    FORM("lock cmpxchg %rcx,(%rdi)", 7, 0, 0xf0, 0x48, 0x0f, 0xb1, 0x0f),
    FORM("cmpxchg %ecx,(%rdi)", 7, 0, 0x0f, 0xb1, 0x0f),
    FORM("cmpxchg %cl,(%rdi)", 7, 0, 0x0f, 0xb0, 0x0f),
    FORM("lock cmpxchg8b (%rdi)", 7, 0, 0xf0, 0x0f, 0xc7, 0x0f),
    FORM("lock xadd %rcx,(%rdi)", 7, 0, 0xf0, 0x48, 0x0f, 0xc1, 0x0f),
    FORM("xadd %cl,(%rdi)", 7, 0, 0x0f, 0xc0, 0x0f),
    FORM("lock btsl $imm,(%rdi)", 7, 0, 0xf0, 0x0f, 0xba, 0x2f, 0x25),
    FORM("lock btrq $imm,(%rdi)", 7, 0, 0xf0, 0x48, 0x0f, 0xba, 0x37, 0x06),
    FORM("btcw $imm,(%rdi)", 7, 0, 0x66, 0x0f, 0xba, 0x3f, 0x11),
};

/* Deterministic, so that a failure can be repeated. */
static uint64_t random_word(void)
{
    static uint64_t state = 0x9e3779b97f4a7c15;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t load(const uint8_t *at, unsigned size)
{
    uint64_t value = 0;

    memcpy(&value, at, size);
    return value;
}

static void fill_registers(struct cpu_user_regs *regs, const struct form *f, uint64_t operand)
{
    for (unsigned n = 0; n < 16; n++)
        *decode_gpr(regs, n) = random_word();
    /* Often equal to memory, so that CMPXCHG goes both ways. */
    if (random_word() & 1) {
        regs->rax = operand;
        regs->rdx = operand >> 32;
    }
    regs->rflags = 0x202 | (random_word() & ARITHMETIC_FLAGS);
}

static void execute(uint8_t *code, const struct form *f, const struct cpu_user_regs *regs)
{
    static const uint8_t jump[] = {0xff, 0x25, 0, 0, 0, 0}; /* jmp *0(%rip) */
    uint64_t back = (uint64_t)native_back;

    memcpy(code, f->bytes, f->len);
    memcpy(code + f->len, jump, sizeof(jump));
    memcpy(code + f->len + sizeof(jump), &back, sizeof(back));
    for (unsigned n = 0; n < 16; n++)
        native.gpr[n] = *decode_gpr((struct cpu_user_regs *)regs, n);
    native.flags = regs->rflags;
    native.target = (uint64_t)code;
    run_native();
}

/* Flags that the manuals leave open after an operation: processors differ. */
static uint64_t undefined_flags(enum store_op op)
{
    switch (op) {
    case STORE_AND:
    case STORE_OR:
    case STORE_XOR:
        return 0x10; /* AF */
    case STORE_BTS:
    case STORE_BTR:
    case STORE_BTC:
        return 0x894; /* OF, SF, AF, PF */
    default:
        return 0;
    }
}

static void compare(const struct form *f, enum store_op op, const struct cpu_user_regs *regs,
                    uint64_t rip)
{
    uint64_t flags = ARITHMETIC_FLAGS & ~undefined_flags(op);
    bool ok = true;

    for (unsigned n = 0; n < 16; n++)
        ok &= n == 4 || native.gpr[n] == *decode_gpr((struct cpu_user_regs *)regs, n);
    ok &= (native.flags & flags) == (regs->rflags & flags);
    ok &= regs->rip == rip + f->len;
    if (!ok)
        printf("%s: registers or flags differ (flags %#lx, not %#lx)\n", f->text,
               regs->rflags & flags, native.flags & flags);
    CHECK(ok);
}

static void test_form(const struct form *f, uint8_t *code)
{
    uint64_t memory[WORDS], expected[WORDS], value;
    struct cpu_user_regs regs;
    struct decoded_store s;
    uint8_t *operand = (uint8_t *)&memory[OPERAND];

    for (unsigned i = 0; i < WORDS; i++)
        memory[i] = random_word();
    memcpy(expected, memory, sizeof(memory));
    fill_registers(&regs, f, memory[OPERAND]);
    *decode_gpr(&regs, f->base) = (uint64_t)operand - f->offset;
    regs.rip = 0x1000;
    CHECK_EQ(decode_store(f->bytes, f->len, &regs, true, &s), 0);
    CHECK_EQ(s.length, f->len);
    CHECK_EQ(s.address, (uint64_t)operand);
    execute(code, f, &regs);
    if (store_apply(&s, load((uint8_t *)&expected[OPERAND], s.size), &value, &regs))
        memcpy(&expected[OPERAND], &value, s.size);
    if (memcmp(expected, memory, sizeof(memory)) != 0)
        printf("%s: memory differs\n", f->text);
    CHECK(memcmp(expected, memory, sizeof(memory)) == 0);
    compare(f, s.op, &regs, 0x1000);
}

/* A bit number in a register moves the operand, either way. */
static void test_bit_register(uint8_t *code)
{
    static const struct form bts = FORM("lock bts %rcx,(%rdi)", 7, 0, 0xf0, 0x48, 0x0f, 0xab, 0x0f);
    static const struct form btr = FORM("btr %ecx,(%rdi)", 7, 0, 0x0f, 0xb3, 0x0f);

    for (int bit = -150; bit < 150; bit += 7) {
        const struct form *f = bit & 1 ? &bts : &btr;
        uint64_t memory[WORDS], expected[WORDS], value;
        struct cpu_user_regs regs;
        struct decoded_store s;
        uint8_t *at;

        for (unsigned i = 0; i < WORDS; i++)
            expected[i] = memory[i] = random_word();
        fill_registers(&regs, f, 0);
        regs.rdi = (uint64_t)&memory[OPERAND];
        regs.rcx = f == &bts ? (uint64_t)(int64_t)bit : (uint32_t)bit;
        regs.rip = 0;
        CHECK_EQ(decode_store(f->bytes, f->len, &regs, true, &s), 0);
        at = (uint8_t *)expected + (s.address - (uint64_t)memory);
        CHECK(at >= (uint8_t *)expected && at + s.size <= (uint8_t *)(expected + WORDS));
        execute(code, f, &regs);
        store_apply(&s, load(at, s.size), &value, &regs);
        memcpy(at, &value, s.size);
        CHECK(memcmp(expected, memory, sizeof(memory)) == 0);
        compare(f, s.op, &regs, 0);
    }
}

struct address_case {
    uint8_t bytes[15];
    uint8_t len;
    bool mode64;
    uint64_t address;
};

/* Registers hold 0x1000 * (number + 1), with the upper half set to what 32-bit code must not see.
 */
static void test_addresses(void)
{
    static const struct address_case cases[] = {
        {{0x48, 0x89, 0x44, 0x88, 0x10}, 5, true, 0x100000000000 * 1 + 0x1000 + 0x2000 * 4 + 0x10},
        {{0x48, 0x89, 0x05, 0x00, 0x01, 0x00, 0x00}, 7, true, 0x7000 + 7 + 0x100},
        {{0x48, 0xc7, 0x05, 0x00, 0x01, 0x00, 0x00, 1, 0, 0, 0}, 11, true, 0x7000 + 11 + 0x100},
        {{0x48, 0x89, 0x04, 0x25, 0x00, 0x00, 0x00, 0x80}, 8, true, 0xffffffff80000000},
        {{0x67, 0x89, 0x07}, 3, true, 0x8000},
        {{0x89, 0x05, 0x00, 0x01, 0x00, 0xf0}, 6, false, 0xf0000100},
        {{0x89, 0x83, 0x00, 0x00, 0x00, 0xff}, 6, false, 0xff004000},
        {{0x48, 0x89, 0x04, 0x24}, 4, true, 0x5000},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        struct cpu_user_regs regs = {.rip = 0x7000};
        struct decoded_store s;

        for (unsigned n = 0; n < 16; n++)
            *decode_gpr(&regs, n) = 0x1000 * (n + 1);
        regs.rax |= 0x100000000000;
        if (cases[i].bytes[0] == 0x67)
            regs.rdi |= 0xabcd00000000;
        CHECK_EQ(decode_store(cases[i].bytes, cases[i].len, &regs, cases[i].mode64, &s), 0);
        CHECK_EQ(s.address, cases[i].address);
        CHECK_EQ(s.length, cases[i].len);
    }
}

static void test_refusals(void)
{
    static const uint8_t refused[][8] = {
        {0x48, 0x89, 0xc7},       /* mov to a register */
        {0x64, 0x89, 0x07},       /* FS-relative */
        {0x8b, 0x07},             /* a load */
        {0x80, 0x17, 0x01},       /* ADC */
        {0x80, 0x3f, 0x01},       /* CMP */
        {0xf0, 0x89, 0x07},       /* LOCK MOV */
        {0xff, 0x17},             /* call */
        {0x48, 0x0f, 0xc7, 0x0f}, /* CMPXCHG16B */
        {0x0f, 0xc7, 0x37},       /* RDRAND's group */
        {0x0f, 0xba, 0x27, 0x01}, /* BT */
        {0xaa},                   /* STOSB */
    };
    static const uint8_t mov[] = {0x48, 0xc7, 0x05, 1, 2, 3, 4, 5, 6, 7, 8};
    struct cpu_user_regs regs = {.rip = 0};
    struct decoded_store s;

    for (unsigned i = 0; i < ARRAY_SIZE(refused); i++)
        CHECK(decode_store(refused[i], sizeof(refused[i]), &regs, true, &s) != 0);
    /* Cut short anywhere, it is no instruction. */
    for (unsigned len = 0; len < sizeof(mov); len++)
        CHECK(decode_store(mov, len, &regs, true, &s) != 0);
    CHECK_EQ(decode_store(mov, sizeof(mov), &regs, true, &s), 0);
}

static void fill_numbers(struct cpu_user_regs *regs)
{
    for (unsigned n = 0; n < 16; n++)
        *decode_gpr(regs, n) = UINT64_C(0x8123456789abcdef) * (2 * n + 1);
    regs->rip = 0x1000;
}

/* The short way, which wants INSN_MAX bytes, and the general one are of one mind. */
static void test_short_way(void)
{
    static const uint8_t prefixes[][2] = {{0, 0}, {1, 0xf0}, {1, 0x3e}, {1, 0x66}, {1, 0x65}};
    static const uint8_t opcodes[] = {0x0f, 0x80, 0x81, 0x83, 0x86, 0x87, 0x88, 0x89, 0xc7};
    uint8_t insn[INSN_MAX] = {0};
    struct cpu_user_regs regs = {0};
    unsigned differ = 0;

    fill_numbers(&regs);
    for (unsigned p = 0; p < ARRAY_SIZE(prefixes); p++)
        for (unsigned rex = 0x3f; rex < 0x50; rex++)
            for (unsigned n = 0; n < ARRAY_SIZE(opcodes) * 65536; n++) {
                struct decoded_store fast = {0}, slow = {0};
                unsigned at = 0;
                int rc;

                if (prefixes[p][0])
                    insn[at++] = prefixes[p][1];
                if (rex >= 0x40)
                    insn[at++] = rex;
                insn[at++] = opcodes[n >> 16];
                insn[at++] = n >> 8;
                insn[at++] = n;
                insn[at++] = 0xfd;
                rc = decode_store(insn, INSN_MAX, &regs, true, &fast);
                differ += rc != decode_store(insn, INSN_MAX - 1, &regs, true, &slow);
                differ += !rc && (fast.op != slow.op || fast.size != slow.size ||
                                  fast.length != slow.length || fast.reg != slow.reg ||
                                  fast.reg_high != slow.reg_high || fast.address != slow.address ||
                                  fast.source != slow.source);
            }
    CHECK_EQ(differ, 0);
}

int main(void)
{
    uint8_t *code =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (code == MAP_FAILED)
        return 1;
    for (unsigned i = 0; i < ARRAY_SIZE(forms); i++)
        for (unsigned round = 0; round < 200; round++)
            test_form(&forms[i], code);
    test_bit_register(code);
    test_addresses();
    test_refusals();
    test_short_way();
    return check_report();
}
