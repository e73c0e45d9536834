"""A folder for bureaus without internet: every wheel of the core for one system and Python, pip, uv, Python, a text.

uv reads the lists of what the plugin installs, because it evaluates conditions for the requested system, and pip for
its own; pip then fetches exactly these packages and checks the hashes. uv also fetches the Python, as an archive whose
hash it knows, and unpacks it where it is used; if the network does not allow that, the folder is made without a Python,
and a warning says so.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workshop import pythons
from workshop.machine import ROOT, WorkshopError, program, run_or_explain, say, warn

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
INTERPRETER_FOLDER = "python"
MACOS = "14.0"  # the oldest that all wheels are for
_LINUX = ("2_28", "2_27", "2_24", "2_17", "2_12", "2_5")
_USAGE = "python3 build.py bundle --platform NAME --python 3.12; platforms: {names}"


@dataclass(frozen=True)
class System:
    """A system that a bundle is for: uv's names for it and its Python, the tags of its wheels, and its plain name."""

    uv: str
    interpreter: str
    tags: tuple[str, ...]
    title: str


def _linux(machine: str) -> System:
    tags = (*(f"manylinux_{one}_{machine}" for one in _LINUX), f"manylinux2014_{machine}")
    interpreter = f"linux-{machine}-gnu"
    return System(f"{machine}-manylinux_2_28", interpreter, tags, f"Linux with glibc 2.28 or later, {machine}")


SYSTEMS = {
    "win_amd64": System("x86_64-pc-windows-msvc", "windows-x86_64-none", ("win_amd64",), "Windows 10 or later, x64"),
    "macos_arm64": System(
        "aarch64-apple-darwin",
        "macos-aarch64-none",
        ("macosx_14_0_arm64", "macosx_14_0_universal2"),
        "macOS 14, Apple",
    ),
    "macos_x86_64": System(
        "x86_64-apple-darwin",
        "macos-x86_64-none",
        ("macosx_14_0_x86_64", "macosx_14_0_universal2"),
        "macOS 14, Intel",
    ),
    "linux_x86_64": _linux("x86_64"),
    "linux_aarch64": _linux("aarch64"),
}
REFUSED = {
    "win_arm64": "there are no wheels of GDAL's libraries for Windows on ARM; QGIS and Python for x64 run there, so "
    "make the bundle for win_amd64",
    "win32": "32-bit Windows has no wheels of the core's libraries, and QGIS 3.40 does not run on it",
    **{
        f"macos_{version}": "the wheels of GDAL's libraries are for macOS 14 and later; on an older one, run the core "
        "on another machine, or take Python with geopandas, rasterio and pyogrio from conda-forge and name it in the "
        "plugin's settings"
        for version in ("11", "12", "13")
    },
}
# Where a package has no wheel, as the last check of all of them found.
WITHOUT = {("macos_x86_64", "3.14"): "rasterio"}

_TEXT = """\
One Map {version}: the core's libraries for {title}, Python {python}.
1. {step_en}
2. In QGIS: Plugins, Manage and Install Plugins, Install from ZIP: onemap-{version}.zip.
3. In the plugin's settings name this folder as "Folder of wheels".
4. In the One Map panel press "Set up the core"; no internet is needed. Then: ⋮, "Check this computer".

一张图 {version}：核心程序的程序库，适用于 {title}，Python {python}。
1. {step_zh}
2. 在 QGIS 中：插件，管理并安装插件，从 ZIP 安装：onemap-{version}.zip。
3. 在插件设置中，把本文件夹填作“离线安装包文件夹”。
4. 在“一张图”面板点击“安装核心程序”，不需要网络；完成后在 ⋮ 菜单中点击“检查本机”。
"""
_WITH_PYTHON = ("Install QGIS. Python {python} lies in this folder.", "安装 QGIS；本文件夹自带 Python {python}。")
_WITHOUT_PYTHON = (
    "Install QGIS, and a Python {python} if QGIS brings another one (the minor version must be {python}).",
    "安装 QGIS；若 QGIS 自带的不是 Python {python}，再安装 Python {python}（次版本号必须一致）。",
)


def bundle(words: Sequence[str]) -> int:
    """Make dist/onemap-bundle-…; `bench pythons --wheels` says for which systems and Pythons that is possible."""
    system, python = _wishes(list(words))
    wheels = resolve(system, python)
    from workshop.package import version

    target = ROOT / "dist" / f"onemap-bundle-{version()}-{system}-py{python}"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    say(f"Fetching {len(wheels)} wheels for {SYSTEMS[system].title}, Python {python}")
    requirements = target / "requirements.txt"
    requirements.write_text("\n".join([*wheels, ""]), encoding="utf-8")
    tags = [word for tag in SYSTEMS[system].tags for word in ("--platform", tag)]
    number = python.replace(".", "")
    abis = [word for abi in (f"cp{number}", "abi3", "none") for word in ("--abi", abi)]
    command = [program(pythons.core(), "python"), "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary", ":all:", "--implementation", "cp", "--python-version", python]
    run_or_explain(
        [*command, "--require-hashes", *tags, *abis, "-d", target, "-r", requirements],
        "fetch the wheels",
        "Read pip's words above, and run the same command again.",
    )
    steps = _WITH_PYTHON if fetch_interpreter(target, system, python) else _WITHOUT_PYTHON
    step_en, step_zh = (step.format(python=python) for step in steps)
    facts = {"version": version(), "title": SYSTEMS[system].title, "python": python}
    text = _TEXT.format(**facts, step_en=step_en, step_zh=step_zh)
    (target / "README.txt").write_text(text, encoding="utf-8-sig")
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file()) / 1e6
    say(f"Made {target.relative_to(ROOT)}, {size:.0f} MB")
    return 0


