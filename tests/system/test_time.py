"""Linux's clocks: read without a system call where the TSC is one for all, and its steal time."""

import re
import subprocess

import pytest

from machine import Boot, Domain0, Module, Qemu, paths
from machine.tools import files_as_disk

pytestmark = pytest.mark.skipif(not paths.is_ringfort(), reason="Ringfort's options and modules")

CLOCKSOURCE = "/sys/devices/system/clocksource/clocksource0"
STEAL_FIELD = 8
TICKS_PER_SECOND = 100
# Domain0's weight is 256. Both compute: a fifth of the time goes to the other domain.
OTHER_WEIGHT = 64
STEAL = 0.2
STEAL_MARGIN = 0.05
BUSY_SECONDS = 10


def program(name):
    """tests/system/clocks.c for Domain0: QEMU's arguments for the disk that has it."""
    path = paths.scratch(name)
    subprocess.run(["gcc", "-O2", "-static", "-o", path, paths.ROOT / "tests/system/clocks.c"],
                   check=True, timeout=120)
    return files_as_disk(name, path)


def check_silence(dom0):
    """By each clock that Linux has, no system call; one that is made is noticed."""
    available = dom0.run(f"cat {CLOCKSOURCE}/available_clocksource").split()
    assert "xen" in available
    for source in set(available) & {"xen", "tsc"}:
        dom0.run(f"echo {source} >{CLOCKSOURCE}/current_clocksource")
        assert dom0.run(f"cat {CLOCKSOURCE}/current_clocksource").strip() == source
        assert "no system call" in dom0.run("/tmp/time silent 2>&1")
        assert "no system call" not in dom0.run("/tmp/time silent call 2>&1", check=False)


def elapsed_and_stolen(dom0):
    """Seconds of each so far. Linux measures what is stolen; what it counts by ticks besides falls
    short when a loaded host lets ticks come late."""
    words = dom0.run("cat /proc/uptime; grep '^cpu ' /proc/stat").split()
    return float(words[0]), int(words[2 + STEAL_FIELD]) / TICKS_PER_SECOND


def check_steal(dom0):
    """What Domain0 says it could not compute is what the other domain was given."""
    before = elapsed_and_stolen(dom0)
    dom0.run(f"timeout {BUSY_SECONDS} sh -c 'while :; do :; done'", check=False)
    after = elapsed_and_stolen(dom0)
    share = (after[1] - before[1]) / (after[0] - before[0])
    dom0.machine.progress(f"steal time: {share:.3f} of all")
    assert abs(share - STEAL) < STEAL_MARGIN


def test_clocks_and_steal_time():
    """One processor, and a domain beside that computes all the time."""
    boot = Boot.of_domain0(options="dom0_mem=512M tsc=reliable")
    boot.modules.append(Module(paths.BUILD / "guests/test-shares.elf",
                               f"domU mem=16 weight={OTHER_WEIGHT}"))
    with Qemu("time", boot, extra=program("time")) as qemu:
        dom0 = Domain0(qemu, 300)
        dom0.run("tar x -C /tmp -f /dev/vda")
        assert not re.search("tsc unstable", dom0.run("dmesg"), re.I)
        check_silence(dom0)
        check_steal(dom0)
        dom0.check_log()
