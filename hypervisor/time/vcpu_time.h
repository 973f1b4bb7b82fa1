/* What time/ keeps for each vCPU and domain. */
#ifndef TIME_VCPU_TIME_H
#define TIME_VCPU_TIME_H

#include "lib/abi.h"
#include <xen/vcpu.h>

#include "lib/types.h"
#include "time/timer.h"

struct vcpu_time {
    struct vcpu_runstate_info runstate; /* state, state_entry_time, time[4] */
    uint64_t runstate_area; /* guest VA, 0: none (VCPUOP_register_runstate_memory_area) */
    uint64_t time_area;     /* guest VA, 0: none (VCPUOP_register_vcpu_time_memory_area) */
    bool areas_due;         /* the two are to be written when the vCPU enters kernel mode next */
    struct timer singleshot, periodic;
    nsec_t period;      /* 0: off */
    struct timer alarm; /* armed while the vCPU runs */
    uint64_t alarm_at;  /* virtual time, 0: none; the vCPU's own CPU only */
};

struct domain_time {
    struct timer watchdog[2];
    bool watchdog_in_use[2];
    uint32_t tsc_mode; /* settscinfo */
    uint32_t incarnation;
    int64_t offset_sec; /* of its wall clock, see time_set_offset(); LOCK_DOMCTL */
};

#endif
