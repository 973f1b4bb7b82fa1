#include "unpack/environment.h"

#define CR0_MP (1ul << 1)
#define CR0_EM (1ul << 2)
#define CR0_TS (1ul << 3)
#define CR4_OSFXSR (1ul << 9)
#define CR4_OSXMMEXCPT (1ul << 10)
#define MSR_FS_BASE 0xc0000100u

/* What %fs points at in a process begins so; only the guard is ever read. System V ABI, x86-64
 * (thread control block as GCC's stack protector assumes it): the guard is at offset 0x28. */
static struct {
    uint8_t unused[0x28];
    uint64_t stack_guard;
} thread_block = {.stack_guard = UINT64_C(0x5bd1e995a7c4f300)};

static uint64_t read_fs_base(void)
{
    uint32_t low, high;

    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_FS_BASE));
    return (uint64_t)high << 32 | low;
}

static void write_fs_base(uint64_t base)
{
    asm volatile("wrmsr"
                 :
                 : "c"(MSR_FS_BASE), "a"((uint32_t)base), "d"((uint32_t)(base >> 32))
                 : "memory");
}

void unpack_enter(struct unpack_environment *saved)
{
    asm volatile("mov %%cr0, %0" : "=r"(saved->cr0));
    asm volatile("mov %%cr4, %0" : "=r"(saved->cr4));
    saved->fs_base = read_fs_base();

    /* MXCSR keeps whatever it holds: the libraries compute with integers only. */
    asm volatile("mov %0, %%cr0" : : "r"((saved->cr0 | CR0_MP) & ~(CR0_EM | CR0_TS)) : "memory");
    asm volatile("mov %0, %%cr4" : : "r"(saved->cr4 | CR4_OSFXSR | CR4_OSXMMEXCPT) : "memory");
    write_fs_base((uint64_t)&thread_block);
}

void unpack_leave(const struct unpack_environment *saved)
{
    write_fs_base(saved->fs_base);
    asm volatile("mov %0, %%cr4" : : "r"(saved->cr4) : "memory");
    asm volatile("mov %0, %%cr0" : : "r"(saved->cr0) : "memory");
}
