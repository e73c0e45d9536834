"""The Pythons: `.venv` for the core, `.venv-qgis` on QGIS's for the plugin's tests, `.venv-bench` for benchmarks.

`.venv-oldest` is another one for the core, with the oldest version that the requirements allow of each library.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workshop import debian
from workshop.machine import (
    IS_WINDOWS,
    ROOT,
    WorkshopError,
    answer,
    is_ci,
    link_folder,
    program,
    run_or_explain,
    say,
    warn,
)

CORE = ROOT / ".venv"
FACE = ROOT / ".venv-qgis"
PEERS = ROOT / ".venv-bench"
OLDEST = ROOT / ".venv-oldest"
# A folder that holds the repository under its package name: for QGIS's plugin path, and for mypy.
PLUGINS = FACE / "plugins"
PACKAGE_ROOM = CORE / "room"

REQUIREMENTS = ROOT / "resources" / "requirements"
NEEDED = ("core.txt", "cluster.txt", "notebook.txt", "web.txt", "dev.txt")
WITH_BOUNDS = ("core.txt", "cluster.txt", "notebook.txt", "web.txt", "fast.txt")  # not dev.txt: tools are the newest
OLDEST_CORE = (3, 11)
NEWEST_KNOWN = 15
STAMP = "onemap-stamp"


def core() -> Path:
    """The core's virtual environment, which is made or mended first if needed."""
    digest = _digest([_project(), *_requirement_files(*NEEDED, "fast.txt", "qt6.txt")])
    if _stamp(CORE) == digest and program(CORE, "onemap").exists():
        return CORE
    if _stamp(CORE) is None:
        # Half-made or not there: nothing in it can be trusted, so it is made anew.
        python = _core_python()
        say(f"Making .venv, the core's Python, with {python}")
        _make(CORE, python, [])
    with _changing(CORE, digest):
        say("Installing the core's libraries and the workshop's tools into .venv (about 300 MB)")
        files = [word for name in NEEDED for word in ("-r", REQUIREMENTS / name)]
        _pip(CORE, files, "install the core's libraries")
        with contextlib.suppress(WorkshopError):  # without it the core is only slower
            _pip(CORE, ["-r", REQUIREMENTS / "fast.txt"], "install what makes large overlays faster")
        say("Compiling the loops of the overlay, once")
        with ThreadPoolExecutor(1) as beside_pip:
            beside_pip.submit(compile_loops)
            _pip(CORE, ["--no-build-isolation", "--no-deps", "-e", ROOT], "install the command onemap")
            link_folder(PACKAGE_ROOM / "onemap", ROOT)
            with contextlib.suppress(WorkshopError):  # without it the test under Qt 6 is left out
                _pip(CORE, ["--only-binary", ":all:", "-r", REQUIREMENTS / "qt6.txt"], "install Qt 6")
    return CORE


def oldest() -> Path:
    """The core's environment with the oldest version that the requirements allow of each library."""
    digest = _digest([_project(), *(f"resources/requirements/{name}" for name in (*NEEDED, "fast.txt"))])
    if _stamp(OLDEST) == digest:
        return OLDEST
    say("Making .venv-oldest, with the oldest libraries that the requirements allow")
    _make(OLDEST, _core_python(), [])
    with _changing(OLDEST, digest):
        lines = "".join((REQUIREMENTS / name).read_text(encoding="utf-8") for name in WITH_BOUNDS)
        bounds = OLDEST / "bounds.txt"
        bounds.write_text(lines.replace(">=", "=="), encoding="utf-8")
        files = [word for name in (*NEEDED, "fast.txt") for word in ("-r", REQUIREMENTS / name)]
        _pip(OLDEST, files, "install the oldest libraries", bounds)
        _pip(OLDEST, ["--no-build-isolation", "--no-deps", "-e", ROOT], "install the command onemap", bounds)
    return OLDEST


def compile_loops() -> None:
    """Compile the loops of the overlay if they have changed since the last time."""
    answer([program(CORE, "python"), "-I", ROOT / "__main__.py", "--compile"])


def plugin_room() -> Path:
    """The folder of the plugin's environment, with only a place from which QGIS loads the plugin."""
    link_folder(PLUGINS / "onemap", ROOT)
    return FACE


def face(qgis_python: Path) -> Path:
    """The plugin's virtual environment on QGIS's Python, which is made or mended first if needed."""
    digest = _digest([*_requirement_files("qgis.txt"), str(qgis_python)])
    if _stamp(FACE) == digest:
        return FACE
    if _stamp(FACE) is None:
        say(f"Making .venv-qgis, for the plugin's tests, on QGIS's own Python {qgis_python}")
        _make(FACE, qgis_python, ["--system-site-packages"])
    with _changing(FACE, digest):
        say("Installing the plugin's test tools into .venv-qgis")
        # Its own, even where the system has them: one of the system's leaves no program in the environment.
        tools = ["--ignore-installed", "-r", REQUIREMENTS / "qgis.txt"]
        _pip(FACE, tools, "install the plugin's test tools")
        link_folder(PLUGINS / "onemap", ROOT)
        where = answer([program(FACE, "python"), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])
        if where is None:
            raise WorkshopError("cannot start .venv-qgis. Delete that folder and run the same command again.")
        Path(where.strip(), "onemap.pth").write_text(f"{PLUGINS}\n", encoding="utf-8")
    return FACE


