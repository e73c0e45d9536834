"""One rule: layer × kind × verdict × legal basis × department, and the bodies beside that are asked on paper."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.library.library import sha256
from onemap.layers.messages import is_title
from onemap.rules.contract.verdict import Verdict
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.conditions import fields_of
from onemap.rules.judge.kinds.kind import TEXT, Key
from onemap.rules.judge.kinds.permitted_uses import PermitTable
from onemap.rules.judge.packs.project_class import ProjectClass
from onemap.rules.judge.packs.title_key import TITLE, TITLE_FORM

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
    """The bodies of a pack's tables, which are right."""
    return {name: Body(name, item["title"], item["lead"]) for name, item in tables.items()}


@dataclass(frozen=True)
class LegalBasis:
    """A law and its article. subject: what the article is about, in each language.

    first_day, last_day: on which it holds, None where the pack names none.
    """

    law: str
    article: str = ""
    edition: str = ""
    subject: Mapping[str, str] = field(default_factory=dict)
    first_day: date | None = None
    last_day: date | None = None

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "LegalBasis":
        """An entry of `basis` as it stands in a pack."""
        words = {name: entry[name] for name in ("law", "article", "edition", "subject") if name in entry}
        return cls(**words, first_day=_day(entry.get("from")), last_day=_day(entry.get("to")))

    @property
    def text(self) -> str:
        """Law and article, as a finding cites them."""
        return f"{self.law} {self.article}".strip()

    @property
    def days(self) -> tuple[date, ...]:
        """Its first and its last day, those that the pack names."""
        return tuple(day for day in (self.first_day, self.last_day) if day is not None)

    def is_in_force(self, day: date) -> bool:
        """Whether it holds on a day; without days it always does."""
        return (self.first_day is None or self.first_day <= day) and (self.last_day is None or day <= self.last_day)


def articles_by_law(named: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The articles of each law, each once, in the order of laws with an article, or none, that are named."""
    found: dict[str, list[str]] = {}
    for law, article in named:
        articles = found.setdefault(law, [])
        if article and article not in articles:
            articles.append(article)
    return found


def _day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


@dataclass(frozen=True)
class Rule:
    """One statement: layer × kind × verdict × legal basis × department.

    kind: its name in KINDS; options: the kind's own keys; the other fields are the keys of every rule (keys.py).
    layer: the layer by which it judges; layers_named: all that may take the place, in the order of preference;
        by_layer: the keys that differ where one of these judges.
    unless, only: the classes of projects that it spares, and those to which alone it applies.
    consult, bodies: departments and bodies beside the ten that are asked besides.
    pack: the pack that it stands in.
    replaced: the rule of an earlier pack whose place it takes.
    succeeds: the rules and items of earlier versions of its pack whose matter it judges now.
    milder_of: the rules whose `milder` it is: it judges only projects that their `unless` excuses.
    """

    id: str
    kind: str
    layer: str
    department: str
    verdict: Verdict
    title: dict[str, str]
    basis: tuple[LegalBasis, ...]
    pack: str
    where: str | None = None
    when: str | None = None
    missing: str = "unknown"
    finding: dict[str, str] = field(default_factory=dict)
    draft: dict[str, str] = field(default_factory=dict)
    consult: tuple[str, ...] = ()
    bodies: tuple[Body, ...] = ()
    source: str = ""
    confidence: str = "C"
    estimated: bool = False
    replaces: str | None = None
    succeeds: tuple[str, ...] = ()
    unless: tuple[ProjectClass, ...] = ()
    only: tuple[ProjectClass, ...] = ()
    silent: bool = False
    milder: str | None = None
    under: tuple[str, ...] = ()
    harmless: dict[str, list[str]] = field(default_factory=dict)
    layers_named: tuple[str, ...] = ()
    by_layer: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    replaced: "Rule | None" = None
    milder_of: "tuple[Rule, ...]" = ()

    def summary(self, language: str) -> str:
        """The rule in one line: pack and id, title, what it asks, and its basis."""
        options = ", ".join(f"{name} = {value}" for name, value in self.options.items())
        return " · ".join(filter(None, (f"{self.pack}/{self.id}", self.title.get(language), options, self.basis_text)))

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the rule's content, to distinguish the inputs of findings."""
        deciding = ("id", "kind", "layer", "verdict", "where", "when", "silent", "under", "options")
        parts = {name: getattr(self, name) for name in deciding}
        parts |= {name: [item.content for item in getattr(self, name)] for name in ("unless", "only")}
        parts["milder_of"] = [rule.hash for rule in self.milder_of]
        return sha256(json.dumps(parts, ensure_ascii=False, sort_keys=True, default=_hash_of_table))

    @property
    def finds(self) -> bool:
        """Whether it judges: a rule that does not makes no finding and changes no verdict."""
        return KINDS[self.kind].finds

    @property
    def other_layers(self) -> dict[str, str]:
        """The codes of the layers that it asks besides its own, by the key that names them."""
        return KINDS[self.kind].other_layers(self.options)

    @property
    def layers(self) -> list[str]:
        """The codes of all layers that it looks at, its own first."""
        return [self.layer, *self.other_layers.values()]

    @property
    def tables(self) -> list[PermitTable]:
        """The tables of uses of the rule, whichever of its layers is in force."""
        named = (options.get("permits") for options in (self.options, *self.by_layer.values()))
        return [table for table in named if isinstance(table, PermitTable)]

    @property
    def min_area_m2(self) -> float:
        """The least total area that counts."""
        return float(self.options.get("min_area_m2", 0.0))

    @property
    def min_share(self) -> float:
        """The least share of the parcel that counts; a kind that measures shares itself holds its own to it."""
        return float(self.options.get("min_share", 0.0))

    @property
    def min_width_m(self) -> float:
        """Pieces that vanish under erosion by half of this are slivers."""
        return float(self.options.get("min_width_m", 0.0))

    @property
    def layer_fields(self) -> tuple[str, ...]:
        """The fields of the layer that the rule needs."""
        where = fields_of(self.where) if self.where else ()
        return tuple(dict.fromkeys([*where, *KINDS[self.kind].fields(self.options)]))

    def on_day(self, day: date, layer: str | None = None) -> "Rule":
        """The rule as it stands on a day, with what of its basis is in force. layer: the one by which it judges."""
        basis = tuple(entry for entry in self.basis if entry.is_in_force(day))
        rule = self.judging_by(layer or self.layer)
        return rule if len(basis) == len(self.basis) else replace(rule, basis=basis)

    def judging_by(self, layer: str) -> "Rule":
        """The rule as it stands where this one of its layers judges."""
        own = self.by_layer.get(layer, {})
        if not own and layer == self.layer:
            return self
        options = {**self.options, **{key: value for key, value in own.items() if key != "where"}}
        return replace(self, layer=layer, where=own.get("where", self.where), options=options)

    @property
    def basis_text(self) -> str:
        """Law and article in one line."""
        return "；".join(entry.text for entry in self.basis)


def _hash_of_table(table: PermitTable) -> str:
    return table.hash
