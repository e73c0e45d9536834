"""The core's Python: found in the right order, made whole or not at all, from wheels if there is no network."""

import base64
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest
from qgis.PyQt.QtCore import QCoreApplication, QTranslator

from onemap.plugin.connection import core_python
from onemap.plugin.connection.core_folders import python_in
from onemap.plugin.connection.core_python import (
    OLDEST,
    CoreSetupError,
    SetupPlan,
    _base_python,
    _rename_patiently,
    _wheel_folders,
    find_core,
    has_packages,
    make_core,
    python_commands,
    version_of,
    version_of_wheels,
)
from onemap.plugin.connection.core_session import Core, missing_python_message
from onemap.plugin.connection.package_lock import AlteredPackageError
from onemap.plugin.connection.programs import ProgramError, ask_program, clean_environment, run_program
from onemap.plugin.connection.task import Cancelled
from onemap.plugin.connection.uv_program import find_uv
from onemap.plugin.dock.setup_page import SetupPage, _error_text
from onemap.plugin.profile import settings
from onemap.tests.plugin.small_town import wait_for

NAME, VERSION = "smallest", "1.0"
ROOT = Path(__file__).resolve().parents[3]
UV = ROOT / ".venv" / "bin" / "uv"
# What a core of one line answers to `self-test --report FILE`.
SMALLEST_SELF_TEST = """
import json, pathlib, sys
if "self-test" in sys.argv:
    report = {"checks": [{"name": "python", "ok": True, "detail": "3"}], "running": None}
    pathlib.Path(sys.argv[-1]).write_text(json.dumps(report))
    raise SystemExit
"""


def say_nothing(fraction, step):
    """Progress without a listener."""


def pack_wheel(wheels, name, version, text, needs=""):
    """A wheel of one module of one line, as any tool packs it."""
    asked = f"Requires-Dist: {needs}\n" if needs else ""
    files = {
        f"{name}.py": text,
        f"{name}-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{asked}",
        f"{name}-{version}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{name}-{version}.dist-info/RECORD"
    target = wheels / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w") as wheel:
        lines = []
        for file, words in files.items():
            wheel.writestr(file, words)
            digest = base64.urlsafe_b64encode(hashlib.sha256(words.encode()).digest()).rstrip(b"=").decode()
            lines.append(f"{file},sha256={digest},{len(words)}")
        wheel.writestr(record, "\n".join([*lines, f"{record},,"]) + "\n")
    return target


def pin(plan, part, wheel):
    """Pin a wheel, as it is now, in one list of the plan."""
    name, version = wheel.name.split("-")[:2]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    text = f"# one package\n{name}=={version} \\\n    --hash=sha256:{digest}\n"
    plan.lock(part).write_text(text, encoding="utf-8")


def pack_uv(wheels):
    """The workshop's uv as a wheel, which holds one program."""
    target = pack_wheel(wheels, "uv", "1", "")
    with zipfile.ZipFile(target, "a") as wheel:
        wheel.write(UV, f"uv-1.data/scripts/{UV.name}")
    return target


@pytest.fixture(scope="module")
def found_here(tmp_path_factory):
    """The Python that set-up finds here, and a folder with the pip that it finds, compiled, as a wheel's never is.

    The folder is empty if there is no wheel of pip here: then Python's own pip is used.
    """
    base = _base_python(list(python_commands()), SetupPlan(Path(), Path(), Path()))
    folder = tmp_path_factory.mktemp("pip")
    wheels = [wheel for place in _wheel_folders(base) for wheel in sorted(place.glob("pip-*.whl"), reverse=True)]
    if not wheels:
        return base, folder
    wheel = wheels[0]
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "files")
    unchecked = ["--invalidation-mode", "unchecked-hash"]
    compile_all = [*base, "-I", "-m", "compileall", "-qq", "-b", *unchecked, folder / "files" / "pip"]
    subprocess.run(compile_all, check=True)
    shutil.make_archive(str(folder / wheel.name), "zip", folder / "files")
    (folder / f"{wheel.name}.zip").rename(folder / wheel.name)
    return base, folder


