"""Every shipped indicator, and every reason not to have one, worked by hand in worked_cases.toml."""

import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.messages import RESOURCES
from onemap.tests.rules.command import command, done

pytestmark = pytest.mark.slow  # a library of some thirty layers

TABLE = tomllib.loads(Path(__file__).with_name("worked_cases.toml").read_text("utf-8"))
CASES, UNKNOWN = TABLE["case"], TABLE["unknown"]
PACK = tomllib.loads((RESOURCES / "indicators" / "city-checkup.toml").read_text("utf-8"))
# Places lie along the central meridian, where plane and ellipsoid agree, and so far apart that none is near another.
WEST, SOUTH, SIDE_M, STEP_M = 500_000.0, 4_200_000.0, 1_000.0, 4_000.0
TABLES, DAY = ("RKTJ", "TJSJ", "GHZBB"), "2025-06-01"
NO_LAYERS = ("indicator", "value", "arithmetic", "reason", "why", "library", "pack", "status", "beyond")
# Reasons that no shape or row can cause: the geometry engine's own failure, which is proved where it is caught.
ELSEWHERE = {"arithmetic"}
KEYS = {code: str(entry.key) for code, entry in shipped_catalogue().items()}

# The other libraries of the unknown: their layers of 2024, each with one feature that fills the place.
OTHERS = {
    "young": {"DLTB": {"DLBM": "0102"}, "CZKFBJ": {"GHFQDM": "410"}},
    "old": {"DLTB": {"DLBM": "011"}},
    "damaged": {"DLTB": {"DLBM": "0102"}, "LDYZT": {"BHDJ": "I"}},
}


def place_of(number: int) -> shapely.Polygon:
    """The ground of the place of that number."""
    south = SOUTH + number * STEP_M
    return shapely.box(WEST, south, WEST + SIDE_M, south + SIDE_M)


def code_of(number: int) -> str:
    """The code of the place of that number."""
    return f"139901{number:03d}"


def shape_of(feature: dict[str, Any], number: int) -> shapely.Geometry:
    """A feature's shape where its place lies."""
    if "box" in feature:
        shape = shapely.box(*feature["box"])
    elif "line" in feature:
        shape = shapely.LineString([feature["line"][:2], feature["line"][2:]])
    else:
        shape = shapely.Point(feature["point"])
    return shapely.transform(shape, lambda xy: xy + (WEST, SOUTH + number * STEP_M))


class Town:
    """A library of places in a row, each a unit of XZQ; layers are added as they are drawn."""

    def __init__(self, folder: Path, places: int) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.library = folder, folder / "town.gpkg"
        north = SOUTH + places * STEP_M
        self.whole = shapely.box(WEST - STEP_M, SOUTH - STEP_M, WEST + STEP_M, north)
        district, rules = folder / "district.gpkg", folder / "none.toml"
        gpd.GeoDataFrame(geometry=[self.whole], crs="EPSG:4547").to_file(district)
        rules.write_text('[pack]\nid = "none"\nversion = "1"\n', encoding="utf-8")
        done("new", self.library, "--crs=EPSG:4547", "--district", district, "--pack", rules)
        codes = [code_of(number) for number in range(places)]
        self.add("XZQ", [place_of(number) for number in range(places)], {"XZQDM": codes, "XZQMC": codes})

    def add(self, name: str, shapes: list[shapely.Geometry], columns: Any, beyond: Any = None) -> None:
        """A version of a layer, `CODE@YEAR` or of 2024; beyond: ground for which it does not speak."""
        code, _, year = name.partition("@")
        path, covered = self.folder / f"{code}{year}.gpkg", self.folder / f"{code}{year}_covered.gpkg"
        keys = {KEYS[code]: [f"{number:018d}" for number in range(1, len(shapes) + 1)]}
        gpd.GeoDataFrame({**keys, **columns}, geometry=shapes, crs="EPSG:4547").to_file(path)
        ground = self.whole if beyond is None else self.whole.difference(beyond)
        gpd.GeoDataFrame(geometry=[ground], crs="EPSG:4547").to_file(covered)
        done("add", self.library, path, "--as", code, "--covers", covered, f"--valid-from={year or '2024'}-12-31")

    def add_table(self, code: str, rows: list[dict[str, Any]]) -> None:
        """A table's version."""
        path = self.folder / f"{code}.csv"
        pd.DataFrame(rows).to_csv(path, index=False)
        done("add", self.library, path, "--as", code, "--valid-from=2024-12-31")

    def rows(self, *packs: object) -> dict[tuple[str, str], dict[str, Any]]:
        """What the verb says, by unit and indicator."""
        options = [f"--pack={pack}" for pack in packs]
        found = command("indicators", self.library, "--unit=XZQ", f"--as-of={DAY}", "--unrecorded", *options)
        assert found.code == 0, found.json
        return {(row["unit"], row["id"]): row for row in found.json["indicators"]}