def fetch_interpreter(target: Path, system: str, python: str) -> bool:
    """Put the packed Python into the folder `python` of a bundle; if that fails, say why and return False.

    uv checks its hash here, and again when it unpacks it for the core.
    """
    interpreter_folder = target / INTERPRETER_FOLDER
    version = f"cpython-{python}-{SYSTEMS[system].interpreter}"
    say(f"Fetching Python: {version}")
    with tempfile.TemporaryDirectory(prefix="onemap-python-") as folder:
        command = [uv(), "python", "install", "--no-bin", "--no-registry", "--install-dir", folder, version]
        env = {**os.environ, "UV_PYTHON_CACHE_DIR": str(interpreter_folder)}
        try:
            run_or_explain(command, "fetch Python", "Read uv's words above.", env=env)
        except WorkshopError as error:
            shutil.rmtree(interpreter_folder, ignore_errors=True)
            warn(
                f"{error} The bundle is made without a Python: QGIS's own, or one from python.org, must be {python}. "
                "Where uv may reach its Pythons, or UV_PYTHON_INSTALL_MIRROR names a copy of them, make it again there."
            )
            return False
    return True


def resolve(system: str, python: str) -> list:
    """The packages in a bundle for a system and a Python: a line for each, with version and hashes, as pinned.

    Packages that make the core faster are left out if they are not available. Raises WorkshopError if another has no
    wheel.
    """
    folder = ROOT / "resources" / "requirements"
    lists = [folder / f"{name}.lock.txt" for name in ("core", "pip", "uv", "fast")]
    try:
        text = compile_requirements(lists, system, python, "", "--no-deps")
    except WorkshopError:
        text = compile_requirements(lists[:-1], system, python, "", "--no-deps")
    lines = re.sub(r"\s*\\\n\s*", " ", text).splitlines()
    return [line.strip() for line in lines if re.match(r"[\w.-]+==", line)]


def compile_requirements(files: Sequence[Path], system: str, python: str, tested: str, *options: str) -> str:
    """The packages that lists resolve to for a system and a Python, with hashes, as uv writes them.

    tested: preferred pins, empty for none. options: further options of uv.
    Raises WorkshopError if a package has no wheel there.
    """
    with tempfile.TemporaryDirectory() as place:
        target = Path(place) / "pins.txt"
        target.write_text(tested, encoding="utf-8")  # what uv finds where it is to write is what it prefers
        command = [uv(), "pip", "compile", "--quiet", "--only-binary", ":all:", "--prerelease", "disallow"]
        command += ["--generate-hashes", "--no-header", "--python-platform", SYSTEMS[system].uv]
        command += ["--python-version", python, *options, "-o", str(target), *map(str, files)]
        env = {**os.environ, "MACOSX_DEPLOYMENT_TARGET": MACOS}
        words = {"stdin": subprocess.DEVNULL, "capture_output": True, "encoding": "utf-8"}
        process = subprocess.run(command, cwd=ROOT, env=env, **words)
        if process.returncode:
            reason = " ".join(process.stderr.split())[-400:]
            raise WorkshopError(f"the core cannot be had for {system} with Python {python}: {reason}")
        return target.read_text(encoding="utf-8")


def uv() -> str:
    """The program uv in the workshop's environment. Raises WorkshopError if it is missing."""
    own_program = program(Path(sys.prefix), "uv")
    for candidate in (own_program, program(pythons.CORE, "uv")):
        if candidate.exists():
            return str(candidate)
    found_on_path = shutil.which("uv")
    if found_on_path is None:
        raise WorkshopError("uv was not found. Run `python3 build.py check` once, which installs it, then try again.")
    return found_on_path


def _wishes(words: list) -> tuple:
    values = dict(zip(words[::2], words[1::2]))
    system, python = values.get("--platform", ""), values.get("--python", "")
    if system in REFUSED:
        raise WorkshopError(f"no bundle can be made for {system}: {REFUSED[system]}.")
    if len(words) != 4 or system not in SYSTEMS or python not in PYTHONS:
        raise WorkshopError(f"usage: {_USAGE.format(names=', '.join(SYSTEMS))}; Pythons: {', '.join(PYTHONS)}")
    return system, python
