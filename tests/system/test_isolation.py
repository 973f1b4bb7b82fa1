"""What of Ringfort is mapped while a guest runs, read from the emulated processor's own tables."""

import re
import time

import pytest

from machine import Boot, Domain0, Module, Qemu, paths

pytestmark = pytest.mark.skipif(not paths.is_ringfort(), reason="Ringfort's address map")

SLOT = 1 << 39
FIRST, LAST = 256, 271
M2P, AREAS, IMAGE = 256, 259, 260
AREA_SIZE = 0x200000
# Of a processor's area: descriptor windows, system call stub and its words, TSS and IDT, and the
# top page of each stack.
AREA_PARTS = [(0, 0x24000), (0x31000, 0x32000), (0x33000, 0x34000), (0x35000, 0x36000),
              (0x37000, 0x38000), (0x3F000, 0x40000)]
ENTRY_CODE_LIMIT = 0x4000
AREA_ADDRESS = 0xffff000000000000 | AREAS * SLOT
# What guests/leftovers.c has in registers.
LEFT = 0x5ec8e7001ef70000
# One loop that stays in user mode and one that is in the kernel most of the time.
LOAD = "(while :; do :; done) & (while :; do dd if=/dev/zero of=/dev/null bs=1M count=500; done) " \
       "2>/dev/null &\n"


def mapped(text):
    """(slot, offset in it, size, permissions) of what "info mem" lists in Ringfort's slots."""
    for begin, size, access in re.findall(r"^(\w{16})-\w{16} (\w{16}) (\S{3})", text, re.M):
        address, size = int(begin, 16) & ((1 << 48) - 1), int(size, 16)
        if FIRST <= address // SLOT <= LAST:
            yield address // SLOT, address % SLOT, size, access


def check_view(text):
    """Nothing but entry code, its data and the read-only array may be there."""
    areas, code = set(), 0
    for slot, offset, size, access in mapped(text):
        where = f"slot {slot} + {offset:#x}, {size:#x} bytes, {access}"
        if slot == M2P:
            assert access == "ur-", where
        elif slot == AREAS:
            areas.add(offset // AREA_SIZE)
            inside = offset % AREA_SIZE
            assert any(a <= inside and inside + size <= b for a, b in AREA_PARTS), where
            assert access[0] == "-", where
        elif slot == IMAGE:
            assert access == "-r-", where
            code += size
        else:
            pytest.fail(f"Ringfort's {where} is mapped")
    assert len(areas) == 1 and 0 < code <= ENTRY_CODE_LIMIT


def look(qemu, cpu):
    """Checks this processor's tables if it runs a guest: returns the code selector, else None."""
    qemu.control.command("stop")
    registers = qemu.control.monitor("info registers", cpu)
    selector = int(re.search(r"CS =(\w+)", registers)[1], 16)
    is_guest = selector & 3 == 3
    if is_guest:
        check_view(qemu.control.monitor("info mem", cpu))
    qemu.control.command("cont")
    return selector if is_guest else None


@pytest.mark.parametrize("cpus", [1, 2])
def test_guest_view(cpus):
    boot = Boot.of_domain0(options="dom0_mem=512M xpti=1")
    with Qemu(f"isolation-{cpus}", boot, cpus=cpus) as qemu:
        Domain0(qemu)
        qemu.send(LOAD * cpus)
        # Linux's kernel runs on the selector that Ringfort gives it, its applications on their own.
        seen = [set() for _ in range(cpus)]
        deadline = time.monotonic() + 90 * paths.TIME_SCALE
        while any(len(s - {None}) < 2 for s in seen):
            assert time.monotonic() < deadline, f"code selectors seen: {seen}"
            for cpu in range(cpus):
                seen[cpu].add(look(qemu, cpu))
            time.sleep(0.05)
        qemu.progress("each processor was seen in kernel and user mode, with nothing in sight")


def stack_tops(qemu):
    """The words of the first processor's stacks on the pages that a guest's view has."""
    for begin, end in AREA_PARTS[1:]:
        text = qemu.control.monitor(f"x /{(end - begin) // 8}gx {AREA_ADDRESS + begin:#x}", 0)
        words = [int(word, 16) for word in re.findall(r"0x(\w{16})", text)]
        assert len(words) == (end - begin) // 8, text
        yield from words


@pytest.mark.parametrize("way", ["return", "step", "watch"])
def test_stack_tops(way):
    """Registers of earlier entries, which may have been another domain's, are not there any more."""
    guest = Module(paths.BUILD / "guests" / "leftovers.elf", way)
    with Qemu(f"stack-tops-{way}", Boot([guest], options="xpti=1")) as qemu:
        qemu.wait("left\r*\n", 60)
        for _ in range(10):
            qemu.control.command("stop")
            words = list(stack_tops(qemu))
            qemu.control.command("cont")
            assert LEFT not in words
            time.sleep(0.05)
