"""The declaration of a kind of rule: its keys, geometries, measures, reasons, words, and how it judges.

A kind is one module in this folder with a `KIND`, and one line in `kinds/__init__.py`. Packs, checks, findings,
`explain`, drafts, documents, remedies and the reference ask the `Kind` and know no kind by its name. Problems of its
own keys, the fields that it reads and its reach depend on a rule's options: these are functions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from sys import float_info
from typing import Any

import numpy as np

from onemap.layers.reason import Reason
from onemap.rules.judge.kinds.finding_figures import FindingFigures
from onemap.rules.judge.kinds.ground import Ground, Judgement

Options = Mapping[str, Any]
Words = Mapping[str, str]

Form = str | Words  # how a value is written: TOML, or words where a language has its own

TEXT, NUMBER, FLAG, TABLE, LIST = "text", "number", "flag", "table", "list"
AMOUNT, WHOLE = "amount", "whole"
SEVERAL = TEXT_OR_LIST, TEXT_OR_TABLE, NUMBER_OR_TABLE = "text_or_list", "text_or_table", "number_or_table"
TYPE_WORDS: Mapping[str, Words] = {
    TEXT: {"zh": "文字", "en": "text"},
    NUMBER: {"zh": "数字", "en": "number"},
    AMOUNT: {"zh": "不小于 0 的数字", "en": "number ≥ 0"},
    WHOLE: {"zh": "整数", "en": "whole number"},
    FLAG: {"zh": "true 或 false", "en": "true or false"},
    TABLE: {"zh": "表", "en": "table"},
    LIST: {"zh": "列表", "en": "list"},
    TEXT_OR_LIST: {"zh": "文字或列表", "en": "text or list"},
    TEXT_OR_TABLE: {"zh": "文字或表", "en": "text or table"},
    NUMBER_OR_TABLE: {"zh": "数字或表", "en": "number or table"},
}
AT_LEAST, AT_MOST = "≥", "≤"


@dataclass(frozen=True)
class Key:
    """One key of a table in a pack.

    type: TEXT, FLAG, TABLE, LIST, a finite NUMBER, an AMOUNT (not below 0), a WHOLE number, or one of SEVERAL,
        where whoever reads the key looks at the type itself.
    title: what `explain` calls it, by language; keys that explain does not show have none.
    meaning: one line of the reference, by language.
    unit: of its number, as people write it.
    default: what holds where the key is absent, as TOML; empty if nothing does.
    required: the key must stand in the table.
    choices: the only values; of a list, the only items.
    choice_titles: what `explain` calls a value that is a word of the pack, by value and language.
    limit: AT_LEAST or AT_MOST where `explain` shows the number as what the finding was held to.
    layer_geometries: the value is the code of another layer, which must have one of these geometries.
    is_needed: where that layer has no version, nothing can be judged.
    """

    type: str
    meaning: Words
    title: Words = field(default_factory=dict)
    unit: str = ""
    default: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    choice_titles: Mapping[str, Words] = field(default_factory=dict)
    limit: str = ""
    layer_geometries: tuple[str, ...] = ()
    is_needed: bool = False


@dataclass(frozen=True)
class KindReason:
    """Why ground could not be judged, or a finding does not count.

    word: what people read, by language; meaning: one line of the reference, by language.
    """

    word: Words
    meaning: Words


AREA_LIMITS = {  # of kinds whose conflict is ground
    "min_area_m2": Key(
        AMOUNT,
        {
            "zh": "冲突计入部分的总面积小于此值时照列，不计入结论",
            "en": "A conflict whose counted area is smaller is shown and decides nothing.",
        },
        title={"zh": "最小面积", "en": "least area"},
        unit="m²",
        default="0",
        limit=AT_LEAST,
    ),
    "min_share": Key(
        AMOUNT,
        {
            "zh": "冲突计入部分占地块面积的比例小于此值（0 到 1）时照列，不计入结论",
            "en": "A conflict whose counted area is a smaller share of the parcel (0 to 1) is shown, decides nothing.",
        },
        title={"zh": "最小比例", "en": "least share"},
        default="0",
    ),
    "min_width_m": Key(
        AMOUNT,
        {
            "zh": "向内收缩此值的一半即消失的图块为细碎图斑，不计入面积",
            "en": "A polygon that vanishes when shrunk by half of this is a sliver, and its area does not count.",
        },
        title={"zh": "最小宽度", "en": "least width"},
        unit="m",
        default="0",
        limit=AT_LEAST,
    ),
}

TITLE_FORM = '{ zh = "…", en = "…" }'
TITLE = Key(TABLE, {"zh": f"题目，{TITLE_FORM}", "en": f"Its title, {TITLE_FORM}."}, required=True)  # of many tables


def as_list(value: Any) -> list[Any]:
    """The values of a key that takes one or several."""
    return value if isinstance(value, list) else [value]


def is_number(value: Any) -> bool:
    """Whether a value is a finite number: with nan or inf as a limit nothing would ever count."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= float_info.max


def is_amount(value: Any) -> bool:
    """Whether a value is a finite number, 0 or more, such as a distance or a height in metres."""
    return is_number(value) and value >= 0


def area_share_and_length(finding: Mapping[str, Any], language: str, figures: FindingFigures) -> tuple[str, ...]:
    """A finding's area, share and length, "" for what was not measured."""
    return figures.area(finding["area_m2"]), figures.share(finding["share"]), figures.length(finding["length_m"])


