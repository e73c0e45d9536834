"""The core on Python 3.11 to 3.14: its wheels for every system, and a trial on those installed here.

Wheels: uv asks the package index for every system that a bundle is for, and fetches nothing. It fails if a system and
Python that had all wheels no longer has them, or the reverse: then bundle and docs must say so. Systems without a
bundle are refused in words (`--wheels` does this alone).

Trial: an environment for each Python is made outside the checkout from the lists of requirements, and runs the
self-test and a few tests. A Python is searched as `python3.N` on PATH, in pyenv, and by uv, which fetches one if the
network allows it (`--fetch`). A missing Python is reported, and is no failure.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "resources"))

from workshop.bundle import PYTHONS, REFUSED, SYSTEMS, WITHOUT, resolve, uv  # noqa: E402
from workshop.machine import WorkshopError, answer, program  # noqa: E402

CHOICE = (
    "tests/rules/judge/kinds",
    "tests/layers/geometry",
    "tests/layers/library/test_library_format.py",
    "tests/layers/stores/test_bulk_rows.py",
    "tests/layers/sources/test_vector_files.py",
)
TOLD = ("numpy", "pandas", "pyarrow", "geopandas", "shapely", "pyogrio", "rasterio", "numba")
REQUIREMENTS = ROOT / "resources" / "requirements"
TOOLS = ("pytest>=8", "pytest-xdist>=3.6", "hypothesis>=6.100", "setuptools>=77", "psutil", "jsonschema>=4.20")


@dataclass(frozen=True)
class Outcome:
    """The result for one Python: its version, the versions of libraries, and the results of self-test and tests."""

    version: str
    libraries: dict
    self_test: str
    tests: str
    megabytes: int

    @property
    def is_sound(self) -> bool:
        """Whether all that was run passed."""
        return self.self_test.startswith("passed") and self.tests.startswith("passed")


def candidates(wanted: str, may_fetch: bool) -> Iterator[str]:
    """Programs that may be a Python of a minor version, the likeliest first."""
    on_path = shutil.which(f"python{wanted}")
    if on_path:
        yield on_path
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from map(str, sorted(pyenv.glob(f"versions/{wanted}.*/bin/python"), reverse=True))
    yield sys.executable
    if may_fetch:
        answer([uv(), "python", "install", wanted])
    output = answer([uv(), "python", "find", "--no-python-downloads", wanted])
    if output:
        yield output.strip()


def python_of(wanted: str, may_fetch: bool) -> str | None:
    """A Python of a minor version that starts, with sqlite3; None if there is none."""
    code = "import sqlite3, ssl, sys; print('%d.%d' % sys.version_info[:2])"
    for path in candidates(wanted, may_fetch):
        if (answer([path, "-I", "-c", code]) or "").strip() == wanted:
            return path
    return None


def outcome_of(python: str, folder: Path, choice: list) -> Outcome:
    """Make an environment, and run self-test and tests in it. Raises CalledProcessError if it cannot be made."""
    _run([uv(), "venv", "--quiet", "--python", python, folder])
    inside = program(folder, "python")
    install = [uv(), "pip", "install", "--quiet", "--python", inside, "--only-binary", ":all:"]
    _run([*install, "-r", REQUIREMENTS / "core.txt"])
    fast = subprocess.run([*map(str, install), "-r", str(REQUIREMENTS / "fast.txt")], capture_output=True)
    size = sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_symlink()) // 1_000_000
    report = folder / "self-test.json"
    core = [inside, "-I", "-X", "utf8", ROOT / "__main__.py"]
    done = subprocess.run([*map(str, core), "self-test", "--report", str(report)], capture_output=True)
    _run([*install, *TOOLS])
    place = (answer([inside, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]) or "").strip()
    rooms = folder / "room"
    rooms.mkdir()
    (rooms / "onemap").symlink_to(ROOT, target_is_directory=True)
    (Path(place) / "onemap.pth").write_text(f"{rooms}\n", encoding="utf-8")
    options = ["-q", "--import-mode=importlib", "-p", "no:cacheprovider", "-m", "not slow"]
    tests = subprocess.run(
        [str(inside), "-P", "-m", "pytest", *options, *choice],
        cwd=ROOT,
        env={**os.environ, "CI": ""},
        capture_output=True,
        encoding="utf-8",
    )
    last = (tests.stdout.strip().splitlines() or [tests.stderr.strip()])[-1]
    if tests.returncode:
        sys.stderr.write("\n".join([line for line in tests.stdout.splitlines() if line.startswith("FAILED")] + [""]))
    versions = json.loads(answer([inside, "-c", _VERSIONS.format(names=(*TOLD,))]) or "{}")
    return Outcome(
        versions.pop("python", "?"),
        versions if not fast.returncode else {**versions, "numba": "none"},
        _self_test_told(done.returncode, report),
        f"{'passed' if not tests.returncode else 'FAILED'}: {last}",
        size,
    )


_VERSIONS = """
import json, platform
from importlib.metadata import PackageNotFoundError, version
found = {{"python": platform.python_version()}}
for name in {names}:
    try:
        found[name] = version(name)
    except PackageNotFoundError:
        found[name] = "none"
