/* A guest as small as they come, for counting how many fit: it gives back what is above 2 MiB
 * (Debian's tools make none with less than 4), says that it is there, and answers each line on its
 * console until that says "end". */
#include "guest.h"

GUEST_ROOM(1, 16);

#define KEPT_PAGES 512

/* Nanoseconds that this vCPU has run since the domain was made. */
static uint64_t time_run(void)
{
    struct vcpu_runstate_info state;

    MUST(vcpu_op(VCPUOP_get_runstate_info, 0, &state));
    return state.time[RUNSTATE_running];
}

void test(void)
{
    uint64_t start = time_run();
    unsigned given = balloon_trim(KEPT_PAGES);
    char line[64];

    print("answer: %lu pages, in main after %llu us\n", start_info->nr_pages - given,
          (unsigned long long)start / 1000);
    do {
        while (console_line(line, sizeof(line), 3600 * SECOND) <= 0)
            continue;
        print("answer to %s\n", line);
    } while (strcmp(line, "end"));
}
