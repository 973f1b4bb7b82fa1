"""Guests that attack Domain0's back ends by requests that no Linux sends, with the guests' library.

Each request outside a guest's rights gets an error; outside the guest's own disk nothing changes;
Domain0 and another guest go on as if nothing were.
"""

import struct

from machine import library, paths
from machine.library import attend, create
from machine.qemu import disk
from machine.tools import machine_with_tools, tools_started

SECTOR = 512
PART_SECTORS = 8192
PARTS = ("before", "disk a", "disk b", "worker")
FIRST = 2048
# Room between partitions, which belongs to nobody.
GAP = 64
MAC = "00:16:3e:00:00:77"
# Frames from a card must have the address that the card was given.
RULE = ("nft add table bridge cards && nft 'add chain bridge cards sources "
        "{ type filter hook prerouting priority 0; }' && nft add rule bridge cards sources "
        f"iifname vif$(xl domid attacker).0 ether saddr != {MAC} drop")


def start_of(part):
    return FIRST + part * (PART_SECTORS + GAP)


def partition_entry(part):
    return struct.pack("<B3sB3sII", 0, b"\0" * 3, 0x83, b"\0" * 3, start_of(part), PART_SECTORS)


def marked_disk(name):
    """A disk with four partitions; every sector says which it is."""
    sectors = start_of(len(PARTS)) + FIRST
    data = bytearray(b"".join(b"nobody's %d".ljust(SECTOR) % i for i in range(sectors)))
    for part, text in enumerate(PARTS):
        for i in range(PART_SECTORS):
            at = (start_of(part) + i) * SECTOR
            data[at:at + SECTOR] = f"{text} {i}".encode().ljust(SECTOR, b".")
    data[:SECTOR] = bytes(SECTOR)
    table = b"".join(partition_entry(part) for part in range(len(PARTS)))
    data[446:512] = table + b"\x55\xaa"
    path = paths.scratch(name + ".img")
    path.write_bytes(data)
    return path, bytes(data)


def changed_sectors(image, before):
    after = image.read_bytes()
    assert len(after) == len(before)
    return {i // SECTOR for i in range(0, len(after), SECTOR)
            if after[i:i + SECTOR] != before[i:i + SECTOR]}


def rounds(dom0, line):
    """How far the worker is."""
    return int(dom0.run(f"ask worker {line}", 60).split(" rounds at")[0].split()[-1])


def attack(dom0, image, rule=None, **settings):
    """Runs a guest to its end: all its checks must have passed."""
    create(dom0, image, "attacker", paused=True, timeout=120, **settings)
    if rule:
        dom0.run(rule)
    output = attend(dom0, "attacker")
    assert "TEST PASS" in output, output
    dom0.run("while xl domid attacker >/dev/null 2>&1; do sleep 1; done")
    return output


def check_guests(dom0, width):
    """The library's guests of one width: a worker, and one after the other beside it."""
    create(dom0, f"worker{width}", "worker", disk=["phy:/dev/vda4,xvda,w"])
    done = rounds(dom0, "begin")
    output = attack(dom0, f"tutorial{width}", disk=["phy:/dev/vda2,xvda,r"])
    assert "the disk begins with: disk a 0..." in output
    output = attack(dom0, f"demo{width}", disk=["phy:/dev/vda2,xvda,r"], vif=["bridge=xenbr0"])
    assert "answered |AAAAAA" in output and "10.9.0.1 is at" in output
    attack(dom0, f"attack-block{width}", disk=["phy:/dev/vda2,xvda,w", "phy:/dev/vda3,xvdb,r"])
    assert rounds(dom0, "disks") > done
    done = rounds(dom0, "again")
    attack(dom0, f"attack-net{width}", RULE, extra="source",
           vif=[f"bridge=xenbr0,mac={MAC}", *["bridge=xenbr0"] * 3])
    assert rounds(dom0, "cards") > done
    dom0.run("nft delete table bridge cards; xl pause worker")
    assert "TEST PASS" in dom0.run("open_console worker; echo end >&3; attend worker", 60,
                                   check=False)
    dom0.run("while xl domid worker >/dev/null 2>&1; do sleep 1; done")


def test_attacks():
    image, before = marked_disk("back-ends")
    extra = disk("virtio", image) + library.guests_disk("back-ends", 1)
    with machine_with_tools("back-ends", extra=extra) as qemu:
        dom0 = tools_started(qemu)
        library.unpack_guests(dom0, "/dev/vdb")
        dom0.run("brctl addbr xenbr0 && ip addr add 10.9.0.1/24 dev xenbr0 && ip link set xenbr0 up")
        for width in ("", "-32"):
            check_guests(dom0, width)
        dom0.check_log()
        dom0.power_off()
    own = {start_of(1) + i for i in [*range(64, 72), PART_SECTORS - 1]}
    worker = set(range(start_of(3), start_of(3) + PART_SECTORS))
    assert changed_sectors(image, before) - worker == own
