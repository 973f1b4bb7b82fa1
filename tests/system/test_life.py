"""A guest's life by Debian's xl: each command does what it says, each refusal says why, and nothing
is left behind."""

import re

import pytest

from machine import Guest
from machine.guest import free_kibibytes
from machine.tools import domain_ids, machine_with_tools, tools_started

# Newer tools ask for the version that they belong to.
VERSION = {"bookworm": "", "trixie": "report_version=4.20"}
both_releases = pytest.mark.parametrize(
    "release", ["bookworm", pytest.param("trixie", marks=pytest.mark.long)])


def wait_id(dom0, name, after, seconds=60):
    """Waits until a domain of this name has another id than `after`; returns it."""
    dom0.run(f"for i in $(seq {seconds}); do id=$(xl domid {name} 2>/dev/null) && "
             f"[ $id -ne {after} ] && break; sleep 1; done; [ $id -ne {after} ]", seconds + 10)
    return domain_ids(dom0)[name]


def row_of(dom0, command, name):
    return re.search(rf"^ *{name} .*$", dom0.run(command), re.M)[0].split()


def start_load(guest, command):
    guest.run(f"( ({command}) & echo $! >>/tmp/load )")


def stop_load(guest):
    guest.run("kill $(cat /tmp/load); rm /tmp/load")


def check_lists(dom0):
    """What the tools tell about the machine and its domains."""
    info = dict(re.findall(r"^(\w+) +: (.*?) *$", dom0.run("xl info"), re.M))
    assert info["nr_cpus"] == "2" and info["xen_scheduler"] == "credit2"
    assert "xen-3.0-x86_64" in info["xen_caps"] and info["outstanding_claims"] == "0"
    assert info["xen_extra"] == ".0-ringfort" and "console=com1" in info["xen_commandline"]
    assert "Ringfort" in dom0.run("xl dmesg | grep Ringfort | head -1")
    assert re.search(r"Pool-0 +2 +credit2 +y +2", dom0.run("xl cpupool-list"))
    assert re.search(r"Pool-0 +0,1", dom0.run("xl cpupool-list -c"))
    top = dom0.run("xentop -b -i 1")
    assert re.search(r"Domain-0 .*no limit", top)
    assert re.search(r"guest +\S+ +\d+ +[\d.]+ +114688 ", top)
    assert re.search(r"guest +1 +0:0\d:\d\d", dom0.run("xl uptime"))
    assert dom0.run("xl domid guest").strip() == "1"
    assert dom0.run("xl domname 1").strip() == "guest"
    assert row_of(dom0, "xl claims", "guest")[-1] == "0"


def check_processors(dom0, guest):
    start_load(guest, "while :; do :; done")
    start_load(guest, "while :; do :; done")
    dom0.run("xl vcpu-pin guest all 1; sleep 1")
    rows = re.findall(r"^guest +\d+ +(\d) +(\S+) +(\S+) .* (\S+) / all$",
                      dom0.run("xl vcpu-list guest"), re.M)
    assert [(row[0], row[1], row[3]) for row in rows] == [("0", "1", "1"), ("1", "1", "1")]
    dom0.run("xl vcpu-set guest 1; sleep 2")
    assert row_of(dom0, "xl vcpu-list guest | tail -1", "guest")[3:5] == ["-", "--p"]
    assert guest.run("cat /sys/devices/system/cpu/online").strip() == "0"
    dom0.run("xl vcpu-set guest 2; sleep 1")
    guest.run("echo 1 >/sys/devices/system/cpu/cpu1/online 2>/dev/null; "
              "grep -q 0-1 /sys/devices/system/cpu/online")
    assert "affinity" in dom0.run("xl vcpu-pin guest 0 7", check=False)
    dom0.run("xl vcpu-pin guest all all")
    stop_load(guest)


def check_memory(dom0, guest):
    """Smaller and larger under load, and no larger than xl mem-max allows."""
    guest.run("head -c 8000000 /dev/urandom >/tmp/data; sha256sum /tmp/data >/tmp/sum")
    start_load(guest, "while :; do sha256sum /tmp/data >/tmp/now; done")
    for size in (100, 150):
        dom0.run(f"xl mem-set guest {size}; sleep 5")
        assert guest.mebibytes() == size
    guest.run("sha256sum -c /tmp/sum")
    dom0.run("xl mem-set guest 112; sleep 4; xl mem-max guest 120")
    # What xl itself would not ask for: the guest is told that it may have more than it may.
    dom0.run("xenstore-write /local/domain/1/memory/target 143360; sleep 4")
    assert guest.mebibytes() <= 121
    dom0.run("xl mem-set guest 112; sleep 3")
    assert "memory_static_max" in dom0.run("xl mem-set guest 400", check=False)
    guest.run("sha256sum -c /tmp/sum")
    stop_load(guest)


