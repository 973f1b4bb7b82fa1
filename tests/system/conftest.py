"""Options, progress lines and the closing count of the system tests."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

COUNTS = {"passed": 0, "failed": 0, "skipped": 0}


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="run the long tests too")
    parser.addoption("--part", default="0/1", help="I/N: every Nth test, from the Ith on")
    parser.addoption("--counts", help="file that gets the numbers of passed and failed tests")


def pytest_configure(config):
    config.addinivalue_line("markers", "long: belongs to make test-long only")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    wanted = items[:]
    if not config.getoption("--long") and not config.getoption("markexpr"):
        wanted = [item for item in wanted if not item.get_closest_marker("long")]
    part, parts = map(int, config.getoption("--part").split("/"))
    # After -k and -m have chosen, so that the parts are of like size.
    items[:] = wanted[part::parts]


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


def pytest_sessionfinish(session):
    path = session.config.getoption("--counts")
    if path:
        pathlib.Path(path).write_text(f"{COUNTS['passed']} {COUNTS['failed']}\n")
    elif not session.config.option.collectonly:
        print(f"{COUNTS['passed']} passed, {COUNTS['failed']} failed", flush=True)
