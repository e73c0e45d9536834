"""Kinds of projects in kinds of places: a library's check gives each the verdict that the pack's cases expect."""

import itertools
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas
import pytest
import shapely

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.catalogue.code_systems import LAND_SEA
from onemap.rules.judge.inputs.parcels import STATED_KIND
from onemap.rules.judge.packs.kind_register import shipped_register
from onemap.rules.judge.packs.project_class import project_class
from onemap.rules.judge.packs.projects import Projects
from onemap.rules.judge.packs.rule_problems import names_of

pytestmark = pytest.mark.slow  # what they share takes long to make

ROOT = Path(__file__).resolve().parents[1]
PACK_FILE = ROOT / "resources" / "packs" / "city-preliminary.toml"
PACK = tomllib.loads(PACK_FILE.read_text("utf-8"))
TABLE = tomllib.loads((PACK_FILE.parent / "city-preliminary.cases.toml").read_text("utf-8"))
PLACES, KINDS = list(TABLE["place"]), TABLE["project"]
ROWS = [
    (case["place"], case["project"], case["verdict"], case["decides"], case["why"])
    for case in TABLE["case"]
    if "verdict" in case
]
RANGES = [
    (case["place"], case["project"], case["at_least"], case["at_most"], case["why"])
    for case in TABLE["case"]
    if "at_least" in case
]
SEVERITY = ["clear", "notice", "consult", "unknown", "restricted", "prohibited"]
# Places stand so far apart that none is near another, and the coverage ends nowhere near any.
STEP_M, IN_ROW = 6_000, 12
FAR = shapely.box(-20_000, -20_000, 100_000, 100_000)
WHOLE = (-10, -10, 110, 110)
WITH_TEMPORARY_LAND = ("LSYDQX = 2099-11-20", 'LSYDPZ = "县自然资源和规划局"')
ALWAYS = ("CZKFBJ", "GHJSYDFW")  # boundaries: they hold all places but those that are `without`


def corner(place: str) -> tuple[float, float]:
    """The south-west corner of a place's parcel."""
    row, column = divmod(PLACES.index(place), IN_ROW)
    return column * STEP_M, row * STEP_M


def shape_of(feature: dict[str, Any], place: str) -> shapely.Geometry:
    """A feature's shape at its place."""
    if "lies" in feature:
        assert feature["lies"] == "inside"
        shape = shapely.box(*WHOLE)
    elif "box" in feature:
        shape = shapely.box(*feature["box"])
    elif "line" in feature:
        shape = shapely.LineString([feature["line"][:2], feature["line"][2:]])
    else:
        shape = shapely.Point(feature["point"])
    return shapely.affinity.translate(shape, *corner(place))


def drawn_layers() -> dict[str, list[tuple[shapely.Geometry, dict[str, Any]]]]:
    """The features of all places, by layer; layers that hold nothing here are drawn with something far off."""
    layers: dict[str, list[tuple[shapely.Geometry, dict[str, Any]]]] = {}
    for place, about in TABLE["place"].items():
        for feature in about.get("features", ()):
            fields = {key: value for key, value in feature.items() if key.isupper()}
            layers.setdefault(feature["layer"], []).append((shape_of(feature, place), fields))
        for code in ALWAYS:
            if code not in about.get("without", []):
                x, y = corner(place)
                town = shapely.box(x - 2_500, y - 2_500, x + 2_500, y + 2_500)
                layers.setdefault(code, []).append((town, {"GHFQMC": "城镇集中建设区"} if code == "CZKFBJ" else {}))
    return layers


