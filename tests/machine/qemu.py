"""A machine in QEMU."""

import shutil

import pexpect

from . import paths
from .console import Console
from .qmp import Qmp

OVMF_CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
OVMF_VARS = "/usr/share/OVMF/OVMF_VARS_4M.fd"


class Qemu(Console):
    """One QEMU process; use it in a with statement.

    boot     a Boot
    machine  "pc" or "q35"
    cpus     processors
    memory   machine memory in MiB
    cpu      processor model
    uefi     start OVMF instead of SeaBIOS (with a Boot by "grub")
    threads  "single" (default: quick and repeatable) or "multi" (real overlap of processors)
    extra    more arguments
    """

    def __init__(self, name, boot, machine="pc", cpus=1, memory=1024, cpu="qemu64", uefi=False,
                 threads="single", extra=()):
        super().__init__(name)
        self.boot = boot
        self.arguments = [
            "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-vga", "none",
            "-machine", machine, "-cpu", cpu, "-accel", f"tcg,thread={threads}",
            "-m", str(memory), "-smp", str(cpus),
            "-chardev", "stdio,id=serial,signal=off", "-serial", "chardev:serial",
            "-monitor", "none",
        ]
        self.control = None
        self.uefi = uefi
        self.extra = list(extra)

    def firmware(self):
        if not self.uefi:
            return []
        variables = paths.scratch(self.log_path.stem + ".vars")
        shutil.copy(OVMF_VARS, variables)
        return ["-drive", f"if=pflash,format=raw,readonly=on,file={OVMF_CODE}",
                "-drive", f"if=pflash,format=raw,file={variables}"]

    def start(self):
        control = paths.scratch(self.log_path.stem + ".qmp")
        arguments = self.arguments + self.firmware() + self.extra
        # Relative, because the path of a socket may not be long.
        arguments += ["-qmp", f"unix:{control.name},server=on,wait=off"]
        arguments += self.boot.qemu_arguments(self.log_path.stem)
        self.child = pexpect.spawn("qemu-system-x86_64", arguments, echo=False, encoding="utf-8",
                                   codec_errors="replace", dimensions=(24, 200),
                                   cwd=str(control.parent))
        self.child.delaybeforesend = None
        self.child.logfile_read = self.open_log()
        try:
            self.control = Qmp(control)
        except OSError:
            # QEMU did not like its arguments: what it said is in the log.
            self.child.expect(pexpect.EOF, timeout=5)
            self.fail("QEMU did not start")
        self.progress("started")

    def wait_end(self, timeout=60):
        """As Console.wait_end; returns QEMU's reason: "guest-shutdown" or "guest-reset"."""
        super().wait_end(timeout)
        return self.control.reason()

    def diagnosis(self):
        try:
            return self.control.monitor("info registers -a") or ""
        except (OSError, ValueError, AttributeError):
            return ""

    def stop(self):
        if self.child is None:
            return
        if self.control:
            self.control.close()
        self.child.close(force=True)
        self.child.logfile_read.close()


def disk(kind, path, number=0):
    """Arguments for a raw disk image: kind is "virtio" or "ahci"."""
    drive = ["-drive", f"file={path},format=raw,if=none,id=disk{number},cache=unsafe"]
    if kind == "virtio":
        return drive + ["-device", f"virtio-blk-pci,drive=disk{number}"]
    return drive + ["-device", f"ahci,id=ahci{number}",
                    "-device", f"ide-hd,drive=disk{number},bus=ahci{number}.0"]


def network(model, folder, number=0):
    """A card of this QEMU model behind QEMU's gateway 10.0.2.2, which serves folder by TFTP."""
    return ["-netdev", f"user,id=net{number},tftp={folder}",
            "-device", f"{model},netdev=net{number},romfile="]
