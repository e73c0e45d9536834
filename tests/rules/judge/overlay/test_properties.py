"""Properties of any ground: order, direction, place, cuts, chunks and workers change nothing; parts sum up."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from onemap.rules.judge.overlay.overlay import Overlaps, differences, intersections, overlaps, parts_outside, union_by
from onemap.rules.judge.overlay.subdivision import subdivide_polygons
from onemap.rules.judge.overlay.threads import Threads
from onemap.tests.rules.command import command, done
from onemap.tests.rules.conftest import Desk
from onemap.tests.rules.shapes import PLACE, cut, grounds, parts_of, redrawn, seeds

THREADS = Threads()
CITY = np.array([38_500_000.0, 4_200_000.0])
KNOWN = shapely.box(PLACE - 20, PLACE - 20, PLACE + 170, PLACE + 300)  # the coverage ends amid the drawn ground
RELATIVE, ABSOLUTE_M2 = 1e-6, 1e-3
CURVE = 4e-4  # a circle of 256 corners may lie anywhere within 0.02 % of the true one, on either side
often = settings(deadline=None, max_examples=60)
# Each example is a library of its own: few of them, and no minutes spent on finding a smaller one that fails.
seldom = settings(deadline=None, max_examples=5, phases=(Phase.explicit, Phase.reuse, Phase.generate))


def array(geometries: list[shapely.Geometry]) -> np.ndarray:
    result = np.empty(len(geometries), dtype=object)
    result[:] = geometries
    return result


def met(parcels: list[shapely.Geometry], features: list[shapely.Geometry], threads: Threads = THREADS) -> Overlaps:
    mine, others = array(parcels), array(features)
    found = overlaps(mine, shapely.STRtree(mine), others, threads)
    assert not len(found.failed)
    assert shapely.is_valid(found.geometry).all()
    return found


def shared_m2(parcels: list[shapely.Geometry], features: list[shapely.Geometry]) -> np.ndarray:
    """The union of what each parcel shares with all features, in m² (n,)."""
    found = met(parcels, features)
    return np.nan_to_num(shapely.area(union_by(found.parcel, found.geometry, len(parcels))))


def same(one: Any, other: Any, relative: float = RELATIVE) -> bool:
    return bool(np.allclose(one, other, rtol=relative, atol=ABSOLUTE_M2))


# ---- The overlay itself ----


@pytest.mark.slow
@often
@given(grounds, grounds)
def test_what_two_grounds_share_does_not_depend_on_which_is_the_parcel(a, b):
    assert same(shared_m2([a], [b]), shared_m2([b], [a]))


@pytest.mark.slow
@often
@given(grounds, grounds)
def test_what_is_shared_and_what_is_left_make_up_the_ground(a, b):
    (left,), failed = differences(array([a]), array([b]), THREADS)
    (beyond,), failed_beyond = parts_outside(array([a]), b, THREADS)
    (common,), failed_common = intersections(array([a]), array([b]), THREADS)
    assert not (failed.any() or failed_beyond.any() or failed_common.any())
    assert same(shared_m2([a], [b])[0] + shapely.area(left or shapely.Polygon()), a.area)
    assert same(shapely.area(common or shapely.Polygon()) + shapely.area(beyond or shapely.Polygon()), a.area)


@pytest.mark.slow
@often
@given(grounds)
def test_a_ground_shares_all_of_itself_and_leaves_nothing(a):
    assert same(shared_m2([a], [a]), [a.area])
    assert differences(array([a]), array([a]), THREADS)[0][0] is None


@pytest.mark.slow
@often
@given(grounds, grounds, seeds)
def test_how_a_ground_is_drawn_changes_nothing(a, b, seed):
    expected = shared_m2([a], [b])
    assert same(shared_m2([redrawn(a, seed)], [redrawn(b, seed + 1)]), expected)
    assert same(shared_m2([a], parts_of(redrawn(b, seed))), expected)


@pytest.mark.slow
@often
@given(grounds, grounds)
def test_where_the_origin_lies_changes_nothing(a, b):
    far = [shapely.transform(ground, lambda xy: xy + CITY) for ground in (a, b)]
    if all(ground.is_valid for ground in far):  # corners off the grid are rounded on the way
        assert same(shared_m2(far[:1], far[1:]), shared_m2([a], [b]))


@pytest.mark.slow
@often
@given(grounds, grounds, seeds)
def test_cutting_a_feature_in_two_changes_no_total(a, b, seed):
    assert same(shared_m2([a], cut(b, seed)), shared_m2([a], [b]))


@pytest.mark.slow
@often
@given(grounds, grounds)
def test_a_feature_of_many_corners_is_cut_into_pieces_that_are_the_feature(a, b):
    fine = shapely.segmentize(b, b.length / 1200)
    pieces = subdivide_polygons(array([fine]))
    assert len(pieces.geometries) > 1
    assert shapely.is_valid(pieces.geometries).all()
    assert same(shapely.area(pieces.geometries).sum(), b.area)
    assert same(shared_m2([a], [fine]), shared_m2([a], [b]))


@pytest.mark.slow
@often
@given(st.lists(grounds, min_size=2, max_size=6), seeds)
def test_the_order_of_features_changes_no_union(features, seed):
    order = np.random.default_rng(seed).permutation(len(features))
    group = np.zeros(len(features), dtype=int)
    (one,), (other,) = (union_by(group, array(features)[rows], 1) for rows in (np.arange(len(features)), order))
    assert same(one.area, other.area)
    assert max(ground.area for ground in features) <= one.area + ABSOLUTE_M2
    assert one.area <= sum(ground.area for ground in features) + ABSOLUTE_M2


def quilt(seed: int, number: int) -> tuple[list[shapely.Geometry], list[shapely.Geometry]]:
    """number² parcels edge on edge with crooked corners, and plots across them: more pairs than any chunk holds."""
    dice = np.random.default_rng(seed)
    made = []
    for offset in (0.0, 4.5):
        lines = np.arange(number + 1) * 10 + offset
        corners = np.stack(np.meshgrid(lines, lines), axis=-1) + dice.uniform(-2, 2, (number + 1, number + 1, 2))
        rings = np.stack([corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]], axis=2)
        made.append(list(shapely.polygons(rings.reshape(-1, 4, 2))))
    return made[0], made[1]


@pytest.mark.slow
@settings(deadline=None, max_examples=3)
@given(seeds)
def test_many_parcels_with_many_workers_are_measured_as_each_alone(seed):
    parcels, plots = quilt(seed, 40)
    alone = met(parcels, plots)
    assert len(alone.parcel) > 5000
    for workers in (2, 5):
        together = met(parcels, plots, Threads(workers))
        assert (together.parcel == alone.parcel).all() and (together.feature == alone.feature).all()
        assert (shapely.to_wkb(together.geometry) == shapely.to_wkb(alone.geometry)).all()
    for parcel in np.random.default_rng(seed).choice(len(parcels), 40, replace=False):
        found = met([parcels[parcel]], plots)
        mine = alone.parcel == parcel
        assert (found.feature == alone.feature[mine]).all()
        assert (shapely.to_wkb(found.geometry) == shapely.to_wkb(alone.geometry[mine])).all()
    rest, _ = differences(array(parcels), union_by(alone.parcel, alone.geometry, len(parcels)), Threads(5))
    both = shapely.area(union_by(alone.parcel, alone.geometry, len(parcels))), shapely.area(rest)
    assert same(sum(map(np.nan_to_num, both)), shapely.area(parcels))


# ---- The rules, as a user runs them ----


class CityDesk(Desk):
    """A desk whose library is in a city's zone; shapes drawn around zero are moved there."""

    def write(self, name: str, shapes: Any, columns: Any, crs: str) -> Path:
        return super().write(name, shapely.transform(array(list(shapes)), lambda xy: xy + CITY), columns, "EPSG:4526")


