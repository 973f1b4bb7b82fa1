"""Guests of either Debian release on a Domain0 of either: the kernels as packed, disks and cards."""

import pytest

from machine import Guest
from machine import paths
from machine.disks import blank, with_files
from machine.guest import free_kibibytes
from machine.qemu import disk
from machine.tools import machine_with_tools, tools_started

pytestmark = pytest.mark.long


@pytest.mark.parametrize("of_dom0, of_guest", [
    ("bookworm", "trixie"), ("trixie", "bookworm"), ("trixie", "trixie")])
def test_guest_of_release(of_dom0, of_guest):
    kernel, ram_disk = paths.guest(of_guest)
    name = f"release-{of_dom0}-{of_guest}"
    files = with_files(f"{name}-files.img", 32, {"vmlinuz": kernel, "initrd": ram_disk})
    extra = disk("virtio", files) + disk("virtio", blank(f"{name}.img", 8), 1)
    options = "report_version=4.20" if of_dom0 == "trixie" else ""
    with machine_with_tools(name, of_dom0, options=options, extra=extra) as qemu:
        dom0 = tools_started(qemu)
        dom0.run("mount -t ext4 -o ro /dev/vda /mnt")
        dom0.run("brctl addbr xenbr0 && ip addr add 10.9.0.1/24 dev xenbr0 && "
                 "ip link set xenbr0 up")
        before = free_kibibytes(dom0)
        guest = Guest(dom0, kernel="/mnt/vmlinuz", ramdisk="/mnt/initrd", memory=192,
                      disk=["phy:/dev/vdb,xvda,w"], vif=["bridge=xenbr0"]).wait_ready(300)
        assert (guest.kernel == dom0.kernel) == (of_guest == of_dom0)
        guest.run("ip addr add 10.9.0.2/24 dev eth0 && ip link set eth0 up")
        assert " 0% packet loss" in guest.run("ping -c 3 10.9.0.1")
        written = guest.run("head -c 8388608 /dev/urandom | tee /dev/xvda | sha256sum; sync", 120)
        assert dom0.run("sha256sum </dev/vdb").split()[0] == written.split()[0]
        dom0.run("xl shutdown -w guest", 60)
        guest.wait_gone()
        assert free_kibibytes(dom0) == before
        dom0.check_log()
