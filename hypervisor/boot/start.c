/* The whole boot, in order. */
#include "boot/boot.h"
#include "boot/boot_memory.h"
#include "boot/loader.h"
#include "boot/memory_map.h"
#include "boot/start.h"
#include "control/console.h"
#include "domain/domain.h"
#include "lib/abi.h"
#include <xen/arch-x86/hvm/start_info.h>

#include "lib/assert.h"
#include "lib/printk.h"
#include "memory/allocator.h"
#include "memory/hypmap.h"
#include "schedule/schedule.h"
#include "time/time.h"
#include "time/timer.h"
#include "x86/acpi.h"
#include "x86/current.h"
#include "x86/entry.h"
#include "x86/irq.h"
#include "x86/smp.h"

struct boot_info boot_info;

static loader_error read_loader_info(uint32_t magic, uint64_t at)
{
    switch (magic) {
    case MULTIBOOT1_MAGIC:
        return multiboot1_read(at, &boot_info);
    case MULTIBOOT2_MAGIC:
        return multiboot2_read(at, &boot_info);
    case XEN_HVM_START_MAGIC_VALUE:
        return pvh_read(at, &boot_info);
    default:
        return "it was started by no protocol that it knows";
    }
}

static const char *region_name(uint32_t type)
{
    static const char *const names[] = {"?", "RAM", "reserved", "ACPI", "ACPI NVS", "unusable"};

    return type < ARRAY_SIZE(names) ? names[type] : "reserved";
}

static void print_banner(void)
{
    log_info("Ringfort, loaded by %s", boot_info.loader);
    log_info("command line: %s", boot_info.cmdline);
    for (unsigned i = 0; i < boot_info.region_count; i++) {
        const struct boot_region *r = &boot_info.regions[i];
        log_info("memory %012lx-%012lx %s", r->base, r->base + r->size - 1, region_name(r->type));
    }
    for (unsigned i = 0; i < boot_info.module_count; i++) {
        const struct boot_module *m = &boot_info.modules[i];
        log_info("module %u at %#lx, %lu KiB: %s", i, m->base.a, m->size >> 10, m->cmdline);
    }
}

/* From here on the boot CPU runs like every other: on the stacks of its own area. */
static void start_on_own_stack(void) __attribute__((noreturn));

static void leave_boot_stack(void) __attribute__((noreturn));

static void leave_boot_stack(void)
{
    if (hypmap_add_cpu(0) != 0)
        panic("no memory for the boot processor's area");

    char *top = cpu_area(0, CPU_AREA_STACKS + STACK_MAIN_TOP - PAGE_SIZE);
    asm volatile("mov %0, %%rsp; xor %%ebp, %%ebp; call *%1" : : "r"(top), "r"(start_on_own_stack));
    __builtin_unreachable();
}

void boot_start(uint32_t magic, uint64_t loader_info)
{
    loader_error error = read_loader_info(magic, loader_info);

    if (boot_info.rsdp_size)
        boot_info.rsdp = image_maddr(boot_info.rsdp_copy);
    options_parse(boot_info.cmdline);
    console_init_early(boot_info.cmdline);
    if (error)
        panic("the loader's information cannot be used: %s", error);
    memory_map_normalize(&boot_info);
    print_banner();

    boot_memory_init();
    hypmap_init();
    boot_memory_release();
    console_init_screen();
    leave_boot_stack();
}

static void start_on_own_stack(void)
{
    traps_init();
    cpu_init_descriptors(0);
    log_info("%lu MiB of memory, %lu MiB free", frames_total() >> (20 - PAGE_SHIFT),
             frames_free() >> (20 - PAGE_SHIFT));

    if (acpi_init(boot_info.rsdp) != 0)
        log_warn("no ACPI tables: one processor, no I/O APIC");
    domain_init();
    time_init(); /* the local APIC timer is calibrated against the TSC */
    irq_init();
    timer_init_cpu();
    irq_enable();
    console_init_interrupts();

    unsigned cpus = smp_start(options.max_cpus ? options.max_cpus : MAX_CPUS);
    log_info("%u processors", cpus);

    dom0_build();
    console_leave_screen();
    hypmap_drop_boot_image(sched_start_cpu);
}