@contextmanager
def desk(kind: type[Desk] = Desk) -> Iterator[Desk]:
    """A desk for one example."""
    with tempfile.TemporaryDirectory() as folder:
        made = kind(Path(folder), command)
        done("new", made.library, "--crs", "EPSG:4526" if kind is CityDesk else "EPSG:4547")
        yield made


def all_kinds(layer: str, suffix: str = "") -> list[dict[str, Any]]:
    """One rule of each kind that has ground, on a layer."""
    permits = {"1": ["A"], "2": ["A", "B"]}
    rules = [
        {"kind": "avoid"},
        {"kind": "within"},
        {"kind": "setback", "distance_m": 12},
        {"kind": "use", "parcel_field": "USE", "plan_field": "PLAN", "permits": permits},
    ]
    return [{"id": rule["kind"] + suffix, "layer": layer, **rule} for rule in rules]


def composition(layer: str) -> dict[str, Any]:
    return {"id": "composition", "kind": "composition", "layer": layer, "by": ["PLAN"]}


towns = st.tuples(
    st.lists(grounds, min_size=1, max_size=5),
    st.lists(grounds, min_size=1, max_size=4),
    seeds,
)


def by_name(parcels: list[shapely.Geometry]) -> dict[str, shapely.Geometry]:
    return {f"p{n}": parcel for n, parcel in enumerate(parcels)}


def uses(parcels: Any) -> dict[str, list[str | None]]:
    return {"USE": [("1", "2", None)[n % 3] for n in range(len(parcels))]}


def plans(features: Any) -> list[str | None]:
    return [("A", "B", "A", None)[n % 4] for n in range(len(features))]


