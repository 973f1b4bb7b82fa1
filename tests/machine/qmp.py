"""QEMU's control socket: why a machine ended, and what its processors were doing."""

import json
import socket
import time


class Qmp:
    """The socket at path, where QEMU listens once it runs."""

    def __init__(self, path, timeout=20):
        self.socket = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.socket.connect(str(path))
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        self.socket.settimeout(10)
        self.stream = self.socket.makefile("rw", encoding="utf-8")
        self.ending = None
        self.stream.readline()
        self.command("qmp_capabilities")

    def close(self):
        self.stream.close()
        self.socket.close()

    def command(self, name, **arguments):
        """Sends a command and returns its result."""
        json.dump({"execute": name, "arguments": arguments}, self.stream)
        self.stream.flush()
        while True:
            message = self.read()
            if message is None or "return" in message or "error" in message:
                return (message or {}).get("return")

    def monitor(self, line, cpu=0):
        """The output of a command of the human monitor, such as "info registers -a".

        cpu is the processor that it is about, where it is about one.
        """
        return self.command("human-monitor-command", **{"command-line": line, "cpu-index": cpu})

    def read(self):
        line = self.stream.readline()
        if not line:
            return None
        message = json.loads(line)
        if message.get("event") == "SHUTDOWN":
            self.ending = message["data"]["reason"]
        return message

    def reason(self):
        """After the end: "guest-shutdown", "guest-reset" (a triple fault too), or None."""
        try:
            while self.read():
                pass
        except OSError:
            pass
        return self.ending
