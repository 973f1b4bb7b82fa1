/* Calls of the domain that has the hardware: lines, PCI functions, its own privilege. */
#include "random.h"

#include <xen/physdev.h>

static void fill_line(struct physdev_map_pirq *op)
{
    *op = (struct physdev_map_pirq){.domid = one_in(8) ? (domid_t)some_domain() : DOMID_SELF,
                                    .type = one_in(6) ? (int)below(8) : (int)below(2),
                                    .index = (int)below(26),
                                    .pirq = one_in(3) ? (int)below(32) : -1,
                                    .bus = (int)below(2),
                                    .devfn = (int)below(64),
                                    .entry_nr = (int)below(3)};
}

void call_make_hardware(struct call *call)
{
    static const unsigned commands[] = {PHYSDEVOP_eoi,
                                        PHYSDEVOP_irq_status_query,
                                        PHYSDEVOP_set_iopl,
                                        PHYSDEVOP_set_iobitmap,
                                        PHYSDEVOP_apic_read,
                                        PHYSDEVOP_apic_write,
                                        PHYSDEVOP_setup_gsi,
                                        PHYSDEVOP_map_pirq,
                                        PHYSDEVOP_unmap_pirq,
                                        PHYSDEVOP_get_free_pirq,
                                        PHYSDEVOP_alloc_irq_vector,
                                        PHYSDEVOP_pci_device_add,
                                        PHYSDEVOP_restore_msi,
                                        PHYSDEVOP_prepare_msix,
                                        PHYSDEVOP_release_msix,
                                        PHYSDEVOP_pirq_eoi_gmfn_v2};
    unsigned command = commands[below(ARRAY_SIZE(commands))];
    uint32_t *op = some_room(64);

    if (is_room(op)) {
        /* Numbers of lines and functions, and domains, are small in all of them. */
        op[0] = command == PHYSDEVOP_unmap_pirq && !one_in(6) ? DOMID_SELF : below(26);
        op[1] = below(one_in(2) ? 2 : 32);
        op[2] = below(2);
        if (command == PHYSDEVOP_map_pirq)
            fill_line((struct physdev_map_pirq *)op);
        if (command == PHYSDEVOP_pirq_eoi_gmfn_v2)
            *(xen_pfn_t *)op = some_page_mfn();
        if (command == PHYSDEVOP_apic_read || command == PHYSDEVOP_apic_write)
            *(struct physdev_apic *)op =
                (struct physdev_apic){.apic_physbase = 0xfec00000, .reg = below(80)};
    }
    *call = (struct call){__HYPERVISOR_physdev_op, {command, (unsigned long)op}};
}
