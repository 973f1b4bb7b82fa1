/* sources: */
/* Whom the branch predictors' past is kept from when a CPU goes from one vCPU to the next. */
#include <stdlib.h>

#include "check.h"
#include "x86/cpu.h"
#include "x86/current.h"

static struct cpu_info info;
static unsigned barriers;

static void count_barrier(uint32_t msr, uint64_t value)
{
    barriers += msr == MSR_PRED_CMD && value == PRED_CMD_IBPB;
}

#define cpu_info() (&info)
#define wrmsr count_barrier
/* Its functions are static. */
#include "../../hypervisor/x86/context.c"

struct cpu_features cpu_features = {.ibpb = true};
enum root_mode root_mode;
struct vcpu *host_current;
struct cpu_user_regs host_regs;
unsigned host_cpu;

void *zalloc(size_t size)
{
    return NULL;
}

void zfree(void *p)
{
}

void desc_load_gdt(const struct vcpu *v)
{
}

void desc_load_ldt(const struct vcpu *v)
{
}

void fpu_save(struct vcpu *v)
{
}

void fpu_restore(const struct vcpu *v)
{
}

int fpu_init_vcpu(struct vcpu *v)
{
    return 0;
}

void fpu_free_vcpu(struct vcpu *v)
{
}

bool debugreg_active(const struct vcpu *v)
{
    return false;
}

void debugreg_load(const struct vcpu *v)
{
}

void root_load_current(void)
{
}

void tlb_flush_local(void)
{
}

unsigned long hv_cr4(void)
{
    return 0;
}

unsigned long read_cr4(void)
{
    return 0;
}

void write_cr4(unsigned long value)
{
}

void idle_loop(void)
{
    abort();
}

void resume_guest(void)
{
    abort();
}

void call_on_empty_stack(void (*f)(void))
{
    abort();
}

static unsigned barriers_for(struct domain *d)
{
    struct vcpu v = {.domain = d};

    barriers = 0;
    forget_branches(&v);
    return barriers;
}

int main(void)
{
    struct domain a = {.id = 1, .serial = 5}, b = {.id = 2, .serial = 6};
    struct domain as_a = {.id = 1, .serial = 7};

    CHECK_EQ(barriers_for(&a), 1);
    CHECK_EQ(barriers_for(&a), 0);
    CHECK_EQ(barriers_for(&b), 1);
    CHECK_EQ(barriers_for(&a), 1);
    /* Made after `a` had gone, which was the last to run here. */
    CHECK_EQ(barriers_for(&as_a), 1);
    host_cpu = 1;
    CHECK_EQ(barriers_for(&as_a), 1);
    cpu_features.ibpb = false;
    CHECK_EQ(barriers_for(&a), 0);
    return check_report();
}
