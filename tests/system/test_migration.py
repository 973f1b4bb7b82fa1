"""Guests moved while they run, by Debian's unmodified xl, with work in them that notices faults."""

import re
import struct
import subprocess

import pytest

from machine import Guest, library, paths
from machine.disks import blank
from machine.guest import free_kibibytes
from machine.qemu import disk
from machine.tools import machine_with_tools, tools_started

long = pytest.mark.long
# The machine's clock counts instructions (4 ns each): libxl kills a script that attaches a disk after
# 40 s, which must not depend on what else this computer does. One processor only: QEMU that counts
# sometimes never comes back to a second one that waits for a lock.
OWN_CLOCK = ["-icount", "shift=2"]
DEBUG_BUILD = paths.BUILD / "debug" / "ringfort"
# Taken once and kept: a page of the domain table, the console daemon's grants.
WARM_UP_KIB = 64
MIGRATE = "xl migrate -s '' guest 'xl migrate-receive' >/tmp/migrate.log 2>&1"
# Everything is sent once more at the end, and the receiver compares.
MIGRATE_AND_VERIFY = MIGRATE.replace("-s", "--debug -s")
SCAN = r"domain (\d+): scan (\d+) for dirty frames: (\d+) were read, (\d+) of (\d+) are to be read"
OFF = r"domain \d+: log of dirty frames off after (\d+) scans, (\d+) frames read"


def workload(name):
    """A disk image that begins with the program, statically linked; and the program's length."""
    program = paths.scratch(f"{name}.workload")
    subprocess.run(["gcc", "-O2", "-static", "-o", program, paths.ROOT / "tests/system/workload.c"],
                   check=True, timeout=120)
    length = program.stat().st_size
    with open(program, "ab") as file:
        file.truncate(8 << 20)
    return program, length


def machine(name, release="bookworm", mebibytes=16, **more):
    """Domain0's disks: /dev/vda is empty, /dev/vdb has the program."""
    image, length = workload(name)
    empty = blank(f"{name}.img", mebibytes)
    options = "loglvl=info" + (" report_version=4.20" if release == "trixie" else "")
    clock = OWN_CLOCK if more.get("cpus", 1) == 1 else []
    qemu = machine_with_tools(name, release, options=options, **more,
                              extra=clock + disk("virtio", empty) + disk("virtio", image, 1))
    qemu.program_length, qemu.empty_disk = length, empty
    return qemu


def fetch(where, device):
    """The program, from a disk to the place it is run at."""
    length = where.machine.program_length
    where.run(f"head -c {length} /dev/{device} >/tmp/workload && chmod +x /tmp/workload")


def start_work(guest, device, arguments=""):
    fetch(guest, device)
    guest.run(f"setsid /tmp/workload run {arguments} >/tmp/workload.out 2>&1 & sleep 2")


def status(where):
    """Rounds of each kind of work so far; a fault fails the test."""
    words = where.run("/tmp/workload status").split()
    at = words.index("gap")
    rounds = dict(zip(words[:at:2], map(int, words[1:at:2])))
    assert words[at + 2:at + 4] == ["faults", "0"], " ".join(words)
    return rounds, int(words[at + 1])


def check_progress(where, before, kinds):
    """Every kind of work goes on, and is right."""
    after, _ = status(where)
    for kind in kinds:
        assert after[kind] > before[kind], f"{kind} stands still"
    return after


def migrate(dom0, command=MIGRATE, timeout=240):
    """Moves the guest; returns the answers to the tools' questions for dirty pages."""
    begin = len(dom0.machine.output())
    dom0.run(f"{command} || {{ cat /tmp/migrate.log; false; }}", timeout)
    log = dom0.machine.output()[begin:]
    scans = [tuple(map(int, m)) for m in re.findall(SCAN, log)]
    # The first may be of a log that a dead process has left on.
    total = int(re.findall(OFF, log)[-1][1])
    return scans, total


def check_live(qemu, scans, total):
    """The first round read everything, later ones what had changed."""
    pages = scans[0][4]
    answers = [scan[3] for scan in scans]
    qemu.progress(f"{pages} pages; dirty after each round: {answers}; read in all: {total}")
    assert [scan[1] for scan in scans] == list(range(1, len(scans) + 1))
    assert len(scans) >= 2
    # Some pages may be without a frame at the moment.
    assert 0.95 * pages < scans[0][2] <= pages
    assert all(0 < answer < pages / 3 for answer in answers)
    # The workload is busy all the time: nothing changed would be wrong too.
    for before, after in zip(scans, scans[1:]):
        assert after[2] <= before[3]


def test_migrate():
    """A guest with a busy memory, moved once while it works."""
    with machine("migrate") as qemu:
        dom0 = tools_started(qemu)
        guest = Guest(dom0, memory=112, disk=["phy:/dev/vdb,xvda,r"]).wait_ready()
        before = free_kibibytes(dom0)
        start_work(guest, "xvda")
        rounds, _ = status(guest)
        check_live(qemu, *migrate(dom0))
        check_progress(guest, rounds, ("memory", "toggles", "forks", "file"))
        assert abs(free_kibibytes(dom0) - before) <= WARM_UP_KIB
        guest.destroy()
        dom0.check_log()


