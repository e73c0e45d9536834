"""`check` and `test`: every step runs, whatever the result of the one before, and a summary follows at the end."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from workshop import debian, pythons, qgis_programs, translations
from workshop.machine import IS_WINDOWS, ROOT, WorkshopError, is_ci, program, run, say, show, warn

PYTEST = ["-q", "--durations=40", "--durations-min=1"]
OF_PLUGIN = "tests/plugin"
OF_THE_NEWEST = "tests/rules/verbs/commands/test_licence_table.py"  # it holds a page against what is installed
ROOMS = ("layers", "rules", "plugin")  # of the product
TIERS = {"--slow": "slow", "--nightly": "nightly"}
MEMORY, LEAST_MEMORY_BYTES = Path("/dev/shm"), 4 << 30  # pytest makes folders of its own there


@dataclass
class Running:
    """A step in the background; its output goes to a file, and is shown when the step has ended."""

    name: str
    child: subprocess.Popen
    output: IO
    began: float


class Report:
    """The result of each step; a step that could not run is named with the reason."""

    def __init__(self) -> None:
        self._lines: list[tuple[str, str]] = []
        self.exit_code = 0

    def step(self, name: str, command: Sequence[object], env: dict | None = None) -> None:
        """Run one step with its output shown, and record how it ended."""
        say(name)
        began = time.monotonic()
        self._end(name, run(command, env=env), began)

    def begin(self, name: str, command: Sequence[object], env: dict | None = None) -> Running:
        """Begin a step that runs in the background; `finish` waits for it."""
        output = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed by `finish`
        words = [str(part) for part in command]
        child = subprocess.Popen(
            words, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        return Running(name, child, output, time.monotonic())

    def finish(self, step: Running) -> None:
        """Wait for a step in the background, show its output, and record how it ended."""
        code = step.child.wait()
        say(step.name)
        step.output.seek(0)
        show(step.output.read())
        step.output.close()
        self._end(step.name, code, step.began)

    def note_failure(self, name: str, why: str) -> None:
        """Record a step that should have run but could not."""
        self.exit_code = 1
        self._lines.append((name, f"FAILED: {why}"))

    def left_out(self, name: str, why: str) -> None:
        """Record a step that this machine cannot run."""
        self._lines.append((name, f"not run: {why}"))

    def close(self) -> int:
        """Print the summary, and return the exit code."""
        say("In sum")
        for name, outcome in self._lines:
            (warn if "FAILED" in outcome or "not run" in outcome else say)(f"  {name}: {outcome}")
        return self.exit_code

    def _end(self, name: str, code: int, began: float) -> None:
        seconds = f"{time.monotonic() - began:.0f} s"
        if code:
            self.exit_code = 1
            self._lines.append((name, f"FAILED (exit code {code}), {seconds}"))
        else:
            self._lines.append((name, f"passed, {seconds}"))


def check() -> int:
    """Run format, lint, types and the test of the house."""
    report = Report()
    _format_and_lint(report)
    report.step(*_types())
    report.step("house", [*_pytest(pythons.core()), "tests/test_house.py", "tests/test_docs.py"])
    return report.close()


def test(words: Sequence[str]) -> int:
    """Run the tests; those of the plugin inside QGIS.

    words: without any, all of `check` and every test that is not slow; `--slow`: the slow tests; `--nightly`: those
    that take all of many cases; `--oldest`: the core's tests that are not slow, with the oldest libraries allowed; else
    paths and options of pytest.
    """
    if words == ["--oldest"]:
        return _with_oldest_libraries()
    if words and (len(words) > 1 or words[0] not in TIERS):
        return _named_tests(words)
    report, mark = Report(), TIERS[words[0]] if words else "not slow"
    _write_into_memory()
    _keep_bytecode()
    with ThreadPoolExecutor(1) as beside_pip:  # on a bare machine packages of the system take as long as pip's
        qgis = beside_pip.submit(_face_and_packages)
        pythons.core()
    plugin = _plugin_tests(report, *qgis.result(), ["-m", mark, OF_PLUGIN])
    background_steps = [report.begin(*plugin)] if plugin else []
    _give_way()
    if not words:
        _format_and_lint(report)
        background_steps.append(report.begin(*_types()))
    report.step("tests without QGIS", _tests_of_core(pythons.core(), mark))
    for step in background_steps:
        report.finish(step)
    return report.close()


def _with_oldest_libraries() -> int:
    """Run the core's tests that are not slow with the oldest libraries that the requirements allow."""
    report = Report()
    _write_into_memory()
    _keep_bytecode()
    debian.install_for_tests()
    report.step("tests with the oldest libraries", _tests_of_core(pythons.oldest(), "not slow", OF_THE_NEWEST))
    return report.close()


