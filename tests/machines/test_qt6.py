"""The plugin with Qt 6, on which QGIS 4 is built: only the wheel PyQt6 is needed, no QGIS 4."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("qt6_stand_ins.py")
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("PyQt6") is None, reason="PyQt6 is not installed: there is no wheel for this machine"
)


@pytest.fixture(scope="module")
def answer():
    done = subprocess.run(
        [sys.executable, str(PROGRAM)],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        timeout=120,
    )
    if "libGL" in done.stderr or "libEGL" in done.stderr:
        pytest.skip(f"PyQt6 lacks a library of the system: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_module_of_the_plugin_is_imported_under_qt_6(answer):
    assert answer["failed"] == {}
    assert answer["modules"] > 150


def test_every_name_of_qt_that_the_plugin_writes_is_there_in_qt_6(answer):
    assert answer["gone"] == []


def test_every_widget_of_the_plugin_is_built_and_painted_under_qt_6(answer):
    assert answer["unpainted"] == {}  # those that were not, each with the reason
    assert {"OneMapDock", "OptionsPage", "ReviewTab", "AddDialog", "WorkRow"} <= set(answer["widgets"])
