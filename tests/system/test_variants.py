"""Domain0 on machines and with options out of the ordinary."""

import lzma
import shutil
import struct
import subprocess

import pytest

from machine import Bochs, Boot, Domain0, Module, Qemu, paths

long = pytest.mark.long
ringfort = pytest.mark.skipif(not paths.is_ringfort(), reason="an option of Ringfort's")

# Work enough to fork, page and switch between processors, in a few seconds.
EXERCISE = "for i in 1 2 3 4; do (seq 20000 | sort -r | sha256sum) & done | sort -u | wc -l"


def exercise(machine, cpus, timeout=180):
    dom0 = Domain0(machine, timeout)
    assert dom0.cpus == cpus
    assert dom0.run(EXERCISE, timeout).split()[-1] == "1"
    dom0.check_log()
    return dom0


@pytest.mark.parametrize("name, options, settings", [
    # Every frame of Domain0 somewhere else: contiguity is an illusion that is kept.
    pytest.param("scattered", "dom0_mem=512M scatter_dom0", {}, marks=ringfort),
    # Isolation without PCID, which TCG has not.
    pytest.param("isolated", "dom0_mem=512M xpti=1", {"cpus": 2}),
    pytest.param("modern", "dom0_mem=512M", {"cpu": "max", "cpus": 2}),
    pytest.param("modern-intel", "dom0_mem=512M", {"cpu": "Skylake-Client"},
                 marks=long),
    # More is asked for than there is.
    pytest.param("small", "dom0_mem=1G", {"memory": 256}, marks=[long, ringfort]),
    pytest.param("12-GiB", "dom0_mem=10G", {"memory": 12288, "cpus": 2, "machine": "q35"},
                 marks=long),
    pytest.param("overlap-2", "dom0_mem=512M", {"cpus": 2, "threads": "multi"}, marks=long),
    pytest.param("overlap-4", "dom0_mem=512M", {"cpus": 4, "threads": "multi"}, marks=long),
    pytest.param("64-processors", "dom0_mem=1G dom0_max_vcpus=4", {"cpus": 64, "memory": 4096},
                 marks=long),
    pytest.param("scattered-4", "dom0_mem=512M scatter_dom0 xpti=1", {"cpus": 4},
                 marks=[long, ringfort]),
])
def test_machine(name, options, settings):
    # With a thread each, a processor may wait long for one of the host's: no fault of the guest's.
    patient = "rcupdate.rcu_cpu_stall_timeout=120" if "threads" in settings else ""
    boot = Boot.of_domain0(linux=patient, options=options)
    with Qemu(f"variant-{name}", boot, **settings) as qemu:
        cpus = 4 if "dom0_max_vcpus=4" in options else settings.get("cpus", 1)
        exercise(qemu, cpus, 600 if settings.get("cpus", 1) > 4 else 180).power_off()


@pytest.mark.parametrize("options, cpus, vcpus", [
    pytest.param("dom0_max_vcpus=1", 2, 1, marks=long),
    # More vCPUs than processors: they take turns.
    pytest.param("dom0_max_vcpus=2", 1, 2),
    pytest.param("maxcpus=1", 2, 1, marks=long),
    pytest.param("maxcpus=1 dom0_max_vcpus=4", 2, 4, marks=long),
])
def test_processor_options(options, cpus, vcpus):
    name = "vcpus-" + options.replace("=", "-").replace(" ", "-")
    boot = Boot.of_domain0(options="dom0_mem=512M " + options)
    with Qemu(name, boot, cpus=cpus) as qemu:
        exercise(qemu, vcpus).power_off()


def unpacked_kernel():
    data = paths.domain0("bookworm")[0].read_bytes()
    return lzma.LZMADecompressor().decompress(data[data.index(b"\xfd7zXZ\x00"):])


def repacked_kernel(command, magic_size):
    """Debian's bzImage with its payload compressed by another command."""
    old = paths.domain0("bookworm")[0].read_bytes()
    setup = (old[0x1F1] + 1) * 512
    start = setup + struct.unpack_from("<I", old, 0x248)[0]
    kernel = unpacked_kernel()
    payload = subprocess.run(command, input=kernel, check=True, stdout=subprocess.PIPE).stdout
    if magic_size:
        payload += struct.pack("<I", len(kernel))
    new = bytearray(old[:start] + payload)
    struct.pack_into("<I", new, 0x24C, len(payload))
    return bytes(new)


@pytest.mark.parametrize("kind", [
    "elf", pytest.param("gzip", marks=long), pytest.param("lz4", marks=long),
    pytest.param("zstd", marks=long)])
def test_kernel_formats(kind):
    path = paths.scratch(f"kernel-{kind}")
    if kind == "elf":
        path.write_bytes(unpacked_kernel())
    else:
        command = {"gzip": ["gzip", "-1"], "lz4": ["lz4", "-l", "-1"], "zstd": ["zstd", "-1"]}[kind]
        path.write_bytes(repacked_kernel(command, kind != "gzip"))
    boot = Boot.of_domain0()
    boot.modules[0] = Module(path, boot.modules[0].arguments)
    with Qemu(f"kernel-{kind}", boot) as qemu:
        Domain0(qemu).power_off()


@long
@pytest.mark.parametrize("cpu, cpus", [("corei7_skylake_x", 1), ("corei7_skylake_x", 2),
                                       ("ryzen", 1)])
def test_bochs(cpu, cpus):
    """PCID, SMEP, SMAP and AVX-512, which TCG does not have or does not have right."""
    if shutil.which("bochs") is None:
        pytest.skip("bochs is not installed")
    boot = Boot.of_domain0(by="grub1", options="dom0_mem=400M")
    with Bochs(f"bochs-{cpu}-{cpus}", boot, cpus=cpus, cpu=cpu) as bochs:
        dom0 = Domain0(bochs, 900)
        assert dom0.cpus == cpus
        dom0.run("seq 1000 | sort -r | sha256sum", 120)
        dom0.check_log()
        dom0.power_off(180)
