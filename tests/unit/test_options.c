/* sources: hypervisor/boot/options.c hypervisor/lib/string.c hypervisor/lib/text.c tests/host/panic.c */
/* Ringfort's command line: each option, and that a wrong one is reported and changes nothing. */
#include "boot/boot.h"
#include "check.h"
#include "lib/printk.h"
#include "lib/string.h"

#define MIB (UINT64_C(1) << 20)

static struct options defaults;
static unsigned warnings;

/* The parser's messages end here; printk.c would want a console. */
void log_at(enum log_level level, const char *fmt, ...)
{
    warnings += level == LOG_WARN;
}

/* Parses a command line on top of the defaults; returns how many words were complained of. */
static unsigned parse(const char *cmdline)
{
    options = defaults;
    warnings = 0;
    options_parse(cmdline);
    return warnings;
}

static void test_memory(void)
{
    CHECK_EQ(parse("dom0_mem=512M"), 0);
    CHECK_EQ(options.dom0_mem, 512 * MIB);
    CHECK_EQ(parse("dom0_mem=2g"), 0);
    CHECK_EQ(options.dom0_mem, 2048 * MIB);
    CHECK_EQ(parse("dom0_mem=524288"), 0); /* KiB */
    CHECK_EQ(options.dom0_mem, 512 * MIB);
    CHECK_EQ(parse("dom0_mem=1048576B"), 0);
    CHECK_EQ(options.dom0_mem, MIB);
    CHECK_EQ(parse("dom0_mem=max:1G,512M,min:0x100M"), 0);
    CHECK_EQ(options.dom0_mem, 512 * MIB);
    CHECK_EQ(options.dom0_mem_max, 1024 * MIB);
    CHECK_EQ(options.dom0_mem_min, 256 * MIB);
    CHECK_EQ(parse("dom0_mem=512M dom0_mem=1G"), 0);
    CHECK_EQ(options.dom0_mem, 1024 * MIB);
}

static void test_wrong_memory(void)
{
    static const char *const wrong[] = {
        "dom0_mem",
        "dom0_mem=",
        "dom0_mem=M",
        "dom0_mem=512Q",
        "dom0_mem=512M;",
        "dom0_mem=-1M",
        "dom0_mem=99999999999T",
    };

    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
        CHECK_EQ(parse(wrong[i]), 1);
        CHECK_EQ(options.dom0_mem, 0);
    }
    CHECK_EQ(parse("dom0_mem=min:1M,"), 1);
    CHECK_EQ(options.dom0_mem_min, 0);
}

static void test_serial(void)
{
    CHECK_EQ(parse("com1=9600"), 0);
    CHECK_EQ(options.com1_baud, 9600);
    CHECK_EQ(parse("com1=115200,8n1,0x2f8,3"), 0);
    CHECK_EQ(options.com1_base, 0x2f8);
    CHECK_EQ(parse("com1=auto,8n1"), 0);
    CHECK_EQ(options.com1_baud, 115200);
    CHECK_EQ(parse("com1=0"), 1);
    CHECK_EQ(parse("com1=115200,7e1"), 1);
    CHECK_EQ(parse("com1=115200,8n1,0x10000"), 1);
    CHECK_EQ(options.com1_base, 0x3f8);
}

static void test_switches(void)
{
    CHECK_EQ(parse("noreboot sync_console no-pcid smep=off smap=0 x2apic=no"), 0);
    CHECK(options.no_reboot && options.sync_console);
    CHECK(!options.pcid && !options.smep && !options.smap && !options.x2apic);
    CHECK_EQ(parse("pcid=true no-pcid=1"), 1);
    CHECK(options.pcid);
    CHECK_EQ(parse("smep=maybe"), 1);
    CHECK(options.smep);
    CHECK_EQ(parse("reboot=no"), 0);
    CHECK(options.no_reboot);

    CHECK_EQ(parse("xpti"), 0);
    CHECK_EQ(options.isolation, 1);
    CHECK_EQ(parse("xpti=1 no-xpti"), 0);
    CHECK_EQ(options.isolation, 0);
    CHECK_EQ(parse("xpti=1 xpti=default"), 0);
    CHECK_EQ(options.isolation, -1);
    CHECK_EQ(parse("xpti=perhaps"), 1);
    CHECK_EQ(options.isolation, -1);
}

static void test_numbers(void)
{
    CHECK_EQ(parse("dom0_max_vcpus=4 maxcpus=2 gnttab_max_frames=128"), 0);
    CHECK_EQ(options.dom0_max_vcpus, 4);
    CHECK_EQ(options.max_cpus, 2);
    CHECK_EQ(options.gnttab_max_frames, 128);
    CHECK_EQ(parse("maxcpus=0x10000 dom0_max_vcpus=1000 dom0_max_vcpus=four maxcpus="), 4);
    CHECK_EQ(options.max_cpus | options.dom0_max_vcpus, 0);
    CHECK_EQ(parse("sched_bvt_context_switch_us=250"), 0);
    CHECK_EQ(options.bvt_context_switch, 250000);
    CHECK_EQ(parse("tsc=reliable"), 0);
    CHECK_EQ(options.tsc, TSC_RELIABLE);
    CHECK_EQ(parse("tsc=unstable"), 0);
    CHECK_EQ(options.tsc, TSC_UNSTABLE);
    CHECK_EQ(parse("tsc=1 tsc tsc=stable"), 3);
    CHECK_EQ(options.tsc, TSC_BY_CPUID);
    CHECK_EQ(parse("report_version=4.20"), 0);
    CHECK_EQ(options.report_minor, 20);
    CHECK_EQ(parse("report_version=4.18"), 1);
    CHECK_EQ(options.report_minor, 17);
}

static void test_log_levels(void)
{
    CHECK_EQ(parse("loglvl=all guest_loglvl=none"), 0);
    CHECK_EQ(options.log_level, LOG_DEBUG);
    CHECK(options.guest_log_level < LOG_ERR);
    CHECK_EQ(parse("loglvl=error guest_loglvl=warning/info"), 0);
    CHECK_EQ(options.log_level, LOG_ERR);
    CHECK_EQ(options.guest_log_level, LOG_WARN);
    CHECK_EQ(parse("loglvl=err"), 1);
}

static void test_words(void)
{
    char line[1024];

    CHECK_EQ(parse(""), 0);
    CHECK_EQ(parse(" \t "), 0);
    CHECK_EQ(parse("  maxcpus=3\tnoreboot  "), 0);
    CHECK(options.max_cpus == 3 && options.no_reboot);
    /* The console's file reads this one. */
    CHECK_EQ(parse("console=com1,vga"), 0);
    CHECK_EQ(parse("frobnicate frobnicate=yes =5 ="), 4);
    /* A word longer than any option is cut and reported, and what follows it still counts. */
    memset(line, 'a', 500);
    strlcpy(line + 500, " maxcpus=5", sizeof(line) - 500);
    CHECK_EQ(parse(line), 1);
    CHECK_EQ(options.max_cpus, 5);
}

int main(void)
{
    defaults = options;
    test_memory();
    test_wrong_memory();
    test_serial();
    test_switches();
    test_numbers();
    test_log_levels();
    test_words();
    return check_report();
}