def areas(findings: gpd.GeoDataFrame, rules: list[str], parcels: list[str]) -> np.ndarray:
    """Area of conflict and of unknown ground, (rules, parcels, 2); 0 without a row."""
    unknown = (findings.verdict == "unknown").astype(int)
    found = dict(zip(zip(findings.rule, findings.parcel, unknown, strict=True), findings.area_m2, strict=True))
    return np.array([[[found.get((r, p, u), 0.0) for u in (0, 1)] for p in parcels] for r in rules])


@pytest.mark.slow
@seldom
@given(towns)
def test_conflict_unknown_and_rest_make_up_each_parcel(town):
    features, parcels, _ = town
    with desk() as at:
        at.layer("PLAN", features, {"PLAN": plans(features)}, covers=KNOWN)
        at.pack(*all_kinds("PLAN"), composition("PLAN"))
        outcome = at.check(by_name(parcels), columns=uses(parcels))
        findings, whole = outcome.table("findings"), {name: ground.area for name, ground in by_name(parcels).items()}
        assert findings.share.between(0, 1 + 1e-9).all()
        assert findings.geometry.is_valid.all() and not findings.geometry.isna().any()
        for (parcel, _), rows in findings.groupby(["parcel", "rule"]):
            ground = by_name(parcels)[parcel]
            rest = ground.difference(shapely.union_all(rows.geometry.to_numpy()))
            assert same(rows.area_m2.sum() + rest.area, ground.area)
        both = areas(findings, ["avoid", "within"], list(whole))
        # P ∩ F, (P ∩ C) − F, and P − C − F.
        assert same(both[0].sum(axis=1) + both[1, :, 0], list(whole.values()))
        classes = outcome.table("composition").groupby("parcel").area_m2.sum()
        assert same(classes.reindex(list(whole)), list(whole.values()))


@pytest.mark.slow
@seldom
@given(towns)
def test_how_ground_is_drawn_and_cut_changes_no_finding(town):
    features, parcels, seed = town
    pieces = [(piece, plan) for f, plan in zip(features, plans(features), strict=True) for piece in cut(f, seed)]
    layers = {
        "PLAN": (features, plans(features)),
        "REDRAWN": ([redrawn(feature, seed) for feature in features], plans(features)),
        "SHUFFLED": (features[::-1], plans(features)[::-1]),
        "CUT": ([piece for piece, _ in pieces], [plan for _, plan in pieces]),
    }
    drawn = {f"p{n}": parcel for n, parcel in enumerate(parcels)}
    again = {f"q{n}": redrawn(parcel, seed + n) for n, parcel in enumerate(parcels)}
    with desk() as at:
        for code, (shapes, plan) in layers.items():
            at.layer(code, shapes, {"PLAN": plan}, covers=KNOWN)
        at.pack(*(rule for code in layers for rule in all_kinds(code, f" {code}")))
        columns = {"USE": uses(parcels)["USE"] * 2}
        findings = at.check({**drawn, **again}, columns=columns).table("findings")
    for kind in ("avoid", "within", "setback", "use"):
        expected = areas(findings, [f"{kind} PLAN"], list(drawn))[0]
        for code in layers:
            for parcels_drawn in (drawn, again):
                found = areas(findings, [f"{kind} {code}"], list(parcels_drawn))[0]
                curved = CURVE if kind == "setback" else 0.0
                slack = curved * np.array([[ground.area] for ground in drawn.values()])
                assert (np.abs(found - expected) <= RELATIVE * expected + ABSOLUTE_M2 + slack).all(), (kind, code)


@pytest.mark.slow
@seldom
@given(towns)
def test_a_city_in_its_zone_has_the_findings_of_one_at_the_origin(town):
    features, parcels, _ = town
    found = []
    for kind in (Desk, CityDesk):
        with desk(kind) as at:
            at.layer("PLAN", features, {"PLAN": plans(features)}, covers=KNOWN)
            at.pack(*all_kinds("PLAN"))
            findings = at.check(by_name(parcels), columns=uses(parcels)).table("findings")
            found.append(areas(findings, ["avoid", "within", "setback", "use"], list(by_name(parcels))))
    assert same(found[0], found[1])


