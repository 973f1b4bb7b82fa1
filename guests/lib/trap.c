#include "trap.h"

#include "check.h"
#include "event.h"
#include "hypercall.h"
#include "memory.h"
#include "print.h"
#include "user.h"

struct trap_state trap_states[MAX_VCPUS];

static trap_hook_fn *hooks[ENTRY_SYSENTER + 1];

unsigned this_vcpu(void)
{
    return (unsigned)(((uintptr_t)__builtin_frame_address(0) - (uintptr_t)stacks) /
                      (2 * STACK_SIZE));
}

void trap_hook(unsigned entry, trap_hook_fn *hook)
{
    hooks[entry] = hook;
}

static void __attribute__((noreturn)) unexpected(const struct trap_frame *f)
{
    print("unexpected entry %lu on vCPU %u: error %lx rip %lx cs %x rflags %lx rsp %lx ss %lx\n",
          f->entry, this_vcpu(), f->error, f->rip, f->cs, f->rflags, f->rsp, f->ss);
    print("cr2 %lx rax %lx rbx %lx rcx %lx rdx %lx rsi %lx rdi %lx\n", vcpu_info()->arch.cr2,
          f->rax, f->rbx, f->rcx, f->rdx, f->rsi, f->rdi);
    check_abort("unexpected trap");
}

void trap_entry(struct trap_frame *frame)
{
    struct trap_state *state = &trap_states[this_vcpu()];
    unsigned long cr2 = vcpu_info()->arch.cr2;

    state->frame_address = (uintptr_t)&frame->rip;
    if (hooks[frame->entry] && hooks[frame->entry](frame))
        return;
    if (frame->entry == ENTRY_EVENT) {
        event_upcall();
        return;
    }
    if (user_left(frame))
        user_return(frame);
    if (!state->armed)
        unexpected(frame);
    state->armed = false;
    state->last = *frame;
    state->fault_address = cr2;
    /* The handler's mask does not outlive it. */
    vcpu_info()->evtchn_upcall_mask = (uint8_t)frame->saved_upcall_mask;
    context_restore(&state->context, 1);
}

void trap_fill_table(struct trap_info *table)
{
    for (unsigned i = 0; i < VECTORS - 1; i++) {
        bool for_user = i == TRAP_BP || i == TRAP_OF || i == 0x80;

        table[i] = (struct trap_info){
            .vector = (uint8_t)i,
            .flags = for_user ? 3 : 0,
            .cs = FLAT_KERNEL_CS,
            .address = (unsigned long)trap_stubs + i * TRAP_STUB_SIZE,
        };
    }
    table[VECTORS - 1].address = 0;
}

long callback_register(unsigned type, const void *address, unsigned flags)
{
    struct callback_register reg = {
        .type = (uint16_t)type,
        .flags = (uint16_t)flags,
        .address = callback_address(address),
    };

    return callback_op(CALLBACKOP_register, &reg);
}

void trap_init(void)
{
    static struct trap_info table[VECTORS];

    trap_fill_table(table);
    if (set_trap_table(table) || callback_register(CALLBACKTYPE_event, entry_event, 0) ||
        callback_register(CALLBACKTYPE_failsafe, entry_failsafe, 0) ||
        (HAS_SYSCALL && callback_register(CALLBACKTYPE_syscall, entry_syscall, 0)))
        check_abort("cannot register handlers");
    callback_register(CALLBACKTYPE_syscall32, entry_syscall32, 0);
}
