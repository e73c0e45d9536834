"""Properties of any two plans: areas sum up, swapping plans swaps 03 and 04, every place occurs once."""

import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from onemap.layers.library.versions import StoredFeatures, Version
from onemap.rules.answers.compare.matrix import parse_matrix
from onemap.rules.answers.compare.pieces import overlaid
from onemap.rules.answers.compare.plans import Plan, placed_plan
from onemap.rules.answers.compare.spots import Limits, Spots, spots_of
from onemap.rules.judge.inputs.layer_sources import LayerSource
from onemap.rules.judge.overlay.threads import Threads
from onemap.tests.rules.shapes import PLACE, grounds
from onemap.tests.rules.small_pack import matrix_text

THREADS = Threads()
EVERYWHERE = shapely.box(PLACE - 20, PLACE - 20, PLACE + 170, PLACE + 300)
SIDES = {
    "a": '[{side}]\nfield = "USE"\nconstruction = ["7", "8"]\nother = ["1", "79"]\n',
    "b": '[{side}]\nfield = "USE"\nconstruction = ["R", "M"]\nother = ["E"]\n',
}
UNLIKE = '[[unlike]]\n{a} = ["8"]\n{b} = ["M"]\n'
CODES = {"a": ["7", "8", "1", "79", None], "b": ["R", "M", "E", "X"]}
EXCHANGED = {"03": "04", "04": "03"}


def matrix(first: str, second: str):
    """The matrix with the plans in this order."""
    head = 'title = "t"\n' + SIDES[first].format(side="a") + SIDES[second].format(side="b")
    return parse_matrix(head + UNLIKE.format(**{first: "a", second: "b"}), "m")


def plan(name: str, shapes: list, side, of, ground=EVERYWHERE) -> Plan:
    geometries = np.empty(len(shapes), dtype=object)
    geometries[:] = [shape for shape, _ in shapes]
    codes = pd.DataFrame({side.fields[0]: pd.Series([code for _, code in shapes], dtype=object)})
    stored = StoredFeatures(np.arange(1, len(shapes) + 1), geometries, codes)
    version = Version(name, 1, f"{name}__1", "v1", None, None, "", len(shapes), "", "file", ground.area, None)
    source = LayerSource(None, version, stored, ground, stored.fids.astype(str).astype(object))
    return placed_plan(source, side, of, ground, THREADS)


def spots_between(first, second, order=("a", "b"), width=2.0, area=50.0) -> Spots:
    types = matrix(*order)
    plans = plan("P", first, types.a, types), plan("Q", second, types.b, types)
    return spots_of(overlaid(*plans, THREADS), plans, types, Limits(width, area), THREADS)


def kinds(spots: Spots, exchange=False) -> dict:
    """(type, use_a, use_b) → number of spots and their area; with the sides exchanged if asked."""
    columns = spots.columns
    keys = zip(columns["type"], columns["use_a"].fillna("-"), columns["use_b"].fillna("-"), strict=True)
    if exchange:
        keys = ((EXCHANGED.get(kind, kind), b, a) for kind, a, b in keys)
    frame = pd.DataFrame({"key": list(keys), "area": columns["area_m2"].to_numpy()})
    return {key: (len(group), group["area"].sum()) for key, group in frame.groupby("key")}


def plans_of(side: str):
    return st.lists(st.tuples(grounds, st.sampled_from(CODES[side])), min_size=1, max_size=4)


often = settings(deadline=None, max_examples=15)


@pytest.mark.slow
@often
@given(plans_of("a"), plans_of("b"))
def test_the_spots_make_up_the_ground_of_both_plans_and_overlap_nowhere(first, second):
    spots = spots_between(first, second)
    whole = shapely.union_all([shape & EVERYWHERE for shape, _ in (*first, *second)])
    assert shapely.area(spots.geometries).sum() == pytest.approx(whole.area, rel=1e-6, abs=1e-3)
    assert shapely.union_all(spots.geometries).symmetric_difference(whole).area == pytest.approx(0, abs=1e-3)
    assert (shapely.get_type_id(spots.geometries) == 3).all() and shapely.is_valid(spots.geometries).all()
    assert spots.columns["area_m2"].sum() == pytest.approx(spots.compared_m2, rel=1e-6)
    assert spots.columns["share"].sum() == pytest.approx(1.0, rel=1e-6)


