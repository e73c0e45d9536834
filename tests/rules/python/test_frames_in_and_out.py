"""`import onemap`: Python gives the answers of the command line, and takes frames or files."""

import os
import pickle
import shutil
import subprocess
import sys
from datetime import date, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from pandas.testing import assert_frame_equal
from shapely import LineString, Point, box

import onemap
from onemap.rules.python import call_results
from onemap.rules.verbs.commands.verb_text import result_text
from onemap.tests.rules.command import command, done
from onemap.tests.rules.conftest import Desk
from onemap.tests.rules.small_pack import matrix_text, pack_text

SQUARE = box(0, 0, 10, 10)
RULES = (
    {"id": "zone", "layer": "ZONE"},
    {"id": "road", "layer": "ROAD", "kind": "cross", "verdict": "notice"},
    {"id": "void", "layer": "NOWHERE", "verdict": "restricted", "missing": "unknown"},
)


@pytest.fixture(scope="module")
def made_town(tmp_path_factory):
    """Two layers, a pack, two parcels: A has 50 m² in the zone and 10 m of road; a third layer covers A alone."""
    desk = Desk(tmp_path_factory.mktemp("town"), lambda *arguments, lang="en": command(*arguments))
    done("new", desk.library, "--crs", "EPSG:4547")
    desk.layer("ZONE", [box(5, 0, 20, 10), box(50, 50, 60, 60)], {"GRADE": ["a", "b"]})
    desk.layer("ROAD", [LineString([(-5, 5), (15, 5)])], geometry="line")
    desk.layer("NOWHERE", [box(900, 900, 901, 901)], covers=box(0, 0, 15, 15))
    desk.pack(*RULES)
    return desk.folder


@pytest.fixture
def town(made_town, tmp_path):
    folder = shutil.copytree(made_town, tmp_path / "town")
    return Desk(folder, lambda *arguments, lang="en": command(*arguments))


@pytest.fixture
def parcels():
    columns = {"DKBH": ["A", "B"], "USE": ["school", None]}
    return gpd.GeoDataFrame(columns, geometry=[SQUARE, box(30, 0, 40, 10)], crs=4547)


@pytest.fixture
def library(town):
    with onemap.open(town.library, language="en") as library:
        yield library


def pack_of(town):
    return town.folder / "test.toml"


def as_text(frame):
    """A frame with categories as texts, which is how files have them."""
    names = [name for name in frame.columns if isinstance(frame[name].dtype, pd.CategoricalDtype)]
    return frame.astype(dict.fromkeys(names, "str"))


def test_a_frame_gives_the_tables_that_the_command_line_writes(town, library, parcels):
    out = town.folder / "out"
    file = town.parcels({"A": SQUARE, "B": box(30, 0, 40, 10)}, {"USE": ["school", None]})
    answer = done("check", town.library, file, "--pack", pack_of(town), "--out", out, "--as-of", "2026-01-01").json
    result = library.check(parcels, packs=pack_of(town), as_of="2026-01-01")
    assert result.verdict_counts == answer["verdicts"] and result.verdict == answer["verdict"] == "prohibited"
    assert set(result.names) == {path.stem for path in out.glob("*.parquet")} >= {"parcels", "findings", "overlaps"}
    for name in set(result.names) - {"run"}:
        table = as_text(result.table(name))
        if isinstance(table, gpd.GeoDataFrame):
            assert_geodataframe_equal(table, gpd.read_parquet(out / f"{name}.parquet"))
        else:
            assert_frame_equal(table, pd.read_parquet(out / f"{name}.parquet"))
    row = result.findings.set_index(["parcel", "rule"]).loc[("A", "zone")]
    assert row.area_m2 == 50.0 and result.overlaps.crs == library.crs
    assert result.table("overlaps_line").length_m.tolist() == [10.0]


def test_the_answer_is_that_of_the_command_line(town, library, parcels):
    file = town.parcels({"A": SQUARE, "B": box(30, 0, 40, 10)})
    other = done("check", town.library, file, "--pack", pack_of(town)).json
    answer = library.check(file, packs=[pack_of(town)]).answer
    changing = {"id", "started", "seconds"}

    def steady(record):
        run = {key: value for key, value in record["run"].items() if key not in changing}
        return {**{key: value for key, value in record.items() if key not in changing}, "run": run}

    assert steady(answer) == steady(other)


