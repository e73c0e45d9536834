"""The Python that runs the core: an existing one, or one made in the QGIS profile. Standard library only, no QGIS."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from onemap.plugin.connection.core_folders import newest_core, next_core, own_part, python_in, remove_left_parts
from onemap.plugin.connection.core_self_test import run_self_test
from onemap.plugin.connection.core_trim import trim
from onemap.plugin.connection.dll_search import write_start_up
from onemap.plugin.connection.package_lock import (
    AlteredPackageError,
    HashRefusals,
    check_wheel,
    count_packages,
    lock_beside,
)
from onemap.plugin.connection.programs import ProgramError, Progress, ask_program, run_program
from onemap.plugin.connection.uv_program import find_uv

OLDEST = (3, 11)
NEWEST = (3, 14)  # the lists with hashes are for these
PYTHON_FOR_UV = "3.12"
INTERPRETER_FOLDER = "python"  # of a folder of wheels, and of the profile
MARK_NAME = "core.json"
REPORT_NAME = "self-test.json"
RENAME_WAITS_S = (0.1, 0.3, 1.0, 2.0)
# Of QGIS on macOS: in QGIS 3 the first; in 3.44's last the second; in QGIS 4 the third, which brings the bundle's own
# library with it.
PYTHONS_OF_APP = ("MacOS/bin/python3", "MacOS/bin/python", "MacOS/python")
# Programs that a desktop starts on macOS do not get the PATH of the user's shell.
EXTRA_FOLDERS = (
    "/opt/homebrew/bin",
    "/usr/local/bin",
    "/usr/bin",
    "/Library/Frameworks/Python.framework/Versions/Current/bin",
)


class CoreSetupError(Exception):
    """The core's Python cannot be made.

    kind: python_missing, python_other, pip_missing, packages, altered, start or unfit.
    detail: the last output of the failed program; for unfit the failed checks with the next steps; for python_other the
    version that the folder of wheels is for; for altered the files or packages whose hash differs.
    """

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(kind, detail)
        self.kind, self.detail = kind, detail


@dataclass(frozen=True)
class CorePython:
    """An interpreter that has the core's packages.

    origin: settings, profile or checkout.
    """

    path: Path
    origin: str
    is_current: bool = True  # False: made for an older plugin, whose packages were others


@dataclass(frozen=True)
class SetupPlan:
    """The plan of a new Python for the core.

    core_folder: the first core's folder; later ones have a number after that name.
    requirements: the list of packages; the lists with versions and hashes are in the same folder.
    language: the language in which the core reports what does not work here.
    """

    core_folder: Path
    main: Path  # the core's __main__.py, started once to see that all is well
    requirements: Path
    settings_python: str = ""  # an interpreter that the settings name; empty for none
    wheels: str = ""  # a folder of wheels, for places without internet; empty for none
    language: str = "en"

    def lock(self, name: str) -> Path:
        """The list of versions and hashes for core, fast (which only makes the core faster), pip or uv."""
        return lock_beside(self.requirements, name)


def find_core(settings_python: str, core_folder: Path, checkout: Path, requirements: Path) -> CorePython | None:
    """The interpreter that starts the core: from the settings, the profile, or the checkout; None if there is none."""
    if settings_python and has_packages([settings_python], requirements):
        return CorePython(Path(settings_python), "settings")
    folder = newest_core(core_folder)
    if folder is not None:
        is_current = _mark_of(folder).get("requirements") == _hash_of(lock_beside(requirements, "core"))
        return CorePython(python_in(folder), "profile", is_current)
    checkout_python = python_in(checkout / ".venv")
    return CorePython(checkout_python, "checkout") if checkout_python.exists() else None


def has_packages(command: list[str], requirements: Path) -> bool:
    """Whether an interpreter is new enough and has every package of the list, in a version that is new enough."""
    code = (
        "import re, sys; from importlib.metadata import version; "
        "numbers = lambda text: [int(part) for part in re.findall('[0-9]+', re.match('[0-9.]*', text)[0])]; "
        f"assert sys.version_info >= {OLDEST}; "
        f"assert all(numbers(version(name)) >= numbers(oldest) for name, oldest in {list(_packages_in(requirements))})"
    )
    try:
        ask_program([*command, "-I", "-c", code])
    except ProgramError:
        return False
    return True


def python_commands(settings_python: str = "") -> Iterator[list[str]]:
    """Commands that may start a Python that fits the packages, the best first."""
    if settings_python:
        yield [settings_python]
    base = Path(sys.base_prefix)
    yield [str(base / "python.exe" if os.name == "nt" else base / "bin" / "python3")]
    contents = next((folder for folder in base.parents if folder.name == "Contents"), None)
    if contents is not None:  # an application of macOS
        yield from ([str(contents / place)] for place in PYTHONS_OF_APP)
    if shutil.which("py"):
        yield ["py", "-3"]
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *EXTRA_FOLDERS])
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        program = shutil.which(f"python3.{minor}", path=path)
        if program:
            yield [program]
    for name in ("python3", "python"):
        program = shutil.which(name, path=path)
        if program:
            yield [program]


def version_of(command: list[str]) -> tuple[int, ...] | None:
    """The version of an interpreter; None if it does not start."""
    try:
        answer = ask_program([*command, "-I", "-c", "import sys; print(*sys.version_info[:2])"])
    except ProgramError:
        return None
    return tuple(int(part) for part in answer.split())


def make_core(plan: SetupPlan, progress: Progress) -> Path:
    """Make the core's Python and install its packages; return its interpreter.

    It is made next to the former core, which another QGIS may be using, and gets its name when it is complete. Raises
    CoreSetupError.
    """
    remove_left_parts(plan.core_folder)
    part = own_part(plan.core_folder)
    uv_folder = part.with_name(f"{part.name}.uv")
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        progress(0.02, "")
        _make_fit_core(part, uv_folder, plan, progress)
        mark = {"requirements": _hash_of(plan.lock("core")), "python": version_of([str(python_in(part))])}
        (part / MARK_NAME).write_text(json.dumps(mark), encoding="utf-8")
        folder = next_core(plan.core_folder)
        _rename_patiently(part, folder)
    except AlteredPackageError as error:
        raise CoreSetupError("altered", str(error)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(uv_folder, ignore_errors=True)
    progress(1.0, "")
    return python_in(folder)


def _make_fit_core(part: Path, uv_folder: Path, plan: SetupPlan, progress: Progress) -> None:
    """Make a core that passes its test: with a Python of this computer, else, if none is named, with one from uv.

    QGIS's own Python may make an environment that does not start, or that lacks a system library. If the folder of
    wheels contains a Python, that one is tried first: it is complete, and the wheels are made for it. Raises
    CoreSetupError, and AlteredPackageError, after which nothing else is tried.
    """
    if not plan.settings_python and has_interpreter(plan.wheels):
        uv = find_uv(plan.wheels, iter(()), uv_folder, plan.lock("uv"))
        with contextlib.suppress(CoreSetupError):  # a folder for another system: then with what is here
            if uv is not None:
                _make_with_uv(uv, part, plan, progress)
                return
        shutil.rmtree(part, ignore_errors=True)
    commands = list(python_commands(plan.settings_python))
    try:
        base = _base_python(commands, plan)
        _make_environment(base, part, progress)
        _install_with_pip(python_in(part), base, plan, progress)
        trim(part)
        _start_once(python_in(part), plan, progress)
    except CoreSetupError as error:
        if plan.settings_python or error.kind == "packages":
            raise
        pips = ([*command, "-I", "-m", "pip"] for command in commands)
        uv = find_uv(plan.wheels, pips, uv_folder, plan.lock("uv"))
        if uv is None:
            raise
        shutil.rmtree(part, ignore_errors=True)
        try:
            _make_with_uv(uv, part, plan, progress)
        except CoreSetupError as second:
            raise error if second.kind == "python_missing" else second from error


def _base_python(commands: list[list[str]], plan: SetupPlan) -> list[str]:
    """The first Python that fits the packages, of the version of the wheels if these are for only one version."""
    versions_and_commands = [(version_of(command) or (0,), command) for command in commands]
    new_enough = [(version, command) for version, command in versions_and_commands if OLDEST <= version[:2] <= NEWEST]
    wheel_version = version_of_wheels(plan.wheels)
    fitting_commands = [
        command for version, command in new_enough if plan.settings_python or wheel_version in (None, version[:2])
    ]
    if fitting_commands:
        return fitting_commands[0]
    if wheel_version and new_enough:
        raise CoreSetupError("python_other", "{}.{}".format(*wheel_version))
    raise CoreSetupError("python_missing")


def version_of_wheels(wheels: str) -> tuple[int, ...] | None:
    """The one Python version for which a folder's compiled wheels are made; None if it is not exactly one."""
    names = [path.name for path in Path(wheels).glob("*.whl")] if wheels else []
    minors = {match.group(1) for name in names if (match := re.search(r"-cp3(\d+)-cp3\1-", name))}
    return (3, int(minors.pop())) if len(minors) == 1 else None