@pytest.fixture
def plan(plan_of_any_python, found_here, monkeypatch):
    """The same where what is here has been found: the search for Pythons and pips takes longer than all else."""
    base, folder = found_here
    monkeypatch.setattr(core_python, "python_commands", lambda named: iter([base]))
    monkeypatch.setattr(core_python, "_wheel_folders", lambda base: [folder])
    return plan_of_any_python


@pytest.fixture
def plan_of_any_python(tmp_path):
    """A core of one package of one line, to be made from a folder of wheels."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    requirements = tmp_path / "core.txt"
    requirements.write_text(f"# one package\n{NAME}>=1.0\n", encoding="utf-8")
    main = tmp_path / "__main__.py"
    main.write_text(f"import {NAME}\n{SMALLEST_SELF_TEST}print({NAME}.ANSWER)\n", encoding="utf-8")
    made = SetupPlan(tmp_path / "profile" / "core", main, requirements, wheels=str(wheels))
    pin(made, "core", pack_wheel(wheels, NAME, VERSION, "ANSWER = 42\n"))
    return made


@pytest.fixture
def no_python_here(monkeypatch, tmp_path):
    """The one Python here makes no environment, so that uv has to."""
    poor = script(tmp_path / "python3", 'case "$*" in *version_info*) echo 3 12;; *) exit 1;; esac')
    monkeypatch.setattr(core_python, "python_commands", lambda named: iter([[poor]]))
    monkeypatch.setattr(core_python, "PYTHON_FOR_UV", "/usr/bin/python3")


def script(path, text):
    """A program that replaces an interpreter."""
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.mark.slow
def test_a_core_is_made_from_a_folder_of_wheels_without_a_network(plan_of_any_python, monkeypatch):
    plan = plan_of_any_python
    monkeypatch.setenv("PIP_INDEX_URL", "http://localhost:9")
    python = make_core(plan, say_nothing)
    assert python == python_in(plan.core_folder)
    assert ask_program([str(python), "-I", str(plan.main)]).strip() == "42"
    assert not list(plan.core_folder.parent.glob("*.part"))


@pytest.mark.slow
def test_what_was_made_is_found_again_and_known_as_old_when_the_packages_change(plan):
    make_core(plan, say_nothing)
    nowhere = plan.core_folder.parent / "nowhere"
    found = find_core("", plan.core_folder, nowhere, plan.requirements)
    assert (found.origin, found.is_current) == ("profile", True)
    pin(plan, "core", pack_wheel(Path(plan.wheels), NAME, "2.0", "ANSWER = 42\n"))
    assert not find_core("", plan.core_folder, nowhere, plan.requirements).is_current


@pytest.mark.slow
def test_a_package_that_cannot_be_had_leaves_the_earlier_core_as_it_was(plan):
    make_core(plan, say_nothing)
    gone = pack_wheel(Path(plan.wheels), "nosuchpackage", "1.0", "")
    pin(plan, "core", gone)
    gone.unlink()
    with pytest.raises(CoreSetupError) as refused:
        make_core(plan, say_nothing)
    assert refused.value.kind == "packages"
    assert "nosuchpackage" in refused.value.detail
    assert ask_program([str(python_in(plan.core_folder)), "-I", str(plan.main)]).strip() == "42"
    assert not list(plan.core_folder.parent.glob("*.part"))


@pytest.mark.slow
def test_a_newer_version_than_the_pinned_one_is_not_taken(plan):
    pack_wheel(Path(plan.wheels), NAME, "2.0", "ANSWER = 43\n")
    assert ask_program([str(make_core(plan, say_nothing)), "-I", str(plan.main)]).strip() == "42"


@pytest.mark.slow
def test_what_no_list_names_is_not_installed_though_a_package_asks_for_it(plan):
    wheels = Path(plan.wheels)
    pack_wheel(wheels, "stranger", "1.0", "")
    pin(plan, "core", pack_wheel(wheels, NAME, VERSION, "ANSWER = 42\n", needs="stranger"))
    with pytest.raises(CoreSetupError) as refused:
        make_core(plan, say_nothing)
    assert refused.value.kind == "packages" and "stranger" in refused.value.detail
    assert not plan.core_folder.exists()


@pytest.mark.slow
@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_a_wheel_with_another_hash_is_refused_and_named(plan, request, monkeypatch, tool):
    wheels = Path(plan.wheels)
    if tool == "uv":
        if not UV.exists():
            pytest.skip("the workshop's environment has no uv")
        request.getfixturevalue("no_python_here")
        monkeypatch.setenv("UV_NO_CACHE", "1")  # else uv installs the right one, which it has kept
        pin(plan, "uv", pack_uv(wheels))
    pin(plan, "fast", pack_wheel(wheels, "faster", "1.0", ""))
    make_core(plan, say_nothing)  # with the lists' own wheels it is made
    for altered in (NAME, "faster"):  # of the list core, of the list fast
        wheel = wheels / f"{altered}-1.0-py3-none-any.whl"
        pinned = wheel.read_bytes()
        pack_wheel(wheels, altered, "1.0", "ANSWER = 43\n")
        with pytest.raises(CoreSetupError) as refused:
            make_core(plan, say_nothing)
        assert (refused.value.kind, refused.value.detail) == ("altered", f"{altered}==1.0")
        assert ask_program([str(python_in(plan.core_folder)), "-I", str(plan.main)]).strip() == "42"
        assert {path.name for path in plan.core_folder.parent.iterdir()} == {"core", "core-self-test.json"}
        wheel.write_bytes(pinned)


@pytest.mark.slow
@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_a_pip_or_uv_with_another_hash_is_never_started(plan, no_python_here, monkeypatch, tmp_path, tool):
    """A wheel of either is a program that set-up runs, so it is looked at before anything else is."""
    if tool == "pip":
        monkeypatch.setattr(core_python, "python_commands", lambda named: iter([[sys.executable]]))
    wheel = pack_wheel(Path(plan.wheels), tool, "1", "")
    pin(plan, tool, wheel)
    ran = tmp_path / "ran"
    with zipfile.ZipFile(wheel, "a") as packed:
        packed.writestr("pip/__main__.py", f"open({str(ran)!r}, 'w')")
        packed.writestr(f"uv-1.data/scripts/{UV.name}", f"#!/bin/sh\ntouch {ran}\n")
    with pytest.raises(CoreSetupError) as refused:
        make_core(plan, say_nothing)
    assert (refused.value.kind, refused.value.detail) == ("altered", wheel.name)
    assert not ran.exists() and not plan.core_folder.exists()


@pytest.mark.slow
@pytest.mark.parametrize("is_altered", [False, True])
def test_a_uv_that_pip_fetches_is_the_pinned_one(plan, monkeypatch, tmp_path, is_altered):
    """Where pip has an index, which is a folder here, as it is set on the user's machine."""
    wheel = pack_uv(Path(plan.wheels)) if UV.exists() else pack_wheel(Path(plan.wheels), "uv", "1", "")
    pin(plan, "uv", wheel)
    if is_altered:
        wheel.write_bytes(wheel.read_bytes() + b"more")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", plan.wheels)
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    pips = iter([[sys.executable, "-I", "-m", "pip"]])
    if is_altered:
        with pytest.raises(AlteredPackageError, match="uv==1"):
            find_uv("", pips, tmp_path / "uv", plan.lock("uv"))
    else:
        assert Path(find_uv("", pips, tmp_path / "uv", plan.lock("uv"))).stat().st_mode & 0o100