def kinds_of_text(value):
    """The types of all texts in an answer, those of its names too."""
    if isinstance(value, dict):
        return {kind for pair in value.items() for one in pair for kind in kinds_of_text(one)}
    if isinstance(value, list | tuple):
        return {kind for one in value for kind in kinds_of_text(one)}
    return {type(value)} if isinstance(value, str) else set()


def test_an_answer_holds_plain_texts_as_its_json_does(library, parcels):
    result = library.check(parcels)
    case = library.review.open(parcels, project="P")
    assert kinds_of_text([result.answer, result.verdict, result.verdict_counts, case.answer]) == {str}
    assert "<" not in repr([result.verdict, result.verdict_counts, case.state])


def test_the_same_frame_is_the_same_source(town, library, parcels):
    one, two = (library.check(parcels, packs=pack_of(town)).answer["run"]["parameters"] for _ in range(2))
    assert one["parcels_hash"] == two["parcels_hash"] and one["parcels"] == "parcels.gpkg"
    other = library.check(parcels.assign(USE="x"), packs=pack_of(town)).answer["run"]["parameters"]
    assert other["parcels_hash"] != one["parcels_hash"] and other["parcels_ground"] == one["parcels_ground"]


def test_several_frames_and_files_are_one_check(town, library, parcels):
    file = town.parcels({"C": box(6, 6, 9, 9)})
    result = library.check([parcels, file], packs=pack_of(town))
    assert result.verdicts.parcel.tolist() == ["A", "B", "C"]
    with pytest.raises(onemap.OneMapError) as refused:
        library.check([parcels, parcels], packs=pack_of(town))
    assert refused.value.code == "parcel.twice"


def test_remarks_of_a_field_and_of_a_whole_file_stand_in_one_frame(library):
    survey = gpd.GeoDataFrame({"BSM": ["1"], "DLBM": ["0101"]}, geometry=[SQUARE], crs=4547)
    degrees = survey.to_crs(4490).set_crs(4326, allow_override=True)
    fields = library.add(degrees, "DLTB", covers="features").problems.groupby("code").field
    assert fields.get_group("crs.identity").tolist() == [None] and "QSXZ" in fields.get_group("field.absent").tolist()


def test_a_bad_parcel_is_set_aside_if_that_is_wished(town, library, parcels):
    bowtie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    broken = pd.concat([parcels, gpd.GeoDataFrame({"DKBH": ["X"]}, geometry=[bowtie], crs=4547)])
    result = library.check(broken, packs=pack_of(town), keep_bad=True)
    assert result.verdicts.parcel.tolist() == ["A", "B"] and "X" in result.problems.feature.tolist()
    aside = result.table("parcels_bad")
    assert aside.parcel.tolist() == ["X"] and aside.geometry.iloc[0].equals(bowtie)
    written = gpd.read_file(result.to_file(town.folder / "aside.gpkg"), layer="parcels_bad")
    assert written.geometry.iloc[0].equals(bowtie)


def test_a_frame_in_degrees_is_brought_into_the_library_s_plane(town, library, parcels):
    near = parcels.set_geometry(parcels.translate(500_000, 4_000_000))
    degrees = near.to_crs(4490)
    ground = library.check(degrees, packs=pack_of(town)).verdicts.geometry
    assert shapely.hausdorff_distance(np.array(ground), np.array(near.geometry)).max() < 1e-6


@pytest.mark.parametrize("suffix", [".gpkg", ".xlsx", "", ".csv", ".geojson"])
def test_a_result_is_written_as_out_writes_it(town, library, parcels, suffix):
    result = library.check(parcels, packs=pack_of(town))
    direct, later = town.folder / f"direct{suffix}", town.folder / f"later{suffix}"
    done("runs", town.library, result.run, "--out", direct)
    assert result.to_file(later) == later
    if suffix == ".gpkg":
        for name in ("parcels", "findings", "overlaps", "overlaps_line", "overlaps_point"):
            assert_geodataframe_equal(gpd.read_file(later, layer=name), gpd.read_file(direct, layer=name))
    elif suffix == ".xlsx":
        one, two = (pd.read_excel(path, sheet_name=None, engine="openpyxl") for path in (direct, later))
        assert list(one) == list(two) and all(one[name].equals(two[name]) for name in one)
    elif suffix == "":
        assert_geodataframe_equal(gpd.read_parquet(later / "findings.parquet"), as_text(result.findings))
    else:
        assert later.read_bytes() == direct.read_bytes()
    with pytest.raises(onemap.OneMapError) as refused:
        result.to_file(later)
    assert refused.value.code == "out.exists"


