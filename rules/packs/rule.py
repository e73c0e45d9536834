"""One rule: layer × kind × verdict × legal basis × department."""

import json
from dataclasses import dataclass, field
from typing import Any

from onemap.layers.library.library import sha256
from onemap.rules.kinds import KINDS
from onemap.rules.kinds.conditions import fields_of

VERDICTS = ("prohibited", "restricted", "unknown", "consult", "notice", "clear")


@dataclass(frozen=True)
class Rule:
    """One statement: layer × kind × verdict × legal basis × department.

    kind: its name in KINDS; options: the kind's own keys; the other fields are the keys of every rule (keys.py).
    pack: the pack that it stands in.
    replaced: the rule of an earlier pack whose place it takes.
    """

    id: str
    kind: str
    layer: str
    department: str
    verdict: str
    title: dict[str, str]
    basis: tuple[dict[str, str], ...]
    pack: str
    where: str | None = None
    when: str | None = None
    missing: str = "unknown"
    finding: dict[str, str] = field(default_factory=dict)
    draft: dict[str, str] = field(default_factory=dict)
    consult: tuple[str, ...] = ()
    source: str = ""
    confidence: str = "C"
    estimated: bool = False
    replaces: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    replaced: "Rule | None" = None

    def summary(self, language: str) -> str:
        """The rule in one line: pack and id, title, what it asks, and its basis."""
        options = ", ".join(f"{name} = {value}" for name, value in self.options.items())
        return " · ".join(filter(None, (f"{self.pack}/{self.id}", self.title.get(language), options, self.basis_text)))

    @property
    def hash(self) -> str:
        """SHA-256 of what the rule says, so that a finding's inputs can be told from another's."""
        deciding = ("id", "kind", "layer", "verdict", "where", "when", "options")
        return sha256(json.dumps({name: getattr(self, name) for name in deciding}, ensure_ascii=False, sort_keys=True))

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
    def min_area_m2(self) -> float:
        """The least total area that counts."""
        return float(self.options.get("min_area_m2", 0.0))

    @property
    def min_width_m(self) -> float:
        """Pieces that vanish under erosion by half of this are slivers."""
        return float(self.options.get("min_width_m", 0.0))

    @property
    def layer_fields(self) -> tuple[str, ...]:
        """The fields of the layer that the rule needs."""
        where = fields_of(self.where) if self.where else ()
        return tuple(dict.fromkeys([*where, *KINDS[self.kind].fields(self.options)]))

    @property
    def basis_text(self) -> str:
        """Law and article in one line."""
        return "；".join(" ".join(filter(None, (item["law"], item.get("article")))) for item in self.basis)
