/* Ringfort's command line. Names follow Xen's where an option means the same, so that what stands
 * in /etc/default/grub.d keeps working. Pure but for the messages. */
#include "boot/boot.h"
#include "lib/config.h"
#include "lib/printk.h"
#include "lib/string.h"

#define BVT_DEFAULT_SWITCH (5 * NSEC_PER_MSEC) /* the paper's context-switch allowance */

struct options options = {
    .isolation = -1,
    .pcid = true,
    .smep = true,
    .smap = true,
    .x2apic = true,
    .log_level = LOG_INFO,
    .guest_log_level = LOG_WARN,
    .bvt_context_switch = BVT_DEFAULT_SWITCH,
    .report_minor = 17,
    .gnttab_max_frames = 64,
    .com1_base = 0x3f8,
    .com1_baud = 115200,
};

/* One word of the command line: name, and value behind the first '=' ("" when there is none). */
struct option {
    const char *name;
    const char *value;
    bool has_value;
};

static bool is_one_of(const char *text, const char *a, const char *b, const char *c, const char *d)
{
    return !strcmp(text, a) || !strcmp(text, b) || !strcmp(text, c) || !strcmp(text, d);
}

static bool parse_bool(const struct option *o, bool *out)
{
    if (!o->has_value || is_one_of(o->value, "1", "yes", "on", "true"))
        *out = true;
    else if (is_one_of(o->value, "0", "no", "off", "false"))
        *out = false;
    else
        return false;
    return true;
}

/* "name", "name=VALUE" or "no-name". */
static bool is_bool(const struct option *o, const char *name, bool *out)
{
    if (!strcmp(o->name, name))
        return parse_bool(o, out);
    if (strncmp(o->name, "no-", 3) != 0 || strcmp(o->name + 3, name) != 0 || o->has_value)
        return false;
    *out = false;
    return true;
}

static bool parse_number(const char *value, uint64_t max, uint64_t *out)
{
    const char *end;
    uint64_t n = strtou64(value, &end);

    if (end == value || *end != '\0' || n > max)
        return false;
    *out = n;
    return true;
}

static bool parse_unsigned(const char *value, unsigned max, unsigned *out)
{
    uint64_t n;

    if (!parse_number(value, max, &n))
        return false;
    *out = (unsigned)n;
    return true;
}

/* A size with a unit; without one it counts KiB, as Xen has it. *end is the first unused character.
 */
static bool parse_size(const char *text, uint64_t *bytes, const char **end)
{
    uint64_t n = strtou64(text, end);
    unsigned shift = 10;

    if (*end == text)
        return false;
    switch (**end) {
    case 'T':
    case 't':
        shift = 40;
        break;
    case 'G':
    case 'g':
        shift = 30;
        break;
    case 'M':
    case 'm':
        shift = 20;
        break;
    case 'K':
    case 'k':
        break;
    case 'B':
    case 'b':
        shift = 0;
        break;
    default:
        *end -= 1; /* no unit to skip */
    }
    *end += 1;
    if (n > UINT64_MAX >> shift)
        return false;
    *bytes = n << shift;
    return true;
}

/* dom0_mem=SIZE,min:SIZE,max:SIZE in any order. */
static bool parse_dom0_mem(const char *text)
{
    for (;;) {
        uint64_t *target = &options.dom0_mem;

        if (!strncmp(text, "min:", 4))
            target = &options.dom0_mem_min;
        else if (!strncmp(text, "max:", 4))
            target = &options.dom0_mem_max;
        if (target != &options.dom0_mem)
            text += 4;
        if (!parse_size(text, target, &text))
            return false;
        if (*text == '\0')
            return true;
        if (*text++ != ',')
            return false;
    }
}

/* com1=BAUD[/CLOCK][,FORMAT[,BASE[,IRQ]]]: 8n1 is the only format there is. */
static bool parse_com1(const char *text)
{
    uint64_t baud, base;
    const char *end;

    if (strncmp(text, "auto", 4) != 0) {
        baud = strtou64(text, &end);
        if (end == text || baud == 0 || baud > 115200)
            return false;
        options.com1_baud = baud;
    }
    text = strchr(text, ',');
    if (text == NULL)
        return true;
    if (strncmp(text + 1, "8n1", 3) != 0)
        return false;
    text = strchr(text + 1, ',');
    if (text == NULL)
        return true;
    base = strtou64(text + 1, &end);
    if (end == text + 1 || base == 0 || base > 0xffff)
        return false;
    options.com1_base = base;
    return true;
}

