"""Guests that misbehave, and tools and back ends that die, leave Ringfort, Domain0 and the other
guests as they were."""

import itertools
import json

import pytest

from machine import Guest, paths
from machine.guest import free_kibibytes
from machine.tools import domain_ids, files_as_disk, machine_with_tools, tools_started

WAYS = ("spin", "flood", "grants", "faults", "calls")


IMAGES = ("rogue.elf", "rogue-32.elf")


def rogue_started(dom0, way, image=IMAGES[0], name="rogue", **settings):
    """guests/rogue.c, which misbehaves in the way that its command line names."""
    settings = {"name": name, "kernel": f"/guest/{image}", "memory": 16, "extra": way, **settings}
    words = " ".join(f"'{key}={json.dumps(value)}'" for key, value in settings.items())
    dom0.run(f"xl create -q /dev/null {words}", 120)


def seconds_used(dom0, name):
    return float(dom0.run(f"xl list {name} | tail -1").split()[-1])


def check_alive(dom0, guest):
    """Domain0 and a guest with a shell answer, and the guest's work goes on."""
    assert dom0.run("echo $((6 * 7))").strip() == "42"
    before = int(guest.run("wc -l </tmp/alive"))
    guest.run("sleep 2")
    assert int(guest.run("wc -l </tmp/alive")) > before


def check_rogues(dom0, guest):
    before = free_kibibytes(dom0)
    for image, way in itertools.product(IMAGES, WAYS):
        rogue_started(dom0, way, image)
        dom0.run("sleep 1")
        used = seconds_used(dom0, "rogue")
        check_alive(dom0, guest)
        assert seconds_used(dom0, "rogue") > used, (image, way)
        dom0.run("xl destroy rogue")
        assert free_kibibytes(dom0) == before, (image, way)
    rogue_started(dom0, "crash", on_crash="destroy")
    dom0.run("for i in $(seq 30); do xl domid rogue 2>/dev/null || break; sleep 1; done")
    assert free_kibibytes(dom0) == before
    # All at once, more of them than processors.
    names = [f"{way}-{number}" for number in range(len(IMAGES)) for way in WAYS]
    for name in names:
        way, number = name.split("-")
        rogue_started(dom0, way, IMAGES[int(number)], name=name)
    check_alive(dom0, guest)
    for name in names:
        dom0.run(f"xl destroy {name}", 120)
    assert free_kibibytes(dom0) == before


def machine_with_rogues(name):
    # With one thread for both processors QEMU lets a processor that never pauses run on for a tenth
    # of a second, time and again: Domain0 would get little of the other.
    return machine_with_tools(name, cpus=2, threads="multi", extra=files_as_disk(
        name, *(paths.BUILD / "guests" / image for image in IMAGES)))


def guest_at_work(dom0, **settings):
    guest = Guest(dom0, memory=112, **settings).wait_ready()
    guest.run("( (while :; do echo >>/tmp/alive; usleep 200000; done) & )")
    return guest


@pytest.mark.long
def test_rogue_guests():
    with machine_with_rogues("rogues") as qemu:
        dom0 = tools_started(qemu)
        dom0.run("tar x -f /dev/vda -C /guest " + " ".join(IMAGES))
        guest = guest_at_work(dom0)
        check_rogues(dom0, guest)
        guest.destroy()
        dom0.check_log()


def kill_console_daemon(dom0, guest):
    dom0.run("kill -9 $(pidof xenconsoled); sleep 1; xenconsoled --pid-file=/run/xenconsoled.pid; sleep 1")
    check_alive(dom0, guest)


def kill_back_end(dom0, guest):
    """Domain0's driver lets go of a disk that the guest is writing to. Who waits for the disk then
    waits for ever, as under any hypervisor: nobody is left to answer. All else goes on."""
    number = domain_ids(dom0)["guest"]
    guest.run("( (while :; do dd if=/dev/zero of=/dev/xvda bs=64k conv=fsync; done) 2>/dev/null & ); "
              "sleep 1")
    dom0.run(f"(echo vbd-{number}-51712 >/sys/bus/xen-backend/drivers/vbd/unbind) & sleep 3")
    check_alive(dom0, guest)


def kill_tools(dom0, guest):
    """xl, in the middle of what it does to another guest."""
    before = free_kibibytes(dom0)
    other = Guest(dom0, name="other")
    for tenths in (1, 2, 4):
        dom0.run(f"timeout -s KILL 0.{tenths} xl destroy other >/dev/null 2>&1; true")
    dom0.run("xl destroy other 2>/dev/null; true", 60)
    assert "other" not in domain_ids(dom0)
    assert free_kibibytes(dom0) == before
    assert other.state() is None
    check_alive(dom0, guest)


def kill_store(dom0, guest):
    """There is no life after this for the tools, but for all that runs. A console that is open stays
    open."""
    dom0.machine.send("(sleep 15; kill -9 $(pidof xenstored)) &\n")
    with guest.console():
        dom0.machine.send("sleep 20; echo still-$((6 * 7)); wc -l </tmp/alive\n")
        dom0.machine.wait(r"still-42\r*\n\d+", 90)
    assert "none" in dom0.run("pidof xenstored || echo none")


@pytest.mark.long
def test_killed_daemons():
    with machine_with_rogues("killed") as qemu:
        dom0 = tools_started(qemu)
        guest = guest_at_work(dom0, disk=["phy:/dev/vda,xvda,w"])
        kill_console_daemon(dom0, guest)
        kill_back_end(dom0, guest)
        kill_tools(dom0, guest)
        kill_store(dom0, guest)
        dom0.check_log()
        dom0.power_off(120)
