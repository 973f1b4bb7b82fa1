#include "smp.h"

#include "guest.h"

static vcpu_body_fn *bodies[MAX_VCPUS];

extern const char vcpu_start[];

long vcpu_is_up(unsigned vcpu)
{
    return vcpu_op(VCPUOP_is_up, vcpu, NULL);
}

unsigned vcpu_count(void)
{
    unsigned count = 0;

    while (vcpu_is_up(count) >= 0)
        count++;
    return count;
}

void vcpu_context(struct vcpu_guest_context *context, unsigned vcpu, vcpu_body_fn *body)
{
    char *kernel_stack = stacks[2 * vcpu];

    bodies[vcpu] = body;
    memset(context, 0, sizeof(*context));
    context->flags = VGCF_IN_KERNEL;
    context_start(context, vcpu_start, kernel_stack + STACK_SIZE, vcpu);
    context->user_regs.cs = FLAT_KERNEL_CS;
    context->user_regs.ss = FLAT_KERNEL_SS;
    context->kernel_ss = FLAT_KERNEL_SS;
    context->kernel_sp = (unsigned long)kernel_stack + 2 * STACK_SIZE;
    trap_fill_table(context->trap_ctxt);
    context->ctrlreg[3] = xen_pfn_to_cr3(va_to_mfn(root_table()));
    context_callbacks(context, entry_event, entry_failsafe, entry_syscall);
}

long vcpu_launch(unsigned vcpu, vcpu_body_fn *body)
{
    static struct vcpu_guest_context context;
    long result;

    if (vcpu >= XEN_LEGACY_MAX_VCPUS && vcpu_info_register(vcpu))
        return -XEN_EINVAL;
    vcpu_context(&context, vcpu, body);
    result = vcpu_op(VCPUOP_initialise, vcpu, &context);
    return result ? result : vcpu_op(VCPUOP_up, vcpu, NULL);
}

static vcpu_body_fn *both_body;
static volatile bool other_done;

static void other_run(unsigned vcpu)
{
    both_body(vcpu);
    other_done = true;
    while (other_done)
        asm volatile("pause" : : : "memory");
}

void both_run(vcpu_body_fn *body)
{
    both_body = body;
    REQUIRE(vcpu_count() == 2);
    MUST(vcpu_launch(1, other_run));
    body(0);
    REQUIRE(WAIT_FOR(other_done, 20 * SECOND));
}

void both_end(void)
{
    other_done = false;
}

void vcpu_main(unsigned vcpu)
{
    bodies[vcpu](vcpu);
    for (;;)
        vcpu_op(VCPUOP_down, vcpu, NULL);
}
