/* Host builds: the real header; a test may have the processors' areas in an array, of CPU_AREA_SIZE
 * for each. */
#ifndef HOST_MEMORY_HYPMAP_H
#define HOST_MEMORY_HYPMAP_H

#define cpu_area real_cpu_area
#include_next "memory/hypmap.h"
#undef cpu_area

extern unsigned char host_areas[] __attribute__((weak));

static inline void *cpu_area(unsigned cpu, unsigned long off)
{
    return host_areas ? host_areas + cpu * CPU_AREA_SIZE + off : real_cpu_area(cpu, off);
}

#endif
