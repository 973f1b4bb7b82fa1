/* sources: hypervisor/x86/decode.c hypervisor/x86/decode_store.c hypervisor/x86/store_apply.c hypervisor/x86/decode_privop.c */
/* First byte: width of the code and how many bytes of it can be read; then the instruction; then
 * the registers. Whatever comes out must be something the rest of Ringfort can act on. */
#include <stdlib.h>
#include <string.h>

#include "lib/abi.h"

#include "x86/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void assert_failed(const char *expr, const char *file, int line);
int refuse_at(int error, const char *file, int line);

void assert_failed(const char *expr, const char *file, int line)
{
    abort();
}

int refuse_at(int error, const char *file, int line)
{
    return error;
}

static void require(bool condition)
{
    if (!condition)
        abort();
}

static uint64_t mask(unsigned bytes)
{
    return bytes == 8 ? ~UINT64_C(0) : (UINT64_C(1) << (8 * bytes)) - 1;
}

static void check_store(const struct decoded_store *s, struct cpu_user_regs *regs, unsigned len)
{
    uint64_t rip = regs->rip, old = regs->rbp & mask(s->size), value;

    require(s->length >= 2 && s->length <= len);
    require(s->size == 1 || s->size == 2 || s->size == 4 || s->size == 8);
    require(s->reg < 16);
    require((s->source & ~mask(s->size)) == 0);
    if (!store_apply(s, old, &value, regs))
        require(value == old);
    require((value & ~mask(s->size)) == 0);
    require(regs->rip == rip + s->length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cpu_user_regs regs = {0};
    struct decoded_store s;
    struct decoded_privop p;
    bool mode64;
    unsigned len;
    uint8_t *insn;

    if (size < 1 + INSN_MAX)
        return 0;
    mode64 = data[0] & 0x80;
    len = data[0] & 0xf;
    memcpy(&regs, data + 1 + INSN_MAX,
           size - 1 - INSN_MAX < sizeof(regs) ? size - 1 - INSN_MAX : sizeof(regs));
    insn = malloc(len); /* of exactly that length: reading past it is found */
    memcpy(insn, data + 1, len);
    if (decode_privop(insn, len, &regs, mode64, &p) == 0)
        require(p.length >= 1 && p.length <= len && p.reg < 16 && p.number < 16);
    if (decode_store(insn, len, &regs, mode64, &s) == 0)
        check_store(&s, &regs, len);
    free(insn);
    return 0;
}