@pytest.mark.slow
@often
@given(plans_of("a"), plans_of("b"))
def test_a_against_b_is_b_against_a_with_03_and_04_exchanged(first, second):
    there, back = kinds(spots_between(first, second)), kinds(spots_between(second, first, ("b", "a")), exchange=True)
    # Slivers of arithmetic may be one more or one less; ground may not.
    assert {key for key, (_, area) in there.items() if area > 1e-3} == {
        k for k, (_, area) in back.items() if area > 1e-3
    }
    for key, (_, area) in there.items():
        assert back.get(key, (0, 0.0))[1] == pytest.approx(area, abs=1e-3)


@pytest.mark.slow
@often
@given(plans_of("a"), plans_of("b"))
def test_every_place_is_typed_by_the_first_row_of_each_plan_there(first, second):
    spots = spots_between(first, second, width=0, area=0)
    types = matrix("a", "b")
    points = shapely.points(PLACE + np.random.default_rng(7).uniform(-15, 165, (60, 2)))
    for point in points:
        codes = [next(((c,) for shape, c in rows if shape.contains(point)), None) for rows in (first, second)]
        uses = [None if c is None else side.use_of(c[0]) for c, side in zip(codes, (types.a, types.b), strict=True)]
        near = any(shape.boundary.distance(point) < 1e-3 for shape, _ in (*first, *second))
        if near or not EVERYWHERE.contains(point):
            continue
        inside = np.flatnonzero(shapely.contains(spots.geometries, point))
        if codes == [None, None]:
            assert len(inside) == 0
            continue
        assert len(inside) == 1
        row = spots.columns.iloc[inside[0]]
        assert row["type"] == types.type_of(*uses, *(None if c is None else c[0] for c in codes))


def test_a_piece_that_touches_itself_in_a_point_gives_two_spots_that_know_their_uses():
    rings = [
        "POLYGON ((2404 2400, 2398 2403.5, 2398 2396.5, 2404 2400))",
        "POLYGON ((2410 2400, 2410 2410, 2400 2410, 2400 2400, 2410 2400))",
    ]
    triangle, square = map(shapely.from_wkt, rings)
    spots = spots_between([(triangle, "7"), (square | triangle, "7")], [(EVERYWHERE - square - triangle, "R")])
    assert spots.columns["code_a"].fillna("").isin(["7", ""]).all()
    assert spots.columns["area_m2"].sum() == pytest.approx(EVERYWHERE.area)


def test_a_spot_that_hangs_together_by_a_hair_is_written_as_what_its_digits_are():
    # Two yards joined by a strip of a nanometre, which the digits of a zone's eastings do not have.
    yards = [shapely.box(PLACE, PLACE + north, PLACE + 10, PLACE + north + 10) for north in (0, 20)]
    hair = shapely.box(PLACE + 5, PLACE + 10, PLACE + 5 + 1e-9, PLACE + 20)
    types = matrix("a", "b")
    plans = (
        plan("P", [(shapely.union_all([*yards, hair]), "7")], types.a, types),
        plan("Q", [(EVERYWHERE, "E")], types.b, types),
    )
    spots = spots_of(overlaid(*plans, THREADS), plans, types, Limits(0, 0), THREADS, (38_500_000.0, 4_200_000.0))
    assert (shapely.get_type_id(spots.geometries) == 3).all()
    written = shapely.transform(spots.geometries, lambda xy: xy + (38_500_000.0, 4_200_000.0))
    assert shapely.is_valid(written).all()
    rows = spots.columns[spots.columns["type"] == "03"]
    assert rows["area_m2"].tolist() == pytest.approx([100, 100]) and set(rows["code_a"]) == {"7"}


MAPS = matrix_text(("MAP", ["1"], list("234567")), differ_at=2)


