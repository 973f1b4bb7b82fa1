"""A machine whose Domain0 has Debian's xl."""

import re
import tarfile

from . import paths
from .boot import Boot
from .domain0 import Domain0
from .qemu import Qemu, disk

SECTOR = 512
# Without a source of entropy xl waits three seconds each time that it makes a domain (for its UUID).
ENTROPY = ["-device", "virtio-rng-pci"]


def machine_with_tools(name, release="bookworm", options="", linux="", memory=1536,
                       domain0=640, hypervisor=None, extra=(), **machine):
    """A Qemu with an image "tools", Domain0 having `domain0` MiB of its memory."""
    boot = Boot.of_domain0(release, linux, options=f"dom0_mem={domain0}M {options}", sets=("tools",),
                           hypervisor=hypervisor or paths.hypervisor())
    return Qemu(name, boot, memory=memory, extra=[*ENTROPY, *extra], **machine)


def tools_started(qemu):
    """Domain0 with XenStore and the console daemon running."""
    dom0 = Domain0(qemu, 300)
    dom0.run("start-xen", 60)
    return dom0


def files_as_disk(name, *files):
    """QEMU's arguments for a disk with a tar archive of these files: tar x -f /dev/vda."""
    image = paths.scratch(name + ".tar")
    with tarfile.open(image, "w") as archive:
        for file in files:
            archive.add(file, file.name)
    with open(image, "ab") as out:
        out.truncate(-(-image.stat().st_size // SECTOR) * SECTOR)
    return disk("virtio", image)


def domain_ids(dom0):
    """Id by name of all domains that xl lists."""
    rows = re.findall(r"^(\S+) +(\d+) +\d+ +\d+ +[-rbpscd]+ ", dom0.run("xl list"), re.M)
    return {name: int(number) for name, number in rows}
