"""Values of a layer's fields that no rule handles and no pack calls harmless: their ground would be silently clear."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import Problem
from onemap.rules.judge.kinds.conditions import evaluate, fields_of
from onemap.rules.judge.packs.rule import Rule


@dataclass(frozen=True)
class UnmetValues:
    """Values of a field that decides rules of a layer, for which none of these rules provides."""

    layer: str
    field: str
    values: tuple[str, ...]

    def problem(self, file: str) -> Problem:
        """The remark on a pack that names these values. file: the pack, as remarks name it."""
        return Problem("pack.unmet", {"file": file, "layer": self.layer, "field": self.field, "values": self.values})


def unmet_values(rules: Sequence[Rule], catalogue: Mapping[str, LayerEntry]) -> list[UnmetValues]:
    """The values that fields may hold, that no rule of the layer handles, and that none calls harmless.

    A rule handles a value if its `where` is true or unknown for a feature of which only this value is known. A layer
    that a rule uses as a whole has no gaps.
    """
    by_layer: dict[str, list[Rule]] = {}
    for rule in rules:
        for code in rule.layers_named if rule.finds else ():
            by_layer.setdefault(code, []).append(rule.for_layer(code))
    return [gap for code, own in by_layer.items() if code in catalogue for gap in _gaps(catalogue[code], own)]


def _gaps(entry: LayerEntry, rules: Sequence[Rule]) -> Iterator[UnmetValues]:
    if any(rule.where is None for rule in rules):
        return
    field_names = dict.fromkeys(name for rule in rules for name in fields_of(rule.where or ""))
    for name in field_names:
        field = entry.field_named(name)
        harmless = {value for rule in rules for value in rule.harmless.get(name, ())}
        values = [value for value in (field.values if field else ()) if value not in harmless]
        unmet = tuple(value for value in values if not any(_meets(rule.where or "", name, value) for rule in rules))
        if unmet:
            yield UnmetValues(entry.code, name, unmet)


@lru_cache(maxsize=4096)  # the same rules are asked of every library that is made, and of every addition to one
def _meets(where: str, name: str, value: str) -> bool:
    row = pd.DataFrame({other: [value if other == name else None] for other in fields_of(where)}, dtype=object)
    if name not in row:
        row[name] = value
    truth = evaluate(where, row)
    return bool(truth.true[0] or truth.unknown[0])
