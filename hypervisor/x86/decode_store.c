/* Stores to page tables: which instructions, and their operands. */
#include "lib/errno.h"
#include "x86/decode_insn.h"

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

/* Byte registers 4 to 7 are AH, CH, DH, BH when there is no REX prefix. */
static void use_register(const struct insn *i, struct decoded_store *s)
{
    uint64_t value;

    s->reg_high = s->size == 1 && !i->rex && i->reg >= 4;
    s->reg = s->reg_high ? i->reg - 4 : i->reg;
    value = *decode_gpr((struct cpu_user_regs *)i->regs, s->reg);
    s->source = (s->reg_high ? value >> 8 : value) & insn_size_mask(s->size);
}

static void use_immediate(struct insn *i, struct decoded_store *s, unsigned bytes)
{
    s->source = (uint64_t)insn_immediate(i, bytes) & insn_size_mask(s->size);
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

/* Nearly all stores of Linux to its tables: MOV and XCHG of 8 bytes, LOCK AND and OR of one byte,
 * at an address in a register with at most a short displacement. (On one processor Linux turns LOCK
 * into DS.) The general way takes five times as long for them and comes to the same. `b` has
 * INSN_MAX bytes, more than these forms are long. */
static bool common_store(const uint8_t *b, const struct cpu_user_regs *regs,
                         struct decoded_store *out)
{
    struct cpu_user_regs *values = (struct cpu_user_regs *)regs;
    unsigned lock = b[0] == 0xf0, pos = lock || b[0] == 0x3e;
    unsigned rex = (b[pos] & 0xf0) == 0x40 ? b[pos++] : 0;
    unsigned opcode = b[pos++], modrm = b[pos++], mod = modrm >> 6, rm = modrm & 7;
    unsigned reg = (modrm >> 3 & 7) | (rex & REX_R ? 8 : 0);
    int64_t displacement = 0;

    if (mod > 1 || (mod == 0 && rm == 5))
        return false;
    if (rm == 4 && (b[pos++] != 0x24 || rex & REX_X)) /* a SIB byte with RSP or R12 alone */
        return false;
    if (mod == 1)
        displacement = (int8_t)b[pos++];
    *out = (struct decoded_store){
        .address = *decode_gpr(values, rm | (rex & REX_B ? 8 : 0)) + displacement,
    };
    if (opcode == 0x87 || (opcode == 0x89 && !lock)) {
        out->op = opcode == 0x87 ? STORE_XCHG : STORE_MOV;
        out->size = 8;
        out->reg = reg;
        out->source = *decode_gpr(values, reg);
        out->length = pos;
        return rex & REX_W;
    }
    out->op = (reg & 7) == 1 ? STORE_OR : STORE_AND;
    out->size = 1;
    out->source = b[pos++];
    out->length = pos;
    return opcode == 0x80 && ((reg & 7) == 1 || (reg & 7) == 4);
}

int decode_store(const uint8_t *insn, unsigned len, const struct cpu_user_regs *regs, bool mode64,
                 struct decoded_store *out)
{
    struct insn i;
    int64_t displacement = 0;

    if (mode64 && len >= INSN_MAX && common_store(insn, regs, out))
        return 0;
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
