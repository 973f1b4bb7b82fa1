/* A vCPU past those that have a place in shared_info gets none to share with other domains': it
 * starts only once it has one of its own. */
#include "guest.h"

#define FAR XEN_LEGACY_MAX_VCPUS

static volatile bool ran;

static void body(unsigned vcpu)
{
    CHECK_EQ(vcpu, FAR);
    ran = true;
}

void test(void)
{
    static struct vcpu_guest_context context;

    REQUIRE(vcpu_count() > FAR);
    vcpu_context(&context, FAR, body);
    CHECK_EQ(vcpu_op(VCPUOP_initialise, FAR, &context), -XEN_EINVAL);
    CHECK_EQ(vcpu_op(VCPUOP_up, FAR, NULL), -XEN_EINVAL);
    CHECK_EQ(vcpu_launch(FAR, body), 0);
    CHECK(WAIT_FOR(ran, 5 * SECOND));
}
