"""Guests' networks, set up in Domain0 by the very commands of docs/networking.md."""

import hashlib
import random
import re

from machine import Guest
from machine import paths
from machine.guest import free_kibibytes
from machine.qemu import network
from machine.tools import machine_with_tools, tools_started

PAGE = paths.ROOT / "docs" / "networking.md"


def commands(kind="sh"):
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)


def served(name):
    data = random.Random(name).randbytes(1 << 20)
    folder = paths.BUILD / "tests" / "scratch" / f"{name}.tftp"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data").write_bytes(data)
    return folder, hashlib.sha256(data).hexdigest()


def reaches(guest, address, source):
    """Whether any of three pings from this source address is answered."""
    output = guest.run(f"ping -c 3 -W 2 -I {source} {address}", check=False)
    return " 0% packet loss" in output


def fetches(guest, wanted):
    output = guest.run("tftp -g -b 1400 -r data -l /tmp/data 10.0.2.2 && sha256sum /tmp/data", 120)
    return wanted in output


def dropped(dom0, guest):
    domid = dom0.run(f"xl domid {guest.name}").strip()
    rules = dom0.run(f"nft list chain netdev guests vif{domid}.0")
    return int(re.search(r"counter packets (\d+)", rules)[1])


def check_forged_addresses(dom0, filtered, plain):
    """What leaves the plain guest does not leave the filtered one."""
    for guest, last in ((filtered, 77), (plain, 78)):
        guest.run(f"ip addr add 10.9.0.{last}/24 dev eth0")
    assert reaches(plain, "10.9.0.1", "10.9.0.78")
    before = dropped(dom0, filtered)
    assert not reaches(filtered, "10.9.0.1", "10.9.0.77")
    assert not reaches(filtered, "10.9.0.3", "10.9.0.77")
    asked = dropped(dom0, filtered)
    assert asked > before
    # A claim to have the other guest's address: nobody hears it.
    filtered.run("ip addr add 10.9.0.3/32 dev lo; arping -U -c 2 -w 4 -I eth0 -s 10.9.0.3 10.9.0.3; "
                 "ip addr del 10.9.0.3/32 dev lo", check=False)
    claimed = dropped(dom0, filtered)
    assert claimed > asked
    assert reaches(filtered, "10.9.0.3", "10.9.0.2")
    # Another MAC address with the right IP address, which its neighbours know already.
    filtered.run("ip link set eth0 down; ip link set eth0 address 00:16:3e:00:00:99; "
                 "ip link set eth0 up; ip route replace default via 10.9.0.1")
    assert not reaches(filtered, "10.9.0.1", "10.9.0.2") and dropped(dom0, filtered) > claimed
    filtered.run("ip link set eth0 down; ip link set eth0 address 00:16:3e:00:00:02; "
                 "ip link set eth0 up; ip route replace default via 10.9.0.1")
    assert reaches(filtered, "10.9.0.1", "10.9.0.2")


def check_hot_plugging(dom0, guest):
    """A second card, on a bridge with the machine's own, comes and goes."""
    dom0.run(commands("sh bridged")[0])
    dom0.run(f"xl network-attach {guest.name} bridge=xenbr1 mac=00:16:3e:00:00:04")
    guest.run("for i in $(seq 40); do [ -e /sys/class/net/eth1 ] && break; sleep 0.5; done")
    assert len(re.findall(r"^\d+ +0 +00:16:3e", dom0.run(f"xl network-list {guest.name}"), re.M)) == 2
    guest.run("ip link set eth0 down; ip addr add 10.0.2.77/24 dev eth1; ip link set eth1 up")
    assert reaches(guest, "10.0.2.2", "10.0.2.77")
    dom0.run(f"xl network-detach {guest.name} 1")
    guest.run("for i in $(seq 40); do [ -e /sys/class/net/eth1 ] || break; sleep 0.5; done; "
              "[ ! -e /sys/class/net/eth1 ]")
    assert len(re.findall(r"^\d+ +0 +00:16:3e", dom0.run(f"xl network-list {guest.name}"), re.M)) == 1


def test_bridge_outside_and_filter():
    """Guest to guest, to Domain0 and to the outside; no forged address leaves a filtered guest."""
    folder, wanted = served("networks")
    with machine_with_tools("networks", extra=network("virtio-net-pci", folder)) as qemu:
        dom0 = tools_started(qemu)
        dom0.run("wait-net 40", 60)
        for block in commands():
            dom0.run(block)
        before = free_kibibytes(dom0)
        filtered = Guest(dom0, "filtered", memory=112, vif=[
            "bridge=xenbr0,script=vif-filtered,mac=00:16:3e:00:00:02,ip=10.9.0.2"])
        plain = Guest(dom0, "plain", memory=112, vif=["bridge=xenbr0,mac=00:16:3e:00:00:03"])
        for guest, last in ((filtered, 2), (plain, 3)):
            guest.wait_ready().run(f"ip addr add 10.9.0.{last}/24 dev eth0; ip link set eth0 up; "
                                   "ip route add default via 10.9.0.1")
        assert reaches(filtered, "10.9.0.3", "10.9.0.2") and reaches(plain, "10.9.0.2", "10.9.0.3")
        assert " 0% packet loss" in dom0.run("ping -c 3 10.9.0.2")
        assert fetches(filtered, wanted) and fetches(plain, wanted)
        check_forged_addresses(dom0, filtered, plain)
        check_hot_plugging(dom0, plain)
        filtered.destroy()
        plain.destroy()
        # The filter has gone with the card.
        assert "vif" not in dom0.run("nft list tables; nft list ruleset")
        assert free_kibibytes(dom0) == before
        dom0.check_log()
