"""Unmodified applications that exercise a kernel hard, in a chroot of Debian's own packages."""

import shutil
import subprocess

import pytest

from machine import Boot, Domain0, Qemu, paths
from machine.qemu import disk

pytestmark = pytest.mark.long

# One after another, each checks its own results.
STRESSORS = """
    fork vfork clone pthread futex switch sem pipe poll signal sigq sigsegv sigfpe sigtrap timer
    itimer nanosleep clock yield madvise mmap mmapfork mremap mprotect munmap brk stack fault
    userfaultfd vm vm-segv cpu fp context membarrier memcpy shm sysfs get ptrace
""".split()
STRESS_SECONDS = 3
PYTHON_TESTS = ["test_threading", "test_mmap", "test_signal", "test_subprocess"]


def applications():
    subprocess.run([paths.ROOT / "tools/dom0/applications"], check=True, timeout=1200)
    return paths.BUILD / "dom0" / "bookworm" / "applications.ext4"


@pytest.fixture(params=[1, 2], ids=["1-processor", "2-processors"])
def dom0(request):
    """A Domain0 with the applications at /mnt; afterwards its log is checked."""
    extra = disk("virtio", applications())
    # What is written goes to a temporary file, so that each test finds the image as made.
    extra[1] += ",snapshot=on"
    name = request.node.name.replace("test_", "")
    boot = Boot.of_domain0(options="dom0_mem=1500M")
    with Qemu(name, boot, cpus=request.param, memory=2048, extra=extra) as qemu:
        shell = Domain0(qemu)
        shell.run("mount /dev/vda /mnt", 60)
        for folder in ("dev", "proc", "sys", "dev/pts", "dev/shm"):
            shell.run(f"mount -o bind /{folder} /mnt/{folder}")
        shell.run("mount -t tmpfs tmpfs /mnt/tmp; ulimit -c 0")
        yield shell
        shell.check_log()
        shell.run("umount /mnt/tmp /mnt/dev/shm /mnt/dev/pts /mnt/sys /mnt/proc /mnt/dev /mnt")
        shell.power_off()


def compiled_on_host(image):
    """The checksums that the same compiler leaves here, or None when the host has another."""
    folder = paths.BUILD / "tests" / "scratch" / "compile"
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["debugfs", "-R", f"rdump /source {folder.parent}", image], check=True,
                   stderr=subprocess.DEVNULL)
    (folder.parent / "source").rename(folder)
    subprocess.run(["make", "-s", "-j2", "-C", folder], check=True)
    return (folder / "sums").read_text()


def test_compile(dom0):
    """A parallel build; its result is the one that the host gets."""
    wanted = compiled_on_host(applications())
    dom0.run("chroot /mnt make -s -j4 -C /source", 1800)
    version = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True,
                             check=True).stdout.strip()
    made = dom0.run("cat /mnt/source/sums")
    assert made.count("\n") == wanted.count("\n")
    if dom0.run("chroot /mnt gcc -dumpfullversion").strip() == version:
        assert made == wanted


@pytest.mark.parametrize("module", PYTHON_TESTS)
def test_python(dom0, module):
    output = dom0.run(f"chroot /mnt env HOME=/root LANG=C.UTF-8 python3 -m test -w {module}",
                      2400, check=False)
    assert "result: SUCCESS" in output, output[-2000:]


def test_stress(dom0):
    for stressor in STRESSORS:
        output = dom0.run(f"chroot /mnt stress-ng --{stressor} 2 -t {STRESS_SECONDS}s --verify "
                          "--temp-path /tmp --oomable 2>&1 | tail -n 20; test ${PIPESTATUS[0]} = 0",
                          180)
        assert "successful run completed" in output, output
        if stressor == "madvise":
            forget_known_warning(dom0)
        dom0.machine.progress(f"stress-ng {stressor}: well")


def forget_known_warning(dom0):
    """Linux 6.1 clears page-table entries late when it is paravirtual, and madvise() finds them not
    yet clear: a warning that it gives on Xen too.  It is given once."""
    dom0.run("test -z \"$(dmesg | grep WARNING | grep -v mm_inline.h)\"")
    dom0.run("dmesg -c >/dev/null")