def test_a_finding_is_explained_step_by_step(town, library, parcels):
    result = library.check(parcels, packs=pack_of(town))
    explanation = result.explain("A", "zone")
    steps = done("explain", town.library, result.run, "A", "zone").json["steps"]
    assert explanation.answer["steps"] == steps and explanation.steps.key.tolist() == [step["key"] for step in steps]
    assert str(explanation) == result_text("explain", explanation.answer, library.language), "as a terminal has it"


@pytest.mark.slow
def test_a_run_that_nobody_keeps_is_explained_by_its_own_tables(town, library, parcels):
    kept, trial = (library.check(parcels, packs=pack_of(town), record=record) for record in (True, False))
    assert not trial.is_recorded and trial.run not in library.runs().id.tolist()
    for parcel, rule in (("A", "zone"), ("A", "road"), ("B", "void"), ("B", "zone")):
        steps, expected = (result.explain(parcel, rule).steps for result in (trial, kept))
        assert_frame_equal(steps[1:], expected[1:])  # the first names the run
        assert steps.value[0].startswith(trial.run)
    assert refusal(trial.explain, "X", "zone").code == "run.parcel"
    assert refusal(trial.explain, "A", "no.rule").code == "run.rule"
    nothing = gpd.GeoDataFrame({"KEY": ["f1"], "GRADE": ["a"]}, geometry=[box(0, 0, 4, 10)], crs=4547)
    other = library.check(parcels, packs=pack_of(town), replace={"ZONE": nothing})
    assert "40" in other.explain("A", "zone").steps.set_index("key").value["conflict"]
    town.pack({"id": "zone", "layer": "ZONE", "verdict": "notice"})
    assert refusal(trial.explain, "A", "zone").code == "run.incomplete"


def test_a_run_that_is_kept_is_shown_again(town, library, parcels):
    result = library.check(parcels, packs=pack_of(town))
    assert result.run in library.runs().id.tolist()
    again = library.run(result.run)
    assert again.verdict_counts == result.verdict_counts
    now, then = (pd.DataFrame(result.findings.drop(columns="geometry")) for result in (again, result))
    assert_frame_equal(now, then, check_dtype=False)


def test_what_changed_since_an_earlier_run_is_told(town, library, parcels):
    before = library.check(parcels, packs=pack_of(town))
    nothing = gpd.GeoDataFrame({"KEY": ["f1"], "GRADE": ["a"]}, geometry=[box(200, 200, 201, 201)], crs=4547)
    trial = library.check(parcels, packs=pack_of(town), against=before, replace={"ZONE": nothing})
    assert [(row["parcel"], row["from"], row["to"]) for row in trial.answer["changed"]] == [
        ("A", "prohibited", "notice")
    ]


def test_a_frame_becomes_a_version_that_is_read_again(town, library):
    frame = gpd.GeoDataFrame(
        {"KEY": ["f1", "f2"], "GRADE": ["x", "y"]}, geometry=[SQUARE, box(70, 0, 90, 10)], crs=4547
    )
    added = library.add(frame, "ZONE", label="2", valid_from=date(2026, 5, 1), covers="extent")
    assert (added.code, added.version, added.answer["features"]) == ("ZONE", "2", 2)
    read = library.read("ZONE", as_of="2026-06-01")
    assert read.KEY.tolist() == ["f1", "f2"] and read.GRADE.tolist() == ["x", "y"] and read.crs == library.crs
    assert [shape.geoms[0] for shape in read.geometry] == frame.geometry.tolist()
    assert library.read("ZONE", as_of=pd.Timestamp("2026-04-30")).GRADE.tolist() == ["a", "b"]
    assert library.read("ZONE@2", bbox=(60, -5, 75, 5)).KEY.tolist() == ["f2"]
    assert library.read("ZONE@2", bbox=(15, 0, 60, 5)).empty
    assert library.read("ROAD", bbox=gpd.GeoSeries([Point(0, 5)], crs=4547)).KEY.tolist() == ["f1"]
    assert library.read("ROAD", bbox=(0, 6, 3, 8)).empty  # its box is a line
    rows = library.layers(as_of="2026-06-01").query("code == 'ZONE'")
    assert rows.in_force.tolist() == [False, True] and rows["count"].tolist() == [2, 2]


