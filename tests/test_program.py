"""The core as a program: found wherever it lies, readable by machines, stopped at any moment without harm."""

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from onemap.tests.conftest import other_writer
from onemap.tests.rules.small_pack import own_pack

ROOT = Path(__file__).resolve().parents[1]
DEFINE = "name=试验,department=land,library=base,kind=vector,geometry=polygon,key=BSM"
RULES = 12


def command(*arguments: object, folder: Path = ROOT) -> list[str]:
    return [sys.executable, "-I", "-X", "utf8", str(folder / "__main__.py"), *map(str, arguments)]


def run(*arguments: object, folder: Path = ROOT, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command(*arguments, folder=folder), capture_output=True, check=False, timeout=120, **options)


@pytest.fixture(scope="module")
def town_made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with 500 zones, 100 parcels over them, and a pack of 12 rules: enough to be interrupted."""
    folder = tmp_path_factory.mktemp("town")
    zones = [shapely.box(500_000 + n, 4_000_000, 500_001.5 + n, 4_000_900).buffer(0.3) for n in range(500)]
    parcels = [shapely.box(500_000 + 4 * n, 4_000_100, 500_003 + 4 * n, 4_000_800) for n in range(100)]
    many = [shapely.box(500_000 + n, 4_000_000, 500_001 + n, 4_000_001) for n in range(20_000)]
    for name, shapes, field in (("zones", zones, "BSM"), ("parcels", parcels, "DKBH"), ("many", many, "BSM")):
        frame = gpd.GeoDataFrame({field: [str(n) for n in range(len(shapes))]})
        frame.set_geometry(gpd.GeoSeries(shapes, crs="EPSG:4547")).to_file(folder / f"{name}.gpkg")
    (folder / "own.toml").write_text(own_pack(RULES), encoding="utf-8")
    assert run("new", folder / "city.gpkg", "--crs", "EPSG:4547").returncode == 0
    added = run("add", folder / "city.gpkg", folder / "zones.gpkg", *ADD)
    assert added.returncode == 0, added.stderr
    return folder


ADD = ["--as", "T", "--define", DEFINE, "--covers", "extent"]


@pytest.fixture
def town(town_made_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(town_made_once, tmp_path / "town"))


def check_arguments(town: Path, *more: object) -> list[object]:
    return ["check", town / "city.gpkg", town / "parcels.gpkg", "--pack", town / "own.toml", *more]


def rows(library: Path, sql: str) -> list[Any]:
    with contextlib.closing(sqlite3.connect(library)) as connection:
        return connection.execute(sql).fetchall()


def assert_whole(library: Path) -> None:
    from onemap.layers.library.library import open_library

    with open_library(str(library)) as opened:
        assert opened.connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


# Where it lies.


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The core's folder under another name, as in a plugin folder that someone renamed."""
    folder = tmp_path_factory.mktemp("plugins") / "一张图 (copy)"
    folder.mkdir()
    for name in ("__init__.py", "__main__.py"):
        shutil.copy(ROOT / name, folder)
    for name in ("layers", "rules", "resources"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


@pytest.mark.slow
def test_it_runs_from_any_folder_under_any_name(town, elsewhere, tmp_path):
    output = run("layers", town / "city.gpkg", "--json", folder=elsewhere, cwd=tmp_path)
    assert output.returncode == 0, output.stderr
    assert json.loads(output.stdout)["name"] == "city"
    link = tmp_path / "link"
    link.symlink_to(elsewhere)
    assert run("layers", "city.gpkg", "--json", folder=link, cwd=town).returncode == 0


PROBE = """
import json, runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    assert end.code in (0, None), end.code
print("\\n" + json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def modules_after(*arguments: object, folder: Path = ROOT) -> set[str]:
    probe = [sys.executable, "-I", "-c", PROBE, str(folder / "__main__.py"), *map(str, arguments)]
    output = subprocess.run(probe, capture_output=True, check=True, timeout=120)
    return set(json.loads(output.stderr.splitlines()[-1]))


@pytest.mark.slow
def test_no_module_has_two_names_and_no_neighbour_becomes_importable(town, elsewhere):
    loaded = modules_after("layers", town / "city.gpkg", folder=elsewhere)
    assert {"onemap", "onemap.layers.library.library", "onemap.rules.verbs.commands.verbs"} <= loaded
    assert not {name for name in loaded if name.split(".")[0] in {"layers", "rules", "resources", "plugin"}}


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["add", "--help", "--lang", "zh"]])
def test_help_needs_none_of_the_heavy_libraries(arguments):
    loaded = modules_after(*arguments)
    assert not {"numpy", "pandas", "geopandas", "shapely", "pyogrio", "pyproj", "pyarrow"} & loaded


def test_saying_an_answer_in_text_needs_none_of_the_heavy_libraries():
    code = "import sys; import onemap.rules.verbs.commands.verb_text; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, check=True, text=True).stdout
    assert not {"numpy", "pandas", "geopandas", "shapely", "pyogrio", "pyproj", "pyarrow"} & set(loaded.split())


def test_help_names_every_verb_in_both_languages():
    for language, word in (("zh", "建"), ("en", "make")):
        output = run("--help", "--lang", language)
        text = output.stdout.decode("utf-8")
        assert output.returncode == 0
        assert all(verb in text for verb in ("new", "inspect", "add", "layers", "check", "serve"))
        assert word in text


# What it says.


@pytest.mark.slow
@pytest.mark.parametrize("language", ["C", "zh_CN.GB18030"])
def test_json_is_one_line_of_plain_utf8_whatever_the_terminal(town, language):
    environment = {**os.environ, "LANG": language, "LC_ALL": language, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    output = subprocess.run(
        [sys.executable, "-m", "onemap", "layers", str(town / "city.gpkg"), "--json"],
        capture_output=True,
        check=False,
        timeout=120,
        env=environment,
        cwd=town,
    )
    assert output.returncode == 0, output.stderr
    assert not output.stdout.startswith(b"\xef\xbb\xbf")
    assert output.stdout.count(b"\n") == 1
    assert output.stdout.endswith(b"}\n")
    assert "试验".encode() in output.stdout
    assert b"\\u" not in output.stdout
    assert json.loads(output.stdout.decode("utf-8"))["crs"] == "EPSG:4547"


@pytest.mark.slow
def test_progress_is_one_json_object_a_line_on_stderr(town):
    output = run(*check_arguments(town, "--json", "--progress", "json", "--lang", "zh"))
    assert output.returncode == 0, output.stderr
    steps = [json.loads(line) for line in output.stderr.decode("utf-8").splitlines()]
    assert all(set(step) == {"progress", "step"} for step in steps)
    assert all(0 <= step["progress"] <= 1 for step in steps)
    assert [step["progress"] for step in steps] == sorted(step["progress"] for step in steps)
    assert "规则7" in {step["step"] for step in steps}
    assert json.loads(output.stdout)["parcels"] == 100


@pytest.mark.slow
def test_without_a_wish_nothing_but_the_result_is_said(town):
    output = run("layers", town / "city.gpkg", "--json")
    assert output.stderr == b""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["layers", "city.gpkg"], 0),
        (["layers", "city.gpkg", "--wings"], 2),
        (["check", "city.gpkg", "parcels.gpkg", "--pack", "own.toml", "--only", "NOSUCH"], 2),
        (["layers", "none.gpkg"], 3),
        (["check", "city.gpkg", "parcels.gpkg", "--pack", "own.toml", "--fail-on", "clear", "--out", "a.xlsx"], 4),
    ],
)
def test_exit_codes_are_those_of_the_contract(town, arguments, code):
    output = run(*arguments, "--lang", "en", cwd=town)
    assert output.returncode == code, output.stderr
    assert b"Traceback" not in output.stderr
    assert "--out" not in arguments or (town / "a.xlsx").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="here every name of a file is text")
def test_a_name_that_is_no_text_is_refused_and_told_byte_for_byte(town):
    name = os.fsencode(str(town)) + b"/\xcd\xbc\xb0\xdf.gpkg"  # 图斑 in GBK, as old programs unpack it
    os.rename(os.fsencode(str(town / "parcels.gpkg")), name)
    output = subprocess.run([*command("inspect"), name, "--json"], capture_output=True, check=False, timeout=120)
    assert output.returncode == 3, output.stdout
    (problem,) = json.loads(output.stdout)["problems"]
    assert problem["code"] == "source.name"
    assert os.fsencode(problem["file"]) == b"\xcd\xbc\xb0\xdf.gpkg"


@pytest.mark.slow
def test_a_reader_that_leaves_early_is_no_error(town):
    with subprocess.Popen(command("layers", town / "city.gpkg"), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as one:
        one.stdout.close()
        assert b"Traceback" not in one.stderr.read()
    assert one.wait(timeout=60) == 0


# Stopped.


def steps_of(program: subprocess.Popen[bytes]) -> Iterator[float]:
    for line in program.stderr:
        yield json.loads(line)["progress"]


def start_program(*arguments: object) -> subprocess.Popen[bytes]:
    whole = command(*arguments, "--progress", "json")
    return subprocess.Popen(whole, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows kills where Linux asks")
@pytest.mark.parametrize("wish", [signal.SIGTERM, signal.SIGINT])
def test_a_check_that_is_asked_to_stop_stops_and_leaves_nothing(town, wish):
    before = (town / "city.gpkg").read_bytes()
    arguments = check_arguments(town, "--json", "--out", town / "results.gpkg")
    with other_writer(town / "city.gpkg"), start_program(*arguments) as program:
        next(step for step in steps_of(program) if step > 0.1)
        program.send_signal(wish)
        out, error = program.communicate(timeout=60)
    assert program.returncode == 130
    assert json.loads(out) == {"problems": [], "cancelled": True}
    assert b"Traceback" not in error
    assert (town / "city.gpkg").read_bytes() == before
    assert not list(town.glob("results*"))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows kills where Linux asks")
def test_an_add_that_waits_for_a_busy_library_can_be_stopped(town):
    arguments = town / "city.gpkg", town / "zones.gpkg", *ADD, "--json"
    with other_writer(town / "city.gpkg"), start_program("add", *arguments) as program:
        next(step for step in steps_of(program) if step >= 0.6)
        program.send_signal(signal.SIGTERM)
        out, _ = program.communicate(timeout=60)
    # Whoever is not stopped waits for the lock, and refuses: `library.busy`, 3.
    assert (program.returncode, json.loads(out)) == (130, {"problems": [], "cancelled": True})
    assert len(rows(town / "city.gpkg", "SELECT * FROM onemap_versions")) == 1


SEEDS = (0, 1, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(2, 6)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_an_add_killed_at_any_moment_is_as_before_or_as_after(town, onemap, seed):
    library = town / "city.gpkg"
    last = random.Random(seed).randint(1, 7)  # which line of progress is the last that it writes
    with start_program("add", library, town / "many.gpkg", *ADD) as program:
        for number, _ in enumerate(steps_of(program), start=1):
            if number == last:
                break
        program.kill()
    assert_whole(library)
    versions = rows(library, "SELECT table_name, count FROM onemap_versions ORDER BY number")
    tables = {
        name for (name,) in rows(library, "SELECT name FROM sqlite_master WHERE name LIKE 'T\\_\\_%' ESCAPE '\\'")
    }
    assert versions in ([("T__1", 500)], [("T__1", 500), ("T__2", 20_000)])
    assert tables == {name for name, _ in versions}
    for name, count in versions:
        assert rows(library, f"SELECT count(*) FROM {name}") == [(count,)]
        assert rows(library, f"SELECT count(*) FROM rtree_{name}_geom") == [(count,)]
    # The next one gets through.
    assert onemap("add", library, town / "zones.gpkg", *ADD, "--label", "after").code == 0
    assert [path.name for path in town.glob("city.*")] == ["city.gpkg"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_a_check_killed_at_any_moment_leaves_a_part_at_most_which_the_next_clears(town, onemap, seed):
    library = town / "city.gpkg"
    last = random.Random(100 + seed).randint(1, RULES + 5)
    arguments = check_arguments(town, "--out", town / "results.gpkg")
    with start_program(*arguments, "--json") as program:
        for number, _ in enumerate(steps_of(program), start=1):
            if number == last:
                break
        program.kill()
    assert_whole(library)
    assert len(rows(library, "SELECT * FROM onemap_runs")) in (0, 1)
    left = set(town.glob("results*"))
    assert left <= {town / "results.gpkg", *town.glob("results.gpkg.????????.part")}
    assert onemap(*arguments, "--overwrite").code == 0
    assert [path.name for path in town.glob("results*")] == ["results.gpkg"]
    assert [path.name for path in town.glob("city.*")] == ["city.gpkg"]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a place without room is /dev/full")
def test_where_nobody_reads_or_nothing_has_room_the_code_is_right_and_nothing_is_a_defect(tmp_path):
    path = tmp_path / "city.gpkg"
    subprocess.run(command("new", path, "--crs", "EPSG:4547"), check=True, capture_output=True)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM onemap_packs")

    def code(*arguments: object, out: Any = None) -> int:
        with contextlib.ExitStack() as open_ones:
            there = open_ones.enter_context(open("/dev/full", "wb")) if out == "full" else None
            if out == "left":
                end, start = os.pipe()
                os.close(end)
                there = open_ones.enter_context(open(start, "wb"))
            words = command(*arguments)
            if out == "closed":
                words = ["sh", "-c", 'exec "$@" >&-', "sh", *words]
            done = subprocess.run(words, stdout=there, stderr=subprocess.PIPE, check=False)
        assert b"Traceback" not in done.stderr and b"Exception" not in done.stderr, done.stderr
        return done.returncode

    assert [code("verify", path, *more, out="left") for more in ((), ("--json",))] == [5, 5]
    assert [code("layers", path, *more, out="full") for more in ((), ("--json",))] == [3, 3]
    assert [code("verify", path, *more, out="closed") for more in ((), ("--json",))] == [5, 5]
    assert [code("-h", out=out) for out in ("left", "full", "closed")] == [0, 0, 0]
