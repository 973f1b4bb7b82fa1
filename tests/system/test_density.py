"""How many small guests of the library in guests/ there can be, of both widths in turns, how soon, and
what each costs."""

import re

from machine import library, paths
from machine.guest import free_kibibytes
from machine.tools import machine_with_tools, tools_started

GUESTS = 50
# What each keeps of the 4 MiB that are the least that Debian's tools give.
MEMORY_MIB = 2
# Beyond the guest's own memory: its vCPU, shared_info, grant tables, domain and event structures.
OVERHEAD_KIB = 80
MAIN_US = 20000
IMAGE_KIB = 200


def test_many_small_guests():
    for image in (paths.BUILD / "guests").glob("*.elf"):
        assert image.stat().st_size < IMAGE_KIB << 10, image.name
    with machine_with_tools("density", extra=library.guests_disk("density")) as qemu:
        dom0 = tools_started(qemu)
        library.unpack_guests(dom0, "/dev/vda")
        library.create(dom0, "answer", "first")
        assert "answer to hello" in dom0.run("ask first hello")
        before = free_kibibytes(dom0)
        seconds = dom0.run(
            "begin=$(cut -d ' ' -f 1 /proc/uptime); "
            f"for i in $(seq {GUESTS}); do [ $((i % 2)) = 0 ] && width= || width=-32; "
            "xl create -q -e /dev/null \"name='g$i'\" "
            f"\"kernel='{library.FOLDER}/answer$width.elf'\" memory=4 || break; done; "
            "echo $begin $(cut -d ' ' -f 1 /proc/uptime)", 240).split()
        each = (float(seconds[1]) - float(seconds[0])) / GUESTS
        used = (before - free_kibibytes(dom0)) / GUESTS
        answers = dom0.run(f"for i in $(seq {GUESTS}); do ask g$i hello-$i; done", 120)
        assert [int(n) for n in re.findall(r"answer to hello-(\d+)", answers)] == [
            *range(1, GUESTS + 1)]
        # Half of them: a busy machine outside stops the emulator at any moment.
        starts = sorted(int(us) for us in re.findall(r"in main after (\d+) us", answers))
        start = starts[len(starts) // 2]
        qemu.progress(f"{GUESTS} guests of {MEMORY_MIB} MiB: {each:.2f} s and {used:.0f} KiB each, "
                      f"in main after {start} us")
        assert used <= (MEMORY_MIB << 10) + OVERHEAD_KIB
        assert start < MAIN_US
        dom0.run(f"for i in $(seq {GUESTS}); do xl destroy g$i; done", 120)
        # What Domain0's daemons keep mapped of the last few may linger for a moment.
        dom0.run("sleep 1")
        assert abs(free_kibibytes(dom0) - before) <= 64
        dom0.check_log()
        dom0.power_off()