def test_a_version_that_is_the_same_again_is_told_and_one_by_mistake_is_retired(town, library):
    frame = gpd.GeoDataFrame({"KEY": ["new"]}, geometry=[shapely.box(500_000, 4_200_000, 500_010, 4_200_010)])
    frame = frame.set_crs("EPSG:4547")
    first = library.add(frame, "ZONE", label="mistake", valid_from="2026-05-01", covers="extent", sure=True)
    again = library.add(frame, "ZONE", covers="extent", valid_from="2026-05-01")
    assert (first.unchanged, again.unchanged, again.version) == (False, True, "mistake")
    rows = library.layers(as_of="2026-06-01")
    assert rows.loc[rows["label"] == "mistake", "in_force"].all()
    assert library.retire("ZONE", "mistake", reason="wrong file")["retired"]["reason"] == "wrong file"
    rows = library.layers(as_of="2026-06-01")
    assert not rows.loc[rows["label"] == "mistake", "in_force"].any()
    assert library.retire("ZONE", "mistake", reason="right after all", undo=True)["retired"] is None


def test_a_box_that_meets_only_the_box_of_a_feature_does_not_give_it(town, library):
    slanting = gpd.GeoDataFrame({"KEY": ["f"]}, geometry=[LineString([(0, 0), (100, 100)])], crs=4547)
    library.add(slanting, "ROAD", label="slanting", covers="extent")
    assert library.read("ROAD@slanting", bbox=(60, 0, 90, 10)).empty
    assert len(library.read("ROAD@slanting", bbox=(40, 40, 60, 60))) == 1


def test_a_library_is_made_and_a_layer_of_its_own_defined(tmp_path):
    district = gpd.GeoDataFrame({"n": [1]}, geometry=[box(0, 0, 100, 100)], crs=4547)
    with onemap.new(tmp_path / "new.gpkg", crs=4547, name="Town", district=district, language="en") as library:
        assert library.name == "Town" and library.crs.to_epsg() == 4547 and library.layers().empty
        define = {"name": "Zone", "department": "land", "library": "department", "kind": "vector"}
        frame = gpd.GeoDataFrame({"KEY": ["a"]}, geometry=[SQUARE], crs=4547)
        library.add(frame, "ZONE", covers="district", define={**define, "geometry": "polygon", "key": "KEY"})
        row = library.layers().iloc[0]
        assert (row.code, row.coverage_m2, row["count"]) == ("ZONE", 10_000.0, 1)
        assert len(library.layers(empty=True)) > 100


def test_plans_are_compared_counted_and_looked_into(town, library):
    for code, use in (("PLAN", "0701"), ("REAL", "01")):
        town.layer(code, [SQUARE], {"USE": [use]}, covers=SQUARE)
    matrix = town.folder / "m.toml"
    matrix.write_text(matrix_text(("USE", ["07"], ["01"]), title={"zh": "试", "en": "test"}), encoding="utf-8")
    found = library.compare("PLAN", "REAL", matrix=matrix, min_area=0, min_width=0)
    assert found.area_m2 == 100.0 and found.spots["type"].tolist() == ["03"] and found.matrix.area_m2.sum() == 100.0
    counted = library.statistics("ZONE", by="GRADE")
    assert dict(zip(counted.rows.GRADE, counted.rows.area_m2, strict=True)) == {"a": 150.0, "b": 100.0}
    assert counted.total["area_m2"] == 250.0
    halves = gpd.GeoDataFrame({"U": ["w", "e"]}, geometry=[box(0, 0, 10, 99), box(10, 0, 99, 99)], crs=4547)
    within = library.statistics("ZONE", within=halves, unit="U").rows
    assert dict(zip(within.unit, within.area_m2, strict=True)) == {"w": 50.0, "e": 200.0}
    here = library.identify(6, 5, radius=1)
    assert sorted(here.features.layer) == ["PLAN", "REAL", "ROAD", "ZONE"]
    along = library.identify(line=LineString([(6, 1), (6, 2)]), only=["ZONE"])
    assert along.features.feature.tolist() == ["f1"]


def test_what_would_pass_is_found(town, library, parcels):
    found = library.remedy(parcels, packs=pack_of(town), only="ZONE")
    rest = found.remainder.set_index("parcel")
    assert rest.loc["A"].area_m2 == pytest.approx(50.0, abs=0.2) and rest.loc["B"].area_m2 == pytest.approx(100.0)
    assert found.cuts.area_m2.sum() == pytest.approx(50.0, abs=0.2)


def test_a_case_goes_its_way(town, library, parcels):
    case = library.review.open(parcels, project="School", pack=[pack_of(town)])
    assert case.state == "draft" and len(case.opinions) == 10
    assert library.review.list().case.tolist() == [case.case]
    assert library.review.circulate(case.case).state == "circulating"
    with pytest.raises(onemap.OneMapError):
        library.review.issue(case.case)
    assert library.review.withdraw(case.case, reason="enough").state == "withdrawn"


