"""ringfort-bvt and ringfort-trace in Domain0, beside xl, with a guest that runs all the time."""

import collections
import json
import re

import pytest

from machine import Guest, paths
from machine.qemu import disk
from machine.tools import machine_with_tools, tools_started

pytestmark = pytest.mark.skipif(not paths.is_ringfort(), reason="Ringfort's own tools")

CPU_TRACKS = 1
# Slices are cut at nanoseconds and printed in microseconds with three digits.
ROUNDING_US = 0.002


def listing(dom0):
    found = json.loads(dom0.run("ringfort-bvt list --json"))
    return found["allowance_ns"], {(v["name"], v["vcpu"]): v for v in found["vcpus"]}


def check_listing(dom0):
    """What it says of each vCPU agrees with xl, and is possible."""
    allowance, vcpus = listing(dom0)
    assert allowance == 5_000_000
    shown = re.findall(r"^(\S+) +(\d+) +(\d+) +(\d+) +([-rbp]+) +([\d.]+)", dom0.run("xl vcpu-list"),
                       re.M)
    assert len(shown) == len(vcpus) == 3
    for name, domain, number, _, _, seconds in shown:
        vcpu = vcpus[name, int(number)]
        assert vcpu["domain"] == int(domain)
        assert abs(vcpu["run_ns"] / 1e9 - float(seconds)) < 10
        assert vcpu["up"] and vcpu["cpu"] in (0, 1) and vcpu["dispatches"] > 0
        assert vcpu["weight"] == 256 and vcpu["share"] in (128, 256)
        assert vcpu["steal_ns"] == vcpu["wait_ns"] + vcpu["offline_ns"]
        assert vcpu["effective"] == vcpu["actual"] - vcpu["warped"] * vcpu["warp_ns"]
        latency = vcpu["latency"]
        assert 0 < latency["count"] <= vcpu["dispatches"]
        assert 0 < latency["p50_ns"] <= latency["p95_ns"] <= latency["p99_ns"] <= latency["max_ns"]
    text = dom0.run("ringfort-bvt list").splitlines()
    assert len(text) == 5 and "5 ms" in text[0]
    assert re.match(r"Domain-0 +0 +0 +[01] (running|runnable|blocked) +256 ", text[2])


def status(dom0, command):
    """Exit status and output of a command that may fail."""
    words = dom0.run(f"{command} 2>&1; echo ' status' $?").split()
    return int(words[-1]), " ".join(words)


def check_settings(dom0):
    dom0.run("ringfort-bvt set guest --weight 512 --cap 70 --warp 3 --warp-limit 0.5 --unwarp 20")
    vcpu = listing(dom0)[1]["guest", 0]
    assert (vcpu["weight"], vcpu["cap"]) == (512, 70)
    assert (vcpu["warp_ns"], vcpu["warp_limit_ns"], vcpu["unwarp_ns"]) == (3e6, 5e5, 2e7)
    assert re.search(r"^guest +\d+ +512 +70", dom0.run("xl sched-credit2 -d guest"), re.M)
    dom0.run("ringfort-bvt set $(xl domid guest) --weight 256 --cap 0")
    assert listing(dom0)[1]["guest", 0]["weight"] == 256
    dom0.run("ringfort-bvt set --allowance 2.5")
    assert listing(dom0)[0] == 2_500_000
    dom0.run("ringfort-bvt set --allowance 5")
    for command, code, message in [
            ("ringfort-bvt set nobody --weight 1", 1, "no domain 'nobody'"),
            ("ringfort-bvt set 77 --weight 1", 1, "no domain '77'"),
            ("ringfort-bvt set guest --weight 0", 2, "from 1 to 65535"),
            ("ringfort-bvt set guest --warp long", 2, "from 0 to 10000"),
            ("ringfort-bvt set guest", 2, "usage:"),
            ("ringfort-bvt set --weight 5", 2, "usage:"),
            ("ringfort-bvt", 2, "usage:"),
            ("ringfort-bvt --help", 0, "usage:"),
            ("ringfort-trace record 1 /nowhere/file", 1, "No such file"),
            ("ringfort-trace record soon /tmp/x", 2, "not a time"),
            ("ringfort-trace record 1 /tmp/x --classes all", 2, "no events of class 'all'"),
            ("ringfort-trace record 1 /tmp/x --buffer 100", 2, "not a power of two"),
            ("ringfort-trace --help", 0, "usage:")]:
        found, output = status(dom0, command)
        assert found == code and message in output, f"{command}: {found} {output}"


def fetch(dom0, path, image):
    """A file of Domain0's, by way of its disk."""
    size = int(dom0.run(f"wc -c <{path}"))
    dom0.run(f"cat {path} >/dev/vda && sync", 120)
    with open(image, "rb") as file:
        return file.read(size).decode()


