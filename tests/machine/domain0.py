"""The root shell of a Domain0."""

from . import paths, ringfort
from .console import MachineError

READY = r"Domain0 is ready: Linux (\S+), (\d+) processors, (\d+) MiB"
# What must not be in the kernel's log after a test, but for its verdicts on the processor.
VERDICTS = "RETBleed|Return Stack Overflow"
BAD_LINES = "BUG|WARNING|Oops|Call Trace|general protection|soft lockup|stalls on"


class Domain0:
    """Logs in on the serial line of a machine that boots an image of tools/dom0."""

    def __init__(self, machine, timeout=180):
        self.machine = machine
        ready = machine.wait(READY, timeout)
        self.kernel, self.cpus, self.memory = ready[1], int(ready[2]), int(ready[3])
        machine.progress(f"Domain0 is ready: Linux {self.kernel}, {self.cpus} processors")
        machine.wait("dom0# ", 30)
        # A shell that neither echoes nor prompts: its output is the commands' own.
        machine.send("exec bash --norc --noediting\n")
        machine.send("stty -echo; PS1=; echo quiet-$((6 * 7))\n")
        machine.wait("quiet-42\r*\n", 30)

    def run(self, command, timeout=60, check=True):
        """Runs a command line; returns its output.  A status other than 0 is a failure."""
        self.machine.send(f'{command}\necho "[status:$?]"\n')
        match = self.machine.wait(r"\[status:(\d+)\]\r*\n", timeout)
        output = self.machine.child.before.replace("\r", "")
        if check and match[1] != "0":
            self.machine.fail(f"'{command}' ended with status {match[1]}:\n{output}")
        return output

    def check_log(self):
        """The kernel has complained about nothing, and Ringfort's memory is accounted for."""
        # Searched inside: the whole log takes long over an emulated serial line.
        bad = self.run(f"dmesg | grep -vE '{VERDICTS}' | grep -E '{BAD_LINES}'",
                       60, check=False)
        if bad.strip():
            raise MachineError(f"{self.machine.name}: Domain0's log has:\n{bad}")
        if paths.is_ringfort():
            ringfort.check_memory(self.machine)

    def power_off(self, timeout=60):
        self.end("poweroff", "guest-shutdown", timeout)

    def reboot(self, timeout=60):
        self.end("reboot", "guest-reset", timeout)

    def end(self, command, wanted, timeout):
        self.machine.send(command + "\n")
        reason = self.machine.wait_end(timeout)
        # Bochs does not tell; for QEMU a triple fault must not pass for a power-off.
        if reason not in (None, wanted):
            self.machine.fail(f"{command} ended in {reason}")
