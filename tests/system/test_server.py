"""A Debian server installed the usual way, with systemd, libvirt and xen-tools, on Ringfort."""

import re
import subprocess
import time

import pytest

from machine import Boot, Domain0, Module, Qemu, paths
from machine.guest import free_kibibytes
from machine.qemu import disk

pytestmark = pytest.mark.long

VIRSH = "virsh -c xen:///"
# Taken once and kept: the console daemon's grants, a page of the domain table.
WARM_UP_KIB = 64


@pytest.fixture(scope="module")
def server(request):
    """The server's shell; afterwards its log is checked and it is shut down. One for all tests
    of a part: systemd takes its time to start."""
    subprocess.run([paths.ROOT / "tools/dom0/server"], check=True, timeout=1800)
    folder = paths.BUILD / "dom0" / "bookworm"
    boot = Boot([Module(folder / "server.vmlinuz", "root=/dev/vda rw console=hvc0"),
                 Module(folder / "server.initrd")], options="dom0_mem=1536M")
    extra = disk("virtio", folder / "server.ext4")
    extra[1] += ",snapshot=on"
    name = "server-" + request.config.getoption("--part").replace("/", "-of-")
    with Qemu(name, boot, cpus=2, memory=3072, extra=extra) as qemu:
        dom0 = Domain0(qemu, 600)
        dom0.run("systemctl is-system-running --wait", 300)
        yield dom0
        dom0.check_log()
        dom0.power_off(180)


def virsh(server, words, timeout=60, check=True):
    # virsh save watches its terminal while it works, and would take the next command for its own.
    return server.run(f"{VIRSH} -q {words} </dev/null 2>&1", timeout, check)


def leave_console(server):
    # Alone on its way: virsh and xl look for the key at the head of what they read.
    server.machine.send("\x1d")
    time.sleep(2 * paths.TIME_SCALE)
    server.run("stty -echo", 60)


def test_systemd(server):
    """Every service of the installed system came up, xen's and libvirt's among them."""
    assert server.run("systemctl is-system-running").strip() == "running"
    assert server.run("systemctl --failed --no-legend --plain --no-pager").strip() == ""
    for service in ("xen", "libvirtd"):
        assert server.run(f"systemctl is-active {service}").strip() == "active"


def test_libvirt(server):
    """virsh defines, starts, shows, reaches, saves, restores and destroys a guest."""
    before = free_kibibytes(server)
    virsh(server, "define /root/guest.xml")
    virsh(server, "start virt", 120)
    assert re.search(r"\d+ +virt +running", virsh(server, "list"))
    info = virsh(server, "dominfo virt")
    assert re.search(r"OS Type: +xen", info) and re.search(r"Used memory: +393216 KiB", info)
    assert re.search(r"^virt +\d+ +384 +1 ", server.run("xl list"), re.M)
    machine = server.machine
    machine.send(f"{VIRSH} console virt\n")
    # Debian's initial RAM disk stops in a shell when it is asked to; it is there as a whole.
    machine.wait(r"\(initramfs\)", 180, "the guest's shell answers")
    machine.send("ls /sbin/modprobe && echo here-$((6 * 7))\n")
    machine.wait("here-42", 60)
    leave_console(server)
    virsh(server, "suspend virt")
    assert "paused" in virsh(server, "domstate virt")
    virsh(server, "resume virt")
    virsh(server, "save virt /root/saved", 240)
    assert "virt" not in virsh(server, "list")
    virsh(server, "restore /root/saved", 240)
    assert re.search(r"\d+ +virt +running", virsh(server, "list"))
    machine.progress("saved and restored")
    machine.send(f"{VIRSH} console virt\n")
    machine.wait("Escape character|Connected to domain", 60)
    machine.send("echo back-$((6 * 7))\n")
    machine.wait("back-42", 60)
    leave_console(server)
    virsh(server, "destroy virt", 120)
    assert "virt" not in virsh(server, "list")
    assert abs(free_kibibytes(server) - before) <= WARM_UP_KIB
    # A guest that does not fit: libvirt's own words, nothing left behind.
    server.run("sed 's/384/65536/; s/>virt</>large</' /root/guest.xml >/root/large.xml")
    refused = virsh(server, "create /root/large.xml", 120, check=False)
    assert "error" in refused and "exists" not in refused
    assert abs(free_kibibytes(server) - before) <= WARM_UP_KIB


def test_xen_create_image(server):
    """What Debian's xen-create-image makes boots: its disks are files, the kernel is found inside
    by pygrub, and Debian's init comes up to a login."""
    before = free_kibibytes(server)
    # The menu that it writes for pygrub has the root file system behind one for swap.
    server.run("xen-create-image --hostname=made --dir=/root/xen --dist=bookworm --fs=ext4 "
               "--install-method=tar --install-source=/root/guest.tar --size=1200M --swap=32M "
               "--memory=384M --maxmem=384M --pygrub --dhcp --nohosts --genpass=0 "
               "--password=secret >/root/made.out 2>&1 || tail -n 60 /var/log/xen-tools/made.log", 1200)
    server.machine.progress("xen-create-image is through")
    assert "pygrub" in server.run("cat /etc/xen/made.cfg")
    # There is no bridge here for the card of its description.
    server.run("sed -i '/^vif/d' /etc/xen/made.cfg && xl create /etc/xen/made.cfg", 300)
    machine = server.machine
    machine.send("xl console made\n")
    machine.wait("made login:", 600, "the guest asks for a name")
    machine.send("root\n")
    machine.wait("Password:", 60)
    machine.send("secret\n")
    machine.wait("root@made:~#", 120, "logged in")
    machine.send("grep -o 'xvda[0-9]* / ext4' /proc/mounts\n")
    machine.wait(r"xvda2 / ext4\r*\n", 60)
    leave_console(server)
    # xl answers when the guest has ended; its domain is cleaned up after that.
    server.run("xl shutdown -w made && for i in $(seq 60); do xl domid made || break; sleep 1; done; "
               "! xl domid made", 400)
    assert abs(free_kibibytes(server) - before) <= WARM_UP_KIB
