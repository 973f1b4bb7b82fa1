"""Debian's kernel as Domain0 reaches a shell, its log is clean, and it switches off."""

import pytest

from machine import Boot, Domain0, Qemu

long = pytest.mark.long


@pytest.mark.parametrize("machine, cpus, release", [
    ("pc", 1, "bookworm"),
    ("q35", 4, "trixie"),
    *[pytest.param(machine, cpus, release, marks=long)
      for machine in ("pc", "q35") for cpus in (1, 2, 4) for release in ("bookworm", "trixie")
      if (machine, cpus, release) not in [("pc", 1, "bookworm"), ("q35", 4, "trixie")]],
])
def test_shell(machine, cpus, release):
    boot = Boot.of_domain0(release)
    with Qemu(f"shell-{machine}-{cpus}-{release}", boot, machine=machine, cpus=cpus) as qemu:
        dom0 = Domain0(qemu)
        assert dom0.cpus == cpus
        assert dom0.run("cat /sys/hypervisor/type").strip() == "xen"
        assert "control_d" in dom0.run("cat /proc/xen/capabilities")
        dom0.run("for i in $(seq 50); do /bin/true; done")
        dom0.check_log()
        dom0.power_off()
