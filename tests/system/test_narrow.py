"""32-bit guests by Debian's xl, beside a 64-bit Domain0: the project's own, and Debian's PV-GRUB."""

from machine import Guest, paths
from machine.disks import with_files
from machine.guest import free_kibibytes
from machine.qemu import disk
from machine.tools import machine_with_tools, tools_started

GUESTS = ("test-hello-32", "test-ring1-32")
# What GRUB finds on its disk; it ends the guest itself.
GRUB = "set timeout=0\necho the disk of a 32-bit guest\nsleep 3\nhalt\n"


def console_of(dom0, name):
    """What a guest that has ended, and is kept, has printed."""
    dom0.run(f"for i in $(seq 30); do xl list {name} | grep -q -e --s- && break; sleep 1; done", 60)
    return dom0.run(f"sleep 2 | timeout 5 xl console {name}; true", 60)


def test_narrow_guests():
    image = with_files("narrow.img", 8, {
        "boot/grub/grub.cfg": GRUB,
        **{f"{name}.elf": paths.BUILD / "guests" / f"{name}.elf" for name in GUESTS}})
    with machine_with_tools("narrow", extra=disk("virtio", image)) as qemu:
        dom0 = tools_started(qemu)
        dom0.run("mkdir -p /images; mount -o ro /dev/vda /images")
        before = free_kibibytes(dom0)
        for name in GUESTS:
            guest = Guest(dom0, kernel=f"/images/{name}.elf", ramdisk="", memory=16,
                          on_poweroff="preserve")
            assert "TEST PASS" in console_of(dom0, guest.name)
            guest.destroy()
        guest = Guest(dom0, config="pvgrub.cfg", kernel="/usr/lib/grub-xen/grub-i386-xen.bin",
                      memory=64, disk=["phy:/dev/vda,xvda,r"])
        with guest.console(quiet=False):
            qemu.wait("the disk of a 32-bit guest", 60)
        guest.wait_gone()
        assert free_kibibytes(dom0) == before
        dom0.check_log()