def test_any_verb_is_asked_by_its_name(town, library, parcels):
    assert library.ask("verify") == {"ok": True, "problems": []}
    assert library.ask("check", parcels=parcels, pack=str(pack_of(town)))["parcels"] == 2
    with pytest.raises(onemap.OneMapError) as refused:
        library.ask("frobnicate")
    assert refused.value.code == "usage.verb"


def refusal(call, *arguments, **options):
    with pytest.raises(onemap.OneMapError) as refused:
        call(*arguments, **options)
    error = refused.value
    assert error.problems and all(problem.message and problem.message in str(error) for problem in error.problems)
    return error


def test_inputs_of_the_wrong_kind_are_refused_in_a_sentence(town, library, parcels):
    table = pd.DataFrame({"DKBH": ["A"]})
    error = refusal(library.check, table)
    assert error.code == "python.kind" and "pandas.DataFrame" in str(error) and "GeoDataFrame" in str(error)
    for wrong in (SQUARE, 5, [SQUARE], {"A": SQUARE}, None, [], [None]):
        assert refusal(library.check, wrong).code == "python.kind"
    assert refusal(library.check, gpd.GeoDataFrame({"DKBH": ["A"]})).code == "python.geometry"
    assert refusal(library.check, parcels.iloc[:0]).code == "source.empty"
    assert refusal(library.check, parcels.set_crs(None, allow_override=True)).code == "crs.missing"
    assert refusal(library.check, parcels.assign(X=[[1], [2]])).code == "python.column"
    assert refusal(library.check, parcels, as_of="soon").code == "usage.value"
    assert refusal(library.check, parcels, as_of=5).code == "usage.value"
    assert refusal(library.check, parcels, id="WHAT").code == "field.missing"
    assert refusal(library.check, parcels, client=5).code == "python.kind"
    assert refusal(library.check, parcels, progress="loud").code == "python.kind"
    assert refusal(library.check, parcels, replace=["ZONE"]).code == "python.kind"
    assert refusal(library.check, town.folder / "nothing.shp").code == "source.missing"
    assert refusal(library.read, "ZONE", bbox="everywhere").code == "usage.value"
    assert refusal(library.read, "ZONE", bbox=(10, 0, 0, 10)).code == "usage.value"
    assert refusal(library.read, "NEVER").code == "layer.unknown"
    assert refusal(library.check(parcels, packs=pack_of(town)).table, "nothing").code == "usage.choice"
    assert refusal(onemap.open, 5).code == "python.kind"
    assert refusal(onemap.open, town.folder / "nothing.gpkg").code == "library.missing"
    assert refusal(onemap.open, town.library, language="fr").code == "usage.choice"


def test_refusals_speak_of_arguments_and_of_frames(town, library, parcels):
    text = str(refusal(library.check, parcels.set_crs(None, allow_override=True)))
    assert text.startswith("parcels: ") and "crs=" in text and "--" not in text and ".gpkg" not in text
    bowtie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    broken = gpd.GeoDataFrame({"DKBH": ["A"]}, geometry=[bowtie], crs=4547)
    error = refusal(library.check, broken, packs=pack_of(town))
    assert "repair=True" in error.problems[0].mend and error.problems[0].place["file"] == "parcels"
    assert error.problems[0].place["layer"] is None
    error = refusal(library.check, parcels, packs=pack_of(town), id="WHAT")
    assert error.problems[0].place["field"] in ("WHAT", "id=") and "--" not in str(error)
    error = refusal(library.add, parcels.assign(KEY=["1", "2"]), "UNKNOWN", covers="extent")
    assert "define=" in str(error) and "--" not in str(error)
    error = refusal(library.add, broken.assign(KEY=["1"]), "ZONE", covers="extent")
    assert "source" in {problem.place["file"] for problem in error.problems} and "repair=True" in str(error)
    file = town.write("parcels", [bowtie], {"DKBH": ["A"]}, "EPSG:4547")
    assert refusal(library.check, file, packs=pack_of(town)).problems[0].place["file"] == "parcels.gpkg"  # it is a file


