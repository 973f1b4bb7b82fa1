"""What the README's first command shows: Domain0, guests that run, the way to their consoles; and what
docs/write-a-guest.md says to type."""

import os
import re
import subprocess
import textwrap

import pexpect

from machine import paths
from machine.console import Console


class Run(Console):
    """tools/run as a user starts it, in a terminal."""

    def __init__(self, name, **settings):
        self.settings = settings
        super().__init__(name)

    def start(self):
        settings = {"RINGFORT_HYPERVISOR": str(paths.hypervisor()), "CPUS": "1", **self.settings}
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


def typed_in(section):
    """The blocks of commands in a section of the tutorial."""
    text = (paths.ROOT / "docs" / "write-a-guest.md").read_text()
    text = text.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return [textwrap.dedent(block) for block in re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)]


def test_tutorial():
    outside, inside = typed_in("Running it")
    *prepare, last = outside.splitlines()
    subprocess.run("\n".join(["set -e", *prepare]), shell=True, check=True, cwd=paths.ROOT, timeout=300)
    settings = dict(word.split("=") for word in last.split() if "=" in word)
    assert last.endswith("make run") and settings
    with Run("tutorial", **settings) as machine:
        machine.wait("Domain0 is ready", 240, "Domain0 is ready")
        machine.wait(r"Domain-0 +\d", 60)
        machine.wait("dom0# ", 30)
        for line in inside.splitlines():
            machine.send(line + "\n")
            machine.wait(["dom0# ", "> ", "the disk begins with: tutorial.elf"], 60)
        machine.wait("TEST PASS", 60)
