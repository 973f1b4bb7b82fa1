/* callback_op, set_callbacks, nmi_op and stack_switch: registering, removing, addresses that are
 * not canonical, unknown types; the event callback's frame and masking; vm_assist's known types. */
#include "guest.h"

static unsigned upcalls, mask_seen;
static struct trap_frame seen;

static bool upcall(struct trap_frame *f)
{
    upcalls++;
    mask_seen = vcpu_info()->evtchn_upcall_mask;
    seen = *f;
    event_upcall();
    return true;
}

static long unregister(unsigned type)
{
    struct callback_unregister u = {.type = (uint16_t)type};

    return callback_op(CALLBACKOP_unregister, &u);
}

static void check_event(void)
{
    long port = event_bind_ipi(0);

    REQUIRE(port > 0);
    trap_hook(ENTRY_EVENT, upcall);
    event_enable();
    asm volatile("mov $0x1234, %%ecx" : : : "ecx");
    CHECK_EQ(event_send((unsigned)port), 0);
    CHECK_EQ(upcalls, 1);
    /* The callback runs masked; the interrupted code did not. */
    CHECK_EQ(mask_seen, 1);
    CHECK_EQ(seen.saved_upcall_mask & 0xff, 0);
    CHECK_EQ(seen.rflags & 0x200, 0x200);
    CHECK_EQ(vcpu_info()->evtchn_upcall_mask, 0);
    /* The handler can return with events masked. */
    event_disable();
    CHECK_EQ(event_close((unsigned)port), 0);
}

static void check_types(void)
{
    static const unsigned known[] = {CALLBACKTYPE_syscall, CALLBACKTYPE_sysenter,
                                     CALLBACKTYPE_syscall32, CALLBACKTYPE_failsafe};

    for (unsigned i = 0; i < sizeof(known) / sizeof(*known); i++) {
        CHECK_EQ(callback_register(known[i], entry_syscall, CALLBACKF_mask_events), 0);
        /* Any 32 bits are an address. */
        if (ROOT_LEVEL == 4)
            CHECK_EQ(callback_register(known[i], (void *)NO_ADDRESS, 0), -XEN_EINVAL);
    }
    CHECK_EQ(callback_register(CALLBACKTYPE_failsafe, entry_failsafe, 0), 0);
    CHECK_EQ(callback_register(99, entry_event, 0), -XEN_ENOSYS);
    if (ROOT_LEVEL == 4)
        CHECK_EQ(callback_register(CALLBACKTYPE_event, (void *)NO_ADDRESS, 0), -XEN_EINVAL);
    CHECK_EQ(callback_op(CALLBACKOP_register, (void *)0x1000), -XEN_EFAULT);
    CHECK_EQ(callback_op(99, NULL), -XEN_ENOSYS);
    /* What the kernel cannot do without stays. */
    CHECK_EQ(unregister(CALLBACKTYPE_event), -XEN_EINVAL);
    CHECK_EQ(unregister(CALLBACKTYPE_failsafe), -XEN_EINVAL);
    CHECK_EQ(unregister(CALLBACKTYPE_syscall), -XEN_EINVAL);
    CHECK_EQ(unregister(CALLBACKTYPE_nmi), 0);
    CHECK_EQ(callback_register(CALLBACKTYPE_nmi, trap_stubs + TRAP_NMI * TRAP_STUB_SIZE, 0), 0);
    CHECK_EQ(set_callbacks(entry_event, entry_failsafe, entry_syscall), 0);
}

static bool nmi_seen;

static bool nmi(struct trap_frame *f)
{
    (void)f;
    nmi_seen = true;
    return true;
}

static void check_nmi(void)
{
    trap_hook(TRAP_NMI, nmi);
    CHECK_EQ(vcpu_op(VCPUOP_send_nmi, 0, NULL), 0);
    force_upcall();
    CHECK(nmi_seen);
    CHECK_EQ(vcpu_op(VCPUOP_send_nmi, 1000, NULL), -XEN_ENOENT);
}

void test(void)
{
    check_event();
    check_types();
    check_nmi();
    CHECK_EQ(stack_switch(FLAT_KERNEL_SS, (unsigned long)stacks[1] + STACK_SIZE), 0);
    CHECK_EQ(vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables), 0);
    CHECK_EQ(vm_assist(VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag), 0);
    CHECK_EQ(vm_assist(VMASST_CMD_disable, VMASST_TYPE_runstate_update_flag), 0);
    CHECK(vm_assist(VMASST_CMD_enable, 1000) < 0);
    CHECK(vm_assist(99, VMASST_TYPE_writable_pagetables) < 0);
}
