"""13,115 real parcels against real plans: exactly the pairs of the truth."""

import csv
from pathlib import Path

import pandas as pd
import pyogrio
import pytest
import shapely

from onemap.tests.rules.command import command

pytestmark = pytest.mark.slow  # what they share takes long to make

TOLERANCE_M2 = 0.001


@pytest.fixture(scope="module")
def cambridge(shared_data):
    return shared_data / "cambridge"


@pytest.fixture(scope="module")
def cambridge_check(cambridge, tmp_path_factory):
    """One check of all parcels by the command line; the tables are read back from its GeoPackage."""
    folder = tmp_path_factory.mktemp("cambridge")

    def run(*arguments):
        answer = command(*arguments)
        return answer.code, answer.json

    source = cambridge / "transplant_epsg4547.gpkg"
    library = folder / "cambridge.gpkg"
    assert run("new", library, "--crs", "EPSG:4547")[0] == 0
    for name in ("zoning", "flood500", "flood100", "water", "openspace"):
        define = f"name={name},department=planning,library=department,kind=vector,geometry=polygon,key=src_row"
        code, answer = run(
            "add", library, source, "--layer", name, "--as", name.upper(), "--define", define, "--covers", "extent"
        )
        assert code == 0, answer
    text = '[pack]\nid = "truth"\nversion = "1"\n'
    for name, kind in (
        ("zoning", 'kind = "avoid"'),
        ("flood500", 'kind = "avoid"'),
        ("flood100", 'kind = "avoid"'),
        ("water", 'kind = "setback"\ndistance_m = 30'),
        ("openspace", 'kind = "setback"\ndistance_m = 30'),
    ):
        text += f'[[rule]]\nid = "{name}"\n{kind}\nlayer = "{name.upper()}"\ndepartment = "planning"\n'
        text += 'verdict = "notice"\ntitle = { en = "t" }\nbasis = [{ law = "l" }]\n'
    pack = folder / "truth.toml"
    pack.write_text(text, encoding="utf-8")
    # One feature of the source is an empty polygon, which is refused by name and cannot be repaired.
    code, refusal = run(
        "check", library, source, "--layer", "parcels_2014", "--id", "src_row", "--pack", pack, "--repair"
    )
    frame = pyogrio.read_dataframe(source, layer="parcels_2014")
    parcels = folder / "parcels.gpkg"
    pyogrio.write_dataframe(frame[~frame.geometry.is_empty], parcels, layer="parcels")
    out = folder / "out.gpkg"
    code_of_check, answer = run("check", library, parcels, "--id", "src_row", "--pack", pack, "--repair", "--out", out)
    assert code_of_check == 0, answer
    return {"refusal": (code, refusal), "answer": answer, "out": out, "run": run, "library": library, "pack": pack}