def test_an_altered_package_is_told_with_the_next_step_in_both_languages():
    error = CoreSetupError("altered", "numpy==2.4.6")
    text = _error_text(error)
    assert "Nothing was installed: numpy==2.4.6" in text and "make that folder anew" in text
    chinese = QTranslator()
    if not chinese.load(str(ROOT / "resources" / "translations" / "onemap_zh.qm")):
        pytest.skip("the translation is not compiled: python3 build.py translate")
    QCoreApplication.installTranslator(chinese)
    try:
        text = _error_text(error)
    finally:
        QCoreApplication.removeTranslator(chinese)
    assert "未安装任何内容：numpy==2.4.6" in text and "重新制作该文件夹" in text


@pytest.mark.slow
def test_a_core_that_does_not_start_is_not_kept(plan):
    plan.main.write_text("raise SystemExit('broken')\n", encoding="utf-8")
    with pytest.raises(CoreSetupError) as refused:
        make_core(plan, say_nothing)
    assert (refused.value.kind, refused.value.detail) == ("start", "broken")
    assert not plan.core_folder.exists()


@pytest.mark.slow
def test_a_core_that_fails_its_own_test_is_not_kept_and_says_the_next_step(plan):
    checks = [{"name": "sqlite", "ok": False, "detail": "No SQLite.", "mend": "Name another Python."}]
    answer = {"checks": checks, "running": None}
    text = plan.main.read_text(encoding="utf-8").replace("report = {", f"report = {answer!r} or {{")
    plan.main.write_text(text, encoding="utf-8")
    with pytest.raises(CoreSetupError) as refused:
        make_core(plan, say_nothing)
    assert (refused.value.kind, refused.value.detail) == ("unfit", "No SQLite. Name another Python.")
    assert not plan.core_folder.exists()
    assert json.loads(plan.core_folder.with_name("core-self-test.json").read_text())["checks"] == checks


