#include "user.h"

#include "guest.h"

static struct context back[MAX_VCPUS];
static bool running[MAX_VCPUS];

static void map_user(unsigned long va, mfn_t mfn)
{
    MUST(map_at(va, mfn, PAGE_RW | PTE_US));
}

void user_init(void)
{
    static bool mapped;

    if (!mapped) {
        for (char *page = user_begin; page < user_end; page += PAGE_SIZE)
            map_user(USER_CODE + (unsigned long)(page - user_begin), va_to_mfn(page));
        map_user(USER_STACK, va_to_mfn(page_alloc()));
        mapped = true;
    }
    user_root_use();
    MUST(stack_switch(FLAT_KERNEL_SS, (unsigned long)stacks[2 * this_vcpu()] + 2 * STACK_SIZE));
}

int user_run_frame(const struct trap_frame *frame, unsigned flags)
{
    unsigned vcpu = this_vcpu();

    if (!context_save(&back[vcpu])) {
        running[vcpu] = true;
        struct trap_frame complete = *frame;

        user_segments(&complete);
        user_enter(&complete, flags);
    }
    return (int)trap_states[this_vcpu()].last.entry;
}

int user_run(uintptr_t rip)
{
    struct trap_frame frame = {
        .rip = rip,
        .cs = USER_CS,
        .rflags = 0x202,
        .rsp = USER_STACK_TOP,
        .ss = USER_SS,
    };

    return user_run_frame(&frame, 0);
}

bool user_left(const struct trap_frame *frame)
{
    unsigned vcpu = this_vcpu();

    /* A failed return to user mode comes back from kernel mode by the failsafe callback. */
    return running[vcpu] && ((frame->cs & 3) == 3 || frame->entry == ENTRY_FAILSAFE);
}

void user_return(struct trap_frame *frame)
{
    unsigned vcpu = this_vcpu();

    running[vcpu] = false;
    trap_states[vcpu].last = *frame;
    trap_states[vcpu].fault_address = vcpu_info()->arch.cr2;
    vcpu_info()->evtchn_upcall_mask = 1;
    context_restore(&back[vcpu], 1);
}
