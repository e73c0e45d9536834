"""The numbers of rules asked, and the gravest ones, worked out by hand."""

from typing import Any

import pytest

from onemap.rules.display.letterhead.annex_names import ANNEXES, to_annexes
from onemap.rules.display.letterhead.first_page import department_rows, gravest, open_matters, rules_asked
from onemap.rules.review.statement.document_words import words


def rule(name: str, state: str, verdict: str | None = None, **more: Any) -> dict[str, Any]:
    """A rule's row."""
    counted = more.pop("counted", state in ("conflict", "unknown"))
    given = {"department": "land", "reason_text": "", "area_ellipsoidal_m2": None, **more}
    return {"rule": name, "state": state, "verdict": verdict, "counted": counted, **given}


ROWS = [
    rule("a", "conflict", "restricted", area_ellipsoidal_m2=10.0),
    rule("a", "unknown", "unknown", area_ellipsoidal_m2=5.0),
    rule("b", "conflict", "prohibited", area_ellipsoidal_m2=1.0),
    rule("c", "conflict", "restricted", area_ellipsoidal_m2=90.0),
    rule("d", "conflict", "prohibited", counted=False, area_ellipsoidal_m2=0.1),
    rule("e", "clear", "clear"),
    rule("f", "not_checked", reason_text="图层未入库"),
    rule("g", "not_checked", reason_text="图层未入库", department="water"),
    rule("h", "not_checked", reason_text="版本过期", department="water"),
]


def opinion(department: str, state: str, routed: bool = True) -> dict[str, Any]:
    """A department's opinion as the tables have it."""
    names = {"department_title": department, "conclusion": "agree", "conclusion_title": "同意", "state_title": state}
    return {"department": department, "state": state, "routed": routed, "open_items": ["x"], **names}


def test_every_rule_is_asked_or_said_not_to_be_and_why():
    asked = rules_asked(ROWS, words("zh"))
    assert (asked["rules"], asked["asked"], asked["not_asked"]) == (8, 5, 3)
    assert asked["reasons"] == [{"reason_text": "图层未入库", "rules": 2}, {"reason_text": "版本过期", "rules": 1}]
    assert asked["text"] == "已检5条，未检3条（图层未入库2条；版本过期1条）"
    assert rules_asked(ROWS[:5], words("zh"))["text"] == "4条规则均已检"


def test_a_department_has_its_verdict_beside_what_was_not_asked():
    wants = {"water": {"a", "d", "e"}, "forestry": {"b"}}  # of these d counts for nothing, and e is clear
    rows = department_rows(ROWS, [opinion("land", "signed"), opinion("water", "drafted")], wants, words("zh"))
    land, water = rows
    assert (land["verdict"], land["findings"], land["unknown_rules"]) == ("prohibited", 3, 1)
    assert (water["verdict"], water["asked"], water["not_asked"]) == (None, 0, 2)
    # What an opinion says of findings of others would contradict the verdict on its own.
    assert (land["consulted"], water["consulted"]) == (0, 1)
    assert water["short"].endswith("；另涉其他部门1项冲突") and "其他部门" not in land["short"]
    assert (land["opinion_text"], water["opinion_text"]) == ("同意", "同意（拟）")
    found = open_matters(rows, rules_asked(ROWS, words("zh")))
    assert found == {"opinions": 1, "items": 2, "unknown_rules": 1, "not_asked": 3}


def test_what_a_person_judged_is_counted_as_it_was_judged():
    rows = [
        rule("a", "conflict", "clear"),
        rule("b", "unknown", "clear"),
        rule("c", "unknown", "restricted"),
        rule("d", "conflict", "unknown"),
    ]
    land, water = department_rows(
        rows, [opinion("land", "signed"), opinion("water", "signed")], {"water": {"a", "c"}}, words("en")
    )
    assert (land["verdict"], land["findings"], land["unknown_rules"]) == ("restricted", 1, 1)
    assert water["consulted"] == 1


def test_the_three_gravest_are_those_that_count_by_verdict_and_area():
    assert [(row["rule"], row["verdict"]) for row in gravest(ROWS)] == [
        ("b", "prohibited"),
        ("c", "restricted"),
        ("a", "restricted"),
    ]


def test_annexes_are_all_none_or_named():
    assert (to_annexes("all"), to_annexes("none"), to_annexes("maps, parcels")) == (ANNEXES, (), ("parcels", "maps"))
    for text in ("", "maps,everything", ","):
        with pytest.raises(ValueError):
            to_annexes(text)
