"""One rule: layer × kind × verdict × legal basis × department."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

from onemap.layers.library.library import sha256
from onemap.rules.contract.verdict import Verdict
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.conditions import fields_of
from onemap.rules.judge.kinds.permitted_uses import PermitTable
from onemap.rules.judge.packs.body import Body
from onemap.rules.judge.packs.legal_basis import LegalBasis
from onemap.rules.judge.packs.project_class import ProjectClass


@dataclass(frozen=True)
class Rule:
    """One statement: layer × kind × verdict × legal basis × department.

    kind: its name in KINDS; options: the kind's own keys; the other fields are the keys of every rule (keys.py).
    layer: the layer by which it judges; layers_named: all that may take the place, in the order of preference;
        by_layer: the keys that differ where one of these judges, for each of them; None for a key that it lacks.
    unless, only: the classes of projects that it spares, and those to which alone it applies.
    consult, bodies: departments and bodies beside the ten that are asked besides.
    pack: the pack that it stands in.
    replaced: the rule of an earlier pack whose place it takes.
    waiting: the rule of a later pack that takes its place on the days on which that one's law is in force.
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
    waiting: "Rule | None" = None
    milder_of: "tuple[Rule, ...]" = ()

    def summary(self, language: str) -> str:
        """The rule in one line: pack and id, title, conditions, and basis."""
        options = ", ".join(f"{name} = {value}" for name, value in self.options.items())
        return " · ".join(filter(None, (f"{self.pack}/{self.id}", self.title.get(language), options, self.basis_text)))

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the rule's content, to distinguish the inputs of findings."""
        deciding = ("id", "kind", "layer", "verdict", "where", "when", "silent", "under", "options")
        parts = {name: getattr(self, name) for name in deciding}
        parts |= {name: [item.content for item in getattr(self, name)] for name in ("unless", "only")}
        parts["milder_of"] = [rule.hash for rule in self.milder_of]
        return sha256(json.dumps(parts, ensure_ascii=False, sort_keys=True, default=lambda table: table.hash))

    @property
    def finds(self) -> bool:
        """Whether its kind makes findings; one that does not changes no verdict."""
        return KINDS[self.kind].finds

    @property
    def other_layers(self) -> dict[str, str]:
        """The codes of the layers that it uses besides its own, by the key that names them."""
        return KINDS[self.kind].other_layers(self.options)

    @property
    def layers(self) -> list[str]:
        """The codes of all layers that it uses, its own first."""
        return [self.layer, *self.other_layers.values()]

    @property
    def tables(self) -> list[PermitTable]:
        """The tables of uses of the rule, for every layer by which it may judge."""
        permits = (options.get("permits") for options in (self.options, *self.by_layer.values()))
        return [table for table in permits if isinstance(table, PermitTable)]

    @property
    def min_area_m2(self) -> float:
        """The least total area that counts."""
        return float(self.options.get("min_area_m2", 0.0))

    @property
    def min_share(self) -> float:
        """The least share of the parcel that counts; a kind that measures shares itself applies it, too."""
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
        """The rule with the entries of its basis that are in force on a day. layer: the one by which it judges."""
        basis = tuple(entry for entry in self.basis if entry.is_in_force(day))
        rule = self.for_layer(layer or self.layer)
        return rule if len(basis) == len(self.basis) else replace(rule, basis=basis)

    def standing_on(self, day: date) -> "Rule":
        """The rule that holds on a day: itself, or the one that it replaces where none of its own basis is in force."""
        if self.replaced is None or any(entry.is_in_force(day) for entry in self.basis):
            return self
        return self.replaced.standing_on(day)

    def for_layer(self, layer: str) -> "Rule":
        """The rule with the keys that hold where the given one of its layers judges."""
        own = self.by_layer.get(layer, {})
        if not own and layer == self.layer:
            return self
        options = {key: value for key, value in {**self.options, **own}.items() if key != "where" and value is not None}
        return replace(self, layer=layer, where=own.get("where", self.where), options=options)

    @property
    def basis_text(self) -> str:
        """Law and article in one line."""
        return "；".join(entry.text for entry in self.basis)