def check_signals(dom0, guest):
    """Keys, interrupts and pauses from outside."""
    guest.run("echo 1 >/proc/sys/kernel/sysrq; dmesg -c >/dev/null")
    dom0.run("xl sysrq guest h; xl trigger guest nmi 0; sleep 1")
    log = guest.run("dmesg")
    assert "sysrq: HELP" in log and "NMI received for unknown reason" in log
    dom0.run("xl debug-keys q")
    assert "domain 1: alive" in dom0.run("xl dmesg | grep '^(RF) domain' | tail -2")
    dom0.run("xl pause guest")
    assert "p" in guest.state()
    spent = row_of(dom0, "xl list", "guest")[-1]
    dom0.run("sleep 1")
    assert row_of(dom0, "xl list", "guest")[-1] == spent
    dom0.run("xl unpause guest; xl rename guest other")
    assert domain_ids(dom0) == {"Domain-0": 0, "other": 1}
    dom0.run("xl rename other guest")


@both_releases
def test_management(release):
    with machine_with_tools(f"management-{release}", release, VERSION[release], cpus=2) as qemu:
        dom0 = tools_started(qemu)
        before = free_kibibytes(dom0)
        guest = Guest(dom0, vcpus=2, memory=112, maxmem=160).wait_ready()
        # It starts with less memory than it may have.
        assert guest.cpus == 2 and guest.mebibytes() == 112
        check_lists(dom0)
        check_processors(dom0, guest)
        check_memory(dom0, guest)
        check_signals(dom0, guest)
        # By xl and by the guest itself; what comes back is another domain of the same name.
        dom0.run("xl reboot guest")
        assert wait_id(dom0, "guest", 1) == 2
        guest.wait_ready()
        guest.run("( (sleep 2; reboot -f) & )")
        assert wait_id(dom0, "guest", 2) == 3
        guest.wait_ready()
        dom0.run("xl shutdown -w guest", 60)
        guest.wait_gone()
        assert free_kibibytes(dom0) == before
        dom0.check_log()


def panic(guest):
    """The guest's kernel panics; its console ends with it."""
    guest.dom0.run(f"xl sysrq {guest.name} c")


def check_crashes(dom0):
    """on_crash of the domain's settings decides what becomes of it."""
    for action in ("preserve", "restart", "destroy"):
        guest = Guest(dom0, on_crash=action).wait_ready()
        number = domain_ids(dom0)["guest"]
        guest.run("echo 1 >/proc/sys/kernel/sysrq")
        panic(guest)
        if action == "restart":
            wait_id(dom0, "guest", number)
            guest.wait_ready()
        if action == "destroy":
            guest.wait_gone()
            continue
        if action == "preserve":
            dom0.run("for i in $(seq 20); do xl list guest | grep -q 'c- ' && break; sleep 1; done")
            assert "c" in guest.state()
        guest.destroy()


def check_refusals(dom0):
    """What xl says to requests that cannot be met."""
    for command, message in (
            ("destroy nosuch", "nosuch is an invalid domain identifier"),
            ("destroy 999", "Domain 999:Non-exist"),
            ("vcpu-pin 0 0 9", "affinity"),
            ("cpupool-create name=\\'other\\'", "no free cpu|error|fail"),
            ("create -q /guest/guest.cfg memory=4000", "memory"),
            ("create -q /guest/guest.cfg kernel=\\'/guest/nosuch\\'", "No such file"),
            ("create -q /guest/guest.cfg kernel=\\'/guest/initrd\\'", "no loader|[Ii]nvalid"),
            ("create -q /guest/guest.cfg cpus=\\'9\\'", "affinity|range|[Ii]nvalid"),
            ("create -q /guest/guest.cfg vcpus=500", "[Ii]nvalid|fail|error"),
            ("create -q /guest/guest.cfg max_grant_frames=65", "[Ii]nvalid|fail|error"),
            ("create -q /guest/guest.cfg type=\\'hvm\\'", "neither hap nor shadow"),
    ):
        output = dom0.run(f"xl {command} 2>&1; echo ended with $?", 120)
        assert "ended with 0" not in output, command
        assert re.search(message, output), f"xl {command}: {output}"
    assert domain_ids(dom0) == {"Domain-0": 0}


def check_killed_creation(dom0):
    """xl killed in the middle of its work leaves at most a domain that xl destroy ends."""
    for tenths in (1, 3, 5, 8, 12):
        dom0.run(f"timeout -s KILL {tenths / 10} xl create /guest/guest.cfg >/dev/null 2>&1; "
                 "for id in $(xl list | awk '$2 > 0 && NR > 1 { print $2 }'); do xl destroy $id; done; "
                 "true", 60)
        assert list(domain_ids(dom0).values()) == [0]


@both_releases
def test_ends(release):
    """Guests that panic, requests that are refused, xl killed half-way: nothing is left."""
    with machine_with_tools(f"ends-{release}", release, VERSION[release], cpus=2) as qemu:
        dom0 = tools_started(qemu)
        before = free_kibibytes(dom0)
        check_crashes(dom0)
        assert free_kibibytes(dom0) == before
        check_refusals(dom0)
        assert free_kibibytes(dom0) == before
        check_killed_creation(dom0)
        assert free_kibibytes(dom0) == before
        Guest(dom0).wait_ready().destroy()
        assert free_kibibytes(dom0) == before
        dom0.check_log()
