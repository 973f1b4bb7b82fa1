/* Borrowed Virtual Time (Duda and Cheriton, SOSP'99; SOSP'03 3.3.1): the arithmetic. Pure. */
#ifndef SCHEDULE_BVT_H
#define SCHEDULE_BVT_H

#include "lib/types.h"

struct bvt_entity {
    uint64_t avt;                /* actual virtual time, ns scaled by 256/weight; wraps */
    uint32_t remainder;          /* of the last division, so that charging is exact */
    uint32_t weight;             /* 1..65535 */
    bool warped;
    nsec_t warp;                 /* W: effective time is avt - warp while warped */
    nsec_t warp_limit;           /* L: longest continuous warped run; 0: none */
    nsec_t unwarp;               /* U: least time unwarped afterwards */
    nsec_t warp_used;            /* run time since warp began */
    nsec_t unwarped_at;          /* real time when warp ended by limit; 0: not resting */
};

#endif
