"""The workshop: versions agree, the zip is clean, a dead network is named."""

import configparser
import hashlib
import os
import re
import shutil
import struct
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import geopandas
import pytest
import shapely

ROOT = Path(__file__).resolve().parents[1]


def version() -> str:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def build(*words: str, root: Path = ROOT, **env: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(root / "build.py"), *words],
        cwd=root,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )


def test_qgis_and_pip_read_the_same_version():
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read(ROOT / "metadata.txt", encoding="utf-8")
    assert metadata["general"]["version"] == version()


def test_the_newest_version_is_in_the_changelog():
    assert f"## {version()}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_licence_is_the_one_that_is_declared():
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "GNU GENERAL PUBLIC LICENSE" in licence and "Version 3, 29 June 2007" in licence
    assert project["license"] == "GPL-3.0-or-later"


def test_the_lock_holds_a_version_for_every_requirement():
    folder = ROOT / "resources" / "requirements"
    named = [
        line.split(">")[0].split("=")[0].strip().lower()
        for file in ("core.txt", "cluster.txt", "fast.txt", "notebook.txt", "web.txt", "dev.txt", "qgis.txt", "qt6.txt")
        for line in (folder / file).read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    locked = (folder / "lock.txt").read_text(encoding="utf-8").lower()
    assert [package for package in named if f"\n{package}==" not in locked] == []


def test_an_installation_holds_every_package_of_the_tree():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    rooms = ("layers", "rules", "plugin", "resources")
    inits = [path for room in rooms for path in (ROOT / room).rglob("__init__.py") if "workshop" not in path.parts]
    found = {".".join(["onemap", *path.parent.relative_to(ROOT).parts]) for path in inits}
    assert set(listed) == found | {"onemap"}


def test_an_unknown_verb_is_answered_with_the_list_of_verbs():
    done = build("frobnicate")
    assert done.returncode == 2
    for verb in ("demo", "test", "check", "run", "package", "bench", "translate"):
        assert f"\n  {verb} " in done.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout without its environments, so that nothing made here touches the real one."""
    copy = tmp_path / "checkout"
    made = shutil.ignore_patterns(".git", ".venv*", "demo", "dist", "build", "__pycache__", ".*_cache", ".hypothesis")
    shutil.copytree(ROOT, copy, ignore=made, symlinks=True)
    return copy


def zip_of(checkout: Path) -> subprocess.CompletedProcess:
    """The zip alone, without the scans of what it holds."""
    code = "import sys; sys.path.insert(0, 'resources'); from workshop import package; package.write_zip()"
    return subprocess.run([sys.executable, "-c", code], cwd=checkout, capture_output=True, encoding="utf-8")


@pytest.mark.slow
def test_a_zip_holds_one_folder_with_what_a_user_needs_and_nothing_else(checkout: Path):
    (checkout / "layers" / "__pycache__").mkdir(exist_ok=True)
    (checkout / "layers" / "__pycache__" / "crs.cpython-311.pyc").write_bytes(b"")
    done = zip_of(checkout)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(checkout / "dist" / f"onemap-{version()}.zip") as bundle:
        names = bundle.namelist()
        assert b"GNU GENERAL PUBLIC LICENSE" in bundle.read("onemap/LICENSE")
    assert {entry.split("/")[0] for entry in names} == {"onemap"}
    needed = ["metadata.txt", "__init__.py", "__main__.py", "README.md", "resources/requirements/core.txt"]
    needed += [f"resources/requirements/{name}.lock.txt" for name in ("core", "fast", "pip", "uv")]
    needed += ["resources/requirements/parts.cdx.json"]  # the list of parts
    assert [entry for entry in needed if f"onemap/{entry}" not in names] == []
    unwanted = ("onemap/tests/", "onemap/resources/workshop/", "onemap/build.py", "onemap/.")
    assert [entry for entry in names if entry.startswith(unwanted) or "__pycache__" in entry] == []


@pytest.mark.slow
def test_the_zip_of_the_same_files_is_the_same_bytes(checkout: Path):
    target = checkout / "dist" / f"onemap-{version()}.zip"
    seen = []
    for _ in range(2):
        done = zip_of(checkout)
        assert done.returncode == 0, done.stderr
        seen.append(hashlib.sha256(target.read_bytes()).hexdigest())
        os.utime(checkout / "LICENSE")
    assert seen[0] == seen[1]


def test_the_plugin_says_which_packages_it_installs():
    about = (ROOT / "metadata.txt").read_text(encoding="utf-8")
    named = re.search(r"installs these packages.*?: (.*?), and what these need", about).group(1).split(", ")
    lists = [
        (ROOT / "resources" / "requirements" / f"{name}.txt").read_text(encoding="utf-8") for name in ("core", "fast")
    ]
    assert named == re.findall(r"^[\w.-]+", "\n".join(lists), re.MULTILINE)


@pytest.mark.nightly
def test_the_zip_is_what_the_scanners_of_plugins_qgis_org_let_pass(checkout: Path):
    done = build("package", root=checkout)
    if "lrelease was not found" in done.stderr:
        pytest.skip("Qt's lrelease is not on this machine, so the translations cannot be compiled")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("layers/errors.py", "import pickle\n\nGIVEN = pickle.loads(b'')\n"),
        ("docs/glossary.md", "aws_key = 'AKIA" + "IOSFODNN7EXAMPLE'\n"),
    ],
)
def test_a_zip_is_refused_with_every_line_that_the_scanners_find(tmp_path: Path, file, text):
    bundle = tmp_path / "onemap.zip"
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr(f"onemap/{file}", text)
        archive.writestr("onemap/layers/plain.py", "AREA_M2 = 1\n")
    code = (
        "import pathlib, sys; sys.path.insert(0, 'resources'); from workshop import scans; "
        "scans.scan(pathlib.Path(sys.argv[1]))"
    )
    words = [sys.executable, "-c", code, str(bundle)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, encoding="utf-8")
    assert done.returncode == 1
    assert f"  onemap/{file}:" in done.stderr and "plain.py" not in done.stderr


def test_plugins_qgis_org_finds_a_category_and_an_icon_that_it_knows():
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read(ROOT / "metadata.txt", encoding="utf-8")
    facts = metadata["general"]
    assert facts["category"] in {"Raster", "Vector", "Database", "Mesh", "Web"}
    picture = (ROOT / facts["icon"]).read_bytes()
    assert picture.startswith(b"\x89PNG") and struct.unpack(">II", picture[16:24]) == (128, 128)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--platform", "win_arm64", "--python", "3.12"], "make the bundle for win_amd64"),
        (["--platform", "macos_12", "--python", "3.12"], "for macOS 14 and later"),
        (["--platform", "win_amd64", "--python", "3.9"], "Pythons: 3.11, 3.12, 3.13, 3.14"),
        (["--platform", "amiga", "--python", "3.12"], "platforms: win_amd64, macos_arm64"),
        ([], "usage: python3 build.py bundle"),
    ],
)
def test_a_bundle_that_cannot_be_made_is_refused_in_words(words, reason):
    done = build("bundle", *words)
    assert done.returncode == 1
    assert reason in done.stderr and "Traceback" not in done.stderr


def test_an_unknown_set_of_pictures_is_refused_with_those_that_there_are():
    done = build("pictures", "zh-pink-100")
    assert done.returncode == 1
    assert "zh-pink-100" in done.stderr and "en-dark-150" in done.stderr and "Traceback" not in done.stderr


# Every way by which pip could be told of another index, turned off, and an address where nobody answers.
NO_INDEX = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_FIND_LINKS": "",
    "PIP_NO_CACHE_DIR": "1",
}


@pytest.mark.slow
def test_a_dead_network_is_one_clear_sentence_and_leaves_nothing_that_looks_whole(checkout: Path):
    done = build("check", root=checkout, **NO_INDEX)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert "cannot install the core's libraries: the network did not answer" in last
    assert "run the same command again" in last
    assert "Traceback" not in done.stderr
    assert not (checkout / ".venv" / "onemap-stamp").exists()

    # The half-made environment is made anew by the next run, not taken as it is.
    (checkout / ".venv" / "left-over").write_text("", encoding="utf-8")
    again = build("check", root=checkout, **NO_INDEX)
    assert "Making .venv" in again.stdout
    assert not (checkout / ".venv" / "left-over").exists()


@pytest.mark.slow
def test_a_second_run_makes_nothing_and_asks_no_network():
    if not (ROOT / ".venv" / "onemap-stamp").exists():
        pytest.skip("this checkout's environments were not made by build.py")
    code = "import sys; sys.path.insert(0, 'resources'); from workshop import pythons; print(pythons.core())"
    for _ in range(2):  # the first mends what an edited pyproject.toml has made stale
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, **NO_INDEX},
            capture_output=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(ROOT / ".venv"), "it would say what it makes"


@pytest.mark.slow(first=True)
def test_the_demo_finds_the_same_outside_qgis_and_inside_it(sample_city: Path, sample_library: Path, tmp_path: Path):
    """All of the demo once its library is made, which is made for this test and others."""
    if not (ROOT / ".venv" / "onemap-stamp").exists():
        pytest.skip("this checkout's environments were not made by build.py")
    files = tmp_path / "demo"
    files.mkdir()
    shutil.copy(sample_library, files)
    code = (
        "import pathlib, sys; sys.path.insert(0, 'resources'); from workshop import demo, qgis_programs; "
        "files = demo.Files(pathlib.Path(sys.argv[1])); files.city = pathlib.Path(sys.argv[2]); "
        "demo.use_library(files, qgis_programs.environment())"
    )
    words = [sys.executable, "-c", code, str(files), str(sample_city)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, encoding="utf-8", errors="replace")
    assert done.returncode == 0, done.stderr
    assert (files / "findings.gpkg").exists()
    assert "prohibited" in done.stdout
    if "No QGIS" in done.stderr:
        pytest.skip("without QGIS only the command line's half of the demo runs; it passed")
    equal = [line.split(":")[0].strip() for line in done.stdout.splitlines() if line.endswith("rows, all equal")]
    assert equal == ["parcels", "findings", "overlaps"]
    assert (files / "conflicts.png").read_bytes().startswith(b"\x89PNG")
    assert zipfile.is_zipfile(files / "onemap.qgz")


def agreement(tmp_path: Path, inside_area_m2: float) -> subprocess.CompletedProcess:
    """The demo's comparison of one finding outside QGIS with one inside, which measure 12 m² and what is given."""
    ground = [shapely.box(0, 0, 4, 3)]
    for path, area_m2 in ((tmp_path / "outside.gpkg", 12.0), (tmp_path / "findings.gpkg", inside_area_m2)):
        row = {"parcel": ["1"], "area_m2": [area_m2], "reason": [None]}
        geopandas.GeoDataFrame(row, geometry=ground, crs=4547).to_file(path, layer="findings")
    script = ROOT / "resources" / "workshop" / "agreement.py"
    command = [sys.executable, "-P", str(script), str(tmp_path / "outside.gpkg"), str(tmp_path), "findings"]
    return subprocess.run(command, capture_output=True, encoding="utf-8")


@pytest.mark.slow
def test_equal_findings_agree(tmp_path: Path):
    done = agreement(tmp_path, 12.0)
    assert (done.returncode, done.stdout.strip()) == (0, "findings: 1 rows, all equal")


@pytest.mark.slow
def test_one_differing_area_is_no_agreement(tmp_path: Path):
    done = agreement(tmp_path, 12.001)
    assert (done.returncode, done.stdout.strip()) == (1, "findings: area_m2 differs in 1 rows")


@pytest.mark.slow
def test_the_readme_s_tour_on_the_command_line_works_as_it_is_written(terminal, tmp_path: Path, monkeypatch):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    tour = readme.partition("## Five minutes on the command line")[2].partition("\n## ")[0]
    commands = [line for line in tour.splitlines() if line.startswith("onemap ")]
    assert len(commands) > 5
    monkeypatch.chdir(tmp_path)
    for command in commands:
        done = terminal(*command.split()[1:])
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    assert (tmp_path / "findings.gpkg").exists()
