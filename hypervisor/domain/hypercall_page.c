#include "domain/hypercall_page.h"

#include "lib/abi.h"

#include "lib/string.h"

#define STUB_SIZE 32
#define STUB_COUNT (PAGE_SIZE / STUB_SIZE)
#define OP_INT3 0xcc

/* Where the number goes in the stubs below. */
#define NR 0, 0, 0, 0

struct stub {
    uint8_t size, number_at;
    uint8_t code[STUB_SIZE];
};

/* SYSCALL overwrites RCX and R11, which callers expect to keep. */
static const struct stub call64 = {
    .size = 14,
    .number_at = 4,
    .code = {0x51,       /* push %rcx */
             0x41, 0x53, /* push %r11 */
             0xb8, NR,   /* mov $number, %eax */
             0x0f, 0x05, /* syscall */
             0x41, 0x5b, /* pop %r11 */
             0x59,       /* pop %rcx */
             0xc3},      /* ret */
};

/* The return from an exception never comes back; its frame begins with RAX, R11 and RCX. */
static const struct stub iret64 = {
    .size = 11,
    .number_at = 5,
    .code = {0x51,        /* push %rcx */
             0x41, 0x53,  /* push %r11 */
             0x50,        /* push %rax */
             0xb8, NR,    /* mov $number, %eax */
             0x0f, 0x05}, /* syscall */
};

static const struct stub call32 = {
    .size = 8,
    .number_at = 1,
    .code = {0xb8, NR,   /* mov $number, %eax */
             0xcd, 0x82, /* int $0x82 */
             0xc3},      /* ret */
};

static const struct stub iret32 = {
    .size = 8,
    .number_at = 2,
    .code = {0x50,        /* push %eax */
             0xb8, NR,    /* mov $number, %eax */
             0xcd, 0x82}, /* int $0x82 */
};

void hypercall_page_fill(void *page, bool is_compat)
{
    uint8_t *to = page;

    /* What lies between the stubs must not be run into. */
    memset(page, OP_INT3, PAGE_SIZE);
    for (uint32_t number = 0; number < STUB_COUNT; number++, to += STUB_SIZE) {
        const struct stub *stub = is_compat ? &call32 : &call64;

        if (number == __HYPERVISOR_iret)
            stub = is_compat ? &iret32 : &iret64;
        memcpy(to, stub->code, stub->size);
        memcpy(to + stub->number_at, &number, sizeof(number));
    }
}
