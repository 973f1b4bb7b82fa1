/*
 * Instruction decoder for what guest kernels may leave to Ringfort: privileged instructions and
 * stores to page tables. Pure: bytes and registers in, a description out. Every byte is the
 * guest's.
 */
#ifndef X86_DECODE_H
#define X86_DECODE_H

#include "lib/abi.h"

#include "lib/types.h"

/* Longest instruction the processor accepts (SDM vol. 2, 2.3.11). */
#define INSN_MAX 15

enum store_op {
    STORE_MOV,
    STORE_XCHG,
    STORE_CMPXCHG,
    STORE_CMPXCHG8B,
    STORE_ADD,
    STORE_OR,
    STORE_AND,
    STORE_SUB,
    STORE_XOR,
    STORE_BTS,
    STORE_BTR,
    STORE_BTC,
    STORE_XADD,
    STORE_INC,
    STORE_DEC,
};

/* One memory write as a guest instruction asks for it. */
struct decoded_store {
    enum store_op op;
    uint8_t size;     /* bytes written: 1, 2, 4 or 8 (8 for CMPXCHG8B) */
    uint8_t length;   /* of the instruction */
    uint8_t reg;      /* register that takes the old value (XCHG, XADD), 0..15 */
    bool reg_high;    /* that register is AH, CH, DH or BH */
    uint64_t address; /* linear; segment bases are taken as 0 */
    uint64_t source;  /* second operand, cut to `size`; bit number for BTS, BTR, BTC */
};

/*
 * Decodes the store at regs->rip, whose first `len` bytes (1..INSN_MAX) are at `insn`. `mode64`: a
 * 64-bit code segment. Returns 0 and fills `out`, or -EINVAL for anything that is not one of the
 * stores above with a memory destination (FS- and GS-relative ones included). `regs` is only read.
 */
int decode_store(const uint8_t *insn, unsigned len, const struct cpu_user_regs *regs, bool mode64,
                 struct decoded_store *out);

/*
 * What the store does when memory holds `old` (cut to s->size bytes): the new memory value in
 * *value; in `regs` the flags, the register results and RIP past the instruction. Returns false
 * when memory keeps its value (a CMPXCHG that compared unequal; *value is then `old`). A caller
 * that may have to try again with another `old` passes a copy of the registers each time.
 */
bool store_apply(const struct decoded_store *s, uint64_t old, uint64_t *value,
                 struct cpu_user_regs *regs);

enum privop {
    PRIVOP_IN,
    PRIVOP_OUT,
    PRIVOP_INS,
    PRIVOP_OUTS,
    PRIVOP_CLI,
    PRIVOP_STI,
    PRIVOP_HLT,
    PRIVOP_CLTS,
    PRIVOP_INVD, /* and WBINVD */
    PRIVOP_INVLPG,
    PRIVOP_RDMSR,
    PRIVOP_WRMSR,
    PRIVOP_RDTSC,
    PRIVOP_RDTSCP,
    PRIVOP_RDPMC,
    PRIVOP_CPUID,
    PRIVOP_XSETBV,
    PRIVOP_LMSW,
    PRIVOP_READ_CR,
    PRIVOP_WRITE_CR,
    PRIVOP_READ_DR,
    PRIVOP_WRITE_DR,
};

/* Segment of a memory operand, in the order of the processor's encoding. */
enum segment { SEGMENT_ES, SEGMENT_CS, SEGMENT_SS, SEGMENT_DS, SEGMENT_FS, SEGMENT_GS };

struct decoded_privop {
    enum privop op;
    uint8_t length;
    uint8_t size;         /* bytes moved by IN, OUT, INS, OUTS: 1, 2 or 4 */
    uint8_t address_size; /* INS, OUTS: bytes of RDI, RSI and RCX that count: 2, 4 or 8 */
    uint8_t reg;          /* general register, 0..15 */
    uint8_t number;       /* control or debug register */
    bool rep;             /* INS, OUTS: repeated RCX times */
    bool has_port;        /* IN, OUT: the port is `port`; else it is in DX */
    uint8_t port;
    enum segment segment; /* OUTS: segment of the source */
    uint64_t address;     /* INVLPG: linear address */
};

/* Decodes the privileged instruction whose first `len` bytes are at `insn`; parameters and results
 * as decode_store's. */
int decode_privop(const uint8_t *insn, unsigned len, const struct cpu_user_regs *regs, bool mode64,
                  struct decoded_privop *out);

/* General register `n` (0 RAX, 1 RCX, ... 15 R15, the encoding's order) of a frame. */
uint64_t *decode_gpr(struct cpu_user_regs *regs, unsigned n);

#endif