KINDS = ("memory", "toggles", "forks", "file", "disk", "tcp")


@long
@pytest.mark.parametrize("release,cpus,build,times", [
    ("bookworm", 1, "release", 5), ("bookworm", 2, "release", 3), ("bookworm", 2, "debug", 2),
    ("trixie", 2, "release", 3)])
def test_migrate_again_and_again(release, cpus, build, times):
    """Memory, disk and a connection to Domain0 in use, several times in a row."""
    more = {"hypervisor": DEBUG_BUILD} if build == "debug" else {}
    with machine(f"migrate-{release}-{cpus}-{build}", release, cpus=cpus, **more) as qemu:
        dom0 = tools_started(qemu)
        dom0.run("brctl addbr xenbr0 && ip addr add 10.9.0.1/24 dev xenbr0 && ip link set xenbr0 up")
        fetch(dom0, "vdb")
        dom0.run("setsid /tmp/workload serve >/tmp/serve.out 2>&1 &")
        guest = Guest(dom0, memory=112, vcpus=cpus, vif=["bridge=xenbr0"],
                      disk=["phy:/dev/vdb,xvda,w"]).wait_ready()
        guest.run("ip addr add 10.9.0.2/24 dev eth0 && ip link set eth0 up")
        before = free_kibibytes(dom0)
        start_work(guest, "xvda", "-d /dev/xvda -c 10.9.0.1")
        for command in [MIGRATE] * (times - 1) + [MIGRATE_AND_VERIFY]:
            rounds, _ = status(guest)
            mine, _ = status(dom0)
            if command == MIGRATE_AND_VERIFY:
                # What Domain0 sends again and again to a guest that stands still changes its memory.
                dom0.run("killall -STOP workload; sleep 2")
            scans, total = migrate(dom0, command)
            if command == MIGRATE_AND_VERIFY:
                dom0.run("killall -CONT workload")
                # All was read again, and the guest stood still since the answer before.
                last = scans.pop()
                assert last[2] > 0.95 * last[4] and last[3] < 10
                assert "verify" not in dom0.run("grep 'verify pfn' /tmp/migrate.log", check=False)
            check_live(qemu, scans, total)
            dom0.run("sleep 5")
            check_progress(guest, rounds, KINDS)
            _, gap = status(dom0)
            qemu.progress(f"no message from the guest for {gap} ms at most")
            check_progress(dom0, mine, ("tcp",))
            assert abs(free_kibibytes(dom0) - before) <= WARM_UP_KIB
        guest.destroy()
        dom0.check_log()


def progress_of(dom0, line):
    """Rounds, the second vCPU's count, and journeys of the library's traveller."""
    answer = re.search(rf"(\d+) rounds, (\d+) beats, (\d+) journeys at {line}", dom0.run(f"ask guest {line}"))
    return [int(word) for word in answer.groups()]


def test_library_guests():
    """Both widths, with two vCPUs: to a file and back, then moved while they run."""
    with machine_with_tools("travel", extra=library.guests_disk("travel")) as qemu:
        dom0 = tools_started(qemu)
        library.unpack_guests(dom0, "/dev/vda")
        for image in ("traveller", "traveller-32"):
            library.create(dom0, image, "guest", memory=8, vcpus=2)
            before = free_kibibytes(dom0)
            progress = progress_of(dom0, "start")
            for journey, command in enumerate((
                    "xl save guest /tmp/saved && xl restore /tmp/saved && rm /tmp/saved", MIGRATE), 1):
                dom0.run(command, 120)
                rounds, beats, journeys = progress_of(dom0, f"stop-{journey}")
                assert rounds > progress[0] and beats > progress[1] and journeys == journey
                progress = rounds, beats
            assert abs(free_kibibytes(dom0) - before) <= WARM_UP_KIB
            assert "TEST PASS" in dom0.run("open_console guest; echo end >&3; cat <&3", 60, check=False)
        dom0.check_log()
        dom0.power_off()


