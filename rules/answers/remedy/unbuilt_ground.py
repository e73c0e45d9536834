"""Unbuilt ground: ground that the survey in force does not class as construction land, as an additional rule."""

import json
from collections.abc import Iterable, Mapping

from onemap.layers.catalogue.schema import LayerEntry
from onemap.rules.answers.compare.matrix import CONSTRUCTION, OTHER, read_matrix
from onemap.rules.judge.packs.pack import Pack, parse_packs

RULE = "unbuilt.survey"
_MATRIX = "survey-land"  # which says of the survey's classes what is construction land
_TEXT = """
[pack]
id = "unbuilt-ground"
version = "1"
title = {{ zh = "只在未建设用地中选址", en = "Unbuilt ground only" }}

[[rule]]
id = "{rule}"
kind = "within"
layer = "{layer}"
department = "land"
verdict = "prohibited"
missing = "checklist"
where = {where}
title = {{ zh = "现状为建设用地，或地类不明", en = "Built, or not known to be unbuilt" }}
basis = [{{ law = "TD/T 1055-2019 第三次全国国土调查技术规程" }}]
"""


def unbuilt_pack(catalogue: Mapping[str, LayerEntry]) -> Pack:
    """The pack whose only rule keeps sites off built ground; ground on which the survey is silent is no site."""
    matrix = read_matrix(_MATRIX)
    uses, field = matrix.a.uses, matrix.a.fields[0]
    other, is_built = (
        _any(field, (code for code, use in uses.items() if use == wanted_use)) for wanted_use in (OTHER, CONSTRUCTION)
    )
    where = f"({other}) AND NOT ({is_built})"  # a code under neither counts as built
    text = _TEXT.format(rule=RULE, layer=matrix.for_a[0], where=json.dumps(where))
    return parse_packs([(text, "unbuilt-ground")], catalogue)[0]


def _any(field: str, beginnings: Iterable[str]) -> str:
    return " OR ".join(f"{field} LIKE '{beginning}%'" for beginning in beginnings)
