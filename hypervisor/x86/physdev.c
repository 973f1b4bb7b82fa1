/* physdev_op: Domain0's word on interrupts and PCI devices, and every domain's on its I/O
 * privilege. */
#include "x86/irq.h"

#include "lib/abi.h"
#include <xen/physdev.h>

#include "domain/domain.h"
#include "hypercall/compat.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"
#include "x86/acpi.h"
#include "x86/current.h"
#include "x86/ioapic.h"
#include "x86/pci.h"
#include "x86/pirq.h"

#define PORTS 65536u

static long physdev_eoi(uint64_t arg)
{
    struct physdev_eoi op;

    if (!copy_from_guest(&op, arg, sizeof(op)))
        return refuse(-EFAULT);
    return pirq_eoi(current->domain, op.irq);
}

static long physdev_eoi_page(uint64_t arg)
{
    struct physdev_pirq_eoi_gmfn op;

    if (!struct_from_guest(&op, arg, physdev_pirq_eoi_gmfn))
        return refuse(-EFAULT);
    return pirq_set_eoi_page(current->domain, mfn(op.gmfn));
}

static long physdev_status(uint64_t arg)
{
    struct physdev_irq_status_query op;
    int error;

    if (!copy_from_guest(&op, arg, sizeof(op)))
        return refuse(-EFAULT);
    error = pirq_status(op.irq, &op.flags);
    if (error)
        return error;
    return copy_to_guest(arg, &op, sizeof(op)) ? 0 : refuse(-EFAULT);
}

static long physdev_iopl(uint64_t arg)
{
    struct physdev_set_iopl op;

    if (!copy_from_guest(&op, arg, sizeof(op)))
        return refuse(-EFAULT);
    if (op.iopl > 3)
        return refuse(-EINVAL);
    current->arch.iopl = op.iopl;
    return 0;
}

static long physdev_iobitmap(uint64_t arg)
{
    struct physdev_set_iobitmap op;

    if (!struct_from_guest(&op, arg, physdev_set_iobitmap))
        return refuse(-EFAULT);
    if (op.nr_ports > PORTS || !guest_range_ok(handle_addr(op.bitmap), (op.nr_ports + 7) / 8))
        return refuse(-EINVAL);
    current->arch.iobitmap_addr = handle_addr(op.bitmap);
    current->arch.iobitmap_ports = op.nr_ports;
    return 0;
}

static long physdev_apic_read(uint64_t arg)
{
    struct physdev_apic op;
    int error;

    if (!struct_from_guest(&op, arg, physdev_apic))
        return refuse(-EFAULT);
    error = ioapic_guest_read(maddr(op.apic_physbase), op.reg, &op.value);
    if (error)
        return error;
    return struct_to_guest(arg, &op, physdev_apic) ? 0 : refuse(-EFAULT);
}

/* Routes are set by setup_gsi; what a guest writes here has no effect. */
static long physdev_apic_write(uint64_t arg)
{
    struct physdev_apic op;

    if (!struct_from_guest(&op, arg, physdev_apic))
        return refuse(-EFAULT);
    return ioapic_guest_read(maddr(op.apic_physbase), op.reg, &op.value);
}

/* Vectors are given when an interrupt is bound, on whatever CPU; the guest gets a number to be
 * content with, and has no call to which it could hand it. */
static long physdev_vector(uint64_t arg)
{
    struct physdev_irq op;

    if (!copy_from_guest(&op, arg, sizeof(op)))
        return refuse(-EFAULT);
    if (op.irq >= nr_gsis())
        return refuse(-EINVAL);
    op.vector = op.irq;
    return copy_to_guest(arg, &op, sizeof(op)) ? 0 : refuse(-EFAULT);
}

static int map_msi(const struct physdev_map_pirq *op, uint16_t segment)
{
    uint32_t sbdf = pci_sbdf(segment, op->bus, op->devfn);
    struct msi msi;
    int pirq, error;

    if (op->table_base && op->entry_nr < 0)
        return refuse(-EINVAL);
    error = op->table_base ? msix_find(sbdf, op->entry_nr, maddr(op->table_base), &msi)
                           : msi_find(sbdf, &msi);
    if (error)
        return error;
    pirq = pirq_map_msi(op->pirq, &msi);
    if (pirq < 0)
        msi_put(&msi);
    return pirq;
}

