"""Thresholds are reported, never hidden: least area, least width, arithmetic."""

import geopandas as gpd
import numpy as np
import pytest
from shapely import MultiPolygon, Polygon, box

from onemap.rules.judge.findings.thresholds import narrower

SQUARE = box(0, 0, 10, 10)


def test_below_the_least_area_a_row_stays_and_decides_nothing(desk):
    desk.layer("ZONE", [box(0, 0, 0.9, 1)])
    found = desk.check({"A": SQUARE}, {"min_area_m2": 1.0})
    row = found.finding("A")
    assert (row.area_m2, row.counted_area_m2, row.counted, row.reason) == (
        pytest.approx(0.9),
        pytest.approx(0.9),
        False,
        "below_area",
    )
    assert found.verdicts() == {"A": "clear"}
    piece = found.table("overlaps").iloc[0]
    assert (piece.counted, piece.reason) == (False, "below_area")


def test_the_least_area_itself_counts(desk):
    desk.layer("ZONE", [box(0, 0, 1, 1)])
    assert desk.check({"A": SQUARE}, {"min_area_m2": 1.0}).finding("A").counted


def test_a_parcel_that_lies_wholly_in_zones_reaches_a_least_share_of_the_whole(desk):
    corners = [(0.1, 0.3), (17.7, 3.9), (13.3, 19.1), (-3.7, 11.3)]
    parcels = {f"P{n}": Polygon([(x * (1 + n / 7) + 100 * n, y * (1 + n / 7)) for x, y in corners]) for n in range(30)}
    desk.layer("ZONE", [box(7.3 * n - 50, -9, 7.3 * (n + 1) - 50, 400) for n in range(440)])
    found = desk.check(parcels, {"kind": "setback", "distance_m": 5, "min_share": 1})
    # Cut and joined again, ground has other last digits than the parcel itself.
    assert found.table("findings").share.tolist() == pytest.approx([1.0] * 30, rel=1e-12)
    assert set(found.verdicts().values()) == {"prohibited"}


def test_a_sliver_is_what_vanishes_under_erosion_by_half_the_width(desk):
    desk.layer("ZONE", [box(0, 0, 0.4, 10), box(5, 0, 6, 10)])
    found = desk.check({"thin": box(0, 0, 4, 10), "both": SQUARE}, {"min_width_m": 0.5})
    thin, both = found.finding("thin"), found.finding("both")
    assert (thin.area_m2, thin.counted_area_m2, thin.counted, thin.reason) == (pytest.approx(4.0), 0.0, False, "sliver")
    assert (both.area_m2, both.counted_area_m2, both.counted, both.reason) == (
        pytest.approx(14.0),
        pytest.approx(10.0),
        True,
        None,
    )
    pieces = found.table("overlaps")
    assert [(p.parcel, p.feature, p.counted, p.reason) for p in pieces.itertuples()] == [
        ("thin", "f1", False, "sliver"),
        ("both", "f1", False, "sliver"),
        ("both", "f2", True, None),
    ]
    assert found.verdicts() == {"thin": "clear", "both": "prohibited"}


@pytest.mark.parametrize("width_m", [0.5, 2, 20, 90, 500])
def test_what_is_exactly_as_wide_as_a_limit_is_not_narrower(width_m):
    strip = np.array([box(5e5, 4.2e6, 5e5 + 3 * width_m, 4.2e6 + width_m)])
    assert not narrower(strip, width_m).any() and narrower(strip, width_m * 1.005).all()


def test_slivers_of_two_features_that_join_are_no_sliver(desk):
    desk.layer("ZONE", [box(0, 0, 0.3, 10), box(0.3, 0, 0.6, 10)])
    row = desk.check({"A": SQUARE}, {"min_width_m": 0.5}).finding("A")
    assert (row.counted_area_m2, row.counted) == (pytest.approx(6.0), True)


def test_unknown_ground_has_the_same_thresholds(desk):
    desk.layer("ZONE", [box(50, 50, 60, 60)], covers=box(-99, -99, 9.95, 99))
    found = desk.check({"A": SQUARE}, {"min_area_m2": 1.0})
    row = found.finding("A", unknown=True)
    assert (row.area_m2, row.counted, row.reason) == (pytest.approx(0.5), False, "outside_coverage,below_area")
    assert found.verdicts() == {"A": "clear"}


def test_parts_below_a_millionth_of_a_square_metre_give_no_row(desk):
    desk.layer("ZONE", [MultiPolygon([box(0, 0, 0.0009, 0.0009), box(5, 5, 5.002, 5.002)])])
    assert desk.check({"A": SQUARE}, {}).hits() == {"A": pytest.approx(4e-6)}


def test_a_long_edge_in_common_is_no_overlap_of_parcels_that_come_from_another_zone(desk):
    west, south, turn = 530_000.123 + 3000.7 * np.arange(30), 4_210_000.789, np.linspace(0.1, 1.4, 30)
    ends = [(x, south, x + 1000 * np.cos(at), south + 1000 * np.sin(at)) for x, at in zip(west, turn, strict=True)]
    desk.layer("ZONE", [Polygon([one[:2], one[2:], (one[0], south + 1500)]) for one in ends], covers="extent")
    desk.pack({"kind": "avoid"})
    parcels = [Polygon([one[:2], one[2:], (one[2], south - 500)]) for one in ends]
    moved = gpd.GeoSeries(parcels, crs=4547).to_crs(4526)
    source = desk.write("moved", moved, {"DKBH": [f"P{n}" for n in range(30)]}, "EPSG:4526")
    answer = desk.run("check", desk.library, source, "--pack", desk.folder / "test.toml").done()
    assert answer.json["verdicts"]["prohibited"] == 0


@pytest.mark.parametrize(("side_m", "edge_m"), [(0.01, 2500), (0.03, 13_000)])
def test_a_small_spot_beside_such_an_edge_counts_by_itself(desk, side_m, edge_m):
    # Twice the area by the length of both together is below the tenth of a micrometre.
    desk.layer("ZONE", [box(0, 0, side_m, side_m), Polygon([(0, 50), (edge_m, 50 + 1e-8), (edge_m, 50)])])
    found = desk.check({"A": box(-1, -1, edge_m + 1, 99)}, {})
    row = found.finding("A")
    assert (row.counted_area_m2, row.counted, row.reason) == (pytest.approx(side_m**2, rel=1e-6), True, None)
    assert row.area_m2 > row.counted_area_m2 and found.verdicts() == {"A": "prohibited"}


def test_a_small_spot_at_the_end_of_such_an_edge_counts(desk):
    spot = [(0, 50), (2500, 50), (2500, 49.99), (2500.01, 49.99), (2500.01, 50 + 1e-8), (2500, 50 + 1e-8)]
    desk.layer("ZONE", [Polygon(spot)])
    row = desk.check({"A": box(-1, 0, 2600, 99)}, {}).finding("A")
    assert (row.counted_area_m2, row.counted) == (pytest.approx(1e-4 + 1.25e-5, rel=1e-3), True)


@pytest.mark.slow
def test_raising_a_threshold_never_makes_a_verdict_worse(desk):
    desk.layer("ZONE", [box(0, 0, 2, 3)])
    counted = [desk.check({"A": SQUARE}, {"min_area_m2": least}).finding("A").counted for least in (0, 5, 6, 7, 100)]
    assert counted == [True, True, True, False, False]
