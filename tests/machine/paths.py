"""Where things are, and what the caller's environment changes about the tests."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
LOGS = BUILD / "tests" / "logs"

# Every time limit is multiplied by this: a loaded machine may want 2 or more.
TIME_SCALE = float(os.environ.get("RINGFORT_TIME_SCALE", "1"))


def hypervisor():
    """The image under test: $RINGFORT_HYPERVISOR, else what make leaves."""
    return pathlib.Path(os.environ.get("RINGFORT_HYPERVISOR", BUILD / "ringfort"))


def domain0(release, *sets):
    """Kernel and initial RAM disk of one Debian release; makes them when they are missing."""
    subprocess.run([ROOT / "tools/dom0/build", release, *sets], check=True,
                   stdout=subprocess.DEVNULL, timeout=900)
    folder = BUILD / "dom0" / release
    return folder / "vmlinuz", folder / "-".join(["initrd", *sets])


def guest(release):
    """A guest's kernel as Debian packs it, and the RAM disk of a guest of that release."""
    kernel, _ = domain0(release, "tools")
    return kernel, kernel.parent / "guest-initrd"


def scratch(name):
    """A file for one test's own use, below build/tests; what was there before is removed."""
    path = BUILD / "tests" / "scratch" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    return path


def is_ringfort():
    """Whether the image under test is Ringfort: the harness runs with Xen as well, to compare."""
    return b"Ringfort" in hypervisor().read_bytes()
