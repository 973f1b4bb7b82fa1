"""The machine that the benchmarks run on: one emulated processor whose time is its instructions."""

import pathlib
import re
import subprocess
import threading

ROOT = pathlib.Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "bench"
DOMAIN0 = ROOT / "build" / "dom0" / "bookworm"
XEN = "xen-hypervisor-4.17-amd64"
TITLES = {"xen": "Xen 4.17", "ringfort": "Ringfort"}

QEMU = ["qemu-system-x86_64", "-nodefaults", "-no-reboot", "-display", "none", "-vga", "none",
        "-machine", "pc", "-cpu", "qemu64", "-accel", "tcg,thread=single", "-smp", "1",
        "-icount", "shift=0,sleep=off", "-rtc", "base=2026-01-01,clock=vm", "-seed", "1",
        "-serial", "stdio", "-monitor", "none"]


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, **options)


def compiled(output, *sources):
    """A program for the measured systems, linked statically."""
    run("gcc", "-O2", "-Wall", "-Wextra", f"-I{ROOT}", "-static", "-s", "-o", output, *sources)


def packed(folder):
    """A RAM disk with a folder's files."""
    names = "\n".join(str(path.relative_to(folder)) for path in sorted(folder.rglob("*")))
    return run("cpio", "--quiet", "--create", "--format=newc", "--owner=+0:+0", cwd=folder,
               input=names.encode() + b"\n", stdout=subprocess.PIPE).stdout


def unpack(initrd, folder, *without):
    """A RAM disk's files, but for those that match a pattern of `without`."""
    with open(initrd, "rb") as archive:
        run("cpio", "--quiet", "--extract", "--make-directories", "--nonmatching", *without,
            cwd=folder, stdin=archive)


def xen():
    """Debian's Xen, unpacked from its package and not installed."""
    package = run(ROOT / "tools/apt-release", "bookworm", "fetch", XEN, text=True,
                  stdout=subprocess.PIPE).stdout.strip()
    tree = run("dpkg-deb", "--fsys-tarfile", package, stdout=subprocess.PIPE).stdout
    packed = run("tar", "-xO", "--wildcards", "./boot/xen-*.gz", input=tree,
                 stdout=subprocess.PIPE).stdout
    image = run("gzip", "-dc", input=packed, stdout=subprocess.PIPE).stdout
    (OUT / "xen").write_bytes(image)
    return OUT / "xen"


def native(linux, initrd, memory):
    return [*QEMU, "-m", memory, "-kernel", DOMAIN0 / "vmlinuz", "-initrd", initrd,
            "-append", f"console=ttyS0 {linux}"]


def slower(command, shift):
    """The same machine with 2^shift ns for each instruction instead of 1."""
    return [str(word).replace("shift=0", f"shift={shift}") for word in command]


def hypervisor(image, options, linux, initrd, memory):
    return [*QEMU, "-m", memory, "-kernel", image,
            "-append", f"console=com1 com1=115200,8n1 {options}",
            "-initrd", f"{DOMAIN0 / 'vmlinuz'} console=hvc0 {linux.replace(',', ',,')},{initrd}"]


def lines(command, log, limit):
    """What a machine prints, line by line, until it ends, the caller leaves, or `limit` seconds are
    over; all of it goes to the file `log` too."""
    with open(log, "w", encoding="utf-8") as out:
        with subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace") as qemu:
            timer = threading.Timer(limit, qemu.kill)
            timer.start()
            try:
                for line in qemu.stdout:
                    out.write(line)
                    out.flush()
                    yield line.rstrip()
            finally:
                timer.cancel()
                qemu.kill()


def write_table(page, name, rows):
    """Replaces what is between <!-- NAME --> and <!-- end of NAME --> in a page."""
    text = page.read_text(encoding="utf-8")
    pattern = f"(<!-- {re.escape(name)} -->\n).*?(<!-- end of {re.escape(name)} -->)"
    body = "\n".join(rows) + "\n"
    page.write_text(re.sub(pattern, lambda m: m[1] + body + m[2], text, flags=re.S),
                    encoding="utf-8")
