"""Options, progress lines and the closing count of the system tests."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

COUNTS = {"passed": 0, "failed": 0, "skipped": 0}


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="run the long tests too")


def pytest_configure(config):
    config.addinivalue_line("markers", "long: belongs to make test-long only")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--long") or config.getoption("markexpr"):
        return
    quick = [item for item in items if not item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=[item for item in items if item not in quick])
    items[:] = quick


def short_name(nodeid):
    return nodeid.rsplit("/", 1)[-1].replace(".py::", ": ")


@pytest.hookimpl(trylast=True)
def pytest_runtest_logstart(nodeid):
    print(f"TEST {short_name(nodeid)}", flush=True)


def pytest_runtest_logreport(report):
    # A failing set-up or clean-up counts as a failing test; a passing one is not news.
    if report.when != "call" and report.passed:
        return
    if report.when == "teardown" and report.skipped:
        return
    COUNTS[report.outcome] += 1
    print(f"{report.outcome.upper()} {short_name(report.nodeid)} ({report.duration:.1f} s)",
          flush=True)
    if report.failed:
        print(report.longreprtext, flush=True)


def pytest_report_teststatus():
    # The lines above replace pytest's own dots and its section of failures at the end.
    return "", "", ""


def pytest_unconfigure(config):
    if config.option.collectonly:
        return
    if COUNTS["skipped"]:
        print(f"{COUNTS['skipped']} skipped")
    print(f"{COUNTS['passed']} passed, {COUNTS['failed']} failed", flush=True)
