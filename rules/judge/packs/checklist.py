"""The checklist of a pack: the matters that only a person can judge."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from onemap.layers.catalogue.catalogue import DEPARTMENTS
from onemap.layers.errors import Problem
from onemap.layers.messages import is_title
from onemap.rules.judge.packs.keys import CHECKLIST_KEYS


class ChecklistItem(TypedDict):
    """A question that a person of a department answers. after: the rule whose hit, or unknown ground, raises it."""

    id: str
    department: str
    title: dict[str, str]
    after: NotRequired[str]


def item_problems(item: Mapping[str, Any], source: str, rules: Collection[Any]) -> list[Problem]:
    """The problems of an item of the checklist. source: the pack's name; rules: the ids of its rules."""
    place = {"file": source, "feature": str(item.get("id", "?"))}
    is_right = {
        "id": isinstance(item.get("id"), str),
        "department": item.get("department") in DEPARTMENTS,
        "title": is_title(item.get("title")),
    }
    keys = {"pack.checklist": [key for key, right in is_right.items() if not right]}
    keys["pack.key"] = [key for key in item if key not in CHECKLIST_KEYS]
    problems = [
        Problem(code, {**place, "field": f"checklist.{key}", "key": f"checklist.{key}"})
        for code, wrong in keys.items()
        for key in wrong
    ]
    if "after" in item and item["after"] not in rules:
        facts = {"field": "after", "rule": place["feature"], "other": item["after"]}
        problems.append(Problem("rule.unknown", {**place, **facts}))
    return problems


def items_given_again(
    checklists: Sequence[tuple[str, Sequence[ChecklistItem]]], rules: Mapping[str, str]
) -> list[Problem]:
    """A problem for each item with the id of a rule, or of another item of its department: one of them would be lost.

    checklists: each pack's id with its items; rules: the pack of each rule.
    """
    problems, packs_by_item = [], dict[tuple[str, str], str]()
    for pack, items in checklists:
        for item in items:
            name = item["id"], item["department"]
            other = rules.get(item["id"], packs_by_item.get(name))
            if other is not None:
                place = {"file": pack, "feature": item["id"], "field": "id"}
                problems.append(Problem("checklist.twice", {**place, "other": other}))
            packs_by_item[name] = pack
    return problems
