"""The ways in: GRUB (Multiboot 2) under BIOS and UEFI, GRUB's Multiboot 1, PVH."""

import pytest

from machine import Boot, Domain0, Qemu
from machine import Module, paths

long = pytest.mark.long


@pytest.mark.parametrize("by, machine, uefi, release", [
    ("grub", "q35", False, "bookworm"),
    ("grub", "q35", True, "bookworm"),
    pytest.param("grub", "pc", False, "trixie", marks=long),
    pytest.param("grub", "pc", True, "trixie", marks=long),
    pytest.param("grub1", "pc", False, "bookworm", marks=long),
])
def test_grub(by, machine, uefi, release):
    name = f"{by}-{machine}-{'uefi' if uefi else 'bios'}-{release}"
    boot = Boot.of_domain0(release, by=by)
    with Qemu(name, boot, machine=machine, cpus=2, uefi=uefi, extra=["-vga", "std"]) as qemu:
        dom0 = Domain0(qemu, 240)
        assert dom0.cpus == 2
        # ACPI was found: interrupts would not work nor power-off succeed without it.
        dom0.run("test -d /sys/firmware/acpi/tables")
        # The screen as GRUB left it is Domain0's (Multiboot 1 has no way to ask for a mode).
        if by == "grub":
            dom0.run("test -c /dev/fb0")
        dom0.check_log()
        dom0.power_off()


def test_pvh():
    """QEMU's PVH loader gives one module: the kernel runs as far as it can without a disk."""
    kernel, _ = paths.domain0("bookworm")
    boot = Boot([Module(kernel)], options="dom0_mem=512M", by="pvh")
    with Qemu("pvh", boot, cpus=2) as qemu:
        qemu.wait("Linux version", 60, "Linux runs")
        qemu.wait("Unable to mount root fs", 60, "Linux misses its root file system")