print(json.dumps(found))
"""


def _self_test_told(code: int, report: Path) -> str:
    if not report.exists():
        return f"FAILED: exit code {code}, no report"
    checks = json.loads(report.read_text(encoding="utf-8"))["checks"]
    bad = [one["name"] for one in checks if not one["ok"]]
    return f"passed: {len(checks)} checks" if not (code or bad) else f"FAILED: {', '.join(bad)}"


def _run(command: list) -> None:
    subprocess.run([str(word) for word in command], check=True)


def wheels() -> int:
    """Print for which systems and Pythons all wheels exist; return 1 if the workshop says otherwise."""
    code = 0
    for system in SYSTEMS:
        for python in PYTHONS:
            lacking = WITHOUT.get((system, python), "")
            try:
                wanted = resolve(system, python)
            except WorkshopError as error:
                is_known = bool(lacking) and lacking in str(error)
                code = code or int(not is_known)
                sys.stdout.write(f"{system} {python}: {'no, as known' if is_known else 'NO'}: {error}\n")
                continue
            code = code or int(bool(lacking))
            fast = "with numba" if any(line.startswith("numba==") for line in wanted) else "without numba"
            news = f"; NEW: {lacking} was missing" if lacking else ""
            sys.stdout.write(f"{system} {python}: {len(wanted)} wheels, {fast}{news}\n")
            sys.stdout.flush()
    for system, why in REFUSED.items():
        build = [sys.executable, ROOT / "build.py", "bundle", "--platform", system, "--python", "3.12"]
        is_refused = answer(build) is None
        code = code or int(not is_refused)
        sys.stdout.write(f"{system}: {'refused' if is_refused else 'NOT REFUSED'}: {why}\n")
    return code


def main(words: list) -> int:
    """Ask for the wheels, then try the Pythons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", action="append", choices=PYTHONS, help="only this one; may be repeated")
    parser.add_argument("--fetch", action="store_true", help="let uv fetch a Python that is not here")
    parser.add_argument("--tests", nargs="+", default=list(CHOICE), help="the tests to run")
    parser.add_argument("--wheels", action="store_true", help="only ask which wheels there are")
    wishes = parser.parse_args(words)
    code = 0 if wishes.python else wheels()
    return code if wishes.wheels else max(code, trial(wishes))


def trial(wishes: argparse.Namespace) -> int:
    """Try each installed Python, and print the table; return 1 if one has a fault."""
    code = 0
    _tell("Python", "self-test", "tests", "size", "libraries")
    _tell(*["---"] * 5)
    with tempfile.TemporaryDirectory(prefix="onemap-pythons-") as folder:
        for wanted in wishes.python or PYTHONS:
            python = python_of(wanted, wishes.fetch)
            if python is None:
                _tell(wanted, "not on this machine", "", "", "")
                continue
            try:
                outcome = outcome_of(python, Path(folder) / wanted, wishes.tests)
            except subprocess.CalledProcessError as error:
                _tell(wanted, f"the environment could not be made: exit code {error.returncode}", "", "", "")
                code = 1
                continue
            code = code or int(not outcome.is_sound)
            libraries = ", ".join(f"{name} {number}" for name, number in outcome.libraries.items())
            _tell(outcome.version, outcome.self_test, outcome.tests, f"{outcome.megabytes} MB", libraries)
            shutil.rmtree(Path(folder) / wanted, ignore_errors=True)
    return code


def _tell(*cells: str) -> None:
    sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