def test_a_file_that_is_held_for_a_moment_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(core_python, "RENAME_WAITS_S", (0.0, 0.0))
    (tmp_path / "core.part").mkdir()
    rename, tries = Path.rename, []

    def held_once(path, target):
        tries.append(path)
        if len(tries) == 1:
            raise PermissionError(13, "used by another process")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", held_once)
    _rename_patiently(tmp_path / "core.part", tmp_path / "core")
    assert (tmp_path / "core").is_dir() and len(tries) == 2


@pytest.mark.slow
def test_a_core_that_another_qgis_uses_stays_whole_beside_its_successor(plan):
    former = make_core(plan, say_nothing)
    running = subprocess.Popen([former, "-I", "-c", "input()"], stdin=subprocess.PIPE)
    try:
        newer = make_core(plan, say_nothing)
        assert (former.exists(), newer) == (True, python_in(plan.core_folder.with_name("core-2")))
        assert find_core("", plan.core_folder, Path("nowhere"), plan.requirements).path == newer
    finally:
        running.communicate(b"\n")
    assert running.returncode == 0


@pytest.mark.slow
def test_a_cancelled_set_up_leaves_nothing(plan):
    def cancel(fraction, step):
        if fraction > 0.05:
            raise Cancelled

    with pytest.raises(Cancelled):
        make_core(plan, cancel)
    assert list(plan.core_folder.parent.iterdir()) == []


def test_without_any_python_that_is_new_enough_the_step_is_named(plan, monkeypatch, tmp_path):
    old = script(tmp_path / "python3", "echo 3 9")
    monkeypatch.setattr(core_python, "python_commands", lambda named: iter([[old]]))
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(CoreSetupError) as refused:
        make_core(plan, say_nothing)
    assert refused.value.kind == "python_missing"


