/* The guest parts of a vCPU's GDT and LDT. set_gdt and update_descriptor are in memory/mmu.h. */
#ifndef MEMORY_DESCRIPTOR_TABLES_H
#define MEMORY_DESCRIPTOR_TABLES_H

#include "lib/types.h"

struct vcpu;

/* MMUEXT_SET_LDT of `current`: `base` page-aligned, at most 8192 entries. 0 or -EINVAL. */
int set_ldt(uint64_t base, unsigned entries);

/* A fault at `va` in this CPU's LDT window: maps the page that the guest has there. False: not in
 * the window. True: go on; where the guest has no such page, it gets a page fault at its address.
 */
bool ldt_fault(struct vcpu *v, uint64_t va);

/* Ringfort is about to load a segment register of `current`: a fault there is not a guest's. Maps
 * the page of the LDT that the selector names, if it does and there is one. */
void ldt_want(uint16_t selector);

#endif