def peers() -> Path:
    """The environment of the benchmark's peers; packages that cannot be installed are named and left out."""
    digest = _digest(_requirement_files("bench.txt"))
    if _stamp(PEERS) == digest:
        return PEERS
    if _stamp(PEERS) is None:
        say("Making .venv-bench, the Python of the benchmark's peers")
        _make(PEERS, _core_python(), [])
    lines = (REQUIREMENTS / "bench.txt").read_text(encoding="utf-8").splitlines()
    missing = []
    with _changing(PEERS, digest):
        for line in (line for line in lines if line and not line.startswith("#")):
            say(f"Installing {line} into .venv-bench")
            try:
                _pip(PEERS, [line], f"install {line}")
            except WorkshopError as error:
                warn(f"{error} The benchmark goes on without it.")
                missing.append(line)
    if missing:
        # Without a stamp the next run tries again.
        (PEERS / STAMP).unlink()
    return PEERS


@contextlib.contextmanager
def _changing(environment: Path, digest: str) -> Iterator[None]:
    """Remove an environment's stamp while it is changed, so that it is made anew if the process is killed meanwhile.

    A reported error leaves the environment as it was, so it gets its former stamp again.
    """
    former = _stamp(environment)
    (environment / STAMP).unlink(missing_ok=True)
    try:
        yield
    except WorkshopError:
        if former is not None:
            _set_stamp(environment, former)
        raise
    _set_stamp(environment, digest)


def _make(environment: Path, python: Path, options: Sequence[str]) -> None:
    if environment.is_symlink() or environment.is_file():
        environment.unlink()
    elif environment.exists():
        shutil.rmtree(environment)
    run_or_explain(
        [python, "-m", "venv", *options, environment],
        f"make {environment.name}",
        "Install the venv module of that Python (on Debian and Ubuntu: sudo apt install python3-venv).",
    )


def _pip(environment: Path, what: Sequence[object], purpose: str, bounds: Path | None = None) -> None:
    """Run pip without compiling: only a third of what is installed is loaded, and Python compiles that itself.

    bounds: a file of constraints; by default the lock if `CI` is set, else none.
    """
    bounds = bounds or (_lock() if is_ci() else None)
    constraints = ["-c", bounds] if bounds else []
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    run_or_explain(
        [
            program(environment, "python"),
            "-m",
            "pip",
            "install",
            "--no-compile",
            *quiet,
            "--prefer-binary",
            *constraints,
            *what,
        ],
        purpose,
        "Read pip's words above, mend what they name, then run the same command again.",
        # Two tries tell a dead network in seconds; pip's own five take a minute.
        env={"PIP_RETRIES": "2", **os.environ},
    )


def _core_python() -> Path:
    python = _usable_python()
    if python is None and debian.install(["python3", "python3-venv"], "a Python that can make environments"):
        python = _usable_python()
    if python is None:
        raise WorkshopError(
            "no Python from 3.11 with the module venv was found. Install one (Debian and Ubuntu: sudo apt install "
            "python3-venv; elsewhere: python.org), then run the same command again."
        )
    return python


def _usable_python() -> Path | None:
    """The first Python that is new enough and can make environments."""
    for python in _pythons():
        output = answer(
            [
                python,
                "-c",
                "import ensurepip, venv, sqlite3, sys; print(*sys.version_info[:2]); print(sys.executable)",
            ]
        )
        if output is None:
            continue
        version, path = output.strip().splitlines()
        if tuple(int(number) for number in version.split()) >= OLDEST_CORE:
            return Path(path)
    return None


def _pythons() -> Iterator[object]:
    """Possible Pythons on this machine, first the distribution's, on which the plugin makes a user's core, too.

    A Python that its user has compiled, as pyenv does, is often slower: 1.7 times was measured.
    """
    if sys.platform == "linux":
        yield "/usr/bin/python3"
    yield sys.executable
    for minor in range(NEWEST_KNOWN, OLDEST_CORE[1] - 1, -1):
        python = shutil.which(f"python3.{minor}")
        if python:
            yield python
    yield "python3"
    if IS_WINDOWS:
        python = answer(["py", "-3", "-c", "import sys; print(sys.executable)"])
        if python:
            yield python.strip()


def _lock() -> Path:
    return REQUIREMENTS / "lock.txt"


def _requirement_files(*names: str) -> list:
    files = [f"resources/requirements/{name}" for name in names]
    if is_ci():
        files.append("resources/requirements/lock.txt")
    return files


def _project() -> str:
    """The package's part of pyproject.toml, without the settings of tools that follow it."""
    return (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.ruff]")[0]


def _digest(parts: Sequence[str]) -> str:
    """The hash of what an environment was made from: named files, or words, and the path of the checkout."""
    digest = hashlib.sha256(str(ROOT).encode())
    for part in parts:
        is_ours = part.startswith("resources/")
        digest.update((ROOT / part).read_bytes() if is_ours else part.encode())
    return digest.hexdigest()


def _stamp(environment: Path) -> str | None:
    """The digest with which an environment was finished; None if it was not, or if its Python is gone or another."""
    stamp, python = environment / STAMP, program(environment, "python")
    # exists() follows the link: false when the Python behind it was removed.
    if not stamp.is_file() or not python.exists():
        return None
    # When the system moved on to the next Python, the link goes there, and the libraries are the old one's.
    behind = python.resolve().name
    if re.fullmatch(r"python3\.\d+", behind) and not (environment / "lib" / behind).is_dir():
        return None
    return stamp.read_text(encoding="ascii").strip()


def _set_stamp(environment: Path, digest: str) -> None:
    (environment / STAMP).write_text(f"{digest}\n", encoding="ascii")
