"""Domain0 drives disks and network cards: MSI-X (virtio), MSI (AHCI), a level interrupt (e1000)."""

import hashlib
import random

import pytest

from machine import Boot, Domain0, Qemu
from machine import paths
from machine.qemu import disk, network

long = pytest.mark.long
DISK_MIB = 64
FILE_BYTES = 3 << 20


def served_folder(name):
    """A folder with one file of known contents for QEMU's TFTP server; returns it and the hash."""
    data = random.Random(name).randbytes(FILE_BYTES)
    folder = paths.BUILD / "tests" / "scratch" / f"{name}.tftp"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data").write_bytes(data)
    return folder, hashlib.sha256(data).hexdigest()


def blank_disk(name):
    path = paths.scratch(name)
    with open(path, "wb") as file:
        file.truncate(DISK_MIB << 20)
    return path


def check_disk(dom0, device, mebibytes, image):
    output = dom0.run(f"disk-check {device} {mebibytes}", 120)
    assert f"{mebibytes} MiB agree" in output
    # The machine outside sees the same bytes as the guest read.
    inside = output.split("read")[1].split()[0]
    with open(image, "rb") as file:
        assert hashlib.sha256(file.read(mebibytes << 20)).hexdigest() == inside


def check_network(dom0, card, wanted):
    dom0.run("wait-net 40", 60)
    dom0.run(f"ping -c 3 -I {card} 10.0.2.2", 30)
    output = dom0.run(f"cd /tmp && tftp -g -b 1400 -r data -l {card} 10.0.2.2 && sha256sum {card}",
                      120)
    assert wanted in output


@pytest.mark.parametrize("machine, release", [
    ("q35", "bookworm"),
    pytest.param("pc", "bookworm", marks=long),
    pytest.param("pc", "trixie", marks=long),
    pytest.param("q35", "trixie", marks=long),
])
def test_virtio(machine, release):
    name = f"virtio-{machine}-{release}"
    image = blank_disk(name + ".img")
    folder, wanted = served_folder(name)
    extra = disk("virtio", image) + network("virtio-net-pci", folder)
    boot = Boot.of_domain0(release)
    with Qemu(name, boot, machine=machine, cpus=2, extra=extra) as qemu:
        dom0 = Domain0(qemu)
        check_disk(dom0, "/dev/vda", 16, image)
        check_network(dom0, "eth0", wanted)
        assert "virtio" in dom0.run("grep virtio /proc/interrupts")
        dom0.check_log()
        dom0.reboot()


@pytest.mark.parametrize("machine, release", [
    ("pc", "bookworm"),
    pytest.param("q35", "bookworm", marks=long),
    pytest.param("pc", "trixie", marks=long),
    pytest.param("q35", "trixie", marks=long),
])
def test_ahci_and_e1000(machine, release):
    name = f"ahci-e1000-{machine}-{release}"
    image = blank_disk(name + ".img")
    folder, wanted = served_folder(name)
    extra = disk("ahci", image) + network("e1000", folder)
    boot = Boot.of_domain0(release)
    with Qemu(name, boot, machine=machine, cpus=2, extra=extra) as qemu:
        dom0 = Domain0(qemu)
        check_disk(dom0, "/dev/sda", 16, image)
        check_network(dom0, "eth0", wanted)
        interrupts = dom0.run("cat /proc/interrupts")
        assert "ahci" in interrupts and "eth0" in interrupts
        dom0.check_log()
        dom0.power_off()