def has_interpreter(wheels: str) -> bool:
    """Whether a folder of wheels contains a Python: an archive in its folder python, as uv stores them."""
    return bool(wheels) and any((Path(wheels) / INTERPRETER_FOLDER).glob("*.tar.*"))


def _make_with_uv(uv: str, part: Path, plan: SetupPlan, progress: Progress) -> None:
    """Make a core with a Python that uv has, unpacks or downloads, and whose hash uv knows.

    Raises CoreSetupError: python_missing if there is no such Python, else as for any core.
    """
    # In the profile, as all else: whoever deletes that has deleted it whole.
    variables = {"UV_PYTHON_INSTALL_DIR": str(plan.core_folder.with_name(INTERPRETER_FOLDER))}
    of_wheels = version_of_wheels(plan.wheels)
    command = [uv, "venv", "--python", "{}.{}".format(*of_wheels) if of_wheels else PYTHON_FOR_UV, str(part)]
    if has_interpreter(plan.wheels):
        variables["UV_PYTHON_CACHE_DIR"] = str(Path(plan.wheels) / INTERPRETER_FOLDER)
        command.insert(2, "--managed-python")
    try:
        run_program(command, lambda line: progress(0.1, line), variables)
    except ProgramError as error:
        raise CoreSetupError("python_missing", str(error)) from error
    _install([uv, "pip", "install", "--python", str(python_in(part)), "--only-binary", ":all:"], plan, progress)
    trim(part)
    _start_once(python_in(part), plan, progress)