def in_town(case: dict[str, Any]) -> bool:
    """True where the case lies in the town."""
    return case.get("library", "town") == "town"


TOWN_CASES = [case for case in [*CASES, *UNKNOWN] if in_town(case)]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, Any]]:
    """What the verb says of the town that holds all cases."""
    made = Town(tmp_path_factory.mktemp("town"), len(TOWN_CASES))
    layers: dict[str, list[dict[str, Any]]] = {}
    beyond = {case["beyond"]: place_of(number) for number, case in enumerate(TOWN_CASES) if "beyond" in case}
    for number, case in enumerate(TOWN_CASES):
        for name in case.keys() - set(NO_LAYERS):
            layers.setdefault(name, []).extend({**row, "place": number} for row in case[name])
    for name, rows in sorted(layers.items()):
        if name in TABLES:
            made.add_table(name, [{"XZQDM": code_of(row.pop("place")), **row} for row in rows])
            continue
        shapes = [shape_of(row, row["place"]) for row in rows]
        fields = dict.fromkeys(field for row in rows for field in row if field.isupper())
        columns: dict[str, list[Any]] = {field: [row.get(field) for row in rows] for field in fields}
        if name.startswith("DLTB"):  # what a case does not say of declared areas is what is drawn
            areas = [shape.area for shape in shapes]
            columns["TBMJ"] = areas
            columns["TBDLMJ"] = [row.get("TBDLMJ", area) for row, area in zip(rows, areas, strict=True)]
        made.add(name, shapes, columns, beyond.get(name))
    own = made.folder / "own.toml"
    own.write_text(TABLE["own_pack"], encoding="utf-8")
    return made.rows("city-checkup", own)


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[tuple[str, str], dict[str, Any]]]:
    """What the verb says of the only place of each other library."""
    found = {}
    for name, layers in OTHERS.items():
        made = Town(tmp_path_factory.mktemp(name), 1)
        for code, fields in layers.items():
            made.add(code, [place_of(0)], {field: [value] for field, value in fields.items()})
        if name == "damaged":
            cut_geometries(made.library, "LDYZT__1")
        found[name] = made.rows()
    return found


def cut_geometries(library: Path, table: str) -> None:
    """Leaves the head of every geometry of a table only."""
    with closing(sqlite3.connect(library)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        for name in names:
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute(f'UPDATE "{table}" SET geom = substr(geom, 1, 45)')
        connection.commit()


def test_every_indicator_has_a_case_an_arithmetic_and_a_source():
    shipped = {item["id"]: item for item in PACK["indicator"]}
    worked = [case["indicator"] for case in CASES]
    assert sorted(worked) == sorted(shipped) and len(set(worked)) == len(worked)
    assert all(case["arithmetic"].strip() for case in CASES) and all(case["why"].strip() for case in UNKNOWN)
    assert [name for name, item in shipped.items() if not item["source"].strip()] == []


def test_every_reason_has_a_case():
    words = tomllib.loads((RESOURCES / "messages" / "en.toml").read_text("utf-8"))
    known = {"layer_missing", "not_in_force", "unreadable", "outside_coverage", "no_value", "arithmetic"}
    assert known <= set(words["reason"])
    of_values = {"no_target", "not_applicable", "denominator_zero", "no_field", "no_earlier", "no_row", "no_year"}
    of_values |= {"unit", "target_unit", "target_year", "targets_differ", "class_edition"}
    assert of_values <= set(words["indicator_reason"])
    assert {case["reason"] for case in UNKNOWN} == (known | of_values) - ELSEWHERE


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["indicator"])
def test_the_verb_finds_what_was_worked_by_hand(case, town):
    row = town[code_of(TOWN_CASES.index(case)), case["indicator"]]
    assert row["value"] == pytest.approx(case["value"], rel=1e-6), (case["arithmetic"], row["reason"])
    assert row["status"] == case.get("status", "none") and row["reason"] == (
        "no_target" if row["status"] == "none" else None
    )


@pytest.mark.parametrize("case", UNKNOWN, ids=lambda case: f"{case['reason']}-{case['indicator']}")
def test_what_is_not_known_says_why(case, town, others):
    where = town if in_town(case) else others[case["library"]]
    row = where[code_of(TOWN_CASES.index(case) if in_town(case) else 0), case["indicator"]]
    assert row["reason"] == case["reason"], case["why"]
    assert row["status"] == case.get("status", "unknown")
    assert row["value"] == (pytest.approx(case["value"]) if "value" in case else None)