@pytest.mark.slow
def test_two_years_of_real_parcels_close_and_are_symmetric(shared_data, tmp_path):
    """A part of the city; of all of it (50 375 pairs) the areas were equal to eleven digits."""
    source = shared_data / "cambridge" / "transplant_epsg4547.gpkg"
    types = parse_matrix(MAPS, "m")
    layers = [pyogrio.read_dataframe(source, layer=f"parcels_{year}") for year in (2013, 2014)]
    centre = shapely.box(*layers[0].total_bounds).centroid
    ground = shapely.box(-450, -450, 450, 450)
    shapes = []
    for frame in layers:
        local = shapely.transform(shapely.make_valid(frame.geometry.to_numpy()), lambda xy: xy - [centre.x, centre.y])
        near = shapely.intersects(local, ground)
        shapes.append(
            [
                (shapely.transform(shape, lambda xy: xy + 40_000), code)
                for shape, code in zip(local[near], frame["MAP"][near], strict=True)
                if shape.geom_type in ("Polygon", "MultiPolygon")
            ]
        )
    moved = shapely.transform(ground, lambda xy: xy + 40_000)

    def run(order):
        first, second = (
            plan("PQ"[n], shapes[of], side, types, moved)
            for n, (of, side) in enumerate(zip(order, (types.a, types.b), strict=True))
        )
        return spots_of(overlaid(first, second, THREADS), (first, second), types, Limits(), THREADS)

    there, back = run((0, 1)), run((1, 0))
    assert len(shapes[0]) > 500
    whole = shapely.union_all([shape for rows in shapes for shape, _ in rows]) & moved
    assert there.columns["area_m2"].sum() == pytest.approx(whole.area, rel=1e-9)
    forth, exchanged = kinds(there), kinds(back, exchange=True)
    assert {k: round(area, 3) for k, (_, area) in forth.items()} == {
        k: pytest.approx(area, abs=0.01) for k, (_, area) in exchanged.items()
    }


@pytest.mark.slow
def test_every_pair_of_the_truth_of_two_years_has_its_ground(shared_data):
    """All 50 375 pairs, but for features that are invalid, or lose ground to an earlier row of their own plan."""
    folder = shared_data / "cambridge"
    truth = pd.read_csv(folder / "truth_parcels2013_x_parcels2014.csv", dtype={0: str, 1: str})
    invalid = pd.read_csv(folder / "truth_invalid_features.csv")
    types = parse_matrix(MAPS, "m")
    everywhere = shapely.box(0, 0, 80_000, 80_000)
    plans, names, fine, corner = [], [], [], None
    for year, side in ((2013, types.a), (2014, types.b)):
        frame = pyogrio.read_dataframe(folder / "transplant_epsg4547.gpkg", layer=f"parcels_{year}")
        corner = frame.total_bounds[:2] - 40_000 if corner is None else corner
        local = shapely.transform(shapely.make_valid(frame.geometry.to_numpy()), lambda xy, by=corner: xy - by)
        areal = np.flatnonzero(np.isin(shapely.get_type_id(local), (3, 6)) & ~shapely.is_empty(local))
        made = plan(str(year), list(zip(local[areal], frame["MAP"].iloc[areal], strict=True)), side, types, everywhere)
        kept = np.bincount(made.feature - 1, made.polygons.area_m2, minlength=len(areal))
        rows = frame["src_row"].iloc[areal].astype(str).to_numpy()
        bad = invalid.loc[invalid["layer"] == f"parcels_{year}", "src_row"].astype(str)
        whole = np.abs(kept - shapely.area(local[areal])) < 1e-6
        plans.append(made)
        names.append(rows)
        fine.append(set(rows[whole & ~np.isin(rows, bad)]))
    ground = overlaid(plans[0], plans[1], THREADS)
    both = np.flatnonzero((ground.a >= 0) & (ground.b >= 0))
    first = names[0][plans[0].feature[ground.a[both]] - 1]
    second = names[1][plans[1].feature[ground.b[both]] - 1]
    found = pd.Series(ground.area_m2[both]).groupby([first, second]).sum()
    expected = truth.set_index(["parcels_2013_row", "parcels_2014_row"])["area_geos_m2"]
    sides = pd.concat([found.rename("found"), expected.rename("expected")], axis=1).fillna(0.0)
    sure = [a in fine[0] and b in fine[1] for a, b in sides.index]
    assert len(expected) == 50_375 and sum(sure) > 49_900
    assert (sides["found"] - sides["expected"])[sure].abs().max() < 1e-3
    assert (ground.a < 0).any() and (ground.b < 0).any()