def _rename_patiently(source: Path, target: Path) -> None:
    """Rename a folder, with retries, because a virus scanner may hold a new file for a moment."""
    for wait_s in RENAME_WAITS_S:
        try:
            source.rename(target)
            return
        except PermissionError:
            time.sleep(wait_s)
    source.rename(target)


def is_debian_like() -> bool:
    """Whether the system is Debian or Ubuntu, where the module venv is in a package of its own."""
    return shutil.which("apt-get") is not None and sys.platform.startswith("linux")


def _make_environment(base: list[str], part: Path, progress: Progress) -> None:
    try:
        run_program([*base, "-I", "-m", "venv", "--without-pip", str(part)], lambda line: progress(0.05, line))
    except ProgramError as error:
        raise CoreSetupError("pip_missing", str(error)) from error
    if os.name == "nt":
        write_start_up(part)


def pip_commands(python: Path, base: list[str], plan: SetupPlan) -> Iterator[list[str]]:
    """Commands that run pip for an environment without it, the best first: from a wheel, else another Python's pip.

    A wheel from a folder of wheels is checked; one from a Python on this computer is trusted like that Python. Raises
    AlteredPackageError.
    """
    for folder in [Path(plan.wheels)] * bool(plan.wheels) + _wheel_folders(base):
        for wheel in sorted(folder.glob("pip-*.whl"), reverse=True):
            if folder == Path(plan.wheels):
                check_wheel(wheel, plan.lock("pip"))
            yield [str(python), "-I", str(wheel / "pip")]
    yield [*base, "-I", "-m", "pip", "--python", str(python)]