def test_on_debian_the_missing_package_is_named_with_its_command(plan, monkeypatch, tmp_path):
    bare = script(tmp_path / "python3", 'case "$*" in *version_info*) echo 3 13;; *) exit 1;; esac')
    monkeypatch.setattr(core_python, "python_commands", lambda named: iter([[bare]]))
    monkeypatch.setattr("shutil.which", lambda name, **_: "/usr/bin/apt-get" if name == "apt-get" else None)
    with pytest.raises(CoreSetupError) as refused:
        make_core(plan, say_nothing)
    assert refused.value.kind == "pip_missing"
    assert "sudo apt install python3-venv" in _error_text(refused.value)
    assert "python.org" not in _error_text(refused.value)


@pytest.mark.slow
@pytest.mark.skipif(not UV.exists(), reason="the workshop's environment has no uv")
@pytest.mark.parametrize("here", ["echo 3 9", "exit 1", 'case "$*" in *version_info*) echo 3 12;; *) exit 1;; esac'])
def test_where_no_python_here_will_do_uv_from_the_folder_of_wheels_makes_the_core(plan, monkeypatch, tmp_path, here):
    """None here is new enough, none starts, or the one that says it is makes no environment."""
    poor = script(tmp_path / "python3", here)
    monkeypatch.setattr(core_python, "python_commands", lambda named: iter([[poor]]))
    monkeypatch.setattr(core_python, "PYTHON_FOR_UV", "/usr/bin/python3")
    pin(plan, "uv", pack_uv(Path(plan.wheels)))
    python = make_core(plan, say_nothing)
    assert ask_program([str(python), "-I", str(plan.main)]).strip() == "42"
    assert {path.name for path in plan.core_folder.parent.iterdir()} == {"core", "core-self-test.json"}


@pytest.mark.parametrize(
    ("names", "version"),
    [
        (
            [
                "numpy-2.3.1-cp312-cp312-win_amd64.whl",
                "shapely-2.1-cp312-cp312-win_amd64.whl",
                "pip-25-py3-none-any.whl",
            ],
            (3, 12),
        ),
        (["polars-1.9-cp39-abi3-win_amd64.whl", "numpy-2.3.1-cp314-cp314-win_amd64.whl"], (3, 14)),
        (["numpy-2.3.1-cp312-cp312-win_amd64.whl", "numpy-2.3.1-cp313-cp313-win_amd64.whl"], None),
        (["pip-25-py3-none-any.whl", "polars-1.9-cp39-abi3-win_amd64.whl"], None),
        ([], None),
    ],
)
def test_a_folder_of_wheels_is_for_one_version_of_python(tmp_path, names, version):
    for name in names:
        (tmp_path / name).touch()
    assert version_of_wheels(str(tmp_path)) == version


def test_wheels_for_another_python_than_is_here_are_refused_with_the_version(plan, monkeypatch, tmp_path):
    here = script(tmp_path / "python3", "echo 3 13")
    monkeypatch.setattr(core_python, "python_commands", lambda named: iter([[here]]))
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    (Path(plan.wheels) / "numpy-2.3.1-cp312-cp312-win_amd64.whl").touch()
    with pytest.raises(CoreSetupError) as refused:
        make_core(plan, say_nothing)
    assert (refused.value.kind, refused.value.detail) == ("python_other", "3.12")
    assert "no Python 3.12 was found" in _error_text(refused.value)


def pack_interpreter(wheels: Path, place: Path) -> dict:
    """A Python in a folder of wheels as uv packs one: bin, lib and all in a folder python. Returns uv's list of it."""
    minor = sys.version_info[1]
    files = place / "python"
    (files / "bin").mkdir(parents=True)
    shutil.copy(Path(sys._base_executable).resolve(), files / "bin" / f"python3.{minor}")
    unneeded = shutil.ignore_patterns("dist-packages", "site-packages", "test", "__pycache__", "config-*", "*.a")
    shutil.copytree(sysconfig.get_path("stdlib"), files / "lib" / f"python3.{minor}", ignore=unneeded)
    archive = place / f"cpython-3.{minor}.99+20990101-install_only_stripped.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as packed:
        packed.add(files, "python")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    (wheels / "python").mkdir()
    shutil.copy(archive, wheels / "python" / f"{digest[:9]}-{archive.name}")
    machine = {"family": platform.machine(), "variant": None}
    facts = {"name": "cpython", "arch": machine, "os": "linux", "libc": "gnu", "major": 3, "minor": minor, "patch": 99}
    facts |= {"prerelease": "", "url": f"http://localhost:9/{archive.name}", "sha256": digest, "variant": None}
    return {f"cpython-3.{minor}.99-linux-{platform.machine()}-gnu": facts}