static int map_gsi(const struct physdev_map_pirq *op)
{
    int error;

    /* Lines keep their own numbers. */
    if (op->index < 0 || (op->pirq >= 0 && op->pirq != op->index))
        return refuse(-EINVAL);
    error = pirq_map_gsi(op->index);
    return error ? error : op->index;
}

static int map_by_type(struct physdev_map_pirq *op)
{
    uint16_t segment = (uint32_t)op->bus >> 16;

    switch (op->type) {
    case MAP_PIRQ_TYPE_GSI:
        return map_gsi(op);
    case MAP_PIRQ_TYPE_MSI:
        return map_msi(op, 0);
    case MAP_PIRQ_TYPE_MSI_SEG:
        return map_msi(op, segment);
    case MAP_PIRQ_TYPE_MULTI_MSI:
        if (op->table_base || op->entry_nr <= 0)
            return refuse(-EINVAL);
        if (op->entry_nr > 1) {
            /* Several messages of one function differ in the low bits of the vector only and cannot
             * go to different CPUs: the ABI lets us offer one instead. */
            op->entry_nr = 1;
            return -ENFILE;
        }
        return map_msi(op, segment);
    default:
        return refuse(-EINVAL);
    }
}

static bool is_self(domid_t id)
{
    return id == DOMID_SELF || id == current->domain->id;
}

/* Without an IOMMU a device's owner can write all of memory, so interrupts are Domain0's alone. */
static long physdev_map(uint64_t arg)
{
    struct physdev_map_pirq op;
    int pirq;

    if (!struct_from_guest(&op, arg, physdev_map_pirq))
        return refuse(-EFAULT);
    if (!is_self(op.domid))
        return refuse(-EOPNOTSUPP);
    pirq = map_by_type(&op);
    if (pirq < 0 && pirq != -ENFILE)
        return pirq;
    if (pirq >= 0)
        op.pirq = pirq;
    if (!struct_to_guest(arg, &op, physdev_map_pirq))
        return refuse(-EFAULT);
    return MIN(pirq, 0);
}

static long physdev_unmap(uint64_t arg)
{
    struct physdev_unmap_pirq op;

    if (!copy_from_guest(&op, arg, sizeof(op)))
        return refuse(-EFAULT);
    if (!is_self(op.domid))
        return refuse(-EOPNOTSUPP);
    return op.pirq < 0 ? refuse(-EINVAL) : pirq_unmap(op.pirq);
}

static long physdev_setup_gsi(uint64_t arg)
{
    struct physdev_setup_gsi op;

    if (!copy_from_guest(&op, arg, sizeof(op)))
        return refuse(-EFAULT);
    if (op.gsi < 0 || op.triggering > 1 || op.polarity > 1)
        return refuse(-EINVAL);
    return pirq_setup_gsi(op.gsi, op.triggering, op.polarity);
}

static long physdev_free_pirq(uint64_t arg)
{
    struct physdev_get_free_pirq op;
    int pirq;

    if (!copy_from_guest(&op, arg, sizeof(op)))
        return refuse(-EFAULT);
    if (op.type != MAP_PIRQ_TYPE_MSI)
        return refuse(-EINVAL);
    pirq = pirq_reserve();
    if (pirq < 0)
        return pirq;
    op.pirq = pirq;
    return copy_to_guest(arg, &op, sizeof(op)) ? 0 : refuse(-EFAULT);
}

static long physdev_mmcfg(uint64_t arg)
{
    struct physdev_pci_mmcfg_reserved op;

    if (!copy_from_guest(&op, arg, sizeof(op)))
        return refuse(-EFAULT);
    for (unsigned i = 0; i < acpi.mcfg_count; i++)
        if (acpi.mcfg[i].base.a == op.address && acpi.mcfg[i].segment == op.segment &&
            acpi.mcfg[i].bus_first == op.start_bus && acpi.mcfg[i].bus_last == op.end_bus)
            return 0;
    return refuse(-ENODEV);
}

