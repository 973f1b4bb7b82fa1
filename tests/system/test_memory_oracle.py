"""Memory oracle on a live Domain0: debug builds recount every frame while processes come and go."""

import pytest

from machine import Boot, Domain0, Qemu, paths
from machine.ringfort import DebugKeys, check_memory

DEBUG_BUILD = paths.BUILD / "debug" / "ringfort"

pytestmark = [
    pytest.mark.skipif(not paths.is_ringfort(), reason="asks for Ringfort's debug keys"),
    pytest.mark.skipif(not DEBUG_BUILD.exists(), reason="needs make DEBUG=1"),
]

# Address spaces made, copied on write, and torn down without end.
CHURN = "while :; do (sh -c 'ls -l /proc/self/ >/dev/null; : | cat | cat') ; done >/dev/null 2>&1 &"


@pytest.mark.parametrize("cpus", [1, 2])
def test_oracle_agrees(cpus):
    boot = Boot.of_domain0(hypervisor=DEBUG_BUILD)
    with Qemu(f"oracle-{cpus}", boot, cpus=cpus) as qemu:
        dom0 = Domain0(qemu)
        check_memory(qemu)
        for _ in range(cpus):
            dom0.run(CHURN)
        for _ in range(5):
            dom0.run("sleep 1")
            with DebugKeys(qemu) as keys:
                frames = int(keys.press("O", r"memory oracle: (\d+) frames agree", 120)[1])
            # The machine has a gibibyte; a count of nothing would agree with anything.
            assert frames > 100_000
        dom0.run("kill $(jobs -p); wait", check=False)
        dom0.check_log()
        dom0.power_off()
