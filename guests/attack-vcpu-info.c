/* Areas of a guest's that the hypervisor writes to by itself: in advisory 327 one that was not
 * aligned crashed it; one across two pages, or in a page that is not the guest's or is a table,
 * would be worse. What must hold: such a place for a vcpu_info is refused with -EINVAL, and the
 * vCPU keeps the one it has; it is taken once; its page cannot become a table; events and time go
 * there from then on, and none is lost. */
#include "guest.h"

static long register_at(mfn_t mfn, unsigned offset, unsigned vcpu)
{
    struct vcpu_register_vcpu_info info = {.mfn = mfn, .offset = offset};

    return vcpu_op(VCPUOP_register_vcpu_info, vcpu, &info);
}

void test(void)
{
    char *page = page_alloc();
    mfn_t mfn = va_to_mfn(page);
    uint32_t version;
    long port;

    CHECK_REFUSED(register_at(NO_MFN, 0, 0));
    CHECK_REFUSED(register_at(mfn, PAGE_SIZE - 32, 0));
    CHECK_REFUSED(register_at(mfn, PAGE_SIZE, 0));
    CHECK_REFUSED(register_at(mfn, 2, 0));
    CHECK_REFUSED(register_at(mfn, 0xffffffff, 0));
    CHECK_EQ(register_at(mfn, 0, 1000), -XEN_ENOENT);
    CHECK_REFUSED(register_at(va_to_mfn((void *)start_info->pt_base), 0, 0));
    CHECK_REFUSED(register_at(hypervisor_mfn(), 0, 0));
    CHECK_EQ(vcpu_op(VCPUOP_register_vcpu_info, 0, (void *)0x1000), -XEN_EFAULT);

    /* An event that is pending now must not be lost. */
    event_disable();
    port = event_bind_ipi(0);
    REQUIRE(port > 0);
    event_send((unsigned)port);
    MUST(vcpu_info_register(0));
    CHECK_EQ(vcpu_info()->evtchn_upcall_mask, 1);
    CHECK_EQ(vcpu_info()->evtchn_upcall_pending, 1);
    event_enable();
    CHECK_EQ(event_count[port], 1);
    CHECK_EQ(event_send((unsigned)port), 0);
    CHECK_EQ(event_count[port], 2);
    CHECK_REFUSED(register_at(mfn, 0, 0));

    page_make_readonly((void *)((uintptr_t)vcpu_info() & ~(PAGE_SIZE - 1)));
    CHECK_EQ(mmuext_mfn(MMUEXT_PIN_L1_TABLE, va_to_mfn(vcpu_info())), -XEN_EINVAL);
    MUST(page_protect((void *)((uintptr_t)vcpu_info() & ~(PAGE_SIZE - 1)), PAGE_RW));
    version = vcpu_info()->time.version;
    CHECK(vcpu_info()->time.tsc_to_system_mul != 0);
    spin_for(MILLISECOND);
    CHECK_EQ(version & 1, 0);
    CHECK_EQ(CATCH((void)*(volatile char *)0x1000), TRAP_PF);
    CHECK_EQ(vcpu_info()->arch.cr2, 0x1000);
}
