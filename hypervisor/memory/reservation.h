/* The parts of XENMEM_* that have a file of their own; each takes the guest address of its
 * structure and is called by do_memory_op only. */
#ifndef MEMORY_RESERVATION_H
#define MEMORY_RESERVATION_H

#include "lib/abi.h"
#include <xen/memory.h>

#include "lib/types.h"

struct domain;

/* The operation number carries the first step still to be done, for the restart rule. */
#define MEMOP_EXTENT_SHIFT 6
#define MEMOP_CMD_MASK ((1UL << MEMOP_EXTENT_SHIFT) - 1)

/* The largest extents. One that has been zeroed is assigned without a look at waiting work; it is
 * exchanged so even with the zeroing. Therefore only Domain0, whose devices may want as much in one
 * piece, exchanges the largest; what others may is enough for Linux's bounce buffers. */
#define EXTENT_ORDER_MAX 9
#define EXCHANGE_ORDER_GUEST 6

/* The largest order that `current` may exchange. */
unsigned exchange_order_max(void);

/* The address width that frames of `d` must keep to when a caller asks for `flags` (XENMEMF_*);
 * 0: any. */
unsigned extent_address_bits(const struct domain *d, unsigned flags);

/* increase_reservation, decrease_reservation, populate_physmap from step `start` on, which is an
 * extent, or a frame to be given back: the number of extents done, counted from 0, or what
 * hypercall_restart() returns. */
long memory_reservation_op(unsigned op, uint64_t start, uint64_t arg);

/* A frame that was just allocated to `d` is its `pfn` from now on. As soon as a frame is allocated,
 * another vCPU of `d` may give it back and another domain get it: then nothing happens. No lock. */
void frame_announce(struct domain *d, mfn_t m, uint64_t pfn);

/* Gives a frame of `d` back. One that is still mapped, typed or pinned leaves the reservation now
 * and becomes free with its last reference: nothing is unpinned or unmapped here. False for any
 * number that names none of `d`. No lock. */
bool frame_return(struct domain *d, mfn_t m);

/* 0; -EFAULT, -EINVAL, -EPERM, -ENOMEM; progress is in the guest's nr_exchanged. */
long memory_exchange(uint64_t arg);

/* E820 maps: the domain's own, the machine's (Domain0), and setting another domain's. */
long memory_map_get(uint64_t arg);
long memory_map_machine(uint64_t arg);
long memory_map_set(uint64_t arg);

/* machphys_mfn_list, machphys_compat_mfn_list: frames of the array with entries of `width` bytes,
 * for Domain0; machphys_mapping. */
long memory_machphys_list(uint64_t arg, size_t width);
long memory_machphys_mapping(uint64_t arg);

/* acquire_resource: frames of a domain's grant table for its controller. */
long memory_acquire_resource(uint64_t start, uint64_t arg);

#endif
