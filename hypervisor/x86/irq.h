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
/* Fires the timer interrupt at a TSC value / in `ns` from now; 0 disarms. */
void lapic_timer_arm(nsec_t delta);
void lapic_eoi(void);
void lapic_send_ipi(unsigned cpu, uint8_t vector);
void lapic_send_ipi_mask(const void *cpumask, uint8_t vector);
void lapic_send_init(uint32_t apic_id);
void lapic_send_startup(uint32_t apic_id, uint8_t page);
void lapic_send_nmi(unsigned cpu);

/* Called by handle_interrupt for vectors VEC_FIRST_DEVICE..VEC_LAST_DEVICE. */
void irq_dispatch(uint8_t vector);

/* Gives a GSI to Ringfort itself (the serial port): calls console_interrupt(). 0 or -EBUSY. */
int irq_claim_console(unsigned gsi);

/* A domain's physical interrupts. pirq 0..nr_gsis-1 are GSIs, MSIs come from the top. */
unsigned nr_pirqs(void);
/* EVTCHNOP_bind_pirq's and unbind's irq half: 0, -EINVAL, -EPERM, -EBUSY, -EEXIST. */
int pirq_bind(struct domain *d, unsigned pirq, uint32_t port, bool will_share);
void pirq_unbind(struct domain *d, unsigned pirq);
/* The guest has unmasked or finished: PHYSDEVOP_eoi. */
int pirq_eoi(struct domain *d, unsigned pirq);
/* Moves the interrupt's destination to the vCPU's CPU (EVTCHNOP_bind_vcpu). */
void pirq_set_cpu(struct domain *d, unsigned pirq, unsigned cpu);
int irq_init_domain(struct domain *d);
void irq_free_domain(struct domain *d);

/* Hypercalls. */
long do_physdev_op(int cmd, uint64_t arg);

/* Port and MMIO permissions of a domain (x86/ports.c). */
bool port_allowed(const struct domain *d, uint16_t port, unsigned bytes);
bool mmio_allowed(const struct domain *d, mfn_t first, uint64_t frames);
/* MMIO that Domain0 may map but only read (MSI-X tables). */
bool mmio_read_only(mfn_t m);
/* Port I/O on a guest's behalf; returns all ones where it is not permitted; handles the CMOS pair,
 * PCI configuration, PIT channel 2 and the denied ports. `bytes` 1, 2 or 4. */
uint32_t guest_port_in(struct domain *d, uint16_t port, unsigned bytes);
void guest_port_out(struct domain *d, uint16_t port, unsigned bytes, uint32_t value);
int ports_init_domain(struct domain *d);
void ports_free_domain(struct domain *d);

#endif
