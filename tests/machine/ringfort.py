"""Ringfort's debug keys on a machine's serial line."""

KEYS_TO_RINGFORT = r"keyboard input goes to Ringfort[^\n]*\n"
KEYS_TO_DOMAIN0 = r"keyboard input goes to Domain0[^\n]*\n"
SWITCH = "\x01\x01\x01"


class DebugKeys:
    """In a with statement the keyboard is Ringfort's, after it Domain0's again."""

    def __init__(self, machine):
        self.machine = machine

    def __enter__(self):
        self.machine.send(SWITCH)
        self.machine.wait(KEYS_TO_RINGFORT, 20)
        return self

    def __exit__(self, failure, *_):
        if failure is None:
            self.machine.send(SWITCH)
            self.machine.wait(KEYS_TO_DOMAIN0, 20)

    def press(self, key, pattern, timeout=20):
        """Presses one key and waits for what it is to print; returns the match."""
        self.machine.send(key)
        return self.machine.wait(pattern, timeout)


def check_memory(machine):
    """In a debug build all frames are counted anew; in a release build there is nothing to ask.

    A frame whose counts do not agree makes Ringfort panic, and the wait fails.
    """
    with DebugKeys(machine) as keys:
        match = keys.press("O", r"memory oracle: (\d+) frames agree|no memory oracle", 120)
    if match[1]:
        machine.progress(f"memory oracle: {match[1]} frames agree")
