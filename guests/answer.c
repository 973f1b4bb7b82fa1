/* A guest as small as they come, for counting how many fit: it says that it is there, and answers
 * each line on its console until that says "end". */
#include "guest.h"

GUEST_ROOM(1, 16);

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
    char line[64];

    print("answer: %lu pages, in main after %llu us\n", start_info->nr_pages,
          (unsigned long long)start / 1000);
    do {
        while (console_line(line, sizeof(line), 3600 * SECOND) <= 0)
            continue;
        print("answer to %s\n", line);
    } while (strcmp(line, "end"));
}
