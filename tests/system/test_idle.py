"""An idle machine: no periodic tick of Ringfort's, and processors that halt."""

import re
import time

import pytest

from machine import Boot, Domain0, Qemu, paths
from machine.ringfort import DebugKeys

pytestmark = pytest.mark.skipif(not paths.is_ringfort(), reason="Ringfort's debug keys")

# Of Ringfort's own, in a second of each processor.
OWN_LIMIT = 5
# What Linux itself asks for when idle: RCU, work queues, the console daemon's and the clock's timers.
DOMAIN0_LIMIT = 40


def timer_interrupts(keys, cpus):
    """Of each processor's timer since the start: all interrupts; those that no guest's timer had
    asked for."""
    pattern = r"CPU {}: (\d+) timer interrupts, (\d+) of Ringfort's own"
    lines = [keys.press("t" if cpu == 0 else "", pattern.format(cpu)) for cpu in range(cpus)]
    return [[int(line[1]) for line in lines], [int(line[2]) for line in lines]]


def halted(qemu, cpu):
    registers = qemu.control.monitor("info registers", cpu)
    return re.search(r"HLT=1", registers) is not None


@pytest.mark.parametrize("period", [10, pytest.param(60, marks=pytest.mark.long)])
def test_idle(period):
    """Three processors, Domain0 on one: two have nothing to do at all."""
    boot = Boot.of_domain0(options="dom0_mem=512M dom0_max_vcpus=1")
    with Qemu(f"idle-{period}", boot, cpus=3) as qemu:
        Domain0(qemu)
        time.sleep(5)
        with DebugKeys(qemu) as keys:
            before = timer_interrupts(keys, 3)
            time.sleep(period)
            after = timer_interrupts(keys, 3)
        rates, own = ([(b - a) / period for a, b in zip(*counts)] for counts in zip(before, after))
        qemu.progress(f"timer interrupts in a second: {rates}, Ringfort's own: {own}")
        assert max(own) <= OWN_LIMIT
        # Domain0 may be moved, but of three processors it needs one.
        assert sorted(rates)[:2] == [0, 0]
        assert max(rates) < DOMAIN0_LIMIT
        halts = [all(halted(qemu, cpu) for _ in range(2)) for cpu in range(3)]
        assert halts.count(True) >= 2