class Core:
    """A core that serves: to start one for each layer would take longer than to add it."""

    def __init__(self) -> None:
        command = [sys.executable, "-I", "-X", "utf8", str(ROOT / "__main__.py"), "serve", "--lang", "en"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")

    def run(self, verb: str, **params: Any) -> dict[str, Any]:
        """The answer of a verb that must not be refused."""
        assert self.process.stdin
        assert self.process.stdout
        texts = {name: str(value) if isinstance(value, Path) else value for name, value in params.items()}
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": verb, "params": texts}) + "\n")
        self.process.stdin.flush()
        answer = next(one for one in map(json.loads, iter(self.process.stdout.readline, "")) if "method" not in one)
        assert "result" in answer, (params, answer)
        return answer["result"]

    def close(self) -> None:
        """End it as a program that has nothing more to ask."""
        self.process.communicate()


def write_shapes(path: Path, shapes: list[Any], columns: dict[str, list[Any]]) -> Path:
    """A file of shapes in the library's system."""
    gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4547").to_file(path)
    return path


def parcels_of(rows: list[tuple[str, ...]]) -> tuple[list[Any], dict[str, list[Any]]]:
    """A parcel for each row of the tables, with the facts that its kind of project states."""
    kinds = [KINDS[kind] for _, kind, *_ in rows]
    shapes = [shapely.affinity.translate(shapely.box(0, 0, 100, 100), *corner(place)) for place, *_ in rows]
    columns = {name: [kind.get(name) for kind in kinds] for name in ("YDXZ", "XMLX", "code_system")}
    return shapes, {"DKBH": [f"{kind}@{place}" for place, kind, *_ in rows], **columns}


def make_library(folder: Path) -> None:
    """A library that holds every place of the table."""
    core, library = Core(), folder / "library.gpkg"
    core.run("new", library=library, crs="EPSG:4547")
    ground = write_shapes(folder / "ground.gpkg", [FAR], {"n": [1]})
    for code, features in drawn_layers().items():
        entry = shipped_catalogue()[code]
        columns = {field.name: [fields.get(field.name) for _, fields in features] for field in entry.fields}
        columns[entry.key or "BSM"] = [f"f{n}" for n in range(len(features))]
        source = write_shapes(folder / f"{code}.gpkg", [shape for shape, _ in features], columns)
        core.run("add", **{"library": library, "source": source, "as": code, "covers": ground})
    core.close()


@pytest.fixture(scope="module")
def town(
    made_once: Callable[[str, Callable[[Path], Any]], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Core, Path]]:
    """A core, and a copy of that library."""
    library = tmp_path_factory.mktemp("projects") / "library.gpkg"
    shutil.copy(made_once("projects", make_library) / library.name, library)
    core = Core()
    yield core, library
    core.close()


def stated_kind(kind: str) -> str | None:
    """The kind of project that a person states."""
    return KINDS[kind].get("stated", {}).get("XMLX")


def verdicts_of(
    core: Core, library: Path, rows: list[tuple[str, ...]], **options: Any
) -> dict[str, tuple[str, list[str]]]:
    """The verdict of each project in its place, and the rules that decide it.

    A person's statement holds for all parcels of a check, so each statement is a check of its own.
    """
    answer = {}
    for stated in {stated_kind(kind) for _, kind, *_ in rows}:
        own = [row for row in rows if stated_kind(row[1]) == stated]
        facts = library.parent / "facts.toml"
        lines = ["[parcels]", f"XMLX = {json.dumps(stated, ensure_ascii=False)}", *WITH_TEMPORARY_LAND]
        facts.write_text("\n".join(lines), encoding="utf-8")
        answer |= _verdicts_of_check(core, library, own, **({"data": facts} if stated else {}), **options)
    return answer


def _verdicts_of_check(core: Core, library: Path, rows: list[tuple[str, ...]], **options: Any) -> dict[str, Any]:
    out = library.parent / "out.gpkg"
    parcels = write_shapes(library.parent / "parcels.gpkg", *parcels_of(rows))
    core.run("check", library=library, parcels=parcels, as_of="2026-11-21", out=out, overwrite=True, **options)
    findings, judged = (gpd.read_file(out, layer=layer, ignore_geometry=True) for layer in ("findings", "parcels"))
    deciding: dict[tuple[str, str], set[str]] = {}
    for parcel, verdict, rule in findings.loc[findings["counted"], ["parcel", "verdict", "rule"]].to_numpy():
        deciding.setdefault((parcel, verdict), set()).add(rule)
    return {
        parcel: (verdict, sorted(deciding.get((parcel, verdict), ())))
        for parcel, verdict in judged[["parcel", "verdict"]].to_numpy()
    }


@pytest.fixture(scope="module")
def verdicts(town: tuple[Core, Path]) -> dict[str, tuple[str, list[str]]]:
    """Both tables, judged at once by the shipped pack."""
    return verdicts_of(*town, ROWS + RANGES)


NAMES = tomllib.loads((Path(__file__).parent / "project_names.toml").read_text("utf-8"))["group"]
TEXTS_OF_EACH, ALONE = 8, "-"


def test_no_text_makes_a_verdict_milder_than_the_code_alone(town):
    """Every project that has a code and no text, in every place: beside eight of five hundred names it is no milder."""
    core, library = town
    coded = [kind for kind, about in KINDS.items() if set(about) == {"title", "YDXZ"}]
    texts = sorted(name for group in NAMES for name in group["names"])
    rows, columns = [], {"DKBH": [], "YDXZ": [], "XMLX": []}
    for number, (place, kind) in enumerate(itertools.product(PLACES, coded)):
        for text in [None, *(texts[(number * TEXTS_OF_EACH + n) % len(texts)] for n in range(TEXTS_OF_EACH))]:
            rows.append(shapely.affinity.translate(shapely.box(0, 0, 100, 100), *corner(place)))
            values = (f"{place} {kind} {text or ALONE}", KINDS[kind]["YDXZ"], text)
            for name, value in zip(columns, values, strict=True):
                columns[name].append(value)
    parcels, out = write_shapes(library.parent / "named.gpkg", rows, columns), library.parent / "named_out"
    core.run("check", library=library, parcels=parcels, as_of="2026-11-21", out=out, unrecorded=True)
    judged = pandas.read_parquet(out / "parcels.parquet", columns=["parcel", "verdict"])
    severity = dict(zip(judged["parcel"], judged["verdict"].map(SEVERITY.index), strict=True))
    alone = {parcel: rank for parcel, rank in severity.items() if parcel.endswith(f" {ALONE}")}
    assert len(alone) == len(PLACES) * len(coded) > 5_000
    milder = [
        parcel
        for parcel, rank in severity.items()
        if rank < alone[" ".join(parcel.split(" ", maxsplit=2)[:2]) + f" {ALONE}"]
    ]
    assert milder == []


# Rules that decide no row: they find nothing, need a raster, or lie in another's shadow.
DECIDING_NOTHING = {
    *("land.composition", "utility.crossing"),
    *("slope.terrain", "slope.terrain_reclaiming"),
}


def test_every_rule_of_the_common_pack_decides_some_row():
    deciding = {rule for *_, rules, _ in ROWS for rule in rules}
    assert {rule["id"] for rule in PACK["rule"]} - deciding == DECIDING_NOTHING


def test_an_exemption_that_is_taken_away_is_seen(town, verdicts):
    """With no project excused, every rule that excuses some decides a row that it does not decide in truth."""
    core, library = town
    text = re.sub(r"(?m)^(unless|milder) = .*\n", "", PACK_FILE.read_text("utf-8"))
    strict = library.parent / "strict.toml"
    strict.write_text(text.replace('id = "city-preliminary"', 'id = "strict"'), encoding="utf-8")
    deciding = verdicts_of(core, library, ROWS, pack=[str(strict)])
    wrong = {rule for row, (_, rules) in deciding.items() if (_, rules) != verdicts[row] for rule in rules}
    excusing = {rule["id"]: rule["unless"] for rule in PACK["rule"] if "unless" in rule}
    # Without exceptions those that are told of what they do not say stand in the shadow of the rule for those that do.
    shadowed = {
        rule["id"]
        for rule in PACK["rule"]
        if rule.get("silent")
        and all(excusing.get(other) == rule.get("unless") for other in names_of(rule.get("under", ())))
    }
    assert sorted(excusing.keys() - wrong - shadowed - DECIDING_NOTHING) == []


def test_each_class_that_a_rule_excuses_has_a_row_of_its_own():
    """Where the rule decides for others there is a project of this class, and of no other that the rule excuses."""
    columns = parcels_of([(PLACES[0], kind) for kind in KINDS])[1]
    facts = pandas.DataFrame({**columns, STATED_KIND: [stated_kind(kind) for kind in KINDS]}, dtype=object)
    register, projects = shipped_register(), Projects(facts)
    classes = {name: project_class(name, item, LAND_SEA, register) for name, item in PACK["class"].items()}
    excused = {name: dict(zip(KINDS, projects.excuses([item]), strict=True)) for name, item in classes.items()}
    places: dict[str, set[str]] = {}
    for place, _, _, rules, _ in ROWS:
        for rule in rules:
            places.setdefault(rule, set()).add(place)
    for rule in PACK["rule"]:
        own = {kind for place, kind, *_ in ROWS if place in places.get(rule["id"], ())}
        exceptions = [tuple(name for name in rule.get("unless", []) if excused[name][kind]) for kind in own]
        assert [name for name in rule.get("unless", []) if (name,) not in exceptions and rule["id"] in places] == []


def test_every_place_and_every_kind_of_project_is_in_the_table():
    assert {place for place, *_ in ROWS + RANGES} == set(PLACES)
    assert {kind for _, kind, *_ in ROWS + RANGES} == set(KINDS)
    assert len({(place, kind) for place, kind, *_ in ROWS + RANGES}) == len(ROWS) + len(RANGES)
    assert len(ROWS) >= 200
    assert len(RANGES) >= 150


def test_every_range_runs_from_the_mildest_to_the_severest_verdict_that_the_law_allows():
    assert [row for row in RANGES if SEVERITY.index(row[2]) > SEVERITY.index(row[3])] == []


@pytest.mark.parametrize(
    ("place", "kind", "verdict", "rules", "why"), ROWS, ids=[f"{kind}-{place}" for place, kind, *_ in ROWS]
)
def test_a_project_has_the_verdict_that_the_law_gives_it(verdicts, place, kind, verdict, rules, why):
    assert verdicts[f"{kind}@{place}"] == (verdict, rules), why


@pytest.mark.parametrize(
    ("place", "kind", "least", "most", "article"), RANGES, ids=[f"range-{kind}-{place}" for place, kind, *_ in RANGES]
)
def test_a_project_has_a_verdict_within_the_range_of_its_article(verdicts, place, kind, least, most, article):
    verdict, rules = verdicts[f"{kind}@{place}"]
    assert SEVERITY.index(least) <= SEVERITY.index(verdict) <= SEVERITY.index(most), (verdict, rules, article)