def tracks(events):
    """The complete events of each track, by their beginnings; what contains others comes first."""
    found = collections.defaultdict(list)
    for event in events:
        if event["ph"] == "X":
            found[event["pid"], event["tid"]].append(event)
    for slices in found.values():
        slices.sort(key=lambda event: (event["ts"], -event["dur"]))
    return found


def check_form(events):
    """What the trace-event format asks of each event."""
    wanted = {"X": {"ts", "dur", "name"}, "i": {"ts", "name", "s"}, "M": {"name", "args"},
              "s": {"ts", "id", "name", "cat"}, "f": {"ts", "id", "name", "cat", "bp"},
              "b": {"ts", "id", "name", "cat"}, "e": {"ts", "id", "name", "cat"}}
    for event in events:
        assert {"pid", "tid"} | wanted[event["ph"]] <= event.keys(), event
        assert event.get("ts", 0) >= 0 and event.get("dur", 0) >= 0
    for opening, closing in ("sf", "be"):
        begun = collections.Counter(e["id"] for e in events if e["ph"] == opening)
        assert begun == collections.Counter(e["id"] for e in events if e["ph"] == closing)


def check_nesting(slices):
    """Slices of one track follow or contain one another."""
    open_until = []
    for event in slices:
        while open_until and open_until[-1] <= event["ts"] + ROUNDING_US:
            open_until.pop()
        end = event["ts"] + event["dur"]
        assert not open_until or end <= open_until[-1] + ROUNDING_US, event
        open_until.append(end)


def check_dispatches(found, domains):
    """A processor runs one vCPU at a time, a vCPU on one processor at a time; what the processors'
    tracks show of a vCPU is what its own says. Returns microseconds run by (domain, vCPU)."""
    ran, by_state = collections.Counter(), collections.Counter()
    for (process, thread), slices in found.items():
        check_nesting(slices)
        if process != CPU_TRACKS:
            by_state[domains[process], thread - 1] += sum(
                event["dur"] for event in slices if event["name"] == "running")
            continue
        for event, following in zip(slices, slices[1:]):
            assert event["ts"] + event["dur"] <= following["ts"] + ROUNDING_US
        for event in slices:
            ran[event["args"]["domain"], event["args"]["vcpu"]] += event["dur"]
    for vcpu, microseconds in ran.items():
        assert abs(by_state[vcpu] - microseconds) <= ROUNDING_US * 100_000
    return ran


def check_trace(text, before, after):
    trace = json.loads(text)
    events = trace["traceEvents"]
    assert trace["otherData"]["lost"] == 0
    check_form(events)
    domains = {event["pid"]: int(re.match(r"Domain (\d+) ", event["args"]["name"])[1])
               for event in events if event["name"] == "process_name" and event["pid"] != CPU_TRACKS}
    ran = check_dispatches(tracks(events), domains)
    length = max(event["ts"] + event.get("dur", 0) for event in events if event["ph"] == "X")
    assert length >= 1.9e6
    for name, number in after:
        vcpu = after[name, number]
        grown = (vcpu["run_ns"] - before[name, number]["run_ns"]) / 1e3
        traced = ran[vcpu["domain"], number]
        # The lists are read a little before and after the trace.
        assert traced <= grown
        if name == "guest":
            # It runs all the time, from the first list to the second.
            assert traced >= 0.9 * length
    names = {event["name"] for event in events}
    assert {"running", "blocked", "wake", "sched_op", "guest v0"} <= names
    assert any(name.startswith("vector") for name in names)


@pytest.mark.parametrize("release", ["bookworm", pytest.param("trixie", marks=pytest.mark.long)])
def test_tools(release):
    """Lists agree with xl, settings take effect, a trace is what the format wants and adds up."""
    image = paths.scratch(f"scheduler-tools-{release}.img")
    with open(image, "wb") as file:
        file.truncate(256 << 20)
    report = "report_version=4.20" if release == "trixie" else ""
    with machine_with_tools(f"scheduler-tools-{release}", release, report, cpus=2,
                            extra=disk("virtio", image)) as qemu:
        dom0 = tools_started(qemu)
        guest = Guest(dom0).wait_ready()
        check_listing(dom0)
        check_settings(dom0)
        guest.run("(while :; do :; done) &")
        before = listing(dom0)[1]
        dom0.run("ringfort-trace record 2 /tmp/trace.json", 60)
        after = listing(dom0)[1]
        check_trace(fetch(dom0, "/tmp/trace.json", image), before, after)
        guest.destroy()
        dom0.check_log()
