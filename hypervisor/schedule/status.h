/* A vCPU's scheduling parameters and figures, for Domain0's tools (interface/ringfort.h). */
#ifndef SCHEDULE_STATUS_H
#define SCHEDULE_STATUS_H

#include "interface/ringfort.h"

struct vcpu;

/* Fills all but the version; a running vCPU is charged up to now first. */
void vcpu_status(struct vcpu *v, struct ringfort_vcpu *out);

/* Gives the vCPU its domain's warp, warp limit and rest. One that warps goes on with the new ones;
 * with a warp of 0 it stops. */
void vcpu_take_warp(struct vcpu *v);

#endif