@pytest.mark.slow
@pytest.mark.skipif(not UV.exists(), reason="the workshop's environment has no uv")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the Python that is packed is laid out as on Linux")
@pytest.mark.parametrize("is_altered", [False, True])
def test_a_folder_of_wheels_may_bring_its_python_whose_hash_is_checked(plan, monkeypatch, tmp_path, is_altered):
    wheels = Path(plan.wheels)
    known = tmp_path / "pythons.json"
    known.write_text(json.dumps(pack_interpreter(wheels, tmp_path / "made")), encoding="utf-8")
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS_JSON_URL", str(known))
    (wheels / f"nothing-1-cp3{sys.version_info[1]}-cp3{sys.version_info[1]}-any.whl").touch()
    pin(plan, "uv", pack_uv(wheels))
    if is_altered:
        (archive,) = (wheels / "python").iterdir()
        archive.write_bytes(archive.read_bytes() + b"more")
    python = make_core(plan, say_nothing)
    assert ask_program([str(python), "-I", str(plan.main)]).strip() == "42"
    home = (python.parents[1] / "pyvenv.cfg").read_text(encoding="utf-8")
    assert (str(plan.core_folder.with_name("python")) in home) != is_altered, home


def test_the_python_of_qgis_4_on_macos_is_the_one_that_brings_its_library(monkeypatch):
    bundle = Path("/Applications/QGIS-final-4_2_1.app/Contents")
    monkeypatch.setattr(sys, "base_prefix", str(bundle / "Frameworks"))
    assert [str(bundle / "MacOS" / "python")] in list(python_commands())


@pytest.mark.slow
def test_the_interpreter_of_the_settings_comes_first_when_it_has_the_packages(plan, tmp_path):
    make_core(plan, say_nothing)
    own = str(python_in(plan.core_folder))
    assert find_core(own, tmp_path / "none", tmp_path / "none", plan.requirements).origin == "settings"
    without = find_core(sys.executable, plan.core_folder, tmp_path / "none", plan.requirements)
    assert without.origin == "profile"


def test_an_interpreter_that_is_named_and_not_there_is_told(tmp_path, dock):
    assert missing_python_message() == ""
    settings.put("core_python", sys.executable)
    assert missing_python_message() == ""
    settings.put("core_python", str(tmp_path / "gone"))
    assert str(tmp_path / "gone") in missing_python_message()
    dock.begin()
    assert dock.notice.text.startswith(missing_python_message())


def test_the_checkout_s_own_environment_is_the_last_to_be_looked_for(tmp_path, plan):
    python = python_in(tmp_path / ".venv")
    python.parent.mkdir(parents=True)
    python.touch()
    assert find_core("", tmp_path / "none", tmp_path, plan.requirements).origin == "checkout"
    assert find_core("", tmp_path / "none", tmp_path / "none", plan.requirements) is None


def test_at_least_one_interpreter_here_is_new_enough():
    assert any((version_of(command) or (0,)) >= OLDEST for command in python_commands())


def test_an_interpreter_that_does_not_start_has_no_version(tmp_path):
    assert version_of([script(tmp_path / "broken", "exit 1")]) is None
    assert version_of([str(tmp_path / "missing")]) is None


def test_an_interpreter_without_the_packages_is_known_as_such(plan):
    assert not has_packages([sys.executable], plan.requirements)


