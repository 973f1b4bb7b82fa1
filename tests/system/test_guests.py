"""Boots each test and attack guest, and the demonstration, as Domain0: in QEMU and in Bochs.

A guest prints "TEST PASS" or "TEST FAIL: reason" on the emergency console and switches off.
guests/test-NAME.json says what is not the default; all of its keys are optional:
    cpus       list of processor counts, one QEMU run each; Bochs has the least of them ([1])
    arguments  the guest's command line ("")
    beside     arguments of an unprivileged domain with the same image, or a list for several (none)
    options    more options for Ringfort ("")
    memory     machine memory in MiB (256)
    cpu        QEMU's processor model ("qemu64")
    threads    "multi" where processors are to overlap ("single")
    counted    QEMU's time is instructions, one in a nanosecond, on the one processor; Domain0's
               command line then ends with the word "counted" (false)
    timeout    seconds (60)
    expect     what is to appear instead of "TEST PASS", a regular expression
    bochs      run it in Bochs in make test too, not in make test-long only (false)
    widths     of which widths there are guests: test-NAME.elf, test-NAME-32.elf ([64])
    tools      not for here: a domain made by the tools (false)
    long       leave it to make test-long (false)
"""

import json
import os

import pytest

from machine import Bochs, Boot, Module, Qemu, paths

FAILURES = [r"TEST FAIL[^\n]*", r"PANIC on CPU[^\n]*", r"cannot start Domain0: [^\n]*"]
BOCHS_SLOWER = 6
WIDTHS = (64, 32)
COUNTED = ["-icount", "shift=0,sleep=off"]
SCATTERED = ("memory-", "mmu", "pt-", "attack-pt-", "update-va", "start-of-day", "grants")


def guests():
    """Name, image and settings of each guest, at each width that it has and Ringfort runs."""
    folder = paths.ROOT / "guests"
    for source in [*sorted(folder.glob("test-*.c")), *sorted(folder.glob("attack-*.c")),
                   folder / "demo.c"]:
        sidecar = source.with_suffix(".json")
        settings = json.loads(sidecar.read_text()) if sidecar.exists() else {}
        if settings.get("tools"):
            continue
        for width in settings.get("widths", [64]):
            if width in WIDTHS:
                name = source.stem + ("" if width == 64 else f"-{width}")
                yield name.removeprefix("test-"), paths.BUILD / "guests" / f"{name}.elf", settings


def runs(wanted):
    """pytest parameters: (image, settings, processors)."""
    for name, image, settings in guests():
        marks = [pytest.mark.long] if settings.get("long") else []
        if wanted == "bochs":
            marks = [] if settings.get("bochs") else [pytest.mark.long]
            yield pytest.param(image, settings, min(settings.get("cpus", [1])), id=name, marks=marks)
            continue
        for cpus in settings.get("cpus", [1]):
            yield pytest.param(image, settings, cpus, id=f"{name}-{cpus}", marks=marks)


def debug_build():
    """Where there is one, QEMU runs it: its assertions, and the recount of all frames at the end."""
    debug = paths.BUILD / "debug" / "ringfort"
    return paths.hypervisor() if "RINGFORT_HYPERVISOR" in os.environ or not debug.exists() else debug


def beside(settings):
    """Arguments of each domain that is started beside Domain0."""
    arguments = settings.get("beside", [])
    return [arguments] if isinstance(arguments, str) else arguments


def boot_of(image, settings, by, hypervisor):
    modules = [Module(image, settings.get("arguments", ""))]
    for arguments in beside(settings):
        modules.append(Module(image, "domU " + arguments))
    return Boot(modules,
                options=settings.get("options", ""), by=by, hypervisor=hypervisor)


def check(machine, settings, timeout):
    expected = settings.get("expect", "TEST PASS")
    # A guest that is to crash Domain0 or to be refused must not be failed by just that.
    failures = [p for p in FAILURES if "expect" not in settings or "FAIL" in p or "PANIC" in p]
    if "expect" not in settings:
        # What a domain that the guest has made comes to is the guest's to judge.
        domains = "|".join(str(number) for number in range(len(beside(settings)) + 1))
        failures.append(rf"domain (?:{domains}) crashed: [^\n]*")
    machine.wait([expected, *failures], timeout)
    if machine.which:
        machine.fail(machine.child.match[0])
    if "expect" not in settings:
        machine.wait_end(timeout)


@pytest.mark.parametrize("image, settings, cpus", runs("qemu"))
def test_guest(image, settings, cpus):
    extra = []
    if settings.get("counted"):
        settings = {**settings, "arguments": f"{settings.get('arguments', '')} counted".strip()}
        extra = COUNTED
    boot = boot_of(image, settings, "multiboot", debug_build())
    with Qemu(f"guest-{image.stem}-{cpus}", boot, cpus=cpus, memory=settings.get("memory", 256),
              cpu=settings.get("cpu", "qemu64"), extra=extra,
              threads=settings.get("threads", "single")) as qemu:
        check(qemu, settings, settings.get("timeout", 60))


@pytest.mark.parametrize("image, settings", [p.values[:2] for p in runs("qemu") if p.values[2] == 1
                                             and p.id.startswith(SCATTERED) and not p.marks],
                         ids=lambda value: value.stem if hasattr(value, "stem") else "")
def test_guest_on_scattered_frames(image, settings):
    """Contiguity is an illusion that Ringfort keeps: what touches memory passes without it too."""
    scattered = {**settings, "options": settings.get("options", "") + " scatter_dom0"}
    boot = boot_of(image, scattered, "multiboot", debug_build())
    with Qemu(f"scattered-{image.stem}", boot, memory=settings.get("memory", 256),
              cpu=settings.get("cpu", "qemu64")) as qemu:
        check(qemu, settings, settings.get("timeout", 60))


@pytest.mark.parametrize("image, settings, cpus", runs("bochs"))
def test_guest_bochs(image, settings, cpus):
    boot = boot_of(image, settings, "grub1", paths.hypervisor())
    with Bochs(f"bochs-{image.stem}", boot, cpus=cpus,
               memory=settings.get("memory", 256)) as bochs:
        check(bochs, settings, settings.get("timeout", 60) * BOCHS_SLOWER)
