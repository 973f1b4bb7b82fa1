/* From the guest's set of vCPUs to the CPUs they run on. */
#ifndef MEMORY_FLUSH_SET_H
#define MEMORY_FLUSH_SET_H

#include "lib/bitmap.h"
#include "lib/types.h"

/* Reads the bitmap of vCPU ids at guest address `bitmap` (as many bytes as the domain's vCPUs need)
 * and gives the CPUs that may hold their translations. False when it cannot be read. */
bool flush_set_of_vcpus(uint64_t bitmap, cpumask_t *cpus);

#endif