@pytest.mark.slow
def test_facts_of_parcels_are_a_dictionary_or_a_file(town, library, parcels):
    town.pack({"id": "school", "layer": "ZONE", "when": "USE = 'school'"}, id="facts")
    silent = parcels.drop(columns="USE")
    asked = {"packs": town.folder / "facts.toml", "record": False}
    assert library.check(silent, **asked).verdicts.verdict.tolist() == ["prohibited", "clear"]
    file = town.folder / "facts-of-project.toml"
    file.write_text('[parcels]\nUSE = "park"\n', encoding="utf-8")
    for facts in ({"USE": "park"}, {"parcels": {"USE": "park"}}, file):
        assert library.check(silent, data=facts, **asked).verdicts.verdict.tolist() == ["clear", "clear"]
    assert refusal(library.check, silent, data={"USE": SQUARE}, **asked).code == "python.column"
    error = refusal(library.check, silent, data={"NOTE": 'of "x"\n'}, **asked)
    assert error.problems[0].place["file"] == "data" and "NOTE" in str(error)
    given = {"packs": asked["packs"], "data": {"USE": "park", "NOTE": None}}
    assert library.remedy(silent, **given).remainder.area_m2.tolist() == [100.0, 100.0]
    facts = {"location": "North Street 1", "parcels": {"USE": "park"}}
    case = library.review.open(silent, project="x", data=facts, pack=[str(asked["packs"])])
    assert "North Street 1" in str(library.review.show(case.case).answer)
    answer = library.ask("check", parcels=silent, pack=[str(asked["packs"])], data={"parcels": {"USE": "park"}})
    assert answer["verdict"] == "clear"


def test_verdicts_have_an_order_and_times_are_times(town, library, parcels):
    result = library.check(parcels, packs=pack_of(town))
    assert result.verdicts.verdict.max() == "prohibited" and (result.findings.verdict >= "unknown").sum() == 2
    assert list(result.verdicts.verdict.cat.categories) == [
        *("clear", "notice", "consult", "unknown", "restricted", "prohibited"),
    ]
    layers, runs = library.layers(), library.runs()
    assert str(layers.recorded_at.dtype).endswith("UTC]") and layers.valid_from.dtype.kind == "M"
    assert len(library.layers(as_of=layers.valid_to.iloc[0])) == len(layers)  # no day is none
    again = library.check(result.verdicts, packs=pack_of(town), id="parcel")  # a frame that came out goes in
    assert again.verdicts.verdict.tolist() == result.verdicts.verdict.tolist()
    assert (pd.Timestamp.now("UTC") - runs.started.iloc[0]).total_seconds() < 600


@pytest.mark.slow
def test_versions_are_held_against_each_other_and_what_they_turn_is_told(town, library, parcels):
    case = library.review.open(parcels, project="x", packs=None, pack=[str(pack_of(town))]).case
    kept = library.check(parcels, packs=pack_of(town))
    before = library.layers().query("code == 'ZONE'").label.iloc[0]
    later = gpd.GeoDataFrame({"KEY": ["f1"], "GRADE": ["b"]}, geometry=[box(5, 0, 20, 9)], crs=4547)
    library.add(later, "ZONE", valid_from="2020-01-01", label="later", sure=True)
    changes = library.changes("ZONE", before, "later", by="GRADE", run=kept)
    assert changes.counts == {"added": 0, "removed": 1, "moved": 1, "changed": 0, "unchanged": 0}
    assert isinstance(changes.features, gpd.GeoDataFrame) and len(changes.features) == 2
    ground = changes.transitions.set_index(["from", "to"]).area_m2
    assert ground["a", "b"] == 135.0
    became = library.transitions(f"ZONE@{before}", "ZONE@later", by="GRADE")
    assert became.rows.set_index(["GRADE_from", "GRADE_to"]).area_m2["a", "b"] == 135.0
    checked = library.recheck(run=kept)
    assert checked.answer["runs"][0]["run"] == kept.run and "turned" in checked.names
    assert library.recheck(open=True).cases.case.tolist() == [case]


@pytest.mark.slow
def test_two_versions_of_a_survey_are_compared_by_the_matrix_of_surveys(library):
    ground = box(0, 0, 100, 100)
    for label, code in (("2020", "0101"), ("2023", "0701")):
        source = gpd.GeoDataFrame({"BSM": ["1"], "DLBM": [code]}, geometry=[ground], crs=4547)
        library.add(source, "DLTB", covers="extent", valid_from=f"{label}-12-31", label=label, sure=True)
    found = library.compare("DLTB@2020", "DLTB@2023", as_of="2024-01-01")
    assert found.answer["run"]["matrix"]["name"] == "survey-versions"
    assert found.spots[["type", "area_m2"]].values.tolist() == [["04", 10_000.0]]
    assert refusal(library.compare, "DLTB@2020", "ZONE").code == "matrix.field"  # land-urban, as ever
    assert library.compare("DLTB@2020", "DLTB@2023", matrix="survey-versions").matrix.equals(found.matrix)


