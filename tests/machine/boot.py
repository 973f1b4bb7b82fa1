"""What a machine boots, and by which of the protocols that Ringfort speaks."""

import dataclasses
import pathlib
import shutil
import struct
import subprocess

from . import paths

DEFAULT_OPTIONS = "console=com1 com1=115200,8n1"
MULTIBOOT1_MAGIC = struct.pack("<I", 0x1BADB002)
MULTIBOOT1_SEARCH = 8192


@dataclasses.dataclass
class Module:
    path: pathlib.Path
    arguments: str = ""


@dataclasses.dataclass
class Boot:
    """One boot: by is "multiboot", "pvh", "grub" (Multiboot 2) or "grub1" (Multiboot 1)."""

    modules: list
    options: str = ""
    by: str = "multiboot"
    hypervisor: pathlib.Path = dataclasses.field(default_factory=paths.hypervisor)

    def command_line(self):
        return f"{DEFAULT_OPTIONS} {self.options}".strip()

    @classmethod
    def of_domain0(cls, release="bookworm", linux="", options="dom0_mem=512M", sets=(), **more):
        kernel, initrd = paths.domain0(release, *sets)
        return cls([Module(kernel, f"console=hvc0 {linux}".strip()), Module(initrd)],
                   options=options, **more)

    def qemu_arguments(self, name):
        """Arguments that make QEMU boot this; name distinguishes files made on the way."""
        if self.by in ("grub", "grub1"):
            return ["-boot", "d", "-cdrom", str(self.iso(name))]
        image = self.pvh_image(name) if self.by == "pvh" else self.hypervisor
        arguments = ["-kernel", str(image), "-append", self.command_line()]
        if self.modules:
            # QEMU's PVH loader knows one module and gives it no arguments.
            assert self.by != "pvh" or len(self.modules) == 1
            arguments += ["-initrd", ",".join(self.module_text(m) for m in self.modules)]
        return arguments

    def module_text(self, module):
        if self.by == "pvh":
            return str(module.path)
        return f"{module.path} {module.arguments}".strip().replace(",", ",,")

    def pvh_image(self, name):
        """QEMU prefers Multiboot to PVH, so the image it gets here has no Multiboot 1 magic."""
        data = bytearray(self.hypervisor.read_bytes())
        at = data.find(MULTIBOOT1_MAGIC, 0, MULTIBOOT1_SEARCH)
        while at >= 0:
            data[at:at + 4] = bytes(4)
            at = data.find(MULTIBOOT1_MAGIC, at, MULTIBOOT1_SEARCH)
        image = paths.scratch(name + ".pvh")
        image.write_bytes(data)
        return image

    def iso(self, name):
        """A disc that boots by GRUB, from BIOS as well as from UEFI."""
        folder = paths.scratch(name + ".iso.d")
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "boot" / "grub").mkdir(parents=True)
        shutil.copy(self.hypervisor, folder / "hypervisor")
        load, module = ("multiboot", "module") if self.by == "grub1" else ("multiboot2", "module2")
        # Debian's update-grub writes the word "placeholder" in front of the options too.
        lines = ["set timeout=0", "insmod all_video",
                 f"{load} /hypervisor placeholder {self.command_line()}"]
        for i, item in enumerate(self.modules):
            shutil.copy(item.path, folder / f"module{i}")
            lines.append(f"{module} --nounzip /module{i} placeholder {item.arguments}".strip())
        lines.append("boot")
        # An entry of its own rather than a menu: nothing to wait for.
        (folder / "boot" / "grub" / "grub.cfg").write_text("\n".join(lines) + "\n")
        iso = paths.scratch(name + ".iso")
        subprocess.run(["grub-mkrescue", "-o", iso, folder], check=True, timeout=120,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(folder)
        return iso
