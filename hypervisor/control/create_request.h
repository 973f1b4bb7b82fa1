/* What is not alike in the domctls of both releases of the tools: createdomain, whose structure
 * differs, and operations that one of them has. */
#ifndef CONTROL_CREATE_REQUEST_H
#define CONTROL_CREATE_REQUEST_H

#include "lib/types.h"

struct create_request {
    uint32_t flags, iommu_opts;
    uint32_t max_vcpus, max_event_port;
    int32_t max_grant_frames, max_maptrack_frames; /* negative: the default */
    uint32_t grant_opts;
    uint32_t altp2m_opts; /* 4.20 only, else 0 */
    uint32_t vmtrace_size, cpupool_id;
    uint32_t emulation_flags;
    uint8_t handle[16];
};

/* Reads the union of a domctl of that version. Each is a translation unit of its own, compiled with
 * that release's headers. */
void create_request_4_17(struct create_request *to, const void *u);
void create_request_4_20(struct create_request *to, const void *u);

/* Any operation that 4.17's headers do not name; `u` is the union. Its result, -ENOSYS for none. */
long domctl_added_4_20(uint32_t cmd, const void *u);

#endif