/* The name of the function that a PCI call is about: false when it cannot be read. The calls differ
 * in layout, and agree in what is asked here. */
static bool read_device(unsigned cmd, uint64_t arg, uint32_t *sbdf)
{
    struct physdev_manage_pci old; /* manage_pci_add_ext and restore_msi begin alike */
    struct physdev_pci_device op;  /* so does pci_device_add with this */

    switch (cmd) {
    case PHYSDEVOP_manage_pci_add:
    case PHYSDEVOP_manage_pci_add_ext:
    case PHYSDEVOP_manage_pci_remove:
    case PHYSDEVOP_restore_msi:
        if (!copy_from_guest(&old, arg, sizeof(old)))
            return false;
        *sbdf = pci_sbdf(0, old.bus, old.devfn);
        return true;
    default:
        if (!copy_from_guest(&op, arg, sizeof(op)))
            return false;
        *sbdf = pci_sbdf(op.seg, op.bus, op.devfn);
        return true;
    }
}

static long physdev_device(unsigned cmd, uint64_t arg)
{
    uint32_t sbdf;

    if (!read_device(cmd, arg, &sbdf))
        return refuse(-EFAULT);
    switch (cmd) {
    case PHYSDEVOP_manage_pci_add:
    case PHYSDEVOP_manage_pci_add_ext:
    case PHYSDEVOP_pci_device_add:
        return pci_reach(sbdf) ? refuse(-ENODEV) : 0;
    case PHYSDEVOP_restore_msi:
    case PHYSDEVOP_restore_msi_ext:
        return pirq_restore_msi(sbdf);
    case PHYSDEVOP_prepare_msix:
        return msix_protect(sbdf, true);
    case PHYSDEVOP_release_msix:
        return msix_protect(sbdf, false);
    default:
        /* Removed: nothing is kept for a function but its pirqs, which are unmapped one by one. */
        return 0;
    }
}

/* The calls for the domain that has the hardware. */
static long hardware_op(int cmd, uint64_t arg)
{
    switch (cmd) {
    case PHYSDEVOP_pirq_eoi_gmfn_v2:
        return physdev_eoi_page(arg);
    case PHYSDEVOP_apic_read:
        return physdev_apic_read(arg);
    case PHYSDEVOP_apic_write:
        return physdev_apic_write(arg);
    case PHYSDEVOP_alloc_irq_vector:
        return physdev_vector(arg);
    case PHYSDEVOP_map_pirq:
        return physdev_map(arg);
    case PHYSDEVOP_unmap_pirq:
        return physdev_unmap(arg);
    case PHYSDEVOP_setup_gsi:
        return physdev_setup_gsi(arg);
    case PHYSDEVOP_get_free_pirq:
        return physdev_free_pirq(arg);
    case PHYSDEVOP_pci_mmcfg_reserved:
        return physdev_mmcfg(arg);
    case PHYSDEVOP_manage_pci_add:
    case PHYSDEVOP_manage_pci_add_ext:
    case PHYSDEVOP_manage_pci_remove:
    case PHYSDEVOP_pci_device_add:
    case PHYSDEVOP_pci_device_remove:
    case PHYSDEVOP_restore_msi:
    case PHYSDEVOP_restore_msi_ext:
    case PHYSDEVOP_prepare_msix:
    case PHYSDEVOP_release_msix:
        return physdev_device(cmd, arg);
    default:
        return refuse(-ENOSYS);
    }
}

long do_physdev_op(int cmd, uint64_t arg)
{
    switch (cmd) {
    case PHYSDEVOP_eoi:
        return physdev_eoi(arg);
    case PHYSDEVOP_irq_status_query:
        return physdev_status(arg);
    case PHYSDEVOP_set_iopl:
        return physdev_iopl(arg);
    case PHYSDEVOP_set_iobitmap:
        return physdev_iobitmap(arg);
    case PHYSDEVOP_dbgp_op:
    case PHYSDEVOP_pirq_eoi_gmfn_v1:
        return refuse(-ENOSYS);
    default:
        return current->domain->is_hardware ? hardware_op(cmd, arg) : refuse(-EPERM);
    }
}
