/* What every test guest includes: the ABI and the whole library. */
#ifndef GUEST_GUEST_H
#define GUEST_GUEST_H

#include "abi.h"
#include "balloon.h"
#include "beside.h"
#include "block.h"
#include "check.h"
#include "console.h"
#include "delay.h"
#include "domain.h"
#include "event.h"
#include "grant.h"
#include "hypercall.h"
#include "memory.h"
#include "net.h"
#include "print.h"
#include "smp.h"
#include "suspend.h"
#include "time.h"
#include "trap.h"
#include "user.h"
#include "xenstore.h"

/* Set before test() runs. */
extern const struct start_info *start_info;
extern struct shared_info *shared_info;

/* Maps the page that start_info names: at the start, and in a domain that goes on elsewhere. */
void shared_info_map(void);

/* The machine-to-physical array: PFN by MFN. */
extern const volatile pfn_t *machine_to_phys;

/* The test itself: each guest defines it. Returning ends the guest with its verdict. */
void test(void);

#endif
