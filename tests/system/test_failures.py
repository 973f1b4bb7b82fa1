"""What Ringfort says when something is wrong: bad modules, a crashing Domain0; its debug keys."""

import lzma

import pytest

from machine import Boot, Domain0, Module, Qemu, paths
from machine.ringfort import SWITCH, DebugKeys

pytestmark = pytest.mark.skipif(not paths.is_ringfort(), reason="asks for Ringfort's messages")

KERNEL = r"module 0 \(Domain0's kernel\): "


def stock_kernel():
    return paths.domain0("bookworm")[0]


def made_from(name, data):
    path = paths.scratch(name)
    path.write_bytes(data)
    return path


def text_file():
    return [Module(made_from("text", b"This is a text file, no kernel.\n" * 100))]


def short_kernel():
    return [Module(made_from("short", stock_kernel().read_bytes()[:4 << 20]))]


def damaged_kernel():
    data = bytearray(stock_kernel().read_bytes())
    middle = len(data) // 2
    data[middle:middle + 64] = bytes(64)
    return [Module(made_from("damaged", data))]


def kernel_without_notes():
    """The unpacked kernel, with another owner's name in each of its ELF notes."""
    data = stock_kernel().read_bytes()
    start = data.index(b"\xfd7zXZ\x00")
    kernel = lzma.LZMADecompressor().decompress(data[start:])
    return [Module(made_from("noteless", kernel.replace(b"Xen\0", b"Nex\0")))]


def good_modules():
    return Boot.of_domain0().modules


@pytest.mark.parametrize("modules, options, message", [
    pytest.param(list, "", KERNEL + "missing", id="none"),
    pytest.param(text_file, "", KERNEL + "neither an ELF file nor", id="text"),
    pytest.param(short_kernel, "", KERNEL + ".*too early", id="short"),
    pytest.param(damaged_kernel, "", KERNEL + "cannot be unpacked: .*damaged", id="damaged"),
    pytest.param(kernel_without_notes, "", KERNEL + "kernel has no Xen notes", id="noteless"),
    pytest.param(good_modules, "dom0_mem=40M", "Domain0: .*memory are too little", id="memory"),
])
def test_bad_modules(request, modules, options, message):
    name = "bad-" + request.node.callspec.id
    with Qemu(name, Boot(modules(), options=options), memory=512) as qemu:
        qemu.wait("cannot start Domain0: " + message, 60, "the module is refused")
        qemu.wait("the machine stops here", 10)


def test_unknown_option():
    boot = Boot.of_domain0(options="dom0_mem=512M frobnicate=yes")
    with Qemu("unknown-option", boot) as qemu:
        qemu.wait("option frobnicate=yes is not known", 30, "the option is reported")
        qemu.wait("Linux version", 60, "Linux starts all the same")


def test_debug_keys():
    with Qemu("debug-keys", Boot.of_domain0(), cpus=2) as qemu:
        dom0 = Domain0(qemu)
        with DebugKeys(qemu) as keys:
            keys.press("h", "h  this list")
            keys.press("d", r"CPU 1: (idle|d0v\d)")
            keys.press("q", "domain 0: alive.*pages")
            keys.press("m", r"\d+ KiB of memory, \d+ KiB free")
            keys.press("r", "CPU1: SVT")
            keys.press("t", r"clocks: 0 do not agree to within \d+ ns")
            keys.press("e", "domain 0: event channels")
            keys.press("i", r"irq \d+: ")
            keys.press("t", r"CPU 1: \d+ timer interrupts")
        assert dom0.run("echo back in Domain0").strip() == "back in Domain0"
        qemu.send(SWITCH + "R")
        assert qemu.wait_end(20) == "guest-reset"


@pytest.mark.skipif(not paths.is_ringfort(), reason="Ringfort's own panic")
def test_panic():
    """What a bug of Ringfort's own leaves for its finder; debug builds have a key for it."""
    with Qemu("panic-own", Boot.of_domain0(), cpus=2) as qemu:
        Domain0(qemu)
        qemu.send("while :; do :; done &\n")
        qemu.send(SWITCH + "P")
        qemu.wait(["this build panics for reasons only", r"PANIC on CPU \d: page fault at 0xf"], 20)
        if qemu.which == 0:
            return
        qemu.wait(r"rip e008:\w+ \w+\+0x[1-9a-f]", 10, "registers are shown")
        qemu.wait(r"call trace:.*debug_key\+0x.*console_work\+0x.*work_run\+0x", 10)
        qemu.wait(r"CPU 0 hypercalls, newest first: \w+ \w+.*CPU 1 hypercalls", 10)
        qemu.wait("Ringfort has stopped", 10)


def test_domain0_panics():
    with Qemu("panic", Boot.of_domain0()) as qemu:
        Domain0(qemu)
        qemu.send("echo c >/proc/sysrq-trigger\n")
        qemu.wait("sysrq triggered crash|SysRq", 30)
        qemu.wait("Domain0 has shut down, code 3", 60, "the crash is reported")
        assert qemu.wait_end(60) == "guest-reset"


def test_domain0_stays_for_reading():
    """With noreboot the machine stands still after a crash."""
    with Qemu("panic-noreboot", Boot.of_domain0(options="dom0_mem=512M noreboot")) as qemu:
        Domain0(qemu)
        qemu.send("echo c >/proc/sysrq-trigger\n")
        qemu.wait("Domain0 has shut down, code 3", 60, "the crash is reported")
        qemu.wait("halted: restart is disabled", 20)
