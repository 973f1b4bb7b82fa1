/* The common part of decoding: prefixes, opcode, ModRM (SDM vol. 2, chapter 2). */
#include "x86/decode_insn.h"

#define MODRM_SIB 4    /* rm: a SIB byte follows */
#define MODRM_DISP32 5 /* rm with mod 0: no base, or RIP */
#define SIB_NO_INDEX 4
#define SIB_NO_BASE 5

uint64_t *decode_gpr(struct cpu_user_regs *regs, unsigned n)
{
#define AT(reg) offsetof(struct cpu_user_regs, reg)
    static const uint8_t at[16] = {
        AT(rax), AT(rcx), AT(rdx), AT(rbx), AT(rsp), AT(rbp), AT(rsi), AT(rdi),
        AT(r8),  AT(r9),  AT(r10), AT(r11), AT(r12), AT(r13), AT(r14), AT(r15),
    };
#undef AT

    return (uint64_t *)((char *)regs + at[n & 15]);
}

static uint64_t gpr_value(const struct insn *i, unsigned n)
{
    return *decode_gpr((struct cpu_user_regs *)i->regs, n);
}

uint8_t insn_byte(struct insn *i)
{
    if (i->pos >= i->len) {
        i->overrun = true;
        return 0;
    }
    return i->bytes[i->pos++];
}

int64_t insn_immediate(struct insn *i, unsigned bytes)
{
    uint32_t value = 0;

    for (unsigned n = 0; n < bytes; n++)
        value |= (uint32_t)insn_byte(i) << (8 * n);
    switch (bytes) {
    case 1:
        return (int8_t)value;
    case 2:
        return (int16_t)value;
    default:
        return (int32_t)value;
    }
}

/* True when `byte` is a legacy prefix, which is then noted. */
static bool take_prefix(struct insn *i, uint8_t byte)
{
    switch (byte) {
    case 0x66:
        i->operand16 = true;
        return true;
    case 0x67:
        i->address_override = true;
        return true;
    case 0xf0:
        i->lock = true;
        return true;
    case 0xf2:
    case 0xf3:
        i->repeat = true;
        return true;
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
        i->has_segment = true;
        i->segment = SEGMENT_ES + ((byte >> 3) & 3);
        return true;
    case 0x64:
    case 0x65:
        i->has_segment = true;
        i->segment = byte == 0x64 ? SEGMENT_FS : SEGMENT_GS;
        return true;
    default:
        return false;
    }
}

void insn_start(struct insn *i, const uint8_t *bytes, unsigned len,
                const struct cpu_user_regs *regs, bool mode64)
{
    uint8_t byte;

    *i = (struct insn){.bytes = bytes, .len = len, .regs = regs, .mode64 = mode64};
    do {
        byte = insn_byte(i);
    } while (take_prefix(i, byte));
    /* Only directly before the opcode is this a prefix; anywhere else the processor ignores it, and
     * such code is not worth serving. */
    if (mode64 && (byte & 0xf0) == 0x40) {
        i->rex = byte;
        byte = insn_byte(i);
    }
    i->two_byte = byte == 0x0f;
    i->opcode = i->two_byte ? insn_byte(i) : byte;
}

unsigned insn_operand_size(const struct insn *i)
{
    if (i->rex & REX_W)
        return 8;
    return i->operand16 ? 2 : 4;
}

unsigned insn_address_size(const struct insn *i)
{
    unsigned normal = i->mode64 ? 8 : 4;

    return i->address_override ? normal / 2 : normal;
}

static void read_sib(struct insn *i)
{
    uint8_t sib = insn_byte(i);
    unsigned index = ((sib >> 3) & 7) | (i->rex & REX_X ? 8 : 0);
    unsigned base = sib & 7;

    if (base == SIB_NO_BASE && i->mod == 0)
        i->address = insn_immediate(i, 4);
    else
        i->address = gpr_value(i, base | (i->rex & REX_B ? 8 : 0));
    if (index != SIB_NO_INDEX)
        i->address += gpr_value(i, index) << (sib >> 6);
}

bool insn_modrm(struct insn *i)
{
    uint8_t modrm = insn_byte(i);

    i->mod = modrm >> 6;
    i->reg = ((modrm >> 3) & 7) | (i->rex & REX_R ? 8 : 0);
    i->rm = (modrm & 7) | (i->rex & REX_B ? 8 : 0);
    if (i->mod == 3)
        return true;
    if (insn_address_size(i) == 2)
        return false;
    if ((modrm & 7) == MODRM_SIB) {
        read_sib(i);
    } else if ((modrm & 7) == MODRM_DISP32 && i->mod == 0) {
        i->rip_relative = i->mode64;
        i->address = insn_immediate(i, 4);
    } else {
        i->address = gpr_value(i, i->rm);
    }
    if (i->mod == 1)
        i->address += insn_immediate(i, 1);
    else if (i->mod == 2)
        i->address += insn_immediate(i, 4);
    return true;
}

uint64_t insn_address(const struct insn *i)
{
    uint64_t address = i->address;

    if (i->rip_relative)
        address += i->regs->rip + i->pos;
    return insn_address_size(i) == 4 ? (uint32_t)address : address;
}