def _install_with_pip(python: Path, base: list[str], plan: SetupPlan, progress: Progress) -> None:
    for command in pip_commands(python, base, plan):
        try:
            ask_program([*command, "--version"])
        except ProgramError:
            continue
        install = [*command, "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
        break
    else:
        raise CoreSetupError("pip_missing")
    _install([*install, "--only-binary", ":all:"], plan, progress)


def _install(command: list[str], plan: SetupPlan, progress: Progress) -> None:
    """Install the packages that the lists pin; a file with another hash is refused.

    Raises CoreSetupError, AlteredPackageError.
    """
    source = ["--no-index", "--find-links", plan.wheels] if plan.wheels else []
    expected = count_packages(plan.lock("core"))
    collected = 0
    refusals = HashRefusals()

    def follow(line: str) -> None:
        nonlocal collected
        refusals.follow(line)
        collected += line.startswith("Collecting")
        if line.startswith("Installing"):
            progress(0.85, line)
        else:
            progress(0.1 + 0.7 * min(1.0, collected / expected), line)

    def follow_fast(line: str) -> None:
        refusals.follow(line)
        progress(0.88, line)

    command = [*command, *source, "--require-hashes"]
    try:
        run_program([*command, "-r", str(plan.lock("core"))], follow)
    except ProgramError as error:
        refusals.raise_found()
        raise CoreSetupError("packages", str(error)) from error
    if plan.lock("fast").exists():
        try:
            run_program([*command, "--no-deps", "-r", str(plan.lock("fast"))], follow_fast)
        except ProgramError:
            # Without these the core is only slower, and the newest Python may have to wait for them.
            refusals.raise_found()


def _start_once(python: Path, plan: SetupPlan, progress: Progress) -> None:
    command = [str(python), "-I", "-X", "utf8", str(plan.main)]
    try:
        run_program([*command, "--help"], lambda line: progress(0.92, ""))
    except ProgramError as error:
        raise CoreSetupError("start", str(error)) from error
    if plan.lock("fast").exists():
        # What is compiled once is kept; else the first large work would wait for it.
        with contextlib.suppress(ProgramError):
            run_program([*command, "--compile"], lambda line: progress(0.95, ""))
    report = plan.core_folder.with_name(f"{plan.core_folder.name}-{REPORT_NAME}")  # it outlives a core that is not kept
    report.unlink(missing_ok=True)
    self_test = run_self_test(
        python, plan.main, plan.language, report, lambda part, line: progress(0.96 + 0.03 * part, line)
    )
    if not self_test.is_fit:
        raise CoreSetupError("unfit", self_test.steps)


def _wheel_folders(base: list[str]) -> list[Path]:
    """The folders where a Python has the wheel of pip that ensurepip would use."""
    code = (
        "import ensurepip, sysconfig; print(ensurepip.__path__[0]); "
        "print(sysconfig.get_config_var('WHEEL_PKG_DIR') or '')"
    )
    try:
        lines = ask_program([*base, "-I", "-c", code]).splitlines()
    except ProgramError:
        lines = []
    folders = [Path(line) for line in lines if line]
    # Debian keeps ensurepip, and the folder that it would name, in a package of their own.
    return [folder / "_bundled" for folder in folders[:1]] + folders[1:] + [Path("/usr/share/python-wheels")]


def _packages_in(requirements: Path) -> Iterator[tuple[str, str]]:
    """The packages that every platform needs, with their oldest versions; those with a marker are left out."""
    for line in requirements.read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text and ";" not in text:
            name, _, oldest = text.partition(">=")
            yield name.strip(), oldest.strip()


def _hash_of(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def _mark_of(core_folder: Path) -> dict:
    mark = core_folder / MARK_NAME
    return json.loads(mark.read_text(encoding="utf-8")) if mark.exists() else {}
