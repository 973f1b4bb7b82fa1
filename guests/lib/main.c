#include "guest.h"

const struct start_info *start_info;
struct shared_info *shared_info;
const volatile pfn_t *machine_to_phys;

static char shared_info_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

void guest_main(const struct start_info *info);

/* Where the array is: the hypervisor's to say, at 32 bits. */
static void find_machine_to_phys(void)
{
    struct xen_machphys_mapping mapping = {.v_start = HYPERVISOR_VIRT_START};

    memory_op(XENMEM_machphys_mapping, &mapping);
    machine_to_phys = (const volatile pfn_t *)mapping.v_start;
}

void shared_info_map(void)
{
    /* Written with the page's own address, so that later changes flush just that. */
    if (update_va_mapping((unsigned long)shared_info_page, start_info->shared_info | PAGE_RW,
                          UVMF_INVLPG))
        check_abort("cannot map shared_info");
    shared_info = (struct shared_info *)shared_info_page;
}

/* From here on everything but the registers at entry is as the hypervisor left it. */
void guest_main(const struct start_info *info)
{
    start_info = info;
    shared_info_map();
    find_machine_to_phys();
    console_init();
    trap_init();
    test();
    check_end();
}
