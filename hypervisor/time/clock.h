/* The TSC clock's inside, for time/ and the guest-visible copies. */
#ifndef TIME_CLOCK_H
#define TIME_CLOCK_H

#include "lib/types.h"
#include "time/tsc_scale.h"

/* This CPU's counter stood at `tsc` when real time was `time`. */
struct clock_stamp {
    uint64_t tsc;
    nsec_t time;
};

/* Ticks of this CPU's TSC to nanoseconds. */
struct tsc_scale clock_scale(void);
/* This CPU's stamp. */
struct clock_stamp clock_stamp(void);
/* Real time when this CPU's counter stands at `tsc`. */
nsec_t clock_at(uint64_t tsc);
/* Boot: reads the CMOS clock (time/wallclock.c). */
void wallclock_init(void);

#endif