def test_indicators_come_as_frames(tmp_path):
    ground = gpd.GeoDataFrame(geometry=[box(0, 0, 100, 100)], crs=4547)
    library = onemap.new(tmp_path / "city.gpkg", crs=4547, district=ground, language="en")
    columns = {"BSM": ["1"], "DLBM": ["0101"], "TBMJ": [10_000.0], "KCMJ": [0.0], "TBDLMJ": [10_000.0]}
    source = gpd.GeoDataFrame(columns, geometry=[box(0, 0, 100, 100)], crs=4547)
    library.add(source, "DLTB", covers="district", valid_from="2023-12-31")
    found = library.indicators(packs="city-checkup", only="farmland.arable", as_of=["2024-06-01", "2025-06-01"])
    assert found.rows.as_of.tolist() == [pd.Timestamp("2024-06-01"), pd.Timestamp("2025-06-01")]
    assert found.rows.value.tolist() == [1.0, 1.0] and found.table("indicators").value.tolist() == [1.0, 1.0]
    assert found.run in library.runs(kind="indicators").id.tolist()


def test_a_delivery_comes_in_and_a_package_goes_out(town, library):
    folder = town.folder / "delivery"
    folder.mkdir()
    source = gpd.GeoDataFrame({"BSM": ["1"], "HXMC": ["x"]}, geometry=[box(0, 0, 9, 9)], crs=4547)
    source.to_file(folder / "STBHHX.gpkg")
    plan = library.ingest(folder, plan=town.folder / "plan.toml")
    assert plan.plan[["source", "code"]].values.tolist() == [["STBHHX.gpkg", "STBHHX"]] and plan.added.empty
    taken = library.ingest(folder, covers=gpd.GeoDataFrame(geometry=[box(0, 0, 99, 99)], crs=4547))
    assert taken.added.code.tolist() == ["STBHHX"] and taken.refusals.empty
    package = library.deliver(town.folder / "out.zip", ["ZONE", "ROAD"])
    assert package.layers.code.tolist() == ["ZONE", "ROAD"] and len(package.sha256) == 64


def test_every_problem_of_a_refusal_is_told_in_the_library_s_language(town):
    bowtie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    wrong = gpd.GeoDataFrame({"DKBH": ["A", "B"]}, geometry=[bowtie, bowtie], crs=4547)
    with onemap.open(town.library, language="zh") as library:
        error = refusal(library.check, wrong, packs=pack_of(town))
    assert [problem.code for problem in error.problems] == ["geometry.invalid"] * 2
    assert [problem.place["feature"] for problem in error.problems] == ["A", "B"]
    assert all("。" in problem.message + problem.mend for problem in error.problems)


def test_between_two_calls_the_library_is_one_file(town, library, parcels):
    for call in (lambda: library.read("ZONE"), lambda: library.check(parcels, packs=pack_of(town)), library.layers):
        call()
        assert [path.name for path in town.folder.glob("library.gpkg*")] == ["library.gpkg"]


def test_a_closed_library_says_so(town, parcels):
    with onemap.open(town.library, language="en") as library:
        result = library.check(parcels, packs=pack_of(town))
    assert refusal(library.check, parcels).code == "python.closed"
    assert refusal(lambda: library.review.list()).code == "python.closed"
    assert len(result.verdicts) == 2  # what was given stays


def test_columns_of_any_plain_type_arrive(town, library):
    frame = gpd.GeoDataFrame(
        {
            "fid": [7, 9],
            "whole": pd.array([1, None], dtype="Int64"),
            "mixed": pd.Series([1, None], dtype=object),
            "truth": [True, False],
            "kind": pd.Categorical(["x", "y"]),
            "day": [date(2026, 1, 2), None],
            "moment": pd.to_datetime(["2026-01-02 03:04", None]),
            "KEY": ["a", "b"],
        },
        geometry=[SQUARE, box(20, 0, 30, 10)],
        crs=4547,
        index=["r", "r"],
    ).rename_geometry("shape")
    library.add(frame, "ZONE", label="typed", covers="extent")
    read = library.read("ZONE@typed")
    assert read.whole.tolist()[0] == 1 and pd.isna(read.whole.tolist()[1]) and read.kind.tolist() == ["x", "y"]
    assert pd.to_datetime(read.day).tolist()[0] == datetime(2026, 1, 2) and pd.to_datetime(read.moment)[1].hour == 3
    assert read.truth.astype(bool).tolist() == [True, False]


