"""Other open cases on the same ground are named when a case is opened, and on its documents."""

from onemap.tests.rules.command import command
from onemap.tests.rules.review.conftest import ground


def remarks(answer):
    return [one for one in answer.json["problems"] if one["code"] == "review.shared_ground"]


def open_case(town, project, **parcels):
    arguments = ("review", "open", town.library, town.parcels(**parcels), "--project", project)
    answer = command(*arguments, "--pack", town.folder / "town.toml", "--on", "2026-03-02", "--by", "lead")
    assert answer.code == 0, answer.json
    return answer


def test_the_ground_of_another_open_case_is_named_with_its_area(town):
    first = open_case(town, "小学", DK1=ground(0, 0, 100, 100))
    assert remarks(first) == []
    second = open_case(town, "工厂", DK2=ground(50, 0, 100, 100), DK3=ground(400, 0, 500, 100))
    (remark,) = remarks(second)
    assert remark["feature"] == "DK2"
    for text in (first.json["case"], "小学", "0.5000", "DK1"):
        assert text in remark["message"]


def test_parcels_of_one_case_that_overlap_are_named_once(town):
    answer = open_case(
        town, "小学", DK1=ground(0, 0, 100, 100), DK2=ground(80, 0, 200, 100), DK3=ground(200, 0, 300, 9)
    )
    assert remarks(answer) == []
    (overlap,) = (one for one in answer.json["problems"] if one["code"] == "review.parcels_overlap")
    assert (overlap["feature"], "0.2000 ha with the parcel DK2" in overlap["message"]) == ("DK1", True)


def test_neighbours_and_closed_cases_share_nothing(town):
    first = open_case(town, "小学", DK1=ground(0, 0, 100, 100)).json["case"]
    assert remarks(open_case(town, "邻居", DK2=ground(100, 0, 200, 100))) == []
    town.done("withdraw", first, "--reason", "重复", by="lead")
    assert remarks(open_case(town, "工厂", DK3=ground(0, 0, 100, 100))) == []


def test_a_next_round_does_not_meet_its_own_case(town):
    case = open_case(town, "小学", DK1=ground(0, 0, 100, 100)).json["case"]
    place = town.parcels("next", DK1=ground(0, 0, 90, 90))
    answer = command(
        *("review", "revise", town.library, case, place, "--reason", "x", "--pack", town.folder / "town.toml"),
        *("--on", "2026-03-03", "--by", "lead"),
    )
    assert answer.code == 0 and remarks(answer) == []


def test_the_papers_of_both_cases_say_so(town):
    cases = [open_case(town, name, **{name: ground(0, 0, 100, 100)}).json["case"] for name in ("小学", "工厂")]
    for case, other in zip(cases, reversed(cases), strict=True):
        page = town.folder / f"{case}.html"
        answer = command("review", "export", town.library, case, page)
        assert answer.code == 0, answer.json
        assert other in page.read_text(encoding="utf-8")
