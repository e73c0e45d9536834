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
    """One statement: layer × kind × verdict × legal basis × department. `options` are the kind's own keys."""

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

    def spoken(self, language: str) -> str:
        """The rule in one line: pack and id, title, what it asks, and its basis."""
        asked = ", ".join(f"{name} = {value}" for name, value in self.options.items())
        return " · ".join(filter(None, (f"{self.pack}/{self.id}", self.title.get(language), asked, self.basis_text)))

    @property
    def hash(self) -> str:
        """SHA-256 of what the rule says, so that a finding's inputs can be told from another's."""
        said = {name: getattr(self, name) for name in ("id", "kind", "layer", "verdict", "where", "when", "options")}
        return sha256(json.dumps(said, ensure_ascii=False, sort_keys=True))

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
