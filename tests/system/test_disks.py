"""Guests' disks, by Debian's back end and hot-plug scripts: devices, partitions, volumes, files.

That no sector beside a disk can be reached is tried here by what Linux's front end sends; what it
would not send is for the test guests.
"""

import hashlib
import random
import re
import struct

from machine import Guest
from machine import paths
from machine.disks import MIB, blank, with_files
from machine.guest import free_kibibytes
from machine.qemu import disk
from machine.tools import machine_with_tools, tools_started

SECTOR = 512
# The first partition is a guest's disk, the second holds volumes.
PARTITIONS = ((1 * MIB, 4 * MIB), (5 * MIB, 24 * MIB))


def partitioned(name):
    """A disk with a master boot record, and something to be found unchanged before and after."""
    path = blank(name, 32)
    with open(path, "r+b") as file:
        file.seek(446)
        for first, size in PARTITIONS:
            file.write(struct.pack("<8xII", first // SECTOR, size // SECTOR).replace(
                b"\0" * 8, b"\0\0\0\0\x83\0\0\0", 1))
        file.seek(510)
        file.write(b"\x55\xaa")
        for first, size in PARTITIONS:
            for at in (first - SECTOR, first + size):
                file.seek(at)
                file.write(random.Random(at).randbytes(SECTOR))
    return path


def outside_first_partition(path):
    data = path.read_bytes()
    first, size = PARTITIONS[0]
    return hashlib.sha256(data[:first] + data[first + size:]).hexdigest()


def fill(guest, device):
    """A guest writes all of a disk, tries to go on, and returns the contents' hash."""
    output = guest.run(f"n=$(($(cat /sys/block/{device}/size) * 512)); "
                       f"head -c $n /dev/urandom | tee /dev/{device} | sha256sum; sync; "
                       f"echo more | dd of=/dev/{device} bs=512 seek=$((n / 512)) 2>&1", 120,
                       check=False)
    assert "No space left" in output
    return re.match(r"\w{64}", output)[0]


def content(dom0, device):
    return dom0.run(f"sha256sum <{device}").split()[0]


def wait_for(guest, test):
    guest.run(f"for i in $(seq 40); do [ {test} ] && break; sleep 0.5; done; [ {test} ]", 60)


def test_kinds_and_hot_plugging():
    """phy: and file:, to read and to write, given at the start and later, and taken back."""
    whole, parted = blank("disks-whole.img", 8), partitioned("disks-parted.img")
    with machine_with_tools("disks", extra=disk("virtio", whole) +
                            disk("virtio", parted, 1)) as qemu:
        dom0 = tools_started(qemu)
        dom0.run("modprobe dm-mod; pvcreate -q /dev/vdb2 && vgcreate -q disks /dev/vdb2 && "
                 "lvcreate -q -y -n one -L 4M disks && lvcreate -q -y -n two -L 4M disks", 60)
        dom0.run("truncate -s 4M /root/image; truncate -s 4M /root/other")
        dom0.run("head -c 4M /dev/urandom >/root/fixed; sync")
        fixed, untouched = content(dom0, "/root/fixed"), content(dom0, "/dev/disks/two")
        beside = outside_first_partition(parted)
        before = free_kibibytes(dom0)

        guest = Guest(dom0, disk=["phy:/dev/vda,xvda,w", "phy:/dev/vdb1,xvdb,w",
                                  "phy:/dev/disks/one,xvdc,w", "file:/root/image,xvdd,w",
                                  "file:/root/fixed,xvde,r"]).wait_ready()
        assert len(re.findall(r"^51\d+ +0 +\d+ +4 ", dom0.run("xl block-list guest"), re.M)) == 5
        assert fill(guest, "xvdb") == content(dom0, "/dev/vdb1")
        assert outside_first_partition(parted) == beside
        assert fill(guest, "xvdc") == content(dom0, "/dev/disks/one")
        assert content(dom0, "/dev/disks/two") == untouched
        assert fill(guest, "xvda") == content(dom0, "/dev/vda")
        assert fill(guest, "xvdd") == content(dom0, "/root/image")
        assert guest.run("cat /sys/block/xvde/ro").strip() == "1"
        assert guest.run("sha256sum </dev/xvde").split()[0] == fixed
        guest.run("! echo other >/dev/xvde")
        assert content(dom0, "/root/fixed") == fixed

        # A disk that a guest writes to is not given to another.
        refused = dom0.run("xl create /guest/guest.cfg 'name=\"second\"' "
                           "'disk=[\"phy:/dev/vda,xvda,w\"]' 2>&1", 60, check=False)
        assert "is mounted in a guest domain" in refused.replace("\n", " "), refused
        assert "does not exist" in dom0.run("xl domid second 2>&1", check=False)

        for target, backing in (("phy:/dev/disks/two", "/dev/disks/two"),
                                ("file:/root/other", "/root/other")):
            dom0.run(f"xl block-attach guest {target},xvdf,w")
            wait_for(guest, "-b /dev/xvdf")
            assert fill(guest, "xvdf") == content(dom0, backing)
            dom0.run("xl block-detach guest xvdf")
            wait_for(guest, "! -e /sys/block/xvdf")
        assert dom0.run("losetup -a | grep -c /root/other", check=False).strip() == "0"
        dom0.run("lvremove -q -y disks/two")

        guest.destroy()
        assert dom0.run("losetup -a").strip() == ""
        assert free_kibibytes(dom0) == before
        dom0.check_log()


def test_pvgrub():
    """A guest starts Debian's GRUB, which starts the kernel that is inside the guest's disk."""
    kernel, ram_disk = paths.guest("bookworm")
    image = with_files("pvgrub.img", 24, {
        "boot/vmlinuz": kernel, "boot/initrd": ram_disk,
        "boot/grub/grub.cfg": "set timeout=0\nlinux /boot/vmlinuz console=hvc0 own=disk\n"
                              "initrd /boot/initrd\nboot\n"})
    with machine_with_tools("pvgrub", extra=disk("virtio", image)) as qemu:
        dom0 = tools_started(qemu)
        before = free_kibibytes(dom0)
        guest = Guest(dom0, config="pvgrub.cfg", disk=["phy:/dev/vda,xvda,w"]).wait_ready()
        assert "own=disk" in guest.run("cat /proc/cmdline")
        # The kernel's own front end took the disk over from GRUB's.
        assert guest.run("sha256sum </dev/xvda").split()[0] == content(dom0, "/dev/vda")
        guest.destroy()
        assert free_kibibytes(dom0) == before
        dom0.check_log()
