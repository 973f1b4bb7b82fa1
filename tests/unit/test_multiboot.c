/* sources: hypervisor/boot/multiboot.c hypervisor/boot/pvh.c hypervisor/boot/loader.c hypervisor/lib/text.c */
#include <string.h>

#include "boot/loader.h"
#include "boot/loader_memory.h"
#include "check.h"

#include "lib/abi.h"
#include <xen/arch-x86/hvm/start_info.h>

/* What a loader would leave: bytes appended one after the other, 8-byte aligned. */
static uint8_t memory[8192] __attribute__((aligned(8)));
static size_t used;
const uint8_t *host_loader_memory = memory;
size_t host_loader_size = sizeof(memory);

static struct boot_info info;

static void reset(void)
{
    memset(memory, 0, sizeof(memory));
    memset(&info, 0, sizeof(info));
    used = 0;
    host_loader_size = sizeof(memory);
}

static uint32_t put(const void *bytes, size_t n)
{
    size_t at = used;

    memcpy(memory + at, bytes, n);
    used = ROUND_UP(at + n, 8);
    return HOST_LOADER_BASE + at;
}

static uint32_t put_string(const char *s)
{
    return put(s, strlen(s) + 1);
}

static void put32(uint32_t at, uint32_t value)
{
    memcpy(memory + at - HOST_LOADER_BASE, &value, sizeof(value));
}

/* Multiboot 1: `flags` and the words at their offsets; the structure has 116 bytes. */
static uint32_t put_mb1(uint32_t flags)
{
    uint8_t zero[116] = {0};
    uint32_t at = put(zero, sizeof(zero));

    put32(at, flags);
    return at;
}

struct mb1_map_entry {
    uint32_t size;
    uint64_t base, length;
    uint32_t type;
} __attribute__((packed));

static void give_mb1_map(uint32_t mb)
{
    const struct mb1_map_entry map[] = {{20, 0, 0x9fc00, 1}, {20, 0x100000, 0x1ff00000, 1}};

    put32(mb + 48, put(map, sizeof(map)));
    put32(mb + 44, sizeof(map));
}

static void test_mb1(void)
{
    reset();
    uint32_t mb = put_mb1(1 << 2 | 1 << 3 | 1 << 6 | 1 << 9);
    uint32_t modules[] = {HOST_LOADER_BASE, HOST_LOADER_BASE + 100, put_string("vmlinuz a b"), 0};

    give_mb1_map(mb);
    put32(mb + 16, put_string("/boot/ringfort console=com1"));
    put32(mb + 64, put_string("qemu"));
    put32(mb + 20, 1);
    put32(mb + 24, put(modules, sizeof(modules)));
    CHECK(multiboot1_read(mb, &info) == NULL);
    CHECK(!strcmp(info.cmdline, "console=com1"));
    CHECK(!strcmp(info.loader, "qemu"));
    CHECK_EQ(info.region_count, 2);
    CHECK_EQ(info.regions[1].base, 0x100000);
    CHECK_EQ(info.regions[1].size, 0x1ff00000);
    CHECK_EQ(info.module_count, 1);
    CHECK_EQ(info.modules[0].size, 100);
    CHECK(!strcmp(info.modules[0].cmdline, "a b"));
    CHECK(!info.framebuffer.valid);
}

static void test_mb1_refusals(void)
{
    reset();
    uint32_t mb = put_mb1(0);
    CHECK(multiboot1_read(mb, &info) != NULL);
    CHECK(multiboot1_read(0, &info) != NULL);
    CHECK(multiboot1_read(HOST_LOADER_BASE + sizeof(memory) - 8, &info) != NULL);

    put32(mb, 1 << 6);
    give_mb1_map(mb);
    put32(mb + 48, HOST_LOADER_BASE + sizeof(memory) - 4);
    CHECK(multiboot1_read(mb, &info) != NULL);

    /* A module that ends before it starts, and one beyond reach. */
    put32(mb, 1 << 3 | 1 << 6);
    give_mb1_map(mb);
    put32(mb + 20, 1);
    uint32_t backwards[] = {HOST_LOADER_BASE + 8, HOST_LOADER_BASE, 0, 0};
    put32(mb + 24, put(backwards, sizeof(backwards)));
    CHECK(multiboot1_read(mb, &info) != NULL);
    uint32_t beyond[] = {0xf0000000, 0xf0001000, 0, 0};
    put32(mb + 24, put(beyond, sizeof(beyond)));
    CHECK(multiboot1_read(mb, &info) != NULL);
    put32(mb + 20, UINT32_MAX);
    CHECK(multiboot1_read(mb, &info) != NULL);
}

/* Multiboot 2: tags behind a header whose total size finish_mb2() fills. */
static uint32_t start_mb2(void)
{
    uint32_t header[2] = {0, 0};

    return put(header, sizeof(header));
}

static void put_tag(uint32_t type, const void *body, size_t n)
{
    uint32_t header[2] = {type, 8 + n};

    put(header, sizeof(header));
    put(body, n);
}

static void finish_mb2(uint32_t mb)
{
    put_tag(0, "", 0);
    put32(mb, HOST_LOADER_BASE + used - mb);
}

