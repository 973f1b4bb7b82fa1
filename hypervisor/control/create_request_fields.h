/* The fields of createdomain that have the same name in every version, wherever they lie. For the
 * translation units of the versions only. */
#ifndef CONTROL_CREATE_REQUEST_FIELDS_H
#define CONTROL_CREATE_REQUEST_FIELDS_H

#include "lib/abi.h"
#include <xen/domctl.h>

#include "control/create_request.h"
#include "lib/string.h"

static inline void create_request_fields(struct create_request *to,
                                         const struct xen_domctl_createdomain *from)
{
    *to = (struct create_request){
        .flags = from->flags,
        .iommu_opts = from->iommu_opts,
        .max_vcpus = from->max_vcpus,
        .max_event_port = from->max_evtchn_port,
        .max_grant_frames = from->max_grant_frames,
        .max_maptrack_frames = from->max_maptrack_frames,
        .grant_opts = from->grant_opts,
        .vmtrace_size = from->vmtrace_size,
        .cpupool_id = from->cpupool_id,
        .emulation_flags = from->arch.emulation_flags,
    };
    memcpy(to->handle, from->handle, sizeof(to->handle));
}

#endif
