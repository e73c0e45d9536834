"""The mark `slow` for tests that take long, so that all others take only minutes."""

import os
import re

import pytest

LIMIT_S = 2.0
_ALL_SLOW = re.compile(rb"^pytestmark = pytest\.mark\.slow\b", re.MULTILINE)
_PROCESSOR = "processor_s"
_TIERS = ("slow", "not slow")


def pytest_ignore_collect(collection_path, config):
    """Skip files without any of the wanted tests, because collecting all files takes every process long."""
    asked = config.option.markexpr
    if asked not in (*_TIERS, "nightly") or collection_path.suffix != ".py":
        return None
    text = collection_path.read_bytes()
    has_none = _ALL_SLOW.search(text) if asked == "not slow" else f"mark.{asked}".encode() not in text
    return True if collection_path.name.startswith("test_") and has_none else None


def pytest_collection_modifyitems(config, items):
    """Leave the nightly tests out of the quick and the slow ones, and begin with the longest."""
    if config.option.markexpr in _TIERS:
        nightly = [item for item in items if item.get_closest_marker("nightly")]
        if nightly:
            config.hook.pytest_deselected(items=nightly)
            items[:] = [item for item in items if not item.get_closest_marker("nightly")]
    items.sort(key=lambda item: not any(mark.kwargs.get("first") for mark in item.iter_markers("slow")))


def _processor_s():
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Keep what a test took of the processor, for the list at the end and for a report in JUnit's form."""
    began = _processor_s()
    result = yield
    item.user_properties.append((_PROCESSOR, round(_processor_s() - began, 2)))
    return result


def pytest_terminal_summary(terminalreporter):
    """Name the tests without the mark that took longer than the limit, the longest first."""
    taken = {}
    for report in terminalreporter.getreports("passed"):
        seconds = dict(report.user_properties).get(_PROCESSOR, 0.0)
        if report.when == "call" and "slow" not in report.keywords and seconds > LIMIT_S:
            taken[report.nodeid] = seconds
    if taken:
        terminalreporter.section(f"without the mark `slow`, and more than {LIMIT_S:g} s of the processor")
        for name, seconds in sorted(taken.items(), key=lambda item: -item[1]):
            terminalreporter.line(f"{seconds:6.1f} s  {name}")
