"""The random guest's runs (tools/fuzz-guest): a failing one is cut down to what it needs, no machine
started."""

import importlib.machinery
import importlib.util

import pytest

from machine import paths


@pytest.fixture
def tool():
    loader = importlib.machinery.SourceFileLoader("fuzz_guest", str(paths.ROOT / "tools/fuzz-guest"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("fuzz_guest", loader))
    loader.exec_module(module)
    return module


def fails_with(tool, needed, vcpus):
    """Runs fail where all of these steps are made, and by all of these vCPUs (a mask)."""
    runs = []

    class Run:
        def __init__(self, seed, width, calls, who=63, steps=None, **_):
            made = {n for a, b in steps for n in range(a, b + 1)}
            self.passed = not (needed <= made and who & vcpus == vcpus)
            self.started = self.ended = True
            assert who and made <= set(range(calls))
            runs.append((who, steps))

    tool.Run = Run
    return runs


def test_steps_left_out(tool):
    assert tool.without([[0, 9]], 3, 5) == [[0, 2], [6, 9]]
    assert tool.without([[0, 9]], 0, 4) == [[5, 9]]
    assert tool.without([[0, 2], [6, 9]], 2, 6) == [[0, 1], [7, 9]]
    assert tool.without([[0, 2], [6, 9]], 0, 9) == []
    assert tool.without([[5, 5]], 6, 7) == [[5, 5]]


@pytest.mark.parametrize("needed, vcpus", [({3661}, 2), ({0, 7, 3999}, 33), ({1023, 1024}, 63),
                                           ({12, 13, 14, 15, 2000}, 1)])
def test_a_failure_is_reduced_to_its_steps(tool, needed, vcpus):
    runs = fails_with(tool, needed, vcpus)
    who, steps = tool.reduce(1, 64, 4000, 60)
    assert who == vcpus
    assert {n for a, b in steps for n in range(a, b + 1)} == needed
    assert len(runs) < 200


def test_a_reduction_begins_with_the_run_that_failed(tool, monkeypatch):
    """The guest's command line takes time by its length and form."""
    commands = []
    monkeypatch.setattr(tool, "machine", lambda command, limit: commands.append(command) or (b"", True))
    tool.Run(8, 64, 4000)
    tool.Run(8, 64, 4000, steps=[[0, 3999]])
    tool.Run(8, 64, 4000, who=7, steps=[[0, 9]])
    assert commands[0] == commands[1]
    assert [len(word) for word in commands[0]] == [len(word) for word in commands[2]]


def test_what_does_not_repeat_is_not_reduced(tool):
    runs = fails_with(tool, {4000}, 1)
    assert tool.reduce(1, 64, 4000, 60) is None
    assert len(runs) == 1
