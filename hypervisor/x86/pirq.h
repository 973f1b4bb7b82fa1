/* Domain0's side of the interrupt table; binding and EOI are in x86/irq.h. */
#ifndef X86_PIRQ_H
#define X86_PIRQ_H

#include "lib/types.h"
#include "x86/msi.h"

struct domain;

/* What a domain with physical interrupts has of its own. */
struct domain_irq {
    struct frame *eoi_frame; /* PHYSDEVOP_pirq_eoi_gmfn_v2: typed reference; NULL: none */
    uint64_t *eoi_map;       /* a bit for each pirq whose handling ends with PHYSDEVOP_eoi */
};

/* Makes a line known as the pirq of the same number: 0 (again, too), -EINVAL when there is none. */
int pirq_map_gsi(unsigned gsi);
/* Gives a prepared message a pirq: `wanted`, a reserved or free one, or any when negative. Masked
 * until bound. The pirq; -ENOSPC: none free or no vector; -EINVAL: `wanted` is no MSI pirq;
 * -EEXIST: it is taken, or the device's entry has one. */
int pirq_map_msi(int wanted, const struct msi *msi);
/* Takes a pirq back. 0; -EINVAL: not mapped; -EBUSY: bound to an event channel. */
int pirq_unmap(unsigned pirq);
/* Reserves a free MSI pirq for a later map: the pirq or -ENOSPC. */
int pirq_reserve(void);

/* Says how a line is wired. 0; -EINVAL: no such line; -EEXIST: said before. */
int pirq_setup_gsi(unsigned gsi, bool level, bool active_low);
/* XENIRQSTAT_* of a pirq in *flags: 0 or -EINVAL. */
int pirq_status(unsigned pirq, uint32_t *flags);
/* Registers the page of EOI bits. 0; -EINVAL: not a frame that the domain may write; -EBUSY: there
 * is one. */
int pirq_set_eoi_page(struct domain *d, mfn_t m);

/* Writes all messages of a device anew (it was reset). 0 or -ENODEV when it has none mapped. */
int pirq_restore_msi(uint32_t sbdf);

#endif
