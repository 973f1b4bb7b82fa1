"""Linux's clocks: read without a system call where the TSC is one for all, and its steal time."""

import re
import shutil
import subprocess

import pytest

from machine import Boot, Domain0, Guest, Module, Qemu, paths
from machine.tools import files_as_disk, machine_with_tools, tools_started

pytestmark = pytest.mark.skipif(not paths.is_ringfort(), reason="Ringfort's options and modules")

CLOCKSOURCE = "/sys/devices/system/clocksource/clocksource0"
STEAL_FIELD = 8
TICKS_PER_SECOND = 100
# The other's weight is 256. Both compute: a fifth of the time goes to the other domain.
OTHER_WEIGHT = 64
STEAL = 0.2
STEAL_MARGIN = 0.05
BUSY_SECONDS = 10
# Debian's top, and what it needs that the image does not have.
TOP = ("procps", "libproc2-0", "libsystemd0", "libcap2", "libgcrypt20", "liblzma5", "libzstd1",
       "liblz4-1", "libgpg-error0", "ncurses-base")


def program(name):
    """tests/system/clocks.c for Domain0: QEMU's arguments for the disk that has it."""
    path = paths.scratch(name)
    subprocess.run(["gcc", "-O2", "-static", "-o", path, paths.ROOT / "tests/system/clocks.c"],
                   check=True, timeout=120)
    return files_as_disk(name, path, unpacked(name + "-top"))


def unpacked(name):
    """A folder with TOP."""
    folder = paths.BUILD / "tests" / "unpacked" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    debs = subprocess.run([paths.ROOT / "tools/apt-release", "bookworm", "fetch", *TOP], check=True,
                          timeout=300, stdout=subprocess.PIPE, text=True).stdout.split()
    for deb in debs:
        subprocess.run(f"dpkg-deb --fsys-tarfile {deb} | tar -x -C {folder} --wildcards"
                       " '*/bin/top' '*.so.*' '*/dumb' 2>/dev/null", shell=True, check=False,
                       timeout=120)
    return folder


def check_silence(dom0):
    """By each clock that Linux has, no system call; one that is made is noticed."""
    available = dom0.run(f"cat {CLOCKSOURCE}/available_clocksource").split()
    assert "xen" in available
    for source in set(available) & {"xen", "tsc"}:
        dom0.run(f"echo {source} >{CLOCKSOURCE}/current_clocksource")
        assert dom0.run(f"cat {CLOCKSOURCE}/current_clocksource").strip() == source
        assert "no system call" in dom0.run("/tmp/time silent 2>&1")
        assert "no system call" not in dom0.run("/tmp/time silent call 2>&1", check=False)


def check_steal(linux):
    """What a domain says it could not compute is what the other domain was given. Linux measures
    what is stolen; what it counts by ticks besides falls short when a loaded host lets ticks come
    late."""
    look = "cat /proc/uptime; grep '^cpu ' /proc/stat"
    output = linux.run(f"{look}; timeout {BUSY_SECONDS} sh -c 'while :; do :; done'; {look}")
    begin, end = (float(up) for up in re.findall(r"^(\S+) \S+$", output, re.M))
    before, after = (int(row.split()[STEAL_FIELD]) for row in re.findall("^cpu .*", output, re.M))
    elapsed, stolen = end - begin, (after - before) / TICKS_PER_SECOND
    linux.machine.progress(f"steal time: {stolen / elapsed:.3f} of all")
    assert abs(stolen / elapsed - STEAL) < STEAL_MARGIN


def check_top(linux, folder):
    """Debian's top shows it: as a part of what Linux counts by ticks, which may be less than all."""
    settings = ("LD_LIBRARY_PATH=lib/x86_64-linux-gnu:usr/lib/x86_64-linux-gnu "
                "TERMINFO=lib/terminfo")
    output = linux.run(f"cd {folder}; (timeout {2 * BUSY_SECONDS} sh -c 'while :; do :; done' &); "
                       f"{settings} usr/bin/top -b -n 2 -d {BUSY_SECONDS}; cd /")
    stolen = [float(percent) / 100 for percent in re.findall(r"([0-9.]+) st\b", output)]
    linux.machine.progress(f"top: {stolen}")
    assert stolen[1] > STEAL - STEAL_MARGIN


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
        check_top(dom0, "/tmp/time-top")
        dom0.check_log()


@pytest.mark.long
def test_clocks_of_a_guest():
    """Its clock does not go back while its vCPUs change processors, and it tells its steal time."""
    with machine_with_tools("time-guest", cpus=2, extra=program("time-guest")) as qemu:
        dom0 = tools_started(qemu)
        guest = Guest(dom0, vcpus=2, disk=["phy:/dev/vda,xvda,r"]).wait_ready()
        guest.run("tar x -C /tmp -f /dev/xvda")
        guest.run(f"( (for i in 1 2 3; do /tmp/time-guest watch {BUSY_SECONDS} >>/tmp/back & done) & )")
        for turn in range(2 * BUSY_SECONDS):
            dom0.run(f"xl vcpu-pin guest 0 {turn % 2}; xl vcpu-pin guest 1 {turn // 2 % 2}; sleep 0.3")
        assert guest.run("sleep 2; cat /tmp/back").split("\n")[:3] == ["0 times back"] * 3
        other = Guest(dom0, name="other").wait_ready()
        other.run("( (while :; do :; done) & )")
        dom0.run("xl vcpu-set guest 1; xl vcpu-pin guest all 1; xl vcpu-pin other all 1")
        dom0.run(f"xl sched-credit2 -d other -w {OTHER_WEIGHT}")
        check_steal(guest)
        dom0.check_log()