@long
def test_failed_migration():
    """Whoever fails, the guest goes on where it was, and nothing is lost."""
    with machine("migrate-fails", cpus=2) as qemu:
        dom0 = tools_started(qemu)
        guest = Guest(dom0, memory=112, disk=["phy:/dev/vdb,xvda,r"]).wait_ready()
        start_work(guest, "xvda")
        before = free_kibibytes(dom0)
        domid = dom0.run("xl domid guest")
        for receiver in ("false", "timeout 5 xl migrate-receive"):
            rounds, _ = status(guest)
            dom0.run(f"! xl migrate -s '' guest '{receiver}' >/tmp/migrate.log 2>&1", 240)
            assert dom0.run("xl domid guest") == domid
            check_progress(guest, rounds, ("memory", "toggles", "forks", "file"))
            dom0.run("for d in $(xl list | awk '/incoming/ { print $2 }'); do xl destroy $d; done")
            assert abs(free_kibibytes(dom0) - before) <= WARM_UP_KIB
        # The process that has switched the log on dies, and with it who would switch it off.
        rounds, _ = status(guest)
        dom0.run("helpers() { for p in /proc/[0-9]*; do [ $p/exe -ef "
                 "/usr/lib/xen-*/bin/libxl-save-helper ] && echo ${p#/proc/}; done; }")
        # One sends, one receives; when the first scan is over, the rounds are not.
        dom0.run(f"{{ {MIGRATE}; }} & while set -- $(helpers); [ $# -lt 2 ]; do usleep 100000; done", 60)
        qemu.wait(r"scan \d+ for dirty", 240)
        dom0.run('kill -9 "$@"; wait $!', 120, check=False)
        dom0.run("for d in $(xl list | awk '/incoming/ { print $2 }'); do "
                 "xl destroy $d; done", check=False)
        assert dom0.run("xl domid guest") == domid
        check_progress(guest, rounds, ("memory", "toggles", "forks", "file"))
        check_live(qemu, *migrate(dom0))
        check_progress(guest, rounds, ("memory", "toggles", "forks", "file"))
        guest.destroy()
        assert free_kibibytes(dom0) >= before + 112 * 1024
        dom0.check_log()


def sections(image):
    """Name, offset, size and entry size of each section of an ELF64 core file."""
    assert image[:6] == b"\x7fELF\x02\x01"
    kind, machine_type = struct.unpack_from("<HH", image, 16)
    assert (kind, machine_type) == (4, 62)
    at, = struct.unpack_from("<Q", image, 40)
    entry_size, count, names = struct.unpack_from("<HHH", image, 58)
    headers = [struct.unpack_from("<IIQQQQIIQQ", image, at + i * entry_size) for i in range(count)]
    found = {}
    for header in headers:
        name = image[headers[names][4] + header[0]:]
        found[name[:name.index(b"\0")].decode()] = (header[4], header[5], header[9])
    return found


def check_core(image, pages):
    """A core file as crash and gdbsx read it: notes, registers, pages and what they are."""
    found = sections(image)
    assert {".note.Xen", ".xen_prstatus", ".xen_shared_info", ".xen_pages", ".xen_p2m"} <= set(found)
    offset, size, entry = found[".xen_p2m"]
    assert entry == 16 and size % 16 == 0
    p2m = list(struct.iter_unpack("<QQ", image[offset:offset + size]))
    assert 0.98 * pages < len(p2m) <= pages
    assert len({pfn for pfn, _ in p2m}) == len({mfn for _, mfn in p2m}) == len(p2m)
    start, size, entry = found[".xen_pages"]
    assert (entry, size) == (4096, 4096 * len(p2m))
    # The base pointer of the first vCPU, its root, and the kernel's half in it.
    registers, _, _ = found[".xen_prstatus"]
    context = image[registers:registers + 5168]
    cr3 = struct.unpack_from("<Q", context, CR3_OFFSET)[0]
    index = [mfn for _, mfn in p2m].index(cr3 >> 12)
    root = struct.unpack_from("<512Q", image, start + index * 4096)
    assert any(e & 1 for e in root[272:]) and any(mfn == root[511] >> 12 & 0xffffffffff
                                                  for _, mfn in p2m)
    assert b"Linux version 6." in image[start:start + size]


# ctrlreg[3] in struct vcpu_guest_context of 64-bit guests.
CR3_OFFSET = 5008


@long
def test_core_dump():
    """xl dump-core of a guest that runs, and by on_crash of one that has crashed."""
    with machine("dump-core", mebibytes=160) as qemu:
        dom0 = tools_started(qemu)
        guest = Guest(dom0, memory=112, on_crash="coredump-restart").wait_ready()
        before = free_kibibytes(dom0)
        dom0.run("xl dump-core guest /dev/shm/core", 120)
        assert guest.run("echo $((6 * 7))").strip() == "42"
        assert abs(free_kibibytes(dom0) - before) <= WARM_UP_KIB
        dom0.run("dd if=/dev/shm/core of=/dev/vda bs=1M conv=fsync 2>/dev/null; rm /dev/shm/core", 60)
        check_core(qemu.empty_disk.read_bytes(), 112 * 256)
        domid = dom0.run("xl domid guest")
        dom0.run("rm -f /var/lib/xen/dump/*")
        with guest.console():
            qemu.send("echo c >/proc/sysrq-trigger\n")
            qemu.wait("Kernel panic|sysrq triggered crash|dom0#|\\$", 60)
        dom0.run(f"for i in $(seq 60); do [ \"$(xl domid guest 2>/dev/null)\" != '{domid.strip()}' ] && "
                 "xl domid guest >/dev/null 2>&1 && break; sleep 1; done", 120)
        assert dom0.run("xl domid guest") != domid
        dom0.run("test -s /var/lib/xen/dump/*; rm -f /var/lib/xen/dump/*")
        guest.wait_ready().destroy()
        dom0.check_log()
