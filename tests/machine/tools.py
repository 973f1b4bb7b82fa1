"""A machine whose Domain0 has Debian's xl."""

from . import paths
from .boot import Boot
from .domain0 import Domain0
from .qemu import Qemu


def machine_with_tools(name, release="bookworm", options="", linux="", memory=1536,
                       hypervisor=None, **machine):
    """A Qemu with an image "tools", Domain0 having 640 MiB of its memory."""
    boot = Boot.of_domain0(release, linux, options=f"dom0_mem=640M {options}", sets=("tools",),
                           hypervisor=hypervisor or paths.hypervisor())
    return Qemu(name, boot, memory=memory, **machine)


def tools_started(qemu):
    """Domain0 with XenStore and the console daemon running."""
    dom0 = Domain0(qemu, 300)
    dom0.run("start-xen", 60)
    return dom0