def test_progress_is_told_to_a_function_or_shown_by_tqdm(town, parcels, capfdbinary):
    reports = []
    with onemap.open(town.library, progress=lambda share, step: reports.append((share, step))) as library:
        library.check(parcels, packs=pack_of(town))
        assert reports[-1][0] == 1.0 and [share for share, _ in reports] == sorted(share for share, _ in reports)
        capfdbinary.readouterr()
        pytest.importorskip("tqdm")
        library.check(parcels, packs=pack_of(town), progress=True)
    assert b"100%" in capfdbinary.readouterr().err


def test_a_result_shows_itself_as_a_page(town, library, parcels):
    evil = parcels.assign(DKBH=["<script>", "B"])
    page = library.check(evil, packs=pack_of(town))._repr_html_()
    assert "<script>" not in page and "&lt;script&gt;" in page and "prohibited 1" in page.lower()
    assert "<table>" in library.statistics("ZONE", by="GRADE")._repr_html_()
    assert "onemap check" in repr(library.check(parcels, packs=pack_of(town)))


def test_a_page_says_what_limits_the_answer_as_a_terminal_does(tmp_path):
    ground = gpd.GeoDataFrame({"KEY": ["f1"]}, geometry=[box(0, 0, 10, 10)], crs=4547)
    define = "name=z,department=land,library=department,kind=vector,geometry=polygon,key=KEY"
    rules = {}, {"id": "forest", "layer": "GYL", "department": "forestry", "missing": "checklist"}
    (tmp_path / "test.toml").write_text(pack_text(*rules), encoding="utf-8")
    with onemap.new(tmp_path / "a.gpkg", crs="EPSG:4547", rehearsal=True, language="en") as library:
        library.add(ground, "ZONE", define=define, covers="extent")
        pack = tmp_path / "test.toml"
        case = library.review.open(ground, project="某项目", id="KEY", pack=[pack])
        found = library.check(ground, id="KEY", packs=pack), library.statistics("ZONE"), case
    pages = [result._repr_html_() for result in found]
    names = ("ZONE", "z", "ZONE")  # the title, where the answer brings that of a library's own layer
    for page, name in zip(pages, names, strict=True):
        assert f"<li>Coverage assumed from the bounding box: {name}</li>" in page
    assert "<li>1 of 2 rules was not asked</li>" in pages[0] and all("<li>REHEARSAL: " in page for page in pages)


@pytest.mark.slow
def test_a_result_is_drawn_on_a_map(town, library, parcels):
    pytest.importorskip("folium")
    moved = parcels.set_geometry(parcels.translate(500_000, 4_000_000))
    result = library.check(moved, packs=pack_of(town))
    page = result.explore(tiles=None).get_root().render()
    assert '"DKBH"' not in page and '"parcel"' in page and "36.1" in page  # degrees north
    assert refusal(result.explore, "run").code == "python.no_map"


def test_the_limits_of_gdal_end_with_the_call(town, library, monkeypatch):
    monkeypatch.setenv("GDAL_HTTP_PROXY", "mine")
    library.layers()
    assert os.environ["GDAL_HTTP_PROXY"] == "mine"


@pytest.mark.slow
def test_whoever_imports_it_loads_nothing_before_it_is_asked_for():
    script = (
        "import sys, onemap; heavy = {'numpy', 'geopandas', 'shapely'} & set(sys.modules); assert not heavy, heavy;"
        "assert not hasattr(onemap, 'serverClassFactory') and callable(onemap.classFactory);"
        "assert not {'numpy'} & set(sys.modules);"
        "assert {'open', 'new', 'OneMapError', '__version__'} <= set(dir(onemap));"
        "assert 'classFactory' not in dir(onemap);"
        "assert onemap.open.__doc__ and onemap.__version__[0].isdigit()"
    )
    subprocess.run([sys.executable, "-P", "-c", script], check=True, cwd="/")


def test_every_kind_of_result_is_public():
    results = {name: of for name, of in vars(call_results).items() if isinstance(of, type)}
    own = {name for name, of in results.items() if of.__module__ == call_results.__name__}
    assert own <= set(dir(onemap)) and all(getattr(onemap, name) is results[name] for name in own)


def test_a_refusal_arrives_whole_from_another_process():
    error = pickle.loads(pickle.dumps(onemap.OneMapError("field.missing", field="X", names=["a"])))
    assert (error.code, error.problems[0].facts) == ("field.missing", {"field": "X", "names": ["a"]})