@pytest.mark.slow
@seldom
@given(
    towns, st.lists(st.integers(0, 4000), min_size=3, max_size=3), st.lists(st.integers(0, 60), min_size=3, max_size=3)
)
def test_higher_thresholds_count_no_more_and_longer_distances_no_less(town, least_areas, distances):
    features, parcels, _ = town
    least_areas, distances = [0, *sorted(least_areas)], sorted(distances)
    widths = [0, 0.5, 3, 12]
    rules = [
        *({"id": f"area {n}", "min_area_m2": least} for n, least in enumerate(least_areas)),
        *({"id": f"width {n}", "min_width_m": width} for n, width in enumerate(widths)),
        *({"id": f"far {n}", "kind": "setback", "distance_m": distance} for n, distance in enumerate(distances)),
        *({"id": f"near {n}", "kind": "near", "distance_m": distance} for n, distance in enumerate(distances)),
    ]
    with desk() as at:
        at.layer("ZONE", features)
        findings = at.check(by_name(parcels), *rules).table("findings").set_index(["rule", "parcel"])

    def ladder(name: str, column: str, steps: int) -> np.ndarray:
        values = [[findings[column].get((f"{name} {n}", p), 0) for p in by_name(parcels)] for n in range(steps)]
        return np.array(values, dtype=float)

    for name in ("area", "width"):
        assert (ladder(name, "area_m2", 4) == ladder(name, "area_m2", 4)[0]).all(), "thresholds never change a measure"
        assert (np.diff(ladder(name, "counted", 4), axis=0) <= 0).all()
        assert (np.diff(ladder(name, "counted_area_m2", 4), axis=0) <= 0).all()
    counted = ladder("area", "area_m2", 4) >= np.array(least_areas)[:, None]
    assert (ladder("area", "counted", 4) == (counted & (ladder("area", "area_m2", 4) > 0))).all()
    assert (np.diff(ladder("far", "area_m2", 3), axis=0) >= -ABSOLUTE_M2).all()
    assert (np.diff(ladder("near", "features", 3), axis=0) >= 0).all()


@pytest.mark.slow
@settings(seldom, max_examples=3)
@given(towns)
def test_workers_and_company_change_no_row(town):
    """One worker or four: the same rows to the last bit. All parcels at once, or each in a check of its own: the same.

    Coordinates are counted from an origin amid all parcels of a run, so with the company the last digits may differ.
    """
    features, parcels, _ = town
    tables = ("parcels", "findings", "overlaps")
    with desk() as at:
        at.layer("PLAN", features, {"PLAN": plans(features)}, covers=KNOWN)
        at.pack(*all_kinds("PLAN"))
        one, four = (
            [at.check(by_name(parcels), columns=uses(parcels), workers=workers).table(name) for name in tables]
            for workers in (1, 4)
        )
        apart = [
            [at.check({name: parcel}, columns={"USE": [use]}).table(table) for table in tables]
            for (name, parcel), use in zip(by_name(parcels).items(), uses(parcels)["USE"], strict=True)
        ]
    for n in range(len(tables)):
        pd.testing.assert_frame_equal(plain(one[n]), plain(four[n]), check_exact=True)
        rows = [frame[n] for frame in apart if len(frame[n])] or [one[n]]
        company, alone = plain(one[n]), plain(pd.concat(rows, ignore_index=True))
        numbers = [column for column in company if column.endswith(("_m2", "_m")) or column == "share"]
        rest = [column for column in company if column not in (*numbers, "geometry")]
        pd.testing.assert_frame_equal(company[rest], alone[rest], check_exact=True)
        measured = [frame[numbers].to_numpy(dtype=float) for frame in (company, alone)]
        assert np.allclose(*measured, rtol=RELATIVE, atol=1e-6, equal_nan=True)


def plain(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """A table's values as objects, nulls as None, geometry bit for bit."""
    made = pd.DataFrame(frame.drop(columns="geometry")).reset_index(drop=True).astype(object)
    made["geometry"] = shapely.to_wkb(frame.geometry.to_numpy())
    return made.where(made.notna(), None)


# A triangle, and the two halves of it: no corner is off an edge by more than a double's last digit.
LOST = (
    "POLYGON ((0 5.5, 12.75 0, 60.75 8.5, 0 5.5))",
    "POLYGON ((35.51917143878863 4.032040775618821, 12.75 0, 0 5.5, 5.4002256025561035 5.766677807533635, "
    "35.51917143878863 4.032040775618821))",
    "POLYGON ((5.4002256025561035 5.766677807533635, 60.75 8.5, 35.51917143878863 4.032040775618821, "
    "5.4002256025561035 5.766677807533635))",
)


def test_ground_near_zero_is_not_lost():
    whole, *halves = map(shapely.from_wkt, LOST)
    with desk() as at:
        at.layer("PLAN", halves, {"PLAN": ["A", "A"]})
        rules = [{"id": kind, "layer": "PLAN", "kind": kind} for kind in ("avoid", "within")]
        findings = at.check({"p": whole}, *rules).table("findings")
    assert findings[findings.rule == "avoid"].area_m2.sum() == pytest.approx(whole.area, abs=ABSOLUTE_M2)
    assert findings[findings.rule == "within"].area_m2.sum() == pytest.approx(0, abs=ABSOLUTE_M2)