def _invalid(cambridge: Path, layer: str) -> dict[str, float]:
    with (cambridge / "truth_invalid_features.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["layer"] == layer]
    return {row["src_row"]: float(row["area_make_valid_m2"]) - float(row["area_raw_m2"]) for row in rows}


def test_the_empty_polygon_among_the_parcels_is_refused_by_name(cambridge_check):
    code, answer = cambridge_check["refusal"]
    assert code == 3
    assert [(p["code"], p["feature"]) for p in answer["problems"]] == [("geometry.empty", "1896")]


def test_repair_names_exactly_the_invalid_parcels(cambridge_check, cambridge):
    problems = cambridge_check["answer"]["problems"]
    assert {problem["code"] for problem in problems} == {"geometry.repaired"}
    expected = _invalid(cambridge, "parcels_2014")
    assert {p["feature"] for p in problems} == set(expected) and len(problems) == 36
    for problem in problems:
        assert problem["area_changed_m2"] == pytest.approx(expected[problem["feature"]], abs=TOLERANCE_M2)


@pytest.mark.parametrize("plan", ["zoning", "flood500", "flood100"])
def test_every_pair_of_the_truth_is_found_with_its_area_and_none_is_invented(cambridge_check, cambridge, plan):
    truth = pd.read_csv(cambridge / f"truth_parcels2014_x_{plan}.csv")
    expected = {
        (str(parcel), str(feature)): area
        for parcel, feature, area in zip(
            truth["parcels_2014_row"], truth[f"{plan}_row"], truth["area_geos_m2"], strict=True
        )
        if area > 0
    }
    pieces = pyogrio.read_dataframe(
        cambridge_check["out"], layer="overlaps", read_geometry=False, where=f"rule = '{plan}'"
    )
    invalid = set(_invalid(cambridge, "parcels_2014"))
    found = {
        (parcel, feature): area
        for parcel, feature, area in zip(pieces.parcel, pieces.feature, pieces.area_m2, strict=True)
        if parcel not in invalid
    }
    tiny = {pair for pair, area in expected.items() if area < 1e-6}  # arithmetic, which gives no row
    assert set(found) == set(expected) - tiny
    assert max(abs(found[pair] - expected[pair]) for pair in found) < TOLERANCE_M2


@pytest.mark.parametrize("plan", ["water", "openspace"])
def test_setbacks_fire_within_their_distance_and_name_the_least(cambridge_check, cambridge, plan):
    truth = pd.read_csv(cambridge / f"truth_distance_parcels2014_{plan}_50m.csv")
    least = truth.groupby(truth["parcels_2014_row"].astype(str))["distance_geos_m"].min()
    invalid = set(_invalid(cambridge, "parcels_2014"))
    rows = pyogrio.read_dataframe(
        cambridge_check["out"], layer="findings", read_geometry=False, where=f"rule = '{plan}' AND verdict <> 'unknown'"
    )
    rows = rows[~rows.parcel.isin(invalid)].set_index("parcel")
    assert set(rows.index) == set(least[least < 30].index) - invalid
    assert (rows["distance_m"] - least[rows.index]).abs().max() < 1e-6


def test_the_citys_own_list_of_flood_parcels_is_explained(cambridge_check, cambridge):
    """The city published 599 parcels of FY2014 in the 500-year plain; 590 valid ones share more than 1 m² with it.

    Of the other 9, five are drawn invalid: the truth leaves them out, and repaired they lie in the plain as well.
    The last four share at most 0.04 m² or nothing: the list is of another vintage, and touching is not overlap.
    """
    published = pyogrio.read_dataframe(cambridge / "FEMA_FloodPlainParcels500Year.geojson", read_geometry=False)
    parcels = pyogrio.read_dataframe(
        cambridge / "transplant_epsg4547.gpkg", layer="parcels_2014", read_geometry=False, columns=["src_row", "ML"]
    )
    key = next(column for column in published.columns if column.upper() == "ML")
    listed = parcels[parcels["ML"].isin(set(published[key].dropna()))]
    rows = pyogrio.read_dataframe(
        cambridge_check["out"], layer="findings", read_geometry=False, where="rule = 'flood500'"
    )
    area = rows[rows.verdict != "unknown"].set_index("parcel")["area_m2"]
    shared = listed["src_row"].astype(str).map(area).fillna(0.0)
    valid = ~listed["src_row"].astype(str).isin(set(_invalid(cambridge, "parcels_2014")))
    by_key = shared.groupby(listed["ML"]).max()
    assert (len(by_key), int((shared[valid].groupby(listed["ML"]).max() > 1).sum())) == (599, 590)
    assert sorted(round(area, 2) for area in by_key[by_key <= 1]) == [0.0, 0.0, 0.0, 0.04]


def test_areas_of_findings_close_over_each_parcel(cambridge_check):
    """Zoning covers the city without overlaps: what lies on it and what lies off its extent make up the parcel."""
    rows = pyogrio.read_dataframe(
        cambridge_check["out"], layer="findings", read_geometry=False, where="rule = 'zoning'"
    )
    parcels = pyogrio.read_dataframe(cambridge_check["out"], layer="parcels")
    assert (rows["share"] <= 1 + 1e-9).all() and (rows["share"] > 0).all()
    assert parcels["area_m2"].sum() == pytest.approx(shapely.area(parcels.geometry.to_numpy()).sum())
    assert len(parcels) == 13_115


def test_a_second_run_with_other_threads_gives_the_same_tables(cambridge_check, tmp_path):
    parcels = cambridge_check["out"].parent / "parcels.gpkg"
    out = tmp_path / "again.gpkg"
    code, _ = cambridge_check["run"](
        "check",
        cambridge_check["library"],
        parcels,
        "--id=src_row",
        "--pack",
        cambridge_check["pack"],
        "--repair",
        "--workers=1",
        "--out",
        out,
    )
    assert code == 0
    for table in ("parcels", "findings", "overlaps"):
        first, second = (pyogrio.read_dataframe(path, layer=table) for path in (cambridge_check["out"], out))
        geometries = [shapely.to_wkb(frame.geometry.to_numpy()) for frame in (first, second)]
        assert (geometries[0] == geometries[1]).all()
        pd.testing.assert_frame_equal(
            pd.DataFrame(first.drop(columns="geometry")),
            pd.DataFrame(second.drop(columns="geometry")),
            check_exact=True,
        )


def test_a_road_of_red_line_parcels_keeps_its_surveyed_distance(cambridge, tmp_path, onemap):
    """Two real red-line parcels lie 29.9035 m apart: a setback of 30 m fires, one of 29 m does not."""
    folder = cambridge.parent / "redline_txt"
    library = tmp_path / "redline.gpkg"
    assert onemap("new", library, "--crs", "EPSG:4526").code == 0
    define = "name=other,department=land,library=project,kind=vector,geometry=polygon"
    other = folder / "44120000319.txt"
    assert onemap("add", library, other, "--as", "OTHER", "--define", define, "--covers", "extent").code == 0
    verdicts = {}
    for distance in (29, 30):
        pack = tmp_path / f"{distance}.toml"
        pack.write_text(
            f'[pack]\nid = "p"\nversion = "1"\n[[rule]]\nid = "r"\nkind = "setback"\nlayer = "OTHER"\n'
            f'department = "land"\nverdict = "restricted"\ndistance_m = {distance}\ntitle = {{ en = "t" }}\n'
            'basis = [{ law = "l" }]\n',
            encoding="utf-8",
        )
        out = tmp_path / f"{distance}.gpkg"
        onemap("check", library, folder / "44120000105.txt", "--pack", pack, "--out", out).done()
        rows = pyogrio.read_dataframe(out, layer="findings", read_geometry=False)
        rows = rows[rows.verdict == "restricted"]
        verdicts[distance] = [round(distance, 4) for distance in rows.distance_m]
    assert verdicts == {29: [], 30: [29.9035]}
