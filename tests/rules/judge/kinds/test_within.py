"""within: (P ∩ C) − F, worked out by hand."""

from shapely import box

SQUARE = box(0, 0, 10, 10)
WITHIN = {"kind": "within"}


def test_the_part_outside_the_features_is_the_conflict(desk):
    desk.layer("ZONE", [box(0, 0, 7, 10)])
    found = desk.check({"A": SQUARE, "inside": box(1, 1, 3, 3), "outside": box(20, 0, 21, 1)}, WITHIN)
    assert found.hits() == {"A": 30.0, "outside": 1.0}
    assert found.verdicts() == {"A": "prohibited", "inside": "clear", "outside": "prohibited"}


def test_features_that_meet_leave_no_gap(desk):
    desk.layer("ZONE", [box(0, 0, 5, 10), box(5, 0, 10, 10)])
    assert desk.check({"A": SQUARE}, WITHIN).hits() == {}


def test_beyond_the_coverage_nothing_is_known(desk):
    desk.layer("ZONE", [box(0, 0, 4, 10)], covers=box(-9, -9, 6, 99))
    found = desk.check({"A": SQUARE}, WITHIN)
    assert found.hits() == {"A": 20.0}  # x 4…6
    assert found.unknowns() == {"A": (40.0, "outside_coverage")}  # x 6…10


def test_a_null_does_not_make_ground_lawful(desk):
    desk.layer("ZONE", [box(0, 0, 3, 10), box(3, 0, 10, 10)], {"GHFQ": ["400", None]})
    found = desk.check({"A": SQUARE}, {**WITHIN, "where": "GHFQ LIKE '4%'"})
    assert (found.hits(), found.unknowns()) == ({}, {"A": (70.0, "no_value")})
    piece = found.table("overlaps").iloc[0]
    assert (piece.feature, piece.area_m2, piece.reason) == ("f2", 70.0, "no_value")


def test_ground_under_no_feature_is_a_conflict_beside_ground_that_only_a_null_permits(desk):
    zones = [box(0, 0, 3, 10), box(2, 0, 6, 10)]
    desk.layer("ZONE", zones, {"GHFQ": ["400", None]}, covers=box(-9, -9, 9, 99))
    found = desk.check({"A": SQUARE}, {**WITHIN, "where": "GHFQ LIKE '4%'"})
    assert (found.hits(), found.unknowns()) == ({"A": 30.0}, {"A": (40.0, "outside_coverage,no_value")})


def test_two_large_plans_of_many_cells_leave_exactly_their_gaps(desk):
    cells = [box(x, y, x + 10, y + 10) for x in range(0, 300, 10) for y in range(0, 300, 10) if (x, y) != (50, 70)]
    desk.layer("ZONE", cells)
    found = desk.check({"gap": box(45, 65, 65, 85), "none": box(100, 100, 155, 155)}, WITHIN)
    assert found.hits() == {"gap": 100.0}
