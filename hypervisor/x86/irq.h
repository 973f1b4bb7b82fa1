/* Physical interrupts: vectors, and their way to Domain0 as event channels. */
#ifndef X86_IRQ_H
#define X86_IRQ_H

#include "lib/types.h"

struct domain;

/* Boot: masks the 8259, sets up local APIC of the boot CPU, I/O APICs from ACPI. */
void irq_init(void);
/* Local APIC of another CPU. */
void lapic_init_cpu(void);
uint32_t lapic_id(void);
/* Interrupts this CPU with VEC_LAPIC_TIMER once, `delta` ns from now: at once when negative, never
 * when 0. Long times may fire early (the counter has 32 bits): look at the clock and arm again. */
void lapic_timer_arm(nsec_t delta);
/* Ends the interrupt in service: handlers of VEC_LAPIC_TIMER and the IPIs call it; irq_dispatch and
 * lapic_error_interrupt do so themselves; the spurious vector has none. */
void lapic_eoi(void);
void lapic_send_ipi(unsigned cpu, uint8_t vector);
void lapic_send_ipi_mask(const void *cpumask, uint8_t vector);
void lapic_send_init(uint32_t apic_id);
void lapic_send_startup(uint32_t apic_id, uint8_t page);
void lapic_send_nmi(unsigned cpu);

/* VEC_LAPIC_ERROR's handler: reports, ends the interrupt. */
void lapic_error_interrupt(void);

/* Called by handle_interrupt for vectors VEC_FIRST_DEVICE..VEC_LAST_DEVICE; ends the interrupt. */
void irq_dispatch(uint8_t vector);
/* Prints every interrupt in use: debug key 'i'. */
void irq_dump(void);

/* Gives a GSI to Ringfort itself (the serial port): calls console_interrupt(). 0 or -EBUSY. */
int irq_claim_console(unsigned gsi);

/* A domain's physical interrupts. pirq 0..nr_gsis-1 are GSIs, MSIs come from the top. */
unsigned nr_pirqs(void);
unsigned nr_gsis(void);
/* EVTCHNOP_bind_pirq's and unbind's irq half. Binding unmasks the interrupt, on the CPU that vCPU 0
 * is on. -EINVAL: no such pirq, or not mapped; -EPERM: the domain owns no interrupts; -EBUSY:
 * Ringfort's own; -EEXIST: bound already; -ENOSPC: no vector free. LOCK_EVENT may be held. */
int pirq_bind(struct domain *d, unsigned pirq, uint32_t port, bool will_share);
void pirq_unbind(struct domain *d, unsigned pirq);
/* The guest has unmasked or finished: PHYSDEVOP_eoi. 0; -EINVAL: not a pirq of this domain. */
int pirq_eoi(struct domain *d, unsigned pirq);
/* Moves the interrupt's destination to the vCPU's CPU (EVTCHNOP_bind_vcpu). */
void pirq_set_cpu(struct domain *d, unsigned pirq, unsigned cpu);
int irq_init_domain(struct domain *d);
void irq_free_domain(struct domain *d);

/* Hypercalls. */
long do_physdev_op(int cmd, uint64_t arg);

/* MMIO permissions of a domain (x86/mmio.c). */
bool mmio_allowed(const struct domain *d, mfn_t first, uint64_t frames);
/* MMIO that Domain0 may map but only read (MSI-X tables, HPET): a writable entry for it is made
 * read-only, not refused, because Linux maps before it knows. */
bool mmio_read_only(mfn_t m);
/* True when no frame of first..last (inclusive) is RAM, unusable, beyond the processor's reach, or
 * a means to send or control interrupts. */
bool mmio_is_device(mfn_t first, mfn_t last);
/* Port I/O on a guest's behalf; returns all ones where it is not permitted; handles the CMOS pair,
 * PCI configuration, PIT channel 2 and the denied ports. `bytes` 1, 2 or 4. */
uint32_t guest_port_in(struct domain *d, uint16_t port, unsigned bytes);
void guest_port_out(struct domain *d, uint16_t port, unsigned bytes, uint32_t value);
int ports_init_domain(struct domain *d);
void ports_free_domain(struct domain *d);

#endif