GROUND_MEASURES: Mapping[str, Words] = {
    "area_m2": {"zh": "冲突部分的面积", "en": "the area in conflict"},
    "share": {"zh": "占地块面积的比例", "en": "its share of the parcel"},
    "features": {"zh": "涉及的要素数", "en": "the number of features that it lies on"},
}


@dataclass(frozen=True)
class Kind:
    """One kind of rule.

    name: what packs write after `kind`.
    title: what people read, by language.
    conflict: what is in conflict, one line of the reference, by language.
    geometries: of the layers that it takes.
    fitting: of these, those that a rule's keys leave; it is given the rule's whole table.
    judge: what the rule says of the parcels.
    keys: its own keys; those of every rule stand in `packs/keys.py`.
    measures: columns of `findings` that a hit fills, each with what it is, by language.
    reasons: its own reasons, in the order in which they are named; those of every kind stand in `reasons.py`.
    finds: False for a kind that judges nothing: no verdict, no finding, skipped where its layer is wanting.
    overlays_whole_features: it lays every parcel over all ground of the layer's polygons, so that one overlay of few
        parcels serves all rules of that sort.
    grows_features: it makes a zone around each feature, which has many times the feature's vertices.
    keeps_off: only what a parcel shares with a feature is in conflict, so that it finds nothing where nothing lies.
    is_boundary: the layer is a boundary within which the parcel must lie; documents show the ground inside too.
    ends_at_features: its limit is the edge of features, or a distance from it, so that a parcel may be clear of it
        within the accuracy to which they are drawn.
    not_counted: the reason of a hit that is below the kind's own limit (`Measures.counted`).
    value_places: decimals of `value` in documents and drafts.
    drafted: a draft's sentence for a rule that words none, with {title}, {verdict} and measures, by language; empty
        for the usual one, which names hectares, or the extent of a finding without ground.
    problems: what is wrong with its keys beyond their types, as (key, how it is written); it is given the rule's whole
        table.
    fields: the layer's fields that it reads.
    parcel_fields: the parcel's own, without whose values it cannot judge: the applicant's facts.
    parcel_unit: the unit of the number that these hold; None where they hold a code.
    reach_m: how far from a parcel a feature may lie and still matter, in metres.
    explained: the measures of a finding (a row of `findings`) as `explain` shows them in a language, in figures
        as they are given; of a finding without ground they are its extent everywhere (`extent`).
    obstacle: of the pieces (k,) of a hit without ground, what a remedy keeps clear of (m,), and how far, in metres.
    allowed: how many of these pieces may stay, of a kind that admits at most so many; a remedy keeps clear of the rest.
    """

    name: str
    title: Words
    conflict: Words
    geometries: tuple[str, ...]
    judge: Callable[[Ground], Judgement]
    keys: Mapping[str, Key] = field(default_factory=dict)
    measures: Mapping[str, Words] = field(default_factory=lambda: GROUND_MEASURES)
    reasons: Mapping[str, KindReason] = field(default_factory=dict)
    finds: bool = True
    overlays_whole_features: bool = False
    grows_features: bool = False
    keeps_off: bool = False
    is_boundary: bool = False
    ends_at_features: bool = False
    not_counted: str = Reason.BELOW_AREA
    value_places: int = 2
    drafted: Words = field(default_factory=dict)
    problems: Callable[[Options], list[tuple[str, Form]]] = lambda _: []
    fields: Callable[[Options], tuple[str, ...]] = lambda _: ()
    parcel_fields: Callable[[Options], tuple[str, ...]] = lambda _: ()
    parcel_unit: str | None = None
    reach_m: Callable[[Options], float] = lambda _: 0.0
    explained: Callable[[Mapping[str, Any], str, FindingFigures], Sequence[str]] = area_share_and_length
    obstacle: Callable[[np.ndarray, Options], tuple[np.ndarray, float]] = lambda shapes, _: (shapes, 0.0)
    allowed: Callable[[Options], int] = lambda _: 0
    fitting: Callable[[Options], tuple[str, ...]] | None = None

    def geometries_for(self, item: Options) -> tuple[str, ...]:
        """The geometries of layers that a rule with these keys takes."""
        return self.geometries if self.fitting is None else self.fitting(item)

    @property
    def has_ground(self) -> bool:
        """Whether its findings are ground, which has an area; others are counted or measured in another way."""
        return "area_m2" in self.measures

    def extent(self, finding: Mapping[str, Any], language: str, figures: FindingFigures) -> str:
        """The amount of a finding as sheets, drafts and documents write it; "" for ground and for unknown findings.

        finding: a row of `findings`, or the sum of the rows of several parcels, then with the number of `parcels`.
        """
        if self.has_ground:
            return ""
        return " · ".join(filter(None, self.explained({"area_m2": None, "share": None, **finding}, language, figures)))

    def needed_layers(self, options: Options) -> set[str]:
        """The keys of a rule whose layers must have a version."""
        return {name for name in self.other_layers(options) if self.keys[name].is_needed}

    def limits(self, options: Options) -> list[str]:
        """The limits that a rule's options set, as text: "≥ 1.0 m²", "≤ 3 objects"."""
        keys = {name: key for name, key in self.keys.items() if key.limit and options.get(name) is not None}
        return [
            f"{key.limit} {options[name] if key.type == WHOLE else float(options[name])} {key.unit}".rstrip()
            for name, key in keys.items()
            if key.limit == AT_MOST or options[name]  # at least nothing is no limit
        ]

    def other_layers(self, options: Options) -> dict[str, str]:
        """The codes of the layers that a rule uses besides its own, by the key that names them."""
        return {name: options[name] for name, key in self.keys.items() if key.layer_geometries and name in options}
