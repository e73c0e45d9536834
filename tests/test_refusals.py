"""Every refusal: its code, its place, words in both languages and a mend; and nothing is half-written."""

import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from onemap.rules.verbs.commands.verbs import VERBS
from onemap.tests.rules.small_pack import pack_text

ROOT = Path(__file__).resolve().parents[1]
DEFINE = "name=试验,department=land,library=base,kind=vector,geometry=polygon,key=BSM"
PACK = pack_text({"id": "own.zone", "layer": "T"}, id="own")
BOWTIE = shapely.Polygon([(500_000, 4_000_000), (500_100, 4_000_100), (500_100, 4_000_000), (500_000, 4_000_100)])
SQUARE = shapely.box(500_000, 4_000_000, 500_100, 4_000_100)


def program(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-I", "-X", "utf8", str(ROOT / "__main__.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, timeout=120)


def write(path: Path, shapes: list[Any], columns: dict[str, list[Any]], crs: str | None = "EPSG:4547") -> Path:
    frame = gpd.GeoDataFrame(columns).set_geometry(gpd.GeoSeries(shapes, crs=crs))
    frame.to_file(path, **({"encoding": "gbk"} if path.suffix == ".shp" else {}))
    return path


@pytest.fixture(scope="module")
def desk_made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with one version, parcels, a pack, and all kinds of wrong files beside them."""
    folder = tmp_path_factory.mktemp("desk")
    write(folder / "zone.gpkg", [SQUARE], {"BSM": ["Z1"]})
    write(folder / "parcels.gpkg", [SQUARE, SQUARE], {"DKBH": ["A", "B"]})
    (folder / "own.toml").write_text(PACK, encoding="utf-8")
    assert program("new", folder / "city.gpkg", "--crs", "EPSG:4547").returncode == 0
    added = program(
        "add", folder / "city.gpkg", folder / "zone.gpkg", "--as", "T", "--define", DEFINE, "--covers", "extent"
    )
    assert added.returncode == 0, added.stderr
    write(folder / "gbk.shp", [SQUARE], {"BSM": ["图斑"]})
    write(folder / "invalid.gpkg", [SQUARE, BOWTIE], {"BSM": ["Z1", "Z2"]})
    write(folder / "null.gpkg", [SQUARE, None], {"BSM": ["Z1", "Z2"]})
    write(folder / "line.gpkg", [SQUARE.boundary], {"BSM": ["Z1"]})
    write(folder / "twice.gpkg", [SQUARE, SQUARE], {"DKBH": ["A", "A"]})
    write(folder / "unnamed.gpkg", [SQUARE, SQUARE], {"DKBH": ["A", None]})
    write(folder / "keyless.gpkg", [SQUARE], {"NR": ["Z1"]})
    for part in (folder / "gbk.shp").parent.glob("gbk.*"):
        if part.suffix != ".prj":
            shutil.copy(part, folder / f"nocrs{part.suffix}")
    with zipfile.ZipFile(folder / "whole.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(folder / "zone.gpkg", "zone.gpkg")
    content = (folder / "whole.zip").read_bytes()
    (folder / "half.zip").write_bytes(content[: len(content) // 2])
    content = (folder / "zone.gpkg").read_bytes()
    (folder / "half.gpkg").write_bytes(content[: len(content) // 2])
    content = (folder / "city.gpkg").read_bytes()
    (folder / "torn.gpkg").write_bytes(content[: len(content) // 2])
    (folder / "text.gpkg").write_text("not a database", encoding="utf-8")
    (folder / "empty.gpkg").touch()
    (folder / "empty.geojson").write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")
    for name, old, new in (
        ("key.toml", "verdict =", "verdcit ="),
        ("kind.toml", '"avoid"', '"avoyd"'),
        ("layer.toml", '"T"', '"NOSUCH"'),
        ("verdict.toml", '"prohibited"', '"forbidden"'),
        ("department.toml", '"land"', '"police"'),
        ("where.toml", 'layer = "T"', 'layer = "T"\nwhere = "BSM ="'),
        ("basis.toml", 'basis = [{ "law" = "法", "article" = "第一条" }]', ""),
        ("syntax.toml", "[[rule]]", "[[rule]"),
    ):
        (folder / name).write_text(PACK.replace(old, new), encoding="utf-8")
    return folder


@pytest.fixture
def desk(desk_made_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(desk_made_once, tmp_path / "desk"))


@dataclass(frozen=True)
class Case:
    """One wrong command: its arguments, where words with a suffix are files on the desk, and the refusal."""

    command: str
    exit_code: int
    code: str
    file: str | None = None
    field: str | None = None
    feature: str | None = None
    says: str = ""


ADD = "add city.gpkg {} --as T --covers extent"
DEFINE_NEW = "name=N,department=land,library=base,kind=vector,geometry=polygon"
CASES = [
    # Usage: exit 2.
    Case("", 2, "usage.no_verb"),
    Case("fly", 2, "usage.arguments", says="fly"),
    Case("layers city.gpkg --colour", 2, "usage.arguments", says="--colour"),
    Case("layers", 2, "usage.arguments"),
    Case("new other.gpkg", 2, "usage.arguments", says="--crs"),
    Case(ADD.format("zone.gpkg") + " --valid-from yesterday", 2, "usage.value", field="--valid-from"),
    Case(ADD.format("zone.gpkg") + " --valid-to 2026-02-30", 2, "usage.value", field="--valid-to"),
    Case(ADD.format("zone.gpkg") + " --fields BSM", 2, "usage.value", field="--fields"),
    Case(ADD.format("zone.gpkg") + " --accuracy good", 2, "usage.value", field="--accuracy"),
    Case(ADD.format("zone.gpkg") + " --fields BSM=A,BSM=B", 2, "usage.value", field="--fields"),
    Case(ADD.format("zone.gpkg") + " --define name=a,name=b", 2, "define.twice", field="--define", says="name"),
    Case("check city.gpkg parcels.gpkg --against=", 2, "usage.value", field="--against"),
    Case("check city.gpkg parcels.gpkg --id=", 2, "usage.value", field="--id"),
    Case("check city.gpkg parcels.gpkg --crs=", 2, "usage.value", field="--crs"),
    Case("verify city.gpkg --run=", 2, "usage.value", field="--run"),
    Case("layers city.gpkg --as-of soon", 2, "usage.value", field="--as-of"),
    Case("find city.gpkg x --count 99999999999999999999", 2, "usage.value", field="--count"),
    Case("review extend city.gpkg c --days 3651 --reason r --by n", 2, "usage.value", says="3650"),
    Case("check city.gpkg parcels.gpkg --only NOSUCH", 2, "only.unknown", field="--only", says="NOSUCH"),
    Case("check city.gpkg parcels.gpkg --only yjjbnttb", 2, "only.unknown", says=" YJJBNTTB"),
    Case("check city.gpkg parcels.gpkg --fail-on awful", 2, "usage.choice", field="--fail-on"),
    Case("check city.gpkg parcels.gpkg --workers 0", 2, "usage.value", field="--workers", says="2147483647"),
    Case("check city.gpkg parcels.gpkg --only=", 2, "usage.value", field="--only"),
    Case("check city.gpkg parcels.gpkg --replace A=x.gpkg --replace A=y.gpkg", 2, "usage.value", field="--replace"),
    Case("sample town --parcels 30", 2, "usage.value", field="--parcels", says="20000"),
    Case("check city.gpkg parcels.gpkg --land-width 5km", 2, "usage.value", says="10000"),
    Case("warnings city.gpkg --rhythm GYL=soon", 2, "usage.value", field="--rhythm", says="3650"),
    Case("review export city.gpkg c a.pdf --annexes x", 2, "usage.value", says="checklist"),
    # The library.
    Case("new city.gpkg --crs EPSG:4547", 3, "library.exists", file="city.gpkg"),
    Case("new nowhere/a.gpkg --crs EPSG:4547", 3, "library.folder"),
    Case("new a.sqlite --crs EPSG:4547", 3, "library.suffix"),
    Case("new postgresql://127.0.0.1:1/db --crs EPSG:4547", 3, "library.unreachable"),
    Case("new a.gpkg --crs EPSG:4490", 3, "crs.not_projected", field="--crs"),
    Case("new a.gpkg --crs nonsense", 3, "crs.unknown"),
    Case("new a.gpkg --crs EPSG:4547 --district none.shp", 3, "source.missing"),
    Case("new a.gpkg --crs EPSG:4547 --district nocrs.shp", 3, "crs.missing", file="nocrs.shp"),
    Case("new a.gpkg --crs EPSG:4547 --district line.gpkg", 3, "geometry.type", file="line.gpkg"),
    Case("layers none.gpkg", 3, "library.missing"),
    Case("layers zone.gpkg", 3, "library.not_one", file="zone.gpkg"),
    Case("layers text.gpkg", 3, "library.not_one", file="text.gpkg"),
    Case("layers empty.gpkg", 3, "library.empty", file="empty.gpkg"),
    Case("layers torn.gpkg", 3, "library.damaged", file="torn.gpkg"),
    Case("add none.gpkg zone.gpkg --as T --covers extent", 3, "library.missing"),
    # The source.
    Case("inspect none.shp", 3, "source.missing"),
    Case("inspect half.zip", 3, "source.damaged", file="half.zip"),
    Case("inspect half.gpkg", 3, "source.damaged", file="half.gpkg"),
    Case("inspect zone.gpkg --layer other", 3, "source.layer_unknown", file="zone.gpkg", says="zone"),
    Case("inspect gbk.shp --encoding UTF-8", 3, "encoding.wrong", file="gbk.dbf"),
    Case("inspect own.toml", 3, "format.unknown", file="own.toml"),
    Case(ADD.format("none.shp"), 3, "source.missing"),
    Case(ADD.format("half.zip"), 3, "source.damaged", file="half.zip"),
    Case(ADD.format("half.gpkg"), 3, "source.damaged", file="half.gpkg"),
    Case(ADD.format("empty.geojson"), 3, "source.empty", file="empty.geojson"),
    Case(ADD.format("gbk.shp") + " --encoding UTF-8", 3, "encoding.wrong", file="gbk.dbf"),
    Case(ADD.format("gbk.shp") + " --encoding martian", 3, "encoding.unknown", field="--encoding"),
    Case(ADD.format("nocrs.shp"), 3, "crs.missing", file="nocrs.shp"),
    Case(ADD.format("zone.gpkg") + " --crs EPSG:1", 3, "crs.unknown", field="--crs"),
    Case(ADD.format("invalid.gpkg"), 3, "geometry.invalid", file="invalid.gpkg", feature="Z2"),
    Case(ADD.format("null.gpkg"), 3, "geometry.null", file="null.gpkg", feature="Z2"),
    Case(ADD.format("line.gpkg"), 3, "geometry.type", file="line.gpkg", feature="Z1"),
    Case(ADD.format("keyless.gpkg"), 3, "field.missing", file="keyless.gpkg", field="BSM", says="NR"),
    Case(ADD.format("zone.gpkg") + " --fields BSM=NR", 3, "field.missing", field="NR"),
    Case(ADD.format("zone.gpkg") + " --label v1 --valid-from 2026-01-01", 3, "version.label", says="v1"),
    Case(ADD.format("zone.gpkg") + " --valid-from 2026-02-01 --valid-to 2026-01-01", 3, "version.dates"),
    Case("add city.gpkg zone.gpkg --as NOSUCH --covers extent", 3, "layer.unknown", field="--as", says="NOSUCH"),
    Case(f"add city.gpkg zone.gpkg --as NEW --define {DEFINE_NEW}", 3, "coverage.missing", field="--covers"),
    Case("add city.gpkg zone.gpkg --as T --covers none.shp", 3, "source.missing"),
    # Parcels.
    Case("check city.gpkg none.shp", 3, "source.missing"),
    Case("check city.gpkg nocrs.shp", 3, "crs.missing", file="nocrs.shp"),
    Case("check city.gpkg invalid.gpkg", 3, "geometry.invalid", feature="Z2"),
    Case("check city.gpkg line.gpkg", 3, "geometry.type", feature="Z1"),
    Case("check city.gpkg null.gpkg", 3, "geometry.null", feature="Z2"),
    Case("check city.gpkg twice.gpkg", 3, "parcel.id", file="twice.gpkg", field="DKBH", feature="A"),
    Case("check city.gpkg unnamed.gpkg", 3, "parcel.id", file="unnamed.gpkg", field="DKBH", feature="2"),
    Case("check city.gpkg parcels.gpkg --id NR", 3, "field.missing", field="NR", says="DKBH"),
    # Runs, by an option or an argument.
    Case("check city.gpkg parcels.gpkg --pack own.toml --against none", 3, "run.unknown", field="--against"),
    Case("verify city.gpkg --run none", 3, "run.unknown", field="--run"),
    Case("explain city.gpkg none A own.zone", 3, "run.unknown", field="RUN"),
    # Packs.
    Case("check city.gpkg parcels.gpkg --pack none.toml", 3, "pack.missing", field="--pack"),
    Case("check city.gpkg parcels.gpkg --pack no-such-pack", 3, "pack.missing", says="city-preliminary"),
    Case("prove none.toml", 3, "pack.missing", field="FILE|NAME"),
    Case("pack copy none x.toml --id x", 3, "pack.missing", field="FILE|NAME"),
    Case("pack change none.toml --set own.zone:min_area_m2=5", 3, "pack.missing", field="FILE|NAME"),
    Case("pack enact city.gpkg none --reason r --by n", 3, "pack.missing", field="FILE|NAME"),
    Case("pack send none x.zip", 3, "pack.missing", field="FILE|NAME"),
    Case("pack differences city-preliminary --against none", 3, "pack.missing", field="--against"),
    Case("check city.gpkg parcels.gpkg --pack syntax.toml", 3, "pack.syntax", says=" 7"),
    Case("check city.gpkg parcels.gpkg --pack key.toml", 3, "rule.key", feature="own.zone", says="verdcit"),
    Case("check city.gpkg parcels.gpkg --pack kind.toml", 3, "rule.kind", feature="own.zone", says="avoyd"),
    Case("check city.gpkg parcels.gpkg --pack layer.toml", 3, "rule.layer", feature="own.zone", says="NOSUCH"),
    Case("check city.gpkg parcels.gpkg --pack verdict.toml", 3, "rule.value", feature="own.zone", says="forbidden"),
    Case("check city.gpkg parcels.gpkg --pack department.toml", 3, "rule.value", feature="own.zone", says="police"),
    Case("check city.gpkg parcels.gpkg --pack where.toml", 3, "rule.condition", feature="own.zone"),
    Case("check city.gpkg parcels.gpkg --pack basis.toml", 3, "rule.key_missing", feature="own.zone", says="basis"),
    Case("new a.gpkg --crs EPSG:4547 --pack key.toml", 3, "rule.key", feature="own.zone", says="verdcit"),
    # Outputs.
    Case("check city.gpkg parcels.gpkg --out zone.gpkg", 3, "out.exists", file="zone.gpkg", field="--out"),
    Case("check city.gpkg parcels.gpkg --out nowhere/a.gpkg", 3, "out.folder", field="--out"),
    Case("check city.gpkg parcels.gpkg --out a.docx", 3, "out.format", file="a.docx", field="--out"),
]


def state(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}: {case.command}")
def test_a_wrong_command_is_refused_in_both_languages_and_changes_nothing(desk, onemap, monkeypatch, case):
    monkeypatch.chdir(desk)
    before = state(desk)
    problems = {}
    for language in ("en", "zh"):
        answer = onemap(*case.command.split(), lang=language)
        assert answer.code == case.exit_code, answer.json
        assert list(answer.json) == ["problems"]
        for problem in answer.json["problems"]:
            assert {"file", "layer", "feature", "field", "code", "message", "mend"} <= set(problem)
            assert problem["message"]
            assert problem["mend"]
            assert "{" not in problem["message"] + problem["mend"]
            assert "Traceback" not in problem["message"]
        assert "Traceback" not in answer.stderr
        found = [problem for problem in answer.json["problems"] if problem["code"] == case.code]
        assert found, answer.codes
        problems[language] = found[0]
    for name in ("file", "field", "feature"):
        expected = getattr(case, name)
        assert expected is None or expected in [problems["en"][name], problems["zh"][name]]
    assert all(case.says in problem["message"] + problem["mend"] for problem in problems.values())
    assert problems["zh"]["message"] != problems["en"]["message"]
    assert any("\u4e00" <= sign <= "\u9fff" for sign in problems["zh"]["message"])
    assert not any("\u4e00" <= sign <= "\u9fff" for sign in problems["en"]["message"].replace("试验", ""))
    # SQLite leaves an empty journal beside a file that it finds damaged.
    journals = {"torn.gpkg-shm", "torn.gpkg-wal"}
    assert {name: content for name, content in state(desk).items() if name not in journals} == before


@pytest.mark.slow
def test_people_read_one_line_for_each_problem_on_stderr(desk):
    output = program(
        "add", desk / "city.gpkg", desk / "invalid.gpkg", "--as", "T", "--covers", "extent", "--lang", "zh"
    )
    assert (output.returncode, output.stdout) == (3, b"")
    (line,) = output.stderr.decode("utf-8").splitlines()
    assert "invalid.gpkg" in line
    assert "Z2" in line
    assert "--repair" in line


def test_results_never_take_the_place_of_the_library_or_of_the_parcels(desk, onemap):
    before = state(desk)
    for target in ("city.gpkg", "parcels.gpkg"):
        answer = onemap("check", desk / "city.gpkg", desk / "parcels.gpkg", "--out", desk / target, "--overwrite")
        assert answer.code == 3
        assert answer.codes[0].startswith("out.")
    assert state(desk) == before


@pytest.mark.parametrize(
    "words",
    [
        "statistics city.gpkg T --within parcels.gpkg --known-at 2024-06-01 --out parcels.gpkg",
        "remedy city.gpkg parcels.gpkg --out parcels.gpkg",
        "check city.gpkg plots.* --out plots.geojson",
        "check city.gpkg parcels.gpkg --replace T=plots.geojson --out plots.geojson",
    ],
)
def test_no_verb_replaces_what_it_reads(desk, onemap, monkeypatch, words):
    (desk / "plots.geojson").write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")
    monkeypatch.chdir(desk)
    before = state(desk)
    answer = onemap(*words.split(), "--overwrite")
    assert (answer.code, answer.codes, state(desk)) == (3, ["out.input"], before)


def test_overwrite_replaces_results_but_no_folder_of_other_things(desk, onemap):
    check = ["check", desk / "city.gpkg", desk / "parcels.gpkg", "--pack", desk / "own.toml", "--out"]
    for target in ("results", "results.gpkg"):
        assert onemap(*check, desk / target).code == 0
        (problem,) = onemap(*check, desk / target).json["problems"]
        assert (problem["code"], problem["file"]) == ("out.exists", str(desk / target))  # of several folders which one
        assert onemap(*check, desk / target, "--overwrite").code == 0
    (desk / "documents").mkdir()
    (desk / "documents" / "letter.docx").write_bytes(b"dear")
    assert onemap(*check, desk / "documents", "--overwrite").code == 3
    assert (desk / "documents" / "letter.docx").read_bytes() == b"dear"


@pytest.mark.parametrize(
    ("command", "codes"),
    [
        ("check city.gpkg parcels.gpkg --pack none.toml --pack own.toml --pack gone.toml", ["pack.missing"] * 2),
        ("check city.gpkg parcels.gpkg --pack layer.toml --pack kind.toml", ["rule.layer", "rule.kind"]),
        ("indicators city.gpkg --pack none.toml --pack gone.toml", ["indicators.pack"] * 2),
        ("check city.gpkg parcels.gpkg --as-of soon --workers many", ["usage.value"] * 2),
    ],
)
def test_what_is_wrong_with_several_is_told_at_once(desk, onemap, monkeypatch, command, codes):
    monkeypatch.chdir(desk)
    assert onemap(*command.split()).codes == codes


@pytest.mark.parametrize(
    ("command", "english"),
    [
        ("check city.gpkg", "PARCELS"),
        ("layers city.gpkg --colour", "--colour"),
        ("fly", "VERB fly"),
        ("check city.gpkg parcels.gpkg --layer", "--layer"),
        ("check city.gpkg parcels.gpkg --repair=yes", "--repair yes"),
    ],
)
def test_a_wrong_command_is_answered_in_chinese_where_that_is_asked(onemap, command, english):
    answer = onemap(*command.split(), lang="zh")
    (problem,) = answer.json["problems"]
    assert answer.code == 2
    words = re.findall("[A-Za-z]{3,}", problem["message"])
    known = {word.strip("-") for word in english.split()} | set(re.findall("[A-Za-z]{3,}", " ".join([*VERBS, "serve"])))
    assert set(words) <= known


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "The command is wrong: --progress cannot be “x”; use one of: bar, json, none."),
        ("zh", "命令有误：--progress 不能是“x”，可用：bar、json、none。"),
    ],
)
def test_a_value_that_no_option_has_is_quoted_as_elsewhere(onemap, language, words):
    answer = onemap("layers", "city.gpkg", "--progress", "x", lang=language)
    assert answer.json["problems"][0]["message"] == words


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="no folder that nobody may write into, not even root")
def test_a_sample_city_where_no_folder_can_be_made_is_refused(onemap):
    answer = onemap("sample", "/proc/onemap-sample")
    assert (answer.code, answer.codes) == (3, ["out.failed"])
