/* More vCPUs than the first. */
#ifndef GUEST_SMP_H
#define GUEST_SMP_H

#include "abi.h"

/* How many vCPUs the domain has (answers of VCPUOP_is_up). */
unsigned vcpu_count(void);

/* Fills a context for a vCPU that is to run body() on its stacks and this root, as
 * VCPUOP_initialise wants it. */
typedef void vcpu_body_fn(unsigned vcpu);
void vcpu_context(struct vcpu_guest_context *context, unsigned vcpu, vcpu_body_fn *body);

/* Initialises and starts a vCPU: the first call's error, or the second's. When body returns the
 * vCPU switches itself off. */
long vcpu_launch(unsigned vcpu, vcpu_body_fn *body);

/* 1 up, 0 down, or an error. */
long vcpu_is_up(unsigned vcpu);

/* Runs body() on both vCPUs of the domain at once, and fails when the second needs 20 s longer than
 * the first; it goes on spinning until both_end(). */
void both_run(vcpu_body_fn *body);
void both_end(void);

void __attribute__((noreturn)) vcpu_main(unsigned vcpu);

#endif
