/* Starting the other processors (SDM volume 3, 9.4: the MP initialization protocol). */
#include "boot/image_layout.h"
#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "memory/hypmap.h"
#include "memory/mapping.h"
#include "schedule/schedule.h"
#include "time/time.h"
#include "time/timer.h"
#include "x86/acpi.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/entry.h"
#include "x86/irq.h"
#include "x86/smp.h"
#include "x86/smp_boot.h"

#define INIT_DELAY_US 10000
#define STARTUP_DELAY_US 200
#define ANSWER_LIMIT (2 * NSEC_PER_SEC)

unsigned cpu_count = 1;
cpumask_t cpus_online = {{1}};
uint32_t cpu_apic_id[MAX_CPUS];
uint32_t cpu_acpi_id[MAX_CPUS];

/* smp_trampoline.S */
extern const char ap_trampoline[], ap_trampoline_end[];
extern uint64_t ap_root, ap_stack;

void smp_ap_start(void)
{
    unsigned cpu = this_cpu();

    hypmap_init_cpu();
    cpu_init_descriptors(cpu);
    lapic_init_cpu();
    time_init_cpu();
    timer_init_cpu();
    bit_test_and_set(cpus_online.bits, cpu);
    sched_start_cpu();
}

static BOOT_CODE bool is_online(unsigned cpu)
{
    return bit_test(cpus_online.bits, cpu);
}

static BOOT_CODE bool wait_until_online(unsigned cpu)
{
    nsec_t limit = now() + ANSWER_LIMIT;

    /* On its way it asks for the time, eight times. */
    while (!is_online(cpu) && now() < limit) {
        time_serve_handshake();
        cpu_relax();
    }
    return is_online(cpu);
}

/* INIT, then STARTUP twice, as the protocol wants it for processors that miss the first. */
static BOOT_CODE void send_start(unsigned cpu)
{
    lapic_send_init(cpu_apic_id[cpu]);
    udelay(INIT_DELAY_US);
    for (unsigned i = 0; i < 2 && !is_online(cpu); i++) {
        lapic_send_startup(cpu_apic_id[cpu], TRAMPOLINE_PAGE >> PAGE_SHIFT);
        udelay(STARTUP_DELAY_US);
    }
}

static BOOT_CODE bool start_cpu(unsigned cpu, uint32_t apic_id, uint32_t acpi_id)
{
    struct cpu_info *info = cpu_area(cpu, CPU_AREA_STACKS + STACK_MAIN_TOP);

    if (hypmap_add_cpu(cpu) != 0)
        return false;
    info[-1].vcpu = domain_idle_vcpu(cpu);
    if (info[-1].vcpu == NULL)
        return false;
    cpu_apic_id[cpu] = apic_id;
    cpu_acpi_id[cpu] = acpi_id;
    ap_root = mfn_maddr(virt_to_mfn(hv_root)).a;
    ap_stack = (uint64_t)info - PAGE_SIZE;
    send_start(cpu);
    return wait_until_online(cpu);
}

BOOT_CODE unsigned smp_start(unsigned max)
{
    uint32_t own = lapic_id();

    memcpy(maddr_to_virt(maddr(TRAMPOLINE_PAGE)), ap_trampoline, ap_trampoline_end - ap_trampoline);
    cpu_apic_id[0] = own;
    for (unsigned i = 0; i < acpi.cpu_count; i++) {
        if (acpi.cpus[i].apic_id == own) {
            cpu_acpi_id[0] = acpi.cpus[i].acpi_id;
            continue;
        }
        if (cpu_count >= MIN(max, MAX_CPUS))
            continue;
        if (start_cpu(cpu_count, acpi.cpus[i].apic_id, acpi.cpus[i].acpi_id))
            cpu_count++;
        else
            panic("the processor with local APIC %u does not start", acpi.cpus[i].apic_id);
    }
    return cpu_count;
}
