/* What the stores of decode_store.c do to memory, registers and flags. */
#include "x86/decode_insn.h"

#define FLAG_CF 0x001UL
#define FLAG_PF 0x004UL
#define FLAG_AF 0x010UL
#define FLAG_ZF 0x040UL
#define FLAG_SF 0x080UL
#define FLAG_OF 0x800UL
#define FLAGS_ARITHMETIC (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

static uint64_t sign_bit(unsigned size)
{
    return UINT64_C(1) << (8 * size - 1);
}

static uint64_t result_flags(uint64_t result, unsigned size)
{
    uint64_t flags = 0;

    if (!result)
        flags |= FLAG_ZF;
    if (result & sign_bit(size))
        flags |= FLAG_SF;
    if (!__builtin_parity(result & 0xff))
        flags |= FLAG_PF;
    return flags;
}

/* Flags of a + b = r or a - b = r; carries are those out of bit 3 and out of the top. */
static uint64_t sum_flags(uint64_t a, uint64_t b, uint64_t r, unsigned size, bool subtract)
{
    uint64_t carries = subtract ? (~a & b) | (~(a ^ b) & r) : (a & b) | ((a | b) & ~r);
    uint64_t overflow = subtract ? (a ^ b) & (a ^ r) : (a ^ r) & (b ^ r);
    uint64_t flags = result_flags(r, size);

    if (carries & sign_bit(size))
        flags |= FLAG_CF;
    if (carries & 8)
        flags |= FLAG_AF;
    if (overflow & sign_bit(size))
        flags |= FLAG_OF;
    return flags;
}

/* A register as an operand of `size` bytes: 32-bit writes clear the upper half, shorter ones keep.
 */
static void write_register(struct cpu_user_regs *regs, const struct decoded_store *s, unsigned reg,
                           bool high, uint64_t value)
{
    uint64_t *r = decode_gpr(regs, reg);
    unsigned shift = high ? 8 : 0;

    if (s->size >= 4)
        *r = value;
    else
        *r = (*r & ~(insn_size_mask(s->size) << shift)) | value << shift;
}

static void set_flags(struct cpu_user_regs *regs, uint64_t which, uint64_t flags)
{
    regs->rflags = (regs->rflags & ~which) | (flags & which);
}

static bool apply_cmpxchg(const struct decoded_store *s, uint64_t old, uint64_t *value,
                          struct cpu_user_regs *regs)
{
    uint64_t mask = insn_size_mask(s->size), expected = regs->rax & mask;

    set_flags(regs, FLAGS_ARITHMETIC,
              sum_flags(expected, old, (expected - old) & mask, s->size, true));
    if (expected == old) {
        *value = s->source;
        return true;
    }
    write_register(regs, s, 0, false, old);
    *value = old;
    return false;
}

static bool apply_cmpxchg8b(const struct decoded_store *s, uint64_t old, uint64_t *value,
                            struct cpu_user_regs *regs)
{
    bool equal = (regs->rdx << 32 | (uint32_t)regs->rax) == old;

    set_flags(regs, FLAG_ZF, equal ? FLAG_ZF : 0);
    *value = equal ? s->source : old;
    if (!equal) {
        regs->rax = (uint32_t)old;
        regs->rdx = old >> 32;
    }
    return equal;
}

static uint64_t apply_sum(const struct decoded_store *s, uint64_t old, bool subtract,
                          uint64_t changes, struct cpu_user_regs *regs)
{
    uint64_t r = (subtract ? old - s->source : old + s->source) & insn_size_mask(s->size);

    set_flags(regs, changes, sum_flags(old, s->source, r, s->size, subtract));
    return r;
}

static uint64_t apply_logic(const struct decoded_store *s, uint64_t r, struct cpu_user_regs *regs)
{
    set_flags(regs, FLAGS_ARITHMETIC, result_flags(r, s->size));
    return r;
}

static uint64_t apply_bit(const struct decoded_store *s, uint64_t old, struct cpu_user_regs *regs)
{
    uint64_t bit = UINT64_C(1) << s->source;

    set_flags(regs, FLAG_CF, old & bit ? FLAG_CF : 0);
    switch (s->op) {
    case STORE_BTS:
        return old | bit;
    case STORE_BTR:
        return old & ~bit;
    default:
        return old ^ bit;
    }
}

bool store_apply(const struct decoded_store *s, uint64_t old, uint64_t *value,
                 struct cpu_user_regs *regs)
{
    regs->rip += s->length;
    switch (s->op) {
    case STORE_CMPXCHG:
        return apply_cmpxchg(s, old, value, regs);
    case STORE_CMPXCHG8B:
        return apply_cmpxchg8b(s, old, value, regs);
    case STORE_MOV:
        *value = s->source;
        return true;
    case STORE_XCHG:
        write_register(regs, s, s->reg, s->reg_high, old);
        *value = s->source;
        return true;
    case STORE_XADD:
        *value = apply_sum(s, old, false, FLAGS_ARITHMETIC, regs);
        write_register(regs, s, s->reg, s->reg_high, old);
        return true;
    case STORE_ADD:
    case STORE_SUB:
        *value = apply_sum(s, old, s->op == STORE_SUB, FLAGS_ARITHMETIC, regs);
        return true;
    case STORE_INC:
    case STORE_DEC:
        *value = apply_sum(s, old, s->op == STORE_DEC, FLAGS_ARITHMETIC & ~FLAG_CF, regs);
        return true;
    case STORE_OR:
        *value = apply_logic(s, old | s->source, regs);
        return true;
    case STORE_AND:
        *value = apply_logic(s, old & s->source, regs);
        return true;
    case STORE_XOR:
        *value = apply_logic(s, old ^ s->source, regs);
        return true;
    default:
        *value = apply_bit(s, old, regs);
        return true;
    }
}
