/*
 * Unprivileged domains from boot modules: for tests of isolation without a toolstack, and for small
 * fixed systems. A module behind Domain0's whose arguments begin with "domU" is a kernel; it is
 * started with what follows, of which mem=SIZE (MiB, 32 by default), vcpus=N, weight=N and cap=N
 * are read here too.
 */
#include "boot/dom0.h"

#include "domain/domain.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "schedule/schedule.h"

#define KEYWORD "domU"
#define DEFAULT_MIB 32
#define MAPTRACK_FRAMES 64
#define NAME_MAX 40

static struct domain *started[BOOT_MAX_MODULES] BOOT_DATA;
static unsigned started_count BOOT_DATA;

bool module_is_domain(const struct boot_module *module)
{
    const char *arguments = module->cmdline;

    return !strncmp(arguments, KEYWORD, strlen(KEYWORD)) &&
           (arguments[strlen(KEYWORD)] == ' ' || !arguments[strlen(KEYWORD)]);
}

/* The number behind `name` in a command line; `otherwise` when it is not there. */
static uint64_t argument(const char *line, const char *name, uint64_t otherwise)
{
    const char *at = strstr(line, name);
    const char *end;

    return at ? strtou64(at + strlen(name), &end) : otherwise;
}

static void build_one(const struct boot_module *module, unsigned index, domid_t id)
{
    static struct dom0_build build BOOT_DATA;
    static char name[NAME_MAX] BOOT_DATA, kernel_name[NAME_MAX] BOOT_DATA;
    struct dom0_build *b = &build;
    const char *arguments = module->cmdline + strlen(KEYWORD);
    uint64_t weight = argument(arguments, " weight=", BVT_WEIGHT_UNIT);
    struct domain_config config = {
        .max_vcpus = (unsigned)argument(arguments, " vcpus=", 1),
        .max_grant_frames = options.gnttab_max_frames,
        .max_maptrack_frames = MAPTRACK_FRAMES,
        .max_event_port = UINT32_MAX,
    };

    format(name, sizeof(name), "domain %u", id);
    format(kernel_name, sizeof(kernel_name), "module %u (kernel of domain %u)", index, id);
    *b = (struct dom0_build){
        .name = name,
        .kernel_name = kernel_name,
        .arguments = *arguments ? arguments + 1 : arguments,
        .kernel = module,
        .nr_pages = argument(arguments, " mem=", DEFAULT_MIB) << (20 - PAGE_SHIFT),
    };
    dom0_image_read(b);
    dom0_layout_make(b);
    dom0_domain_make(b, id, &config);
    b->d->max_pages = b->nr_pages;
    sched_set_domain(b->d, (unsigned)MAX(1, MIN(weight, BVT_WEIGHT_MAX)),
                     (unsigned)MIN(argument(arguments, " cap=", 0), UINT16_MAX));
    dom0_contents_make(b);
    started[started_count++] = b->d;
}

void module_domains_build(void)
{
    for (unsigned i = 1; i < boot_info.module_count; i++)
        if (module_is_domain(&boot_info.modules[i]))
            build_one(&boot_info.modules[i], i, (domid_t)(started_count + 1));
}

void module_domains_start(void)
{
    for (unsigned i = 0; i < started_count; i++) {
        started[i]->controller_pauses = 0;
        domain_unpause(started[i]);
    }
}
