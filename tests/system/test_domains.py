"""Debian's unmodified xl makes, changes and ends guests with Debian's stock kernel."""

import re

import pytest

from machine import Boot, Domain0, Guest, Qemu
from machine.guest import free_kibibytes

long = pytest.mark.long
# Taken once and kept: a page of the domain table, the console daemon's grants.
WARM_UP_KIB = 64


def machine_with_tools(name, release="bookworm", cpus=1, options=""):
    linux_memory = "dom0_mem=640M"
    boot = Boot.of_domain0(release, options=f"{linux_memory} {options}", sets=("tools",))
    return Qemu(name, boot, cpus=cpus, memory=1536)


def tools_started(qemu):
    dom0 = Domain0(qemu, 300)
    dom0.run("start-xen", 60)
    return dom0


@pytest.mark.parametrize("release", ["bookworm", pytest.param("trixie", marks=long)])
def test_life(release):
    """From xl create to xl destroy; afterwards the same memory is free as before."""
    options = "report_version=4.20" if release == "trixie" else ""
    with machine_with_tools(f"life-{release}", release, options=options) as qemu:
        dom0 = tools_started(qemu)
        before = free_kibibytes(dom0)
        guest = Guest(dom0).wait_ready()
        assert "Xen PV" in guest.run("dmesg | grep Hypervisor")
        dom0.run("xl pause guest")
        # An idle guest is blocked besides.
        assert "p" in guest.state()
        dom0.run("xl unpause guest")
        assert guest.run("echo $((6 * 7))").strip() == "42"
        guest.destroy()
        assert guest.state() is None
        assert abs(free_kibibytes(dom0) - before) <= WARM_UP_KIB
        # What the first guest has left behind is there for the next: not a page more.
        before = free_kibibytes(dom0)
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
        assert abs(free_kibibytes(dom0) - before) <= WARM_UP_KIB
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
