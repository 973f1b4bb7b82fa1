#include "guest.h"

const struct start_info *start_info;
struct shared_info *shared_info;

static char shared_info_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

void guest_main(const struct start_info *info);

/* From here on everything but the registers at entry is as the hypervisor left it. */
void guest_main(const struct start_info *info)
{
    start_info = info;
    /* Written with the page's own address, so that later changes flush just that. */
    if (update_va_mapping((unsigned long)shared_info_page, start_info->shared_info | PAGE_RW,
                          UVMF_INVLPG))
        check_abort("cannot map shared_info");
    shared_info = (struct shared_info *)shared_info_page;
    trap_init();
    test();
    check_end();
}
