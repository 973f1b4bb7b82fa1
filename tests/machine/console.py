"""The serial line of a machine: waiting for text with a limit, and explaining a failure."""

import re
import time

import pexpect

from . import paths

TAIL_LINES = 40


class MachineError(AssertionError):
    """A machine did not do what was waited for; carries the end of its serial log."""


class Console:
    """What QEMU and Bochs machines have in common.

    A subclass sets self.child (a pexpect object on the serial line) in start().
    """

    def __init__(self, name):
        self.name = name
        self.log_path = paths.LOGS / (re.sub(r"[^\w.-]+", "_", name) + ".log")
        self.child = None
        self.begin = None

    def __enter__(self):
        paths.LOGS.mkdir(parents=True, exist_ok=True)
        self.begin = time.monotonic()
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        raise NotImplementedError

    def stop(self):
        raise NotImplementedError

    def open_log(self):
        # Line buffered, so that the log can be followed while a machine runs.
        return open(self.log_path, "w", encoding="utf-8", buffering=1, newline="")

    def progress(self, text):
        print(f"    [{time.monotonic() - self.begin:6.1f} s] {self.name}: {text}", flush=True)

    def wait(self, pattern, timeout=60, what=None):
        """Waits for a regular expression (or a list of them); returns the match object.

        The index of the pattern that matched is in self.which.  timeout is in seconds.
        """
        patterns = [pattern] if isinstance(pattern, str) else list(pattern)
        try:
            self.which = self.expect(patterns, timeout * paths.TIME_SCALE)
        except pexpect.TIMEOUT:
            self.fail(f"waited {timeout * paths.TIME_SCALE:.0f} s for {patterns}")
        except pexpect.EOF:
            self.fail(f"the machine ended while {patterns} was waited for")
        if what:
            self.progress(what)
        return self.child.match

    def expect(self, patterns, timeout):
        """As pexpect's: the index of the pattern found, or TIMEOUT or EOF raised."""
        return self.child.expect(patterns, timeout=timeout)

    def wait_end(self, timeout=60):
        """Waits until the machine switches itself off or (with -no-reboot) resets."""
        try:
            self.child.expect(pexpect.EOF, timeout=timeout * paths.TIME_SCALE)
        except pexpect.TIMEOUT:
            self.fail(f"the machine still ran after {timeout * paths.TIME_SCALE:.0f} s")
        self.progress("the machine is off")

    def send(self, text):
        # In pieces: a serial line has no flow control and receivers have short queues.
        for i in range(0, len(text), 48):
            self.child.send(text[i:i + 48])
            time.sleep(0.02)

    def output(self):
        """Everything the machine has written so far."""
        return self.log_path.read_bytes().decode("utf-8", "replace").replace("\r", "")

    def fail(self, reason):
        lines = self.output().splitlines()[-TAIL_LINES:]
        text = f"{self.name}: {reason}\n--- end of {self.log_path}:\n" + "\n".join(lines)
        registers = self.diagnosis()
        if registers:
            # Too much for the terminal: beside the log.
            path = self.log_path.with_suffix(".registers")
            path.write_text(registers)
            places = re.findall(r"RIP=\w+", registers)
            text += f"\n--- processors at {' '.join(places)}; {path} has the rest"
        raise MachineError(text) from None

    def diagnosis(self):
        """What the machine's processors are doing, as text; empty when nobody can tell."""
        return ""
