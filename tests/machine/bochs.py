"""A machine in Bochs: slower than QEMU and stricter."""

import os
import subprocess
import time
import tty

import pexpect
import pexpect.fdpexpect

from . import paths
from .console import Console

CONFIGURATION = """\
cpu: model={cpu}, count={cpus}, ips=200000000, reset_on_triple_fault=0
memory: guest={memory}, host={memory}
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/vgabios/vgabios.bin
ata0-master: type=cdrom, path={iso}, status=inserted
boot: cdrom
display_library: rfb, options="timeout=0"
com1: enabled=1, mode=term, dev={serial}
log: {log}
panic: action=fatal
clock: sync=none
# Without a sound card its mixer would end the whole process.
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
speaker: enabled=0
"""
SLICE = 5


class Bochs(Console):
    """One Bochs process booting through GRUB from a disc (Boot by "grub1")."""

    def __init__(self, name, boot, cpus=1, memory=512, cpu="corei7_skylake_x"):
        super().__init__(name)
        self.boot = boot
        self.settings = {"cpus": cpus, "memory": memory, "cpu": cpu}
        self.process = None
        self.handles = ()

    def start(self):
        stem = self.log_path.stem
        master, slave = os.openpty()
        tty.setraw(slave)
        self.handles = (master, slave)
        configuration = paths.scratch(stem + ".bochsrc")
        configuration.write_text(CONFIGURATION.format(
            iso=self.boot.iso(stem), serial=os.ttyname(slave),
            log=self.log_path.with_suffix(".bochs"), **self.settings))
        self.process = subprocess.Popen(
            # It has no terminal whose end would end it.
            ["setpriv", "--pdeathsig", "KILL", "bochs", "-q", "-f", configuration],
            stdin=subprocess.PIPE, stdout=open(self.log_path.with_suffix(".out"), "wb"),
            stderr=subprocess.STDOUT)
        # Debian's build starts in its debugger; the pipe stays open or it would stop there.
        self.process.stdin.write(b"c\n")
        self.process.stdin.flush()
        self.child = pexpect.fdpexpect.fdspawn(master, encoding="utf-8", codec_errors="replace")
        self.child.delaybeforesend = None
        self.child.logfile_read = self.open_log()
        self.progress("started")

    def stop(self):
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.child.logfile_read.close()
        for handle in self.handles:
            os.close(handle)

    def expect(self, patterns, timeout):
        # The line stays open when Bochs ends: look now and then whether it has.
        deadline = time.monotonic() + timeout
        while True:
            ended = self.process.poll() is not None
            left = 0.5 if ended else min(SLICE, deadline - time.monotonic())
            try:
                return self.child.expect(patterns, timeout=max(left, 0))
            except pexpect.TIMEOUT:
                if ended:
                    raise pexpect.EOF("Bochs has ended") from None
                if time.monotonic() >= deadline:
                    raise

    def wait_end(self, timeout=60):
        try:
            self.process.wait(timeout * paths.TIME_SCALE)
        except subprocess.TimeoutExpired:
            self.fail(f"the machine still ran after {timeout * paths.TIME_SCALE:.0f} s")
        self.progress("the machine is off")
        # What the line still holds belongs into the log.
        self.child.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=0.5)
