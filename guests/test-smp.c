/* A second vCPU starts where its context says, takes events, sees the first one's page-table
 * changes, stops itself and starts again; bad contexts and numbers are refused. */
#include "guest.h"

static volatile unsigned stage, runs, step, remote_sum;
static volatile char *shared_page;
static volatile int fault;

static void second(unsigned vcpu)
{
    runs++;
    CHECK_EQ(this_vcpu(), vcpu);
    CHECK_EQ(vcpu, 1);
    event_enable();
    stage = 1;
    while (step != 1)
        asm volatile("pause" : : : "memory");
    /* Brings the translation into this processor's TLB. */
    *shared_page = 1;
    stage = 2;
    while (step != 2)
        asm volatile("pause" : : : "memory");
    /* The first vCPU has taken the mapping away and flushed it here too. */
    fault = CATCH(*shared_page = 2);
    stage = 3;
    while (step != 3)
        asm volatile("pause" : : : "memory");
}

static void wait_down(void)
{
    CHECK(WAIT_FOR(vcpu_is_up(1) == 0, 2 * SECOND));
}

static void check_bad(void)
{
    static struct vcpu_guest_context context;

    CHECK_EQ(vcpu_is_up(0), 1);
    CHECK_EQ(vcpu_is_up(1), 0);
    CHECK_EQ(vcpu_is_up(1000), -XEN_ENOENT);
    CHECK_EQ(vcpu_op(VCPUOP_up, 1, NULL), -XEN_EINVAL);
    CHECK_EQ(vcpu_op(VCPUOP_initialise, 1000, &context), -XEN_ENOENT);
    CHECK_EQ(vcpu_op(VCPUOP_initialise, 1, (void *)0x1000), -XEN_EFAULT);
    vcpu_context(&context, 0, second);
    CHECK_EQ(vcpu_op(VCPUOP_initialise, 0, &context), -XEN_EEXIST);
    /* No root. */
    vcpu_context(&context, 1, second);
    context.ctrlreg[3] = xen_pfn_to_cr3(va_to_mfn(stacks));
    CHECK(vcpu_op(VCPUOP_initialise, 1, &context) < 0);
    vcpu_context(&context, 1, second);
    context.event_callback_eip = NO_ADDRESS;
    if (ROOT_LEVEL == 4)
        CHECK(vcpu_op(VCPUOP_initialise, 1, &context) < 0);
    vcpu_context(&context, 1, second);
    context.gdt_ents = FIRST_RESERVED_GDT_ENTRY + 1;
    CHECK(vcpu_op(VCPUOP_initialise, 1, &context) < 0);
    CHECK_EQ(vcpu_is_up(1), 0);
}

static void check_run(unsigned want)
{
    long port;

    step = stage = 0;
    MUST(page_protect((void *)shared_page, PAGE_RW));
    if (want == 1) {
        MUST(vcpu_launch(1, second));
    } else {
        /* Once initialised, up is enough: it goes on behind its VCPUOP_down. */
        CHECK_EQ(vcpu_op(VCPUOP_up, 1, NULL), 0);
        return;
    }
    REQUIRE(WAIT_FOR(stage == 1, 5 * SECOND));
    CHECK_EQ(runs, want);
    CHECK_EQ(vcpu_is_up(1), 1);
    CHECK_EQ(vcpu_op(VCPUOP_initialise, 1, NULL) < 0, true);

    port = event_bind_ipi(1);
    REQUIRE(port > 0);
    CHECK_EQ(event_send((unsigned)port), 0);
    CHECK(WAIT_FOR(event_count[port] == 1, 2 * SECOND));
    CHECK_EQ(event_vcpu[port], 1);

    step = 1;
    REQUIRE(WAIT_FOR(stage == 2, 5 * SECOND));
    CHECK_EQ(*shared_page, 1);
    CHECK_EQ(update_va_mapping((unsigned long)shared_page,
                               pte_make(va_to_mfn((void *)shared_page), PAGE_RO),
                               UVMF_INVLPG | UVMF_ALL),
             0);
    step = 2;
    REQUIRE(WAIT_FOR(stage == 3, 5 * SECOND));
    CHECK_EQ(fault, TRAP_PF);
    CHECK_EQ(*shared_page, 1);
    CHECK_EQ(event_close((unsigned)port), 0);
    step = 3;
    wait_down();
}

void test(void)
{
    shared_page = page_alloc();
    CHECK_EQ(vcpu_count(), 2);
    check_bad();
    check_run(1);
    /* vcpu_main then calls VCPUOP_down again: it is up for a moment only. */
    check_run(2);
    wait_down();
    /* From outside. */
    CHECK_EQ(vcpu_op(VCPUOP_down, 1, NULL), 0);
    CHECK_EQ(vcpu_op(VCPUOP_down, 1000, NULL), -XEN_ENOENT);
}
