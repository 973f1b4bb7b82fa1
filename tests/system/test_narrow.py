"""32-bit guests beside 64-bit ones: on one processor's turns, and by Debian's xl, where Debian's GRUB is
one of them."""

import subprocess


import pytest

from machine import Bochs, Boot, Guest, Module, Qemu, paths
from machine.disks import with_files
from machine.guest import free_kibibytes
from machine.qemu import disk
from machine.tools import machine_with_tools, tools_started

GUESTS = ("test-hello-32", "test-ring1-32")
GRUBS = ("i386-xen", "x86_64-xen")
# What GRUB, by the file that it brings along, finds on its disk; it ends the guest itself.
FIRST = "configfile (xen/xvda)/boot/grub/grub.cfg\n"
GRUB = "set timeout=0\necho the disk that GRUB reads\nsleep 3\nhalt\n"


def console_of(dom0, name):
    """What a guest that has ended, and is kept, has printed."""
    dom0.run(f"for i in $(seq 30); do xl list {name} | grep -q -e --s- && break; sleep 1; done", 60)
    return dom0.run(f"sleep 2 | timeout 5 xl console {name}; true", 60)


def grub(platform):
    """Debian's GRUB with all its modules as the kernel of a guest."""
    config, image = paths.scratch("grub-first.cfg"), paths.scratch(f"grub-{platform}")
    config.write_text(FIRST)
    subprocess.run(["grub-mkstandalone", "-O", platform, "-o", image, f"boot/grub/grub.cfg={config}"],
                   check=True, timeout=120)
    return image


def test_narrow_guests():
    """Third parties' images, too: GRUB of both widths, with disk and console."""
    image = with_files("narrow.img", 64, {
        "boot/grub/grub.cfg": GRUB,
        **{platform: grub(platform) for platform in GRUBS},
        **{f"{name}.elf": paths.BUILD / "guests" / f"{name}.elf" for name in GUESTS}})
    with machine_with_tools("narrow", extra=disk("virtio", image)) as qemu:
        dom0 = tools_started(qemu)
        dom0.run("mkdir -p /images; mount -o ro /dev/vda /images")
        before = free_kibibytes(dom0)
        for name in GUESTS:
            guest = Guest(dom0, kernel=f"/images/{name}.elf", ramdisk="", memory=16,
                          on_poweroff="preserve", extra="hole=abi")
            printed = console_of(dom0, guest.name)
            assert "TEST PASS" in printed, printed
            guest.destroy()
        # Debian's ready-made image, and one that a user makes.
        for kernel in ("/usr/lib/grub-xen/grub-i386-xen.bin", *(f"/images/{name}" for name in GRUBS)):
            guest = Guest(dom0, config="pvgrub.cfg", kernel=kernel, memory=64,
                          disk=["phy:/dev/vda,xvda,r"])
            with guest.console(quiet=False):
                qemu.wait("the disk that GRUB reads", 60)
            guest.wait_gone()
        assert free_kibibytes(dom0) == before
        dom0.check_log()


def mixed_boot(**how):
    """Wake-ups, in three domains whose many vCPUs change places all the time."""
    guests = paths.BUILD / "guests"
    return Boot([Module(guests / "test-wakeups-32.elf"),
                 Module(guests / "test-wakeups.elf", "domU mem=16 vcpus=8"),
                 Module(guests / "test-wakeups-32.elf", "domU mem=16 vcpus=8")],
                options="dom0_mem=64M dom0_max_vcpus=6", **how)


def check(machine, timeout):
    machine.wait(["TEST PASS", r"TEST FAIL[^\n]*", r"PANIC[^\n]*", r"domain \d+ crashed[^\n]*"], timeout)
    if machine.which:
        machine.fail(machine.child.match[0])


@pytest.mark.parametrize("cpu", ["qemu64", "Haswell"])
def test_widths_take_turns(cpu):
    """Without isolation, and with it (the second processor is one that leaks)."""
    debug = paths.BUILD / "debug" / "ringfort"
    boot = mixed_boot(hypervisor=debug if debug.exists() else paths.hypervisor())
    with Qemu(f"turns-{cpu}", boot, cpus=3, memory=256, cpu=cpu) as qemu:
        check(qemu, 60)


@pytest.mark.long
def test_widths_take_turns_bochs():
    """With PCIDs."""
    with Bochs("turns-bochs", mixed_boot(by="grub1"), cpus=2, memory=256) as bochs:
        check(bochs, 360)
