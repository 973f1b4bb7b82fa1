"""As many guests at once as fit: Debian's kernel a hundred times, each by its own xl create."""

import pytest

from machine import Guest
from machine.guest import free_kibibytes
from machine.tools import domain_ids, machine_with_tools, tools_started

GUESTS = 100
# What the kernel's image needs with a RAM disk of 2 MiB, and little more.
GUEST_MIB = 88
DOMAIN0_MIB = 1024
# What Ringfort may need for a domain besides the domain's own memory.
MAX_OVERHEAD_KIB = 128
# Domain0's tables of event channels and of mapped grants have grown, and stay as long as it does.
DOMAIN0_GROWTH_KIB = 16
LOGS = "/var/log/xen/console"
READY = "The guest is ready"


def log_consoles(dom0):
    """One file for each guest with what its console has said, by Debian's console daemon."""
    dom0.run(f"kill $(pidof xenconsoled); mkdir -p {LOGS}; sleep 1; "
             "xenconsoled --pid-file=/run/xenconsoled.pid --log=guest")


def wait_logged(dom0, name, text, seconds):
    dom0.run(f"for i in $(seq {seconds}); do grep -q '{text}' {LOGS}/guest-{name}.log && break; "
             f"sleep 1; done; grep -q '{text}' {LOGS}/guest-{name}.log", seconds + 30)


def uptime(dom0):
    return float(dom0.run("cat /proc/uptime").split()[0])


def created(dom0, name):
    """Returns what xl create took, in seconds."""
    before = uptime(dom0)
    Guest(dom0, name=name, memory=GUEST_MIB, extra="console=hvc0 quiet")
    return uptime(dom0) - before


def check_answers(dom0):
    """Each guest's shell is asked on its console for what only a living shell can tell: a sum with
    its domain's id."""
    wanted = {f"guest-{name}.log:answer-{number + 1000}"
              for name, number in domain_ids(dom0).items() if number}
    dom0.run("for id in $(xenstore-list /local/domain); do [ $id = 0 ] || "
             "echo 'echo answer-$(('$id' + 1000))' >$(xenstore-read /local/domain/$id/console/tty); "
             "done", 300)
    search = f"cd {LOGS} && grep -o '^answer-[0-9]*' *.log"
    dom0.run(f"for i in $(seq 120); do [ $({search} | wc -l) -ge {len(wanted)} ] && break; sleep 1; "
             "done", 300)
    assert set(dom0.run(search).split()) == wanted


@pytest.mark.long
def test_hundred_guests():
    names = [f"guest{number}" for number in range(GUESTS)]
    memory = 512 + DOMAIN0_MIB + GUESTS * (GUEST_MIB + 1)
    # One processor: a hundred guests that wait cost little, and those that start take turns.
    with machine_with_tools("scale", memory=memory, domain0=DOMAIN0_MIB) as qemu:
        dom0 = tools_started(qemu)
        log_consoles(dom0)
        before = free_kibibytes(dom0)
        times = []
        for number, name in enumerate(names):
            times.append(created(dom0, name))
            if len(times) % 10 == 0:
                qemu.progress(f"{len(times)} guests, xl create took {times[-1]:.1f} s")
            # One starts while the next is made.
            wait_logged(dom0, names[max(number - 1, 0)], READY, 120)
        assert len(domain_ids(dom0)) == GUESTS + 1
        check_answers(dom0)
        qemu.progress("all have answered")
        overhead = (before - free_kibibytes(dom0)) // GUESTS - GUEST_MIB * 1024
        qemu.progress(f"{overhead} KiB for each guest besides its own {GUEST_MIB} MiB")
        assert overhead <= MAX_OVERHEAD_KIB
        # What there is already makes the next one no slower; not a time, which depends on the machine.
        first, last = (sorted(some)[5] for some in (times[:10], times[-10:]))
        qemu.progress(f"xl create took {first:.1f} s in the beginning, {last:.1f} s in the end")
        assert last < 4 * first
        dom0.run(f"echo {' '.join(names)} | xargs -n 1 -P 4 xl destroy", 1200)
        after = free_kibibytes(dom0)
        qemu.progress(f"all are gone; {before - after} KiB for Domain0's larger tables")
        assert 0 <= before - after <= DOMAIN0_GROWTH_KIB
        # They are there now: one more guest comes and goes, and nothing is kept.
        created(dom0, names[0])
        dom0.run(f"xl destroy {names[0]}")
        assert free_kibibytes(dom0) == after
        dom0.check_log()
