"""A guest of Domain0's, by Debian's xl."""

import json
import re

from . import paths

READY = r"The guest is ready: Linux (\S+), (\d+) processors, (\d+) MiB"
DETACH = "\x1d"


class Guest:
    """Creates a guest from a file in /guest of the image "tools"; settings are xl's, in words."""

    def __init__(self, dom0, name="guest", config="guest.cfg", **settings):
        self.dom0, self.machine, self.name = dom0, dom0.machine, name
        settings["name"] = name
        # A string in double quotes, a number as it is: JSON's form is xl's too.
        words = " ".join(f"'{key}={json.dumps(value)}'" for key, value in settings.items())
        self.dom0.run(f"xl create /guest/{config} {words}", 120)
        self.kernel, self.cpus, self.memory = None, None, None

    def wait_ready(self, timeout=180):
        """Attaches to the console and waits for the guest's shell; leaves it quiet."""
        with self.console(quiet=False):
            match = self.machine.wait(READY, timeout)
            self.kernel, self.cpus, self.memory = match[1], int(match[2]), int(match[3])
            self.machine.wait("guest# ", 60)
            self.machine.send("stty -echo; PS1=; echo quiet-$((6 * 7))\n")
            self.machine.wait("quiet-42\r*\n", 60)
            self.machine.progress(f"{self.name} is ready: Linux {self.kernel}")
        return self

    def console(self, quiet=True):
        return GuestConsole(self, quiet)

    def run(self, command, timeout=60, check=True):
        """Runs a command line in the guest's shell; returns its output.

        What is to go on in the background must not be the shell's own child, "( (command) & )":
        without echo BusyBox's shell takes a child's end for the end of its input and leaves.
        """
        with self.console():
            self.machine.send(f'{command}\necho "[guest-status:$?]"\n')
            match = self.machine.wait(r"\[guest-status:(\d+)\]\r*\n", timeout)
            output = self.machine.child.before.replace("\r", "")
        if check and match[1] != "0":
            self.machine.fail(f"'{command}' in {self.name} ended with status {match[1]}:\n{output}")
        return output

    def state(self):
        """The letters of xl list: r b p s c d, or None without such a domain."""
        match = re.search(rf"^{self.name} +\d+ +\d+ +\d+ +([-rbpscd]+) ", self.dom0.run("xl list"),
                          re.M)
        return match and match[1].replace("-", "")

    def mebibytes(self):
        return int(re.search(rf"^{self.name} +\d+ +(\d+)", self.dom0.run("xl list"), re.M)[1])

    def wait_gone(self, seconds=30):
        """Waits until Domain0 has cleaned up after a guest that ended by itself."""
        self.dom0.run(f"for i in $(seq {seconds}); do xl domid {self.name} 2>/dev/null || break; "
                      f"sleep 1; done; ! xl domid {self.name} 2>/dev/null", seconds + 10)

    def destroy(self):
        self.dom0.run(f"xl destroy {self.name}", 60)


class GuestConsole:
    """In a with statement the machine's serial line is the guest's console."""

    def __init__(self, guest, quiet):
        self.guest, self.machine, self.quiet = guest, guest.machine, quiet

    def __enter__(self):
        self.machine.send(f"xl console {self.guest.name}; echo detached-$((6 * 7))\n")
        if self.quiet:
            # An answer shows that xl has taken the terminal over.
            self.machine.send("echo attached-$((6 * 7))\n")
            self.machine.wait("attached-42\r*\n", 30)
        return self

    def __exit__(self, failure, *_):
        if failure is None:
            # xl takes it for the word to leave only when nothing comes along with it.
            self.machine.send(DETACH)
            self.machine.wait("detached-42\r*\n", 30)
            self.guest.dom0.run("stty -echo", 30)


def free_kibibytes(dom0):
    """Ringfort's free memory; under another hypervisor as exactly as xl tells."""
    if paths.is_ringfort():
        return int(re.search(r"(\d+) KiB free", dom0.run("xl debug-keys m"))[1])
    return int(re.search(r"free_memory *: (\d+)", dom0.run("xl info"))[1]) << 10
