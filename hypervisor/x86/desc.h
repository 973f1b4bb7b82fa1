/* Descriptor tables: Ringfort's page of the GDT, and the parts a vCPU brings along. */
#ifndef X86_DESC_H
#define X86_DESC_H

/* Selectors in the page of the GDT that is Ringfort's (the ABI fixes the guests' flat ones). */
#define HV_CS 0xe008
#define HV_DS 0xe010
#define RING1_CS 0xe019 /* what the kernel of a 32-bit guest starts with */
#define TSS_SELECTOR 0xe040
#define LDT_SELECTOR 0xe050
/* First selector of that page, and the GDT's limit: pages after it are holes. */
#define RESERVED_SELECTOR 0xe000
#define GDT_LIMIT 0xefff

#ifndef __ASSEMBLY__

#include "lib/types.h"

struct vcpu;

/* Makes the GDT of `v` this CPU's: its frames into the window, the page of its width behind them.
 * Only pages that differ are touched. `v` is current, or about to be; interrupts are off. */
void desc_load_gdt(const struct vcpu *v);

/* Makes the LDT window of this CPU that of `v` (ldt_frames, ldt_entries), and loads LDTR. As above.
 */
void desc_load_ldt(const struct vcpu *v);

/* The descriptor that `selector` names in the tables of `current`, read with fault recovery. False:
 * beyond the limit, null, or not readable. */
bool desc_read(uint16_t selector, uint64_t *descriptor);

/* True when `selector` names 32-bit code whose addresses are linear ones. */
bool desc_is_flat_code32(uint16_t selector);

#endif

#endif