@pytest.mark.slow
def test_an_interpreter_with_a_package_that_is_too_old_is_known_as_such(plan):
    python = make_core(plan, say_nothing)
    for oldest, has_it in (("0.9.9", True), (VERSION, True), ("1.10", False), ("2", False)):
        plan.requirements.write_text(f"{NAME}>={oldest}\n", encoding="utf-8")
        assert has_packages([str(python)], plan.requirements) is has_it


def test_the_core_does_not_inherit_what_belongs_to_qgis(monkeypatch):
    for name in ("PROJ_LIB", "PROJ_DATA", "GDAL_DATA", "GDAL_DRIVER_PATH", "PYTHONPATH", "PYTHONHOME"):
        monkeypatch.setenv(name, "/of/qgis")
    assert "/of/qgis" not in clean_environment().values()
    assert clean_environment()["PATH"] == os.environ["PATH"]


def test_a_program_is_ended_when_nobody_wants_its_lines_any_more(tmp_path):
    mark = tmp_path / "number"
    talker = script(tmp_path / "talker", f'echo $$ > "{mark}"; while :; do echo still here; done')

    def enough(line):
        raise Cancelled

    with pytest.raises(Cancelled):
        run_program([talker], enough)
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


def test_a_program_that_fails_gives_its_last_words(tmp_path):
    with pytest.raises(ProgramError, match="no such luck"):
        run_program([script(tmp_path / "loser", "echo no such luck; exit 3")], lambda line: None)


def page_of(plan, monkeypatch):
    """The page of the dock that makes the core of a plan."""
    monkeypatch.setattr("onemap.plugin.dock.setup_page.REQUIREMENTS", plan.requirements)
    monkeypatch.setattr("onemap.plugin.dock.setup_page.FOLDER", plan.main.parent)
    monkeypatch.setattr("onemap.plugin.dock.setup_page.first_core", lambda: plan.core_folder)
    return SetupPage(Core(), lambda: None)


@pytest.mark.slow
def test_the_dock_s_button_makes_the_core(plan, monkeypatch):
    settings.put("wheels_folder", plan.wheels)
    page = page_of(plan, monkeypatch)
    ready = []
    page.ready.connect(lambda: ready.append(True))
    page.button.click()
    assert not page.button.isEnabled()
    wait_for(lambda: ready or page.button.isEnabled())
    assert ready, page.text
    assert python_in(plan.core_folder).exists()


@pytest.mark.slow
def test_a_set_up_that_fails_says_what_to_do(plan, monkeypatch, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    settings.put("wheels_folder", str(empty))
    page = page_of(plan, monkeypatch)
    page.button.click()
    wait_for(page.button.isEnabled)
    assert "choose a folder of wheels in the settings" in page.text
    assert not Path(plan.core_folder).exists()


def test_what_pip_says_folds_behind_details_and_widens_no_dock():
    """In words the page says what is being done; of a failure the reasons, without pip's tries before."""
    page = SetupPage(Core(), lambda: None)
    page.resize(320, 600)
    page.show()
    page._show_step(0.3, "Collecting geopandas==1.1.1 (from -r core.txt (line 7))")
    assert page.text.endswith("Installing the packages…") and page.details.isHidden()
    tries = ["WARNING: Retrying (Retry(total=4)) after connection broken"] * 5
    reason = "ERROR: No matching distribution found for geopandas>=1.0 at https://" + 40 * "a_long_address/"
    page._finish(None, CoreSetupError("packages", "\n".join([*tries, reason])))
    assert "choose a folder of wheels" in page.text and "ERROR" not in page.text
    page.details_button.click()
    lines = page.details.toPlainText().splitlines()
    assert page.details.isVisible() and len(lines) == 2 and lines[1] == reason
    assert page.minimumSizeHint().width() <= 320
    page._finish(None, CoreSetupError("start", "uv: no network"))
    assert page.details.toPlainText().endswith("uv: no network")
    page.deleteLater()
