/* Time runs forward and at the TSC's rate, the wall clock is set and advances, and the runstate
 * area accounts for all the time there is. */
#include "guest.h"

static struct vcpu_runstate_info runstate __attribute__((aligned(64)));

static uint64_t total(const struct vcpu_runstate_info *r)
{
    return r->time[0] + r->time[1] + r->time[2] + r->time[3];
}

static void check_system_time(void)
{
    uint64_t last = now(), first = last, tsc = rdtsc();
    unsigned backward = 0;

    for (unsigned i = 0; i < 100000; i++) {
        uint64_t t = now(), c = rdtsc();

        backward += t < last;
        backward += c < tsc;
        last = t;
        tsc = c;
    }
    CHECK_EQ(backward, 0);
    CHECK(last > first);
    CHECK(first < 3600 * SECOND);
    CHECK_EQ(vcpu_info()->time.version & 1, 0);
}

static void check_wall_clock(void)
{
    /* Later than this line was written, and not yet the next century. */
    uint64_t seconds = (uint64_t)shared_info->WC_SEC_HI << 32 | shared_info->wc_sec;

    CHECK(seconds > 1700000000);
    CHECK(seconds < 4200000000);
    CHECK(shared_info->wc_nsec < SECOND);
}

static void check_set_time(void)
{
    struct xen_platform_op op = {
        .cmd = XENPF_settime64,
        .interface_version = XENPF_INTERFACE_VERSION,
        .u.settime64 = {.secs = 2000000000, .nsecs = 5, .system_time = now()},
    };
    uint32_t version = shared_info->wc_version;

    CHECK_EQ(hypercall1(__HYPERVISOR_platform_op, (unsigned long)&op), 0);
    CHECK(shared_info->wc_version != version);
    CHECK_EQ(shared_info->wc_version & 1, 0);
    /* The clock says when system time was 0. */
    CHECK(shared_info->wc_sec <= 2000000000);
    CHECK(shared_info->wc_sec > 2000000000 - 3600);
    op.u.settime64.mbz = 1;
    CHECK_EQ(hypercall1(__HYPERVISOR_platform_op, (unsigned long)&op), -XEN_EINVAL);
    op.interface_version++;
    CHECK_EQ(hypercall1(__HYPERVISOR_platform_op, (unsigned long)&op), -XEN_EACCES);
}

/* A domain's own clock may differ from the machine's, also after that is set. */
static void check_offset(void)
{
    struct xen_platform_op set = {
        .cmd = XENPF_settime64,
        .interface_version = XENPF_INTERFACE_VERSION,
        .u.settime64 = {.secs = 1900000000, .system_time = now()},
    };
    struct xen_domctl op = {
        .u.settimeoffset = {.time_offset_seconds = -3600},
    };
    uint32_t seconds = shared_info->wc_sec;

    CHECK_EQ(domctl(&op, XEN_DOMCTL_settimeoffset, 0), 0);
    CHECK_EQ(shared_info->wc_sec, seconds - 3600);
    CHECK_EQ(hypercall1(__HYPERVISOR_platform_op, (unsigned long)&set), 0);
    CHECK(shared_info->wc_sec <= 1900000000 - 3600);
    op.u.settimeoffset.time_offset_seconds = 0;
    CHECK_EQ(domctl(&op, XEN_DOMCTL_settimeoffset, 0), 0);
    CHECK(shared_info->wc_sec > 1900000000 - 3600);
}

static void check_runstate(void)
{
    struct vcpu_register_runstate_memory_area area = {0};
    struct vcpu_runstate_info info;
    struct sched_poll poll = {0};
    uint64_t blocked = 0;

    set_xen_guest_handle(area.addr.h, &runstate);
    CHECK_EQ(vcpu_op(VCPUOP_register_runstate_memory_area, 0, &area), 0);
    CHECK_EQ(runstate.state, RUNSTATE_running);
    CHECK_EQ(vcpu_op(VCPUOP_get_runstate_info, 0, &info), 0);
    CHECK_EQ(info.state, RUNSTATE_running);
    CHECK(total(&info) <= now());
    CHECK(info.time[RUNSTATE_running] > 0);

    /* Several times: on a loaded host the time may be over before the call begins. */
    for (unsigned i = 0; i < 10 && blocked < 15 * MILLISECOND; i++) {
        uint64_t before = runstate.time[RUNSTATE_blocked];

        poll.timeout = now() + 20 * MILLISECOND;
        CHECK_EQ(sched_op(SCHEDOP_poll, &poll), 0);
        CHECK_EQ(runstate.state, RUNSTATE_running);
        blocked = runstate.time[RUNSTATE_blocked] - before;
    }
    CHECK(blocked >= 15 * MILLISECOND);

    set_xen_guest_handle(area.addr.h, (struct vcpu_runstate_info *)0x1000);
    vcpu_op(VCPUOP_register_runstate_memory_area, 0, &area);
    /* Somewhere that is not there: nobody minds. */
    poll.timeout = now() + MILLISECOND;
    CHECK_EQ(sched_op(SCHEDOP_poll, &poll), 0);
    CHECK_EQ(vcpu_op(VCPUOP_get_runstate_info, 0, (void *)0x1000), -XEN_EFAULT);
    CHECK_EQ(vcpu_op(VCPUOP_get_runstate_info, 1000, &info), -XEN_ENOENT);
}

void test(void)
{
    check_system_time();
    check_wall_clock();
    check_runstate();
    check_set_time();
    check_offset();
}
