#include "suspend.h"

#include "guest.h"

#define REQUEST "control/shutdown"
#define FRAMES_PER_PAGE (PAGE_SIZE / sizeof(mfn_t))

/* The list of machine frames as others find it: the frames of frames of its pages. */
void suspend_prepare(void)
{
    static mfn_t top[FRAMES_PER_PAGE] __attribute__((aligned(PAGE_SIZE)));
    static mfn_t middle[FRAMES_PER_PAGE] __attribute__((aligned(PAGE_SIZE)));
    const char *list = (const char *)start_info->mfn_list;
    pfn_t pages = start_info->nr_pages;

    REQUIRE(pages <= FRAMES_PER_PAGE * FRAMES_PER_PAGE);
    for (pfn_t i = 0; i * FRAMES_PER_PAGE < pages; i++)
        middle[i] = va_to_mfn(list + i * PAGE_SIZE);
    top[0] = va_to_mfn(middle);
    shared_info->arch.max_pfn = pages;
    shared_info->arch.pfn_to_mfn_frame_list_list = va_to_mfn(top);
}

/* Who goes on has other frames, so nothing may be left that names one: but what tools put right,
 * which is page tables, the list of frames, and what start_info has as PFNs. */
static void suspend(void)
{
    struct start_info *info = (struct start_info *)start_info;
    struct sched_shutdown shutdown = {.reason = SHUTDOWN_suspend};

    info->store_mfn = mfn_to_pfn(info->store_mfn);
    info->console.domU.mfn = mfn_to_pfn(info->console.domU.mfn);
    MUST(page_protect(shared_info, 0));
    MUST(hypercall3(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (unsigned long)&shutdown,
                    va_to_mfn(info)));
    shared_info_map();
    console_init();
    suspend_prepare();
}

bool suspend_if_asked(void)
{
    const char *request = xenstore_read(REQUEST);

    if (!request || strcmp(request, "suspend"))
        return false;
    xenstore_write(REQUEST, "");
    console_flush();
    suspend();
    return true;
}
