/* Stores to page tables: which instructions, and what they do to memory, registers and flags. */
#include "lib/assert.h"
#include "lib/errno.h"
#include "x86/decode_insn.h"

#define FLAG_CF 0x001UL
#define FLAG_PF 0x004UL
#define FLAG_AF 0x010UL
#define FLAG_ZF 0x040UL
#define FLAG_SF 0x080UL
#define FLAG_OF 0x800UL
#define FLAGS_ARITHMETIC (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

/* Group 1 and the row of two-operand forms share one order: ADD OR ADC SBB AND SUB XOR CMP. What is
 * not in the table is not served. */
static bool arithmetic_op(unsigned n, enum store_op *op)
{
    switch (n) {
    case 0:
        *op = STORE_ADD;
        return true;
    case 1:
        *op = STORE_OR;
        return true;
    case 4:
        *op = STORE_AND;
        return true;
    case 5:
        *op = STORE_SUB;
        return true;
    case 6:
        *op = STORE_XOR;
        return true;
    default:
        return false;
    }
}

/* The order of BT BTS BTR BTC, from 4 in group 8. */
static bool bit_op(unsigned n, enum store_op *op)
{
    *op = STORE_BTS + (n - 5);
    return n >= 5 && n <= 7;
}

static uint64_t size_mask(unsigned size)
{
    return size == 8 ? ~UINT64_C(0) : (UINT64_C(1) << (8 * size)) - 1;
}

/* Byte registers 4 to 7 are AH, CH, DH, BH when there is no REX prefix. */
static void use_register(const struct insn *i, struct decoded_store *s)
{
    uint64_t value;

    s->reg_high = s->size == 1 && !i->rex && i->reg >= 4;
    s->reg = s->reg_high ? i->reg - 4 : i->reg;
    value = *decode_gpr((struct cpu_user_regs *)i->regs, s->reg);
    s->source = (s->reg_high ? value >> 8 : value) & size_mask(s->size);
}

static void use_immediate(struct insn *i, struct decoded_store *s, unsigned bytes)
{
    s->source = (uint64_t)insn_immediate(i, bytes) & size_mask(s->size);
}

/* A bit number in a register reaches beyond the operand; an immediate one wraps within it. */
static int64_t use_bit_register(const struct insn *i, struct decoded_store *s)
{
    uint64_t value;
    int64_t bit;

    s->reg = i->reg;
    value = *decode_gpr((struct cpu_user_regs *)i->regs, s->reg);
    bit = s->size == 8 ? (int64_t)value : s->size == 4 ? (int32_t)value : (int16_t)value;
    s->source = bit & (8 * s->size - 1);
    return (bit >> (s->size == 8 ? 6 : s->size == 4 ? 5 : 4)) * s->size;
}

static bool one_byte_store(struct insn *i, struct decoded_store *s)
{
    switch (i->opcode) {
    case 0x88 ... 0x89:
        s->op = STORE_MOV;
        use_register(i, s);
        return !i->lock;
    case 0x86 ... 0x87:
        s->op = STORE_XCHG;
        use_register(i, s);
        return true;
    case 0xc6 ... 0xc7:
        s->op = STORE_MOV;
        use_immediate(i, s, MIN(s->size, 4));
        return (i->reg & 7) == 0 && !i->lock;
    case 0x80 ... 0x81:
        use_immediate(i, s, MIN(s->size, 4));
        return arithmetic_op(i->reg & 7, &s->op);
    case 0x83:
        use_immediate(i, s, 1);
        return arithmetic_op(i->reg & 7, &s->op);
    case 0x00 ... 0x01:
    case 0x08 ... 0x09:
    case 0x20 ... 0x21:
    case 0x28 ... 0x29:
    case 0x30 ... 0x31:
        use_register(i, s);
        return arithmetic_op(i->opcode >> 3, &s->op);
    case 0xfe ... 0xff:
        s->op = STORE_INC + (i->reg & 7);
        s->source = 1;
        return (i->reg & 7) <= 1;
    default:
        return false;
    }
}

static bool two_byte_store(struct insn *i, struct decoded_store *s, int64_t *displacement)
{
    switch (i->opcode) {
    case 0xb0 ... 0xb1:
        s->op = STORE_CMPXCHG;
        use_register(i, s);
        return true;
    case 0xc0 ... 0xc1:
        s->op = STORE_XADD;
        use_register(i, s);
        return true;
    case 0xc7:
        s->op = STORE_CMPXCHG8B;
        s->size = 8;
        s->source = i->regs->rcx << 32 | (uint32_t)i->regs->rbx;
        return (i->reg & 7) == 1 && !(i->rex & REX_W);
    case 0xab:
    case 0xb3:
    case 0xbb:
        *displacement = use_bit_register(i, s);
        return bit_op((i->opcode >> 3) & 7, &s->op);
    case 0xba:
        s->source = insn_immediate(i, 1) & (8 * s->size - 1);
        return bit_op(i->reg & 7, &s->op);
    default:
        return false;
    }
}

/* Even opcodes are the byte forms of the odd ones, but in the bit and CMPXCHG8B groups. */
static bool is_byte_form(const struct insn *i)
{
    if (i->two_byte && i->opcode != 0xb0 && i->opcode != 0xc0)
        return false;
    return !(i->opcode & 1);
}

int decode_store(const uint8_t *insn, unsigned len, const struct cpu_user_regs *regs, bool mode64,
                 struct decoded_store *out)
{
    struct insn i;
    int64_t displacement = 0;

    insn_start(&i, insn, MIN(len, INSN_MAX), regs, mode64);
    if (!insn_modrm(&i) || i.mod == 3)
        return -EINVAL;
    *out = (struct decoded_store){.size = is_byte_form(&i) ? 1 : insn_operand_size(&i)};
    if (i.two_byte ? !two_byte_store(&i, out, &displacement) : !one_byte_store(&i, out))
        return -EINVAL;
    if (i.overrun || (i.has_segment && i.segment >= SEGMENT_FS))
        return -EINVAL;
    out->length = i.pos;
    i.address += displacement;
    out->address = insn_address(&i);
    return 0;
}

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

/* A register as an operand of `size` bytes: 32-bit writes clear the upper half, shorter ones keep. */
static void write_register(struct cpu_user_regs *regs, const struct decoded_store *s, unsigned reg,
                           bool high, uint64_t value)
{
    uint64_t *r = decode_gpr(regs, reg);
    unsigned shift = high ? 8 : 0;

    if (s->size >= 4)
        *r = value;
    else
        *r = (*r & ~(size_mask(s->size) << shift)) | value << shift;
}

static void set_flags(struct cpu_user_regs *regs, uint64_t which, uint64_t flags)
{
    regs->rflags = (regs->rflags & ~which) | (flags & which);
}

static bool apply_cmpxchg(const struct decoded_store *s, uint64_t old, uint64_t *value,
                          struct cpu_user_regs *regs)
{
    uint64_t mask = size_mask(s->size), expected = regs->rax & mask;

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
    uint64_t r = (subtract ? old - s->source : old + s->source) & size_mask(s->size);

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