static void put_mb2_map(void)
{
    struct {
        uint32_t entry_size, version;
        uint64_t base, length;
        uint32_t type, reserved;
    } map = {24, 0, 0x100000, 0x700000, 1, 0};

    put_tag(6, &map, sizeof(map));
}

static void test_mb2(void)
{
    struct {
        uint32_t start, end;
        char string[32];
    } module = {HOST_LOADER_BASE, HOST_LOADER_BASE + 16, "placeholder root=/dev/sda1"};
    uint64_t efi = 0x3f7ed018;

    reset();
    uint32_t mb = start_mb2();
    put_tag(1, "placeholder dom0_mem=512M", 26);
    put_tag(3, &module, sizeof(module));
    put_tag(2, "GRUB 2.06", 10);
    put_mb2_map();
    put_tag(14, "RSD PTR old version.", 20);
    put_tag(15, "RSD PTR new version, with the XSDT..", 36);
    put_tag(12, &efi, sizeof(efi));
    finish_mb2(mb);
    CHECK(multiboot2_read(mb, &info) == NULL);
    CHECK(!strcmp(info.cmdline, "dom0_mem=512M"));
    CHECK(!strcmp(info.modules[0].cmdline, "root=/dev/sda1"));
    CHECK_EQ(info.modules[0].size, 16);
    CHECK_EQ(info.region_count, 1);
    CHECK_EQ(info.rsdp_size, 36);
    CHECK(!memcmp(info.rsdp_copy, "RSD PTR new", 11));
    CHECK(info.is_efi);
    CHECK_EQ(info.efi_system_table, efi);
}

static void test_mb2_framebuffer(void)
{
    struct {
        uint64_t address;
        uint32_t pitch, width, height;
        uint8_t bpp, type;
        uint16_t reserved;
        uint8_t colors[6];
    } __attribute__((packed)) fb = {0xfd000000, 3200, 800, 600, 32, 1, 0, {16, 8, 8, 8, 0, 8}};

    reset();
    uint32_t mb = start_mb2();
    put_mb2_map();
    put_tag(8, &fb, sizeof(fb));
    finish_mb2(mb);
    CHECK(multiboot2_read(mb, &info) == NULL);
    CHECK(info.framebuffer.valid && info.framebuffer.is_graphics);
    CHECK_EQ(info.framebuffer.width, 800);
    CHECK_EQ(info.framebuffer.red_pos, 16);
    CHECK_EQ(info.framebuffer.blue_size, 8);
}

static void test_mb2_refusals(void)
{
    reset();
    uint32_t mb = start_mb2();
    finish_mb2(mb);
    CHECK(multiboot2_read(mb, &info) != NULL); /* no map */
    CHECK(multiboot2_read(mb + 4, &info) != NULL);
    put32(mb, sizeof(memory) + 1);
    CHECK(multiboot2_read(mb, &info) != NULL);

    reset();
    mb = start_mb2();
    put_mb2_map();
    uint32_t tag = HOST_LOADER_BASE + used;
    put_tag(99, "", 0);
    finish_mb2(mb);
    CHECK(multiboot2_read(mb, &info) == NULL);
    put32(tag + 4, 7); /* shorter than its own header */
    CHECK(multiboot2_read(mb, &info) != NULL);
    put32(tag + 4, 4096); /* longer than everything */
    CHECK(multiboot2_read(mb, &info) != NULL);
}

static void test_pvh(void)
{
    struct hvm_memmap_table_entry map[] = {{0, 0x9fc00, 1, 0}, {0x100000, 0x100000, 1, 0}};
    struct hvm_start_info start = {.magic = XEN_HVM_START_MAGIC_VALUE, .version = 1};

    reset();
    start.cmdline_paddr = put_string("console=com1 loglvl=all");
    start.memmap_paddr = put(map, sizeof(map));
    start.memmap_entries = 2;
    start.rsdp_paddr = 0xf5a10;
    uint32_t at = put(&start, sizeof(start));
    CHECK(pvh_read(at, &info) == NULL);
    CHECK(!strcmp(info.cmdline, "console=com1 loglvl=all"));
    CHECK_EQ(info.region_count, 2);
    CHECK_EQ(info.rsdp.a, 0xf5a10);

    put32(at, 0);
    CHECK(pvh_read(at, &info) != NULL);
}

static void test_strings(void)
{
    char text[8];

    reset();
    loader_string(text, sizeof(text), put_string("a longer string"), UINT64_MAX);
    CHECK(!strcmp(text, "a longe"));
    loader_string(text, sizeof(text), put_string("abcdef"), 3);
    CHECK(!strcmp(text, "abc"));
    loader_string(text, sizeof(text), 1, UINT64_MAX);
    CHECK(!strcmp(text, ""));

    char grub[] = "console=com1", other[] = "name", placed[] = "placeholders x";
    loader_strip_name("GRUB 2.12", grub);
    CHECK(!strcmp(grub, "console=com1"));
    loader_strip_name("", other);
    CHECK(!strcmp(other, ""));
    loader_strip_name("GRUB 2.12", placed);
    CHECK(!strcmp(placed, "placeholders x"));
}

int main(void)
{
    test_mb1();
    test_mb1_refusals();
    test_mb2();
    test_mb2_framebuffer();
    test_mb2_refusals();
    test_pvh();
    test_strings();
    return check_report();
}