def _write_into_memory() -> None:
    """Put the files of tests into memory if there is room, so that small libraries do not wait for the disk."""
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= LEAST_MEMORY_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def _give_way() -> None:
    """Lower the priority of what begins after the plugin's tests, which have one process and wait a lot."""
    if hasattr(os, "nice"):
        os.nice(5)


def _keep_bytecode() -> None:
    """Store compiled Python whatever the environment says; else each process of all tests takes eight seconds more."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def _named_tests(words: Sequence[str]) -> int:
    """Run the tests at some paths, each in the Python that it needs; both get the options of pytest after the paths."""
    count = next((place for place, word in enumerate(words) if word.startswith("-")), len(words))
    paths, options = words[:count], words[count:]
    missing = [path for path in paths if not (ROOT / path.partition("::")[0]).exists()]
    if missing or not paths:
        what_lacks = f"there is no {missing[0]}" if missing else "no path is named"
        raise WorkshopError(
            f"{what_lacks}. Name a file or folder below tests/, as in: python3 build.py test tests/rules."
        )
    report = Report()
    in_qgis = [path for path in paths if Path(path).as_posix().startswith(OF_PLUGIN)]
    others = [path for path in paths if path not in in_qgis]
    debian.install_for_tests()
    if others:
        command = [*_pytest(pythons.core()), f"--ignore={OF_PLUGIN}", *options, *others]
        report.step("tests without QGIS", command)
    if in_qgis:
        plugin = _plugin_tests(report, *_face(), [*options, *in_qgis])
        if plugin:
            report.step(*plugin)
    return report.close()


def _format_and_lint(report: Report) -> None:
    ruff = program(pythons.core(), "ruff")
    report.step("format", [ruff, "format", "--check", "."])
    report.step("lint", [ruff, "check", "."])


def _types() -> tuple[str, list, dict]:
    rooms = [part for room in ROOMS if (ROOT / room).is_dir() for part in ("-p", f"onemap.{room}")]
    python = program(pythons.core(), "python")
    # mypy must see each module under its one name, so it is shown a folder that holds only `onemap`.
    cache = ["--cache-dir", os.devnull] if is_ci() else []  # to write one takes a fifth of the time
    return "types", [python, "-P", "-m", "mypy", *cache, *rooms], {**os.environ, "MYPYPATH": str(pythons.PACKAGE_ROOM)}


def _pytest(environment: Path) -> list:
    return [program(environment, "python"), "-P", "-m", "pytest", *PYTEST]


def _tests_of_core(environment: Path, mark: str, *apart: str) -> list:
    """The command for all core tests with a mark in an environment. apart: paths to leave out."""
    exclusions = [f"--ignore={path}" for path in (OF_PLUGIN, *apart)]
    return [*_pytest(environment), "-n", str(_workers(mark)), "--dist", "worksteal", "-m", mark, *exclusions, "tests"]


def _workers(mark: str) -> int:
    """How many tests run at once: one per core that this process may use, and one more unless they are slow.

    Some tests wait for a server or a browser: with two at once, two cores idled for an eighth of the time. Slow tests
    start programs of their own, and one more at once only makes all of them take longer.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + 1 if mark == "not slow" else cores


def _face() -> tuple[Path | None, str]:
    """The plugin's environment, or the reason why it could not be made, which must not stop the core's tests."""
    try:
        return qgis_programs.environment(), ""
    except WorkshopError as error:
        warn(f"{error} What needs no QGIS goes on.")
        return None, str(error)


def _face_and_packages() -> tuple[Path | None, str]:
    """The result of `_face`; also install the system's packages that tests use."""
    face = _face()
    debian.install_for_tests()
    return face


def _plugin_tests(report: Report, face: Path | None, why_not: str, words: Sequence[str]) -> tuple | None:
    """The step that runs tests of the plugin; if it cannot run, None, and the report says why."""
    name = "tests of the plugin"
    if why_not:
        report.note_failure(name, why_not)
        return None
    if face is None:
        report.left_out(name, "no QGIS from 3.40 on this machine; the step that brings it is named above")
        return None
    if IS_WINDOWS:
        report.left_out(name, "they need a Unix; on Windows docs/first-run.md is the way to test the plugin")
        return None
    translations.compile_all()
    # Their own conftest only: the one above them is for the core and its libraries.
    command = [program(face, "pytest"), *PYTEST, f"--confcutdir={OF_PLUGIN}", *words]
    return name, command, qgis_programs.program_environment()
