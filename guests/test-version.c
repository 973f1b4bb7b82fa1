/* xen_version answers every command a guest may ask, with terminated strings, and says -EFAULT for
 * a buffer that cannot be written and -ENOSYS for an unknown command. */
#include "guest.h"

static bool terminated(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!text[i])
            return true;
    return false;
}

static unsigned long features(unsigned submap)
{
    struct xen_feature_info info = {.submap_idx = submap, .submap = 0xdeadbeef};

    CHECK_EQ(xen_version(XENVER_get_features, &info), 0);
    return info.submap;
}

static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (; *list; list++)
        if (!strncmp(list, word, length) && (list[length] == ' ' || !list[length]))
            return true;
    return false;
}

void test(void)
{
    static char page[PAGE_SIZE];
    void *nowhere = (void *)0x1000;
    struct xen_platform_parameters parameters = {0};
    struct xen_compile_info compile;

    /* Which of the two versions of Debian's tools it is made for is a boot option. */
    CHECK_EQ(xen_version(XENVER_version, NULL) >> 16, 4);
    CHECK(xen_version(XENVER_version, NULL) >= (4 << 16 | 17));
    CHECK_EQ(xen_version(XENVER_pagesize, NULL), PAGE_SIZE);

    memset(page, 0xff, sizeof(page));
    CHECK_EQ(xen_version(XENVER_extraversion, page), 0);
    CHECK(terminated(page, XEN_EXTRAVERSION_LEN));
    memset(page, 0xff, sizeof(page));
    CHECK_EQ(xen_version(XENVER_changeset, page), 0);
    CHECK(terminated(page, XEN_CHANGESET_INFO_LEN));
    memset(page, 0xff, sizeof(page));
    CHECK_EQ(xen_version(XENVER_capabilities, page), 0);
    CHECK(terminated(page, sizeof(xen_capabilities_info_t)));
    CHECK(has_word(page, "xen-3.0-x86_64"));
    memset(page, 0xff, sizeof(page));
    CHECK_EQ(xen_version(XENVER_commandline, page), 0);
    CHECK(terminated(page, sizeof(xen_commandline_t)));
    CHECK(has_word(page, "console=com1"));
    memset(&compile, 0xff, sizeof(compile));
    CHECK_EQ(xen_version(XENVER_compile_info, &compile), 0);
    CHECK(terminated(compile.compiler, sizeof(compile.compiler)));
    CHECK(terminated(compile.compile_date, sizeof(compile.compile_date)));
    CHECK_EQ(xen_version(XENVER_platform_parameters, &parameters), 0);
    CHECK_EQ(parameters.virt_start, HYPERVISOR_VIRT_START);
    CHECK_EQ(xen_version(XENVER_guest_handle, page), 0);

    CHECK_EQ(features(0) & (1 << XENFEAT_writable_page_tables), 0);
    CHECK_EQ(features(0) & (1 << XENFEAT_auto_translated_physmap), 0);
    CHECK_EQ(features(0) >> XENFEAT_mmu_pt_update_preserve_ad & 1, 1);
    CHECK_EQ(features(0) >> XENFEAT_gnttab_map_avail_bits & 1, 1);
    CHECK_EQ(features(0) >> XENFEAT_dom0 & 1, 1);

    CHECK_EQ(xen_version(XENVER_extraversion, nowhere), -XEN_EFAULT);
    CHECK_EQ(xen_version(XENVER_capabilities, nowhere), -XEN_EFAULT);
    CHECK_EQ(xen_version(XENVER_get_features, nowhere), -XEN_EFAULT);
    CHECK_EQ(xen_version(XENVER_extraversion, (void *)HYPERVISOR_VIRT_START), -XEN_EFAULT);
    CHECK_EQ(xen_version(XENVER_extraversion, (void *)0x800000000000), -XEN_EFAULT);
    CHECK_EQ(xen_version(1000, page), -XEN_ENOSYS);
}
