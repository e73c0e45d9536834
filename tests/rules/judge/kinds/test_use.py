"""use: the plan must permit the parcel's use; prefixes and nulls by hand."""

from shapely import box

from onemap.rules.judge.kinds.permitted_uses import ListedPermits

SQUARE = box(0, 0, 10, 10)
USE = {
    "kind": "use",
    "parcel_field": "YDXZ",
    "plan_field": "YDXZDM",
    "permits": {"0701": ["07", "08"], "07": ["07"], "10": ["1001", "11"]},
}


def check(desk, plans, code, **rule):
    desk.layer("ZONE", [shape for shape, _ in plans], {"YDXZDM": [plan for _, plan in plans]})
    return desk.check({"A": SQUARE}, {**USE, **rule}, columns={"YDXZ": [code]})


def test_the_longest_key_that_is_a_prefix_decides():
    permits = USE["permits"]
    codes = ["070101", "0703", "1001", "11", None, "07"]
    keys = ListedPermits(permits).keys(codes, [None] * len(codes))
    assert keys.tolist() == ["0701", "07", "10", None, None, "07"]


def test_of_a_parcel_with_several_codes_each_must_be_permitted(desk):
    desk.layer("ZONE", [box(0, 0, 6, 10), box(6, 0, 10, 10)], {"YDXZDM": ["0701", "11"]})
    codes = ["0701", "0701/07", "0701/1001", "1001、0701", "0701/99"]
    found = desk.check(dict.fromkeys(codes, SQUARE), USE, columns={"YDXZ": codes})
    assert found.hits() == {"0701": 40.0, "0701/07": 40.0, "0701/1001": 100.0, "1001、0701": 100.0}
    assert found.unknowns() == {"0701/99": (100.0, "no_value")}


def test_ground_whose_plan_does_not_permit_the_use_is_the_conflict(desk):
    found = check(desk, [(box(0, 0, 6, 10), "0701"), (box(6, 0, 10, 10), "1001")], "070102")
    assert found.hits() == {"A": 40.0} and found.unknowns() == {}
    assert list(found.table("overlaps").feature) == ["f2"]


def test_a_listed_code_permits_its_subclasses_but_no_wider_class(desk):
    found = check(desk, [(box(0, 0, 5, 10), "100101"), (box(5, 0, 10, 10), "10")], "1001")
    assert found.hits() == {"A": 50.0}  # "10" is wider than the "1001" that is listed


def test_a_parcel_without_code_or_without_key_is_unknown_as_a_whole(desk):
    assert check(desk, [(SQUARE, "0701")], None).unknowns() == {"A": (100.0, "no_value")}
    assert desk.check({"A": SQUARE}, USE, columns={"YDXZ": ["99"]}).unknowns() == {"A": (100.0, "no_value")}
    assert desk.check({"A": SQUARE}, USE).unknowns() == {"A": (100.0, "no_value")}  # no such field


def test_a_plan_without_code_and_ground_without_plan_are_unknown(desk):
    found = check(desk, [(box(0, 0, 3, 10), "0701"), (box(3, 0, 5, 10), None)], "0701")
    assert found.hits() == {} and found.unknowns() == {"A": (70.0, "no_value,no_plan")}


def test_beyond_the_coverage_nothing_is_known(desk):
    desk.layer("ZONE", [(box(0, 0, 6, 10))], {"YDXZDM": ["0701"]}, covers=box(-99, -99, 6, 99))
    found = desk.check({"A": SQUARE}, USE, columns={"YDXZ": ["0701"]})
    assert found.unknowns() == {"A": (40.0, "outside_coverage")}


def test_ground_under_a_permitting_and_a_forbidding_plan_is_in_conflict_once(desk):
    found = check(desk, [(SQUARE, "0701"), (box(0, 0, 5, 10), "1001"), (box(0, 0, 4, 10), "11")], "0701")
    assert found.hits() == {"A": 50.0}


def test_a_plan_whose_condition_is_unknown_forbids_and_permits_nothing(desk):
    """x 0…2 may forbid; x 2…4 would permit and stands alone; x 4…6 the same over one that permits; x 6… is no plan."""
    zones = [box(0, 0, 2, 10), box(2, 0, 4, 10), box(4, 0, 6, 10), box(4, 0, 6, 10)]
    desk.layer("ZONE", zones, {"T": ["y", "x", "x", "x"], "S": [None, None, None, "yes"]})
    rule = {"kind": "use", "parcel_field": "U", "plan_field": "T", "permits": {"07": ["x"]}, "where": "S = 'yes'"}
    found = desk.check({"A": box(0, 0, 10, 10), "B": box(4, 0, 6, 10)}, rule, columns={"U": ["07", "07"]})
    assert (found.hits(), found.unknowns()) == ({}, {"A": (80.0, "no_value,no_plan")})
    assert found.verdicts() == {"A": "unknown", "B": "clear"}
    found = desk.check({"A": box(0, 0, 10, 10)}, rule | {"unplanned": "open"}, columns={"U": ["07"]})
    assert found.unknowns() == {"A": (20.0, "no_value")} and list(found.table("overlaps").feature) == ["f1"]
