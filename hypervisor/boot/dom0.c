/* Building and starting Domain0 from the boot loader's modules (SOSP'03 3.3.7). */
#include "boot/dom0.h"

#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/printk.h"
#include "memory/allocator.h"
#include "memory/frame.h"
#include "schedule/schedule.h"
#include "time/time.h"
#include "x86/acpi.h"
#include "x86/smp.h"

#define MAPTRACK_FRAMES 1024
#define FAIL_MESSAGE_MAX 256

void dom0_fail(const char *module, const char *fmt, ...)
{
    char message[FAIL_MESSAGE_MAX];
    va_list args;

    va_start(args, fmt);
    vformat(message, sizeof(message), fmt, args);
    va_end(args);
    log_err("cannot start Domain0: %s: %s", module, message);
    log_err("the machine stops here");
    machine_halt();
}

static void modules_find(struct dom0_build *b)
{
    b->name = "Domain0";
    b->kernel_name = "module 0 (Domain0's kernel)";
    b->is_dom0 = true;
    if (boot_info.module_count == 0)
        dom0_fail(b->kernel_name, "missing: the boot loader has loaded no module");
    b->kernel = &boot_info.modules[0];
    b->arguments = b->kernel->cmdline;
    if (boot_info.module_count > 1 && !module_is_domain(&boot_info.modules[1]) &&
        boot_info.modules[1].size > 0)
        b->initrd = &boot_info.modules[1];
}

void dom0_domain_make(struct dom0_build *b, domid_t id, const struct domain_config *config)
{
    int rc;

    spin_lock(&domain_list_lock);
    rc = domain_create(id, config, &b->d);
    spin_unlock(&domain_list_lock);
    if (!rc && !b->image.is64)
        rc = domain_make_compat(b->d, b->hole_start);
    if (rc)
        panic("%s: cannot be created (%d)", b->name, rc);
    /* A kernel that knows CR3's short form only has its tables below 4 GiB. */
    if (b->image.pae_extended_cr3)
        b->d->vm_assist |= 1UL << VMASST_TYPE_pae_extended_cr3;
    else if (!b->image.is64)
        b->d->address_bits = 32;
}

static void domain0_make(struct dom0_build *b)
{
    unsigned vcpus = options.dom0_max_vcpus ? options.dom0_max_vcpus : cpu_count;
    struct domain_config config = {
        .max_vcpus = MIN(vcpus, MAX_VCPUS_PER_DOMAIN),
        .max_grant_frames = options.gnttab_max_frames,
        .max_maptrack_frames = MAPTRACK_FRAMES,
        .max_event_port = UINT32_MAX,
        .is_privileged = true,
        .is_hardware = true,
    };

    dom0_domain_make(b, 0, &config);
    domain0 = b->d;
    /* The number that tools show as "no limit". */
    b->d->max_pages = options.dom0_mem_max ? options.dom0_mem_max >> PAGE_SHIFT : UINT32_MAX;
}

void dom0_layout_make(struct dom0_build *b)
{
    struct dom0_needs needs = {
        .image = &b->image,
        .nr_pages = b->nr_pages,
        .initrd_bytes = b->initrd ? b->initrd->size : 0,
        .hole_start = b->hole_start,
        .start_info_bytes = sizeof(struct start_info) + sizeof(struct dom0_vga_console_info),
    };
    enum layout_result result = dom0_layout(&needs, &b->layout);

    if (result == LAYOUT_TOO_SMALL)
        dom0_fail(b->name,
                  "%lu KiB of memory are too little, its kernel and initial RAM disk "
                  "need %lu KiB",
                  b->nr_pages << (PAGE_SHIFT - 10), b->layout.pages_needed << (PAGE_SHIFT - 10));
    if (result != LAYOUT_OK)
        dom0_fail(b->kernel_name, "%s", layout_message(result));
}

static void report(const struct dom0_build *b)
{
    log_info("%s: %s %s, %lu MiB of memory, %u vCPUs", b->name,
             b->image.guest_os ? b->image.guest_os : "kernel",
             b->image.guest_version ? b->image.guest_version : "", b->nr_pages >> (20 - PAGE_SHIFT),
             b->d->max_vcpus);
    log_info("%s: mapped %#lx-%#lx, entry %#lx", b->name, (unsigned long)b->layout.virt_base,
             (unsigned long)layout_va(&b->layout, b->layout.mapped_pages),
             (unsigned long)b->image.entry);
}

void dom0_contents_make(struct dom0_build *b)
{
    report(b);
    dom0_memory_first(b);
    dom0_image_load(b);
    dom0_info_build(b);
    /* The unpacked kernel's buffer was only borrowed: it may become the domain's memory now. */
    dom0_image_release(b);
    dom0_memory_rest(b);
    dom0_tables_build(b);
    dom0_vcpus_build(b);
    page_free(b->p2m, b->p2m_order);
    time_update_wallclock(b->d);
    vcpu_set_up(b->d->vcpus[0], true);
}

void dom0_build(void)
{
    static struct dom0_build build BOOT_DATA;
    struct dom0_size size = {options.dom0_mem, options.dom0_mem_min, options.dom0_mem_max};
    struct dom0_build *b = &build;
    uint64_t free_pages;

    modules_find(b);
    module_domains_build();

    free_pages = frames_free();
    dom0_image_read(b);
    b->nr_pages = dom0_pages(&size, free_pages);
    if (b->nr_pages < size.wanted >> PAGE_SHIFT)
        log_warn("dom0_mem: %lu MiB are not there or above the maximum, Domain0 gets %lu",
                 size.wanted >> 20, b->nr_pages >> (20 - PAGE_SHIFT));
    dom0_layout_make(b);
    domain0_make(b);
    dom0_low_memory_hold(dom0_low_reserve(free_pages));
    dom0_contents_make(b);
    dom0_low_memory_release();

    b->d->controller_pauses = 0;
    domain_unpause(b->d);
    module_domains_start();
}