static bool parse_log_level(const char *value, int *level)
{
    static const char names[][8] = {"error", "warning", "info", "debug"};

    if (!strcmp(value, "all")) {
        *level = LOG_DEBUG;
        return true;
    }
    if (!strcmp(value, "none")) {
        *level = -1;
        return true;
    }
    /* What stands behind a slash is the level above which messages are limited in number. */
    size_t n = strchr(value, '/') ? (size_t)(strchr(value, '/') - value) : strlen(value);
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        if (strlen(names[i]) == n && !strncmp(value, names[i], n)) {
            *level = (int)i;
            return true;
        }
    }
    return false;
}

static bool parse_isolation(const struct option *o)
{
    bool on;

    if (!strcmp(o->value, "default")) {
        options.isolation = -1;
        return true;
    }
    if (!parse_bool(o, &on))
        return false;
    options.isolation = on;
    return true;
}

static bool parse_switch_allowance(const char *value)
{
    uint64_t us;

    if (!parse_number(value, 1000000, &us))
        return false;
    options.bvt_context_switch = (nsec_t)us * NSEC_PER_USEC;
    return true;
}

static bool parse_tsc(const char *value)
{
    if (strcmp(value, "reliable") != 0 && strcmp(value, "unstable") != 0)
        return false;
    options.tsc = value[0] == 'r' ? TSC_RELIABLE : TSC_UNSTABLE;
    return true;
}

static bool parse_report(const char *value)
{
    if (strcmp(value, "4.17") != 0 && strcmp(value, "4.20") != 0)
        return false;
    options.report_minor = value[3] == '7' ? 17 : 20;
    return true;
}

static bool parse_flag(const struct option *o)
{
    bool reboot;

    if (!strcmp(o->name, "noreboot"))
        return parse_bool(o, &options.no_reboot);
    if (is_bool(o, "reboot", &reboot)) {
        options.no_reboot = !reboot;
        return true;
    }
    return is_bool(o, "sync_console", &options.sync_console) ||
           is_bool(o, "scatter_dom0", &options.scatter_dom0) || is_bool(o, "pcid", &options.pcid) ||
           is_bool(o, "smep", &options.smep) || is_bool(o, "smap", &options.smap) ||
           is_bool(o, "x2apic", &options.x2apic);
}

static bool parse_option(const struct option *o)
{
    const char *name = o->name;

    if (!strcmp(name, "console"))
        return true; /* control/console.c reads it */
    if (!strcmp(name, "com1"))
        return parse_com1(o->value);
    if (!strcmp(name, "dom0_mem"))
        return parse_dom0_mem(o->value);
    if (!strcmp(name, "dom0_max_vcpus"))
        return parse_unsigned(o->value, MAX_VCPUS_PER_DOMAIN, &options.dom0_max_vcpus);
    if (!strcmp(name, "maxcpus"))
        return parse_unsigned(o->value, MAX_CPUS, &options.max_cpus);
    if (!strcmp(name, "loglvl"))
        return parse_log_level(o->value, &options.log_level);
    if (!strcmp(name, "guest_loglvl"))
        return parse_log_level(o->value, &options.guest_log_level);
    if (!strcmp(name, "xpti") || !strcmp(name, "no-xpti"))
        return name[0] == 'n' ? (options.isolation = 0, true) : parse_isolation(o);
    if (!strcmp(name, "sched_bvt_context_switch_us"))
        return parse_switch_allowance(o->value);
    if (!strcmp(name, "tsc"))
        return parse_tsc(o->value);
    if (!strcmp(name, "report_version"))
        return parse_report(o->value);
    if (!strcmp(name, "gnttab_max_frames"))
        return parse_unsigned(o->value, 4096, &options.gnttab_max_frames);
    return parse_flag(o);
}

void options_parse(const char *cmdline)
{
    char word[128];

    while (*cmdline != '\0') {
        size_t n = 0;

        while (*cmdline == ' ' || *cmdline == '\t')
            cmdline++;
        for (; *cmdline != '\0' && *cmdline != ' ' && *cmdline != '\t'; cmdline++)
            if (n < sizeof(word) - 1)
                word[n++] = *cmdline;
        word[n] = '\0';
        if (n == 0)
            continue;

        char *equals = strchr(word, '=');
        struct option o = {word, equals ? equals + 1 : "", equals != NULL};
        if (equals)
            *equals = '\0';
        struct options before = options;
        if (!parse_option(&o)) {
            options = before; /* without the half of a list that was right */
            log_warn("option %s%s%s is not known, or not with this value: ignored", o.name,
                     equals ? "=" : "", o.value);
        }
    }
}
