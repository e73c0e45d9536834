"""Tests that take long bear the mark `slow`, so that the others stay a matter of minutes.

A test that works longer than three seconds bears it; where CI is set, one without it that takes half as long again
fails. What counts is the time of the processor, of the test and of the programs that it waits for: a busy machine does
not change it much.
"""

import os
import re

import pytest

LIMIT_S = 3.0
_ALL_SLOW = re.compile(rb"^pytestmark = pytest\.mark\.slow\b", re.MULTILINE)
_SLACK = 1.5  # one machine is not as fast as another, nor the same one at all hours


def pytest_ignore_collect(collection_path, config):
    """Leave a file unread that has none of the tests that are asked for: to collect all takes every process long."""
    asked = config.option.markexpr
    if asked not in ("slow", "not slow") or collection_path.suffix != ".py":
        return None
    text = collection_path.read_bytes()
    has_none = b"mark.slow" not in text if asked == "slow" else _ALL_SLOW.search(text)
    return True if collection_path.name.startswith("test_") and has_none else None


def _processor_s():
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Keep what a test took, and refuse one that should bear the mark."""
    began = _processor_s()
    result = yield
    taken = _processor_s() - began
    item.user_properties.append(("processor_s", round(taken, 2)))
    if taken > _SLACK * LIMIT_S and os.environ.get("CI") and item.get_closest_marker("slow") is None:
        pytest.fail(f"it took {taken:.1f} s of the processor: mark it slow, or make it faster", pytrace=False)
    return result
