"""What the README's first command shows: Domain0, guests that run, the way to their consoles."""

import os

import pexpect

from machine import paths
from machine.console import Console


class Run(Console):
    """tools/run as a user starts it, in a terminal."""

    def start(self):
        settings = {"RINGFORT_HYPERVISOR": str(paths.hypervisor()), "CPUS": "1"}
        self.child = pexpect.spawn(str(paths.ROOT / "tools/run"), cwd=str(paths.ROOT), encoding="utf-8",
                                   codec_errors="replace", env={**os.environ, **settings},
                                   dimensions=(24, 200))
        self.child.delaybeforesend = None
        self.child.logfile_read = self.open_log()

    def stop(self):
        self.child.close(force=True)


def test_run():
    with Run("run") as machine:
        machine.wait("Domain0 is ready", 240, "Domain0 is ready")
        machine.wait(r"Name +ID +Mem", 120)
        machine.wait(r"guest1 +\d+ +128", 30)
        machine.wait(r"guest2 +\d+ +128", 30)
        machine.wait("xl console guest1", 30)
        machine.wait("dom0# ", 30)
        # What the message proposes, as it proposes it.
        machine.send("xl console guest1\n")
        machine.wait("The guest is ready", 120, "guest1 is ready")
        machine.wait("guest# ", 30)
        machine.send("echo here-$((6 * 7))\n")
        machine.wait("here-42", 30)
        # QEMU takes the first, as the terminal of tools/run is also its monitor's.
        machine.send("\x1d\x1d")
        machine.wait("dom0# ", 30)
        machine.send("xl create /guest/guest.cfg 'name=\"another\"'; xl list\n")
        machine.wait(r"another +\d+ +128", 60)
        machine.send("xl shutdown -w guest1; xl destroy guest2; xl list\n")
        machine.wait(r"Name +ID +Mem", 60)
        machine.wait("another", 10)
        assert "guest2" not in machine.child.before
        machine.send("poweroff\n")
        machine.wait_end()
