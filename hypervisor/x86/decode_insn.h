/* One instruction being taken apart: prefixes, opcode, operands. For the decode_*.c files only. */
#ifndef X86_DECODE_INSN_H
#define X86_DECODE_INSN_H

#include "x86/decode.h"

#define REX_W 8
#define REX_R 4
#define REX_X 2
#define REX_B 1

struct insn {
    const uint8_t *bytes;
    unsigned len, pos;
    bool overrun; /* more bytes were wanted than there are */
    const struct cpu_user_regs *regs;
    bool mode64;
    bool operand16, address_override, lock, repeat;
    bool has_segment;
    enum segment segment; /* override, when has_segment */
    uint8_t rex;
    bool two_byte; /* opcode follows 0x0f */
    uint8_t opcode;
    uint8_t mod, reg, rm; /* with the REX bits; reg and rm 0..15 */
    bool rip_relative;
    uint64_t address; /* of a memory operand; see insn_address() */
};

/* Reads prefixes and opcode. */
void insn_start(struct insn *i, const uint8_t *bytes, unsigned len,
                const struct cpu_user_regs *regs, bool mode64);
uint8_t insn_byte(struct insn *i);
/* Reads an immediate of 1, 2 or 4 bytes, sign-extended. */
int64_t insn_immediate(struct insn *i, unsigned bytes);
/* Reads ModRM, SIB and displacement. False for 16-bit addressing, which is not served. */
bool insn_modrm(struct insn *i);
/* Linear address of the memory operand; only after all immediates have been read. */
uint64_t insn_address(const struct insn *i);
/* Operand size of non-byte forms: 2, 4 or 8. */
unsigned insn_operand_size(const struct insn *i);
/* All ones in the low `size` bytes, 1 to 8. */
static inline uint64_t insn_size_mask(unsigned size)
{
    return ~UINT64_C(0) >> (64 - 8 * size);
}
/* Bytes of an address: 2, 4 or 8. */
unsigned insn_address_size(const struct insn *i);

#endif
