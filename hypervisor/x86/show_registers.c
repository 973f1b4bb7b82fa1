/* Registers for people to read. */
#include "lib/config.h"
#include "lib/printk.h"
#include "memory/guest_copy.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/entry.h"

#define STACK_WORDS 12

static void show_stack(const struct cpu_user_regs *regs)
{
    uint64_t words[STACK_WORDS] = {0};

    if (regs->cs & 3) {
        if (!copy_from_guest(words, regs->rsp, sizeof(words)))
            return;
    } else if (regs->rsp >= CPU_AREA_BASE && regs->rsp < IMAGE_BASE) {
        uint64_t left = STACKS_SIZE - (regs->rsp & (STACKS_SIZE - 1));

        __builtin_memcpy(words, (const void *)regs->rsp, MIN(left, sizeof(words)));
    }
    for (unsigned i = 0; i < STACK_WORDS; i += 4)
        log_err("  stack %016lx %016lx %016lx %016lx", words[i], words[i + 1], words[i + 2],
                words[i + 3]);
}

void show_registers(const struct cpu_user_regs *regs)
{
    unsigned long offset;
    const char *name = symbol_lookup(regs->rip, &offset);

    if (regs->cs & 3)
        log_err("rip %04x:%016lx, in the guest", regs->cs, regs->rip);
    else
        log_err("rip %04x:%016lx %s+%#lx", regs->cs, regs->rip, name, offset);
    log_err("rsp %04x:%016lx rflags %08lx vector %u error %#x", regs->ss, regs->rsp, regs->rflags,
            regs->entry_vector, regs->error_code);
    log_err("rax %016lx rbx %016lx rcx %016lx rdx %016lx", regs->rax, regs->rbx, regs->rcx,
            regs->rdx);
    log_err("rsi %016lx rdi %016lx rbp %016lx r8  %016lx", regs->rsi, regs->rdi, regs->rbp,
            regs->r8);
    log_err("r9  %016lx r10 %016lx r11 %016lx r12 %016lx", regs->r9, regs->r10, regs->r11,
            regs->r12);
    log_err("r13 %016lx r14 %016lx r15 %016lx cr2 %016lx", regs->r13, regs->r14, regs->r15,
            read_cr2());
    log_err("cr0 %08lx cr3 %016lx cr4 %08lx", read_cr0(), read_cr3(), read_cr4());
    show_stack(regs);
}
