/* Privileged instructions: which, and their operands. */
#include "lib/errno.h"
#include "x86/decode_insn.h"

static unsigned port_size(const struct insn *i)
{
    if (!(i->opcode & 1))
        return 1;
    return i->operand16 ? 2 : 4;
}

static void string_operands(const struct insn *i, struct decoded_privop *out)
{
    out->size = port_size(i);
    out->address_size = insn_address_size(i);
    out->rep = i->repeat;
    out->segment = i->has_segment ? i->segment : SEGMENT_DS;
}

static bool one_byte_privop(struct insn *i, struct decoded_privop *out)
{
    switch (i->opcode) {
    case 0x6c ... 0x6d:
        out->op = PRIVOP_INS;
        string_operands(i, out);
        return true;
    case 0x6e ... 0x6f:
        out->op = PRIVOP_OUTS;
        string_operands(i, out);
        return true;
    case 0xe4 ... 0xe7:
        out->has_port = true;
        out->port = insn_byte(i);
        break;
    case 0xec ... 0xef:
        break;
    case 0xf4:
        out->op = PRIVOP_HLT;
        return true;
    case 0xfa:
        out->op = PRIVOP_CLI;
        return true;
    case 0xfb:
        out->op = PRIVOP_STI;
        return true;
    default:
        return false;
    }
    out->op = i->opcode & 2 ? PRIVOP_OUT : PRIVOP_IN;
    out->size = port_size(i);
    return true;
}

/* 0x0f 0x01: a group by ModRM. */
static bool group_7(struct insn *i, struct decoded_privop *out)
{
    if (!insn_modrm(i))
        return false;
    out->reg = i->rm;
    switch (i->reg & 7) {
    case 2:
        out->op = PRIVOP_XSETBV;
        return i->mod == 3 && (i->rm & 7) == 1;
    case 6:
        out->op = PRIVOP_LMSW;
        return i->mod == 3;
    case 7:
        if (i->mod == 3) {
            out->op = PRIVOP_RDTSCP;
            return (i->rm & 7) == 1;
        }
        out->op = PRIVOP_INVLPG;
        out->address = insn_address(i);
        return true;
    default:
        return false;
    }
}

/* MOV between a general and a control or debug register: mod is ignored by the processor. */
static bool move_special(struct insn *i, struct decoded_privop *out, enum privop op)
{
    uint8_t modrm = insn_byte(i);

    out->op = op;
    out->reg = (modrm & 7) | (i->rex & REX_B ? 8 : 0);
    out->number = ((modrm >> 3) & 7) | (i->rex & REX_R ? 8 : 0);
    return true;
}

static bool plain(struct decoded_privop *out, enum privop op)
{
    out->op = op;
    return true;
}

static bool two_byte_privop(struct insn *i, struct decoded_privop *out)
{
    switch (i->opcode) {
    case 0x01:
        return group_7(i, out);
    case 0x06:
        return plain(out, PRIVOP_CLTS);
    case 0x08:
    case 0x09:
        return plain(out, PRIVOP_INVD);
    case 0x20:
        return move_special(i, out, PRIVOP_READ_CR);
    case 0x21:
        return move_special(i, out, PRIVOP_READ_DR);
    case 0x22:
        return move_special(i, out, PRIVOP_WRITE_CR);
    case 0x23:
        return move_special(i, out, PRIVOP_WRITE_DR);
    case 0x30:
        return plain(out, PRIVOP_WRMSR);
    case 0x31:
        return plain(out, PRIVOP_RDTSC);
    case 0x32:
        return plain(out, PRIVOP_RDMSR);
    case 0x33:
        return plain(out, PRIVOP_RDPMC);
    case 0xa2:
        return plain(out, PRIVOP_CPUID);
    default:
        return false;
    }
}

int decode_privop(const uint8_t *insn, unsigned len, const struct cpu_user_regs *regs, bool mode64,
                  struct decoded_privop *out)
{
    struct insn i;

    *out = (struct decoded_privop){.op = PRIVOP_HLT};
    insn_start(&i, insn, MIN(len, INSN_MAX), regs, mode64);
    if (i.lock || (i.two_byte ? !two_byte_privop(&i, out) : !one_byte_privop(&i, out)) || i.overrun)
        return -EINVAL;
    out->length = i.pos;
    return 0;
}
