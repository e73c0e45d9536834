"""`check` and `test`: every step runs, whatever the one before said, and all are summed up at the end."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from workshop import debian, pythons, qgis_programs, translations
from workshop.machine import ROOT, WorkshopError, program, run, say, warn

PYTEST = ["-q", "--durations=5"]


class Report:
    """What each step came to; a step that could not be run is named with its reason."""

    def __init__(self) -> None:
        self._lines: list[tuple[str, str]] = []
        self.exit_code = 0

    def step(self, name: str, command: Sequence[object], env: dict | None = None) -> None:
        """Run one step in the open and keep how it ended."""
        say(name)
        began = time.monotonic()
        code = run(command, env=env)
        seconds = f"{time.monotonic() - began:.0f} s"
        if code:
            self.exit_code = 1
        self._lines.append((name, f"FAILED (exit code {code}), {seconds}" if code else f"passed, {seconds}"))

    def failed(self, name: str, why: str) -> None:
        """A step that should have run and could not."""
        self.exit_code = 1
        self._lines.append((name, f"FAILED: {why}"))

    def left_out(self, name: str, why: str) -> None:
        """A step that this machine cannot run."""
        self._lines.append((name, f"not run: {why}"))

    def close(self) -> int:
        """Print the sum of it all, and give the exit code."""
        say("In sum")
        for name, outcome in self._lines:
            (warn if "FAILED" in outcome or "not run" in outcome else say)(f"  {name}: {outcome}")
        return self.exit_code


def check() -> int:
    """Format, lint, types and the test of the house."""
    report = Report()
    _check_steps(report)
    return report.close()


def test() -> int:
    """All of `check`, then the tests that need no QGIS, then those of the plugin inside QGIS."""
    report = Report()
    python = program(pythons.core(), "python")
    face, why_not = _face()
    debian.install_test_server()
    debian.install_test_programs()
    debian.install_map_server()
    _check_steps(report)
    without = ["--ignore=tests/plugin", "--ignore=tests/test_house.py"]
    report.step("tests without QGIS", [python, "-P", "-m", "pytest", *PYTEST, *without, "tests"])
    _plugin_tests(report, face, why_not)
    return report.close()


def _check_steps(report: Report) -> None:
    environment = pythons.core()
    ruff, python = program(environment, "ruff"), program(environment, "python")
    report.step("format", [ruff, "format", "--check", "."])
    report.step("lint", [ruff, "check", "."])
    rooms = [part for room in ("layers", "rules") if (ROOT / room).is_dir() for part in ("-p", f"onemap.{room}")]
    # mypy must see each module under its one name, so it is shown a folder that holds only `onemap`.
    report.step(
        "types",
        [python, "-P", "-m", "mypy", *rooms],
        env={**os.environ, "MYPYPATH": str(pythons.PACKAGE_ROOM)},
    )
    report.step("house", [python, "-P", "-m", "pytest", "-q", "tests/test_house.py"])


def _face() -> tuple[Path | None, str]:
    """The plugin's environment, or why it could not be made: that must not stop the core's tests."""
    try:
        return qgis_programs.environment(), ""
    except WorkshopError as error:
        warn(f"{error} What needs no QGIS goes on.")
        return None, str(error)


def _plugin_tests(report: Report, face: Path | None, why_not: str) -> None:
    name = "tests of the plugin"
    if why_not:
        report.failed(name, why_not)
    elif face is None:
        report.left_out(name, "no QGIS from 3.40 on this machine; the step that brings it is named above")
    else:
        translations.compile_all()
        # Their own conftest only: the one above them is for the core and its libraries.
        command = [program(face, "pytest"), *PYTEST, "--confcutdir=tests/plugin", "tests/plugin"]
        report.step(name, command, env=qgis_programs.program_environment())
