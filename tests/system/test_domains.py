"""Debian's unmodified xl makes, changes and ends guests with Debian's stock kernel."""

import re

import pytest

from machine import Guest
from machine import paths
from machine.guest import free_kibibytes
from machine.qemu import disk
from machine.tools import machine_with_tools, tools_started

long = pytest.mark.long


@pytest.mark.parametrize("release", ["bookworm", pytest.param("trixie", marks=long)])
def test_life(release):
    """From xl create to xl destroy; afterwards the same memory is free as before."""
    options = "report_version=4.20" if release == "trixie" else ""
    with machine_with_tools(f"life-{release}", release, options=options) as qemu:
        dom0 = tools_started(qemu)
        before = free_kibibytes(dom0)
        guest = Guest(dom0).wait_ready()
        assert "Xen PV" in guest.run("dmesg | grep Hypervisor")
        assert abs(int(guest.run("date +%s")) - int(dom0.run("date +%s"))) < 60
        dom0.run("xl pause guest")
        # An idle guest is blocked besides.
        assert "p" in guest.state()
        dom0.run("xl unpause guest")
        assert guest.run("echo $((6 * 7))").strip() == "42"
        guest.destroy()
        assert guest.state() is None
        # Not a page more than before, the first time neither.
        assert free_kibibytes(dom0) == before
        Guest(dom0).destroy()
        assert free_kibibytes(dom0) == before
        dom0.check_log()


@long
def test_settings():
    """Two vCPUs, pinned, weighed, ballooned and renamed."""
    with machine_with_tools("settings", cpus=2) as qemu:
        dom0 = tools_started(qemu)
        before = free_kibibytes(dom0)
        guest = Guest(dom0, vcpus=2, maxmem=160).wait_ready()
        assert guest.cpus == 2
        dom0.run("xl vcpu-pin guest all 1")
        assert len(re.findall(r"^guest .* 1 / all", dom0.run("xl vcpu-list guest"), re.M)) == 2
        assert dom0.run("xl vcpu-pin guest 0 7; echo status $?").strip().endswith("status 1")
        dom0.run("xl sched-credit2 -d guest -w 512 -c 50")
        assert re.search(r"guest +\d+ +512 +50", dom0.run("xl sched-credit2 -d guest"))
        dom0.run("xl mem-set guest 104; sleep 5")
        assert guest.mebibytes() == 104
        dom0.run("xl mem-set guest 150; sleep 5")
        assert guest.mebibytes() == 150
        dom0.run("xl rename guest other")
        guest.name = "other"
        guest.destroy()
        assert free_kibibytes(dom0) == before
        dom0.check_log()


@long
def test_stock_kernel_image():
    """The kernel exactly as Debian ships it, which xl unpacks."""
    with machine_with_tools("bzimage") as qemu:
        dom0 = tools_started(qemu)
        Guest(dom0, kernel="/guest/vmlinuz").wait_ready(300).destroy()
        dom0.check_log()


@long
def test_many_ends():
    """Guests ended at any moment of their start leave nothing behind."""
    with machine_with_tools("many-ends") as qemu:
        dom0 = tools_started(qemu)
        Guest(dom0).destroy()
        before = free_kibibytes(dom0)
        for seconds in (0, 1, 2, 3, 5, 8):
            guest = Guest(dom0)
            dom0.run(f"sleep {seconds}")
            guest.destroy()
            assert free_kibibytes(dom0) == before
        dom0.check_log()


def behind(dom0, guest):
    """Seconds by which a guest's wall clock is behind Domain0's. Until it has found its clock Linux
    counts ticks, and loses some seconds on a slow machine."""
    return int(dom0.run("date +%s")) - int(guest.run("date +%s"))


def check_clocks(dom0, guest, behind_before):
    """The guest's own never went back, and its wall clock did not stand still either."""
    guest.run("sort -c -k 1,1g /tmp/alive")
    assert abs(behind(dom0, guest) - behind_before) <= 2


@long
@pytest.mark.parametrize("cpu", ["qemu64", "max,-smap,-smep"])
def test_save_and_restore(cpu):
    """What runs in the guest goes on where it was, twice; a failed save leaves it running."""
    with machine_with_tools("save-" + cpu[:3], cpus=2, cpu=cpu) as qemu:
        dom0 = tools_started(qemu)
        guest = Guest(dom0, vcpus=2, memory=112).wait_ready()
        before = free_kibibytes(dom0)
        guest.run("head -c 4000000 /dev/urandom >/tmp/data; sha256sum /tmp/data >/tmp/sum")
        behind_before = behind(dom0, guest)
        guest.run("( (while :; do cat /proc/uptime >>/tmp/alive; sleep 0.5; done) & )")
        # There is not enough room for it here.
        dom0.run("mount -t tmpfs -o size=20M tmpfs /mnt")
        assert "No space left" in dom0.run("xl save guest /mnt/guest", 120, check=False)
        guest.run("sha256sum -c /tmp/sum")
        for _ in range(2):
            dom0.run("xl save guest /dev/shm/guest", 120)
            assert guest.state() is None
            dom0.run("xl restore /dev/shm/guest", 120)
            lines = int(guest.run("sha256sum -c /tmp/sum >/dev/null && wc -l </tmp/alive"))
            dom0.run("sleep 3")
            assert int(guest.run("wc -l </tmp/alive")) > lines
            check_clocks(dom0, guest, behind_before)
            assert guest.run("grep -c ^processor /proc/cpuinfo").strip() == "2"
            assert free_kibibytes(dom0) == before
        guest.destroy()
        dom0.check_log()


def test_devices():
    """A disk and a card of Domain0's, shared with a guest; then the guest is shut down."""
    image = paths.scratch("devices.img")
    with open(image, "wb") as file:
        file.truncate(64 << 20)
    with machine_with_tools("devices", extra=disk("virtio", image)) as qemu:
        dom0 = tools_started(qemu)
        dom0.run("brctl addbr xenbr0 && ip addr add 10.9.0.1/24 dev xenbr0 && ip link set xenbr0 up")
        guest = Guest(dom0, disk=["phy:/dev/vda,xvda,w"], vif=["bridge=xenbr0"]).wait_ready()
        guest.run("ip addr add 10.9.0.2/24 dev eth0 && ip link set eth0 up")
        assert " 0% packet loss" in guest.run("ping -c 3 10.9.0.1")
        assert " 0% packet loss" in dom0.run("ping -c 3 10.9.0.2")
        # Larger than what is on its way at any moment, and checked on the other side.
        wanted = guest.run("head -c 8000000 /dev/urandom | tee /dev/xvda | sha256sum && sync", 120)
        assert dom0.run("head -c 8000000 /dev/vda | sha256sum").split()[0] == wanted.split()[0]
        dom0.run("xl shutdown -w guest", 60)
        guest.wait_gone()
        dom0.check_log()
