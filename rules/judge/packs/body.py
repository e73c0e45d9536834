"""Bodies beside the ten departments that a pack names and that are asked on paper: heritage office, railway, army."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.messages import is_title
from onemap.rules.judge.kinds.kind import TEXT, TITLE, TITLE_FORM, Key

BODY_KEYS: Mapping[str, Key] = {
    "title": TITLE,
    "lead": Key(
        TEXT,
        {"zh": "由哪个部门致函征求其意见并录入答复", "en": "The department that writes to it, and enters its answer."},
        required=True,
        choices=tuple(DEPARTMENTS),
    ),
}


@dataclass(frozen=True)
class Body:
    """A body that is asked on paper. lead: the department that writes to it."""

    name: str
    title: Mapping[str, str]
    lead: str


def body_problems(tables: Any) -> Iterator[tuple[str, str]]:
    """The problems of a pack's tables [body.NAME]: key, and the form that it should have."""
    form = f'title = {TITLE_FORM}, lead = "planning"'
    if not isinstance(tables, dict):
        yield "", f"[body.heritage] {form}"
        return
    for name, item in tables.items():
        if name in DEPARTMENTS or not isinstance(item, dict):
            yield name, form
            continue
        yield from ((f"{name}.{key}", ", ".join(BODY_KEYS)) for key in item if key not in BODY_KEYS)
        if not is_title(item.get("title")):
            yield f"{name}.title", f"title = {TITLE_FORM}"
        if item.get("lead") not in DEPARTMENTS:
            yield f"{name}.lead", ", ".join(DEPARTMENTS)


def bodies_from(tables: Mapping[str, Any]) -> dict[str, Body]:
    """The bodies in a pack's tables, which must be free of problems."""
    return {name: Body(name, item["title"], item["lead"]) for name, item in tables.items()}
