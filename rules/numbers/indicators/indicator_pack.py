"""Read packs of indicators from TOML: terms and indicators; errors name line and key."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.catalogue.toml_text import toml_or_refusal
from onemap.layers.errors import OneMapError, results_of_each
from onemap.layers.library.library import sha256
from onemap.layers.records import Record
from onemap.rules.judge.packs.pack import pack_texts
from onemap.rules.numbers.indicators.formula import Formula, formula
from onemap.rules.numbers.indicators.indicator_keys import COUNT, GROUND, JOIN_M, LENGTH, OF_TABLE, SNAP_M, SUM
from onemap.rules.numbers.indicators.indicator_problems import content_problems, head_problems
from onemap.rules.numbers.indicators.indicator_words import decimals_of
from onemap.rules.numbers.indicators.reach import Walk
from onemap.rules.numbers.indicators.unit_of_measure import UnitOfMeasure, unit_of_measure

DEFAULT_INDICATORS = "city-checkup"
_FOLDER = "indicators"
_MINUTES_OF_HOUR = 60.0


@dataclass(frozen=True)
class LayerPart:
    """The features of a layer that meet a condition, or all. state: the year of the version, None for that on the day.

    is_earlier: the part is of the version before the one in force.
    """

    layer: str
    where: str | None = None
    state: int | None = None
    is_earlier: bool = False


@dataclass(frozen=True)
class Term:
    """One quantity, measured once for each unit and shared by the formulas that name it.

    to, walk, streets: the places to reach, the length of a walk, and the lines that it follows.
    """

    id: str
    kind: str
    of: LayerPart | None
    field: str | None
    unit: UnitOfMeasure
    inside: tuple[LayerPart, ...] = ()
    outside: tuple[LayerPart, ...] = ()
    to: LayerPart | None = None
    walk: Walk | None = None
    streets: LayerPart | None = None
    distinct: str | None = None
    unit_field: str | None = None
    year: str = "ND"

    @property
    def layers(self) -> tuple[LayerPart, ...]:
        """Every layer that the term uses, its own first."""
        own = (self.of,) if self.of is not None else ()
        return (*own, *self.inside, *self.outside, *((self.to,) if self.to is not None else ()))


@dataclass(frozen=True)
class Indicator:
    """One indicator: its formula, its unit, and the targets for its value.

    options: its other keys as written; committed: the formula of what is committed but not yet in the value.
    """

    id: str
    pack: str
    title: Mapping[str, str]
    issuer: str
    edition: str
    formula: Formula
    unit: UnitOfMeasure
    nature: str
    bound: str
    options: Mapping[str, Any]
    committed: Formula | None = None

    @property
    def names(self) -> frozenset[str]:
        """The names by which tables of targets may refer to it: id, names in either language, other names."""
        return frozenset((self.id, *self.title.values(), *self.options.get("names", ())))

    @property
    def term_names(self) -> list[str]:
        """The terms of the formula, then those of what is committed."""
        committed = self.committed.names if self.committed is not None else ()
        return list(dict.fromkeys((*self.formula.names, *committed)))

    @property
    def decimals(self) -> int:
        """The number of decimals to show."""
        return decimals_of(self.unit.text, self.options.get("decimals"))

    def limit(self, name: str) -> float | None:
        """The limit `warn` or `alarm`, as a part of the target."""
        value = self.options.get(name, 1.0 if name == "alarm" else None)
        return None if value is None else float(value)


@dataclass(frozen=True)
class IndicatorPack:
    """A pack of indicators, with its text and the text's hash."""

    id: str
    version: str
    title: Mapping[str, str]
    hash: str
    text: str
    terms: Mapping[str, Term]
    indicators: tuple[Indicator, ...]
    least_known: float = 1.0
    targets: str | None = None
    near_year: int | None = None

    def record(self) -> Record:
        """The record of a pack in a run."""
        return {"id": self.id, "version": self.version, "hash": self.hash, "title": dict(self.title)}


def indicator_packs(names: Sequence[str], catalogue: Mapping[str, LayerEntry]) -> list[IndicatorPack]:
    """Read shipped packs by name, or files; an indicator is defined in only one of them.

    Raises OneMapError indicators.pack, indicator.… with every problem.
    """
    texts = pack_texts(names or (DEFAULT_INDICATORS,), _FOLDER, "indicators.pack")
    return parse_indicator_packs(texts, catalogue)


def parse_indicator_packs(
    texts: Sequence[tuple[str, str]], catalogue: Mapping[str, LayerEntry], *, are_kept: bool = False
) -> list[IndicatorPack]:
    """Read packs that are used together, given as texts with the names by which errors refer to them.

    are_kept: they are of a stored run. Raises OneMapError pack.syntax, indicator.….
    """
    packs = results_of_each(lambda text: parse_indicator_pack(*text, catalogue, is_kept=are_kept), texts)
    pack_by_item: dict[str, str] = {}
    for pack, (_, source) in zip(packs, texts, strict=True):
        for item in pack.indicators:
            if item.id in pack_by_item:
                facts = {"field": "id", "key": "id", "name": item.id, "table": "indicator", "line": 1}
                raise OneMapError("indicator.twice", file=source, feature=item.id, **facts)
            pack_by_item[item.id] = pack.id
    return packs


def parse_indicator_pack(
    text: str, source: str, catalogue: Mapping[str, LayerEntry], *, is_kept: bool = False
) -> IndicatorPack:
    """Read one pack from its TOML text. is_kept: it is of a stored run.

    Raises OneMapError pack.syntax, indicator.… with every problem.
    """
    raw = toml_or_refusal(text, "pack.syntax", source)
    problems = head_problems(raw, text, source) or content_problems(raw, text, source, catalogue, is_kept=is_kept)
    if problems:
        raise OneMapError.of(problems)
    head = raw["pack"]
    terms = {item["id"]: _term(item) for item in raw.get("term", ())}
    return IndicatorPack(
        id=head["id"],
        version=head["version"],
        title=head["title"],
        hash=sha256(text),
        text=text,
        terms=terms,
        indicators=tuple(_indicator(item, head) for item in raw.get("indicator", ())),
        least_known=float(head.get("least_known", 1.0)),
        targets=head.get("targets"),
        near_year=head.get("near_year"),
    )


def _term(item: Mapping[str, Any]) -> Term:
    kind, state = item["kind"], item.get("state")
    unit = {COUNT: "count", LENGTH: "m"}.get(kind, "m2")
    unit = item.get("unit", "m2") if kind in (SUM, OF_TABLE) or "field" in item else unit
    was = (LayerPart(item["layer"], item["was"], None, is_earlier=True),) if "was" in item else ()
    return Term(
        id=item["id"],
        kind=kind,
        of=LayerPart(item["layer"], item.get("where"), state) if kind != GROUND and "layer" in item else None,
        field=item.get("field"),
        unit=unit_of_measure(unit),
        inside=(*was, *_parts(item.get("inside", ()))),
        outside=tuple(_parts(item.get("outside", ()))),
        to=next(_parts([item["to"]])) if "to" in item else None,
        walk=_walk(item) if "to" in item else None,
        streets=next(_parts([item["streets"]])) if "streets" in item else None,
        distinct=item.get("distinct"),
        unit_field=item.get("unit_field"),
        year=item.get("year", "ND"),
    )


def _walk(item: Mapping[str, Any]) -> Walk:
    """The walk of a term, given as a distance, or as minutes at a speed."""
    distance_m = item.get("distance_m") or item["minutes"] / _MINUTES_OF_HOUR * item["speed_kmh"] * 1000.0
    return Walk(float(distance_m), float(item.get("snap_m", SNAP_M)), float(item.get("join_m", JOIN_M)))


def _parts(items: Sequence[Any]) -> Iterator[LayerPart]:
    for item in items:
        yield LayerPart(item) if isinstance(item, str) else LayerPart(item["layer"], item.get("where"))


def _indicator(item: Mapping[str, Any], head: Mapping[str, Any]) -> Indicator:
    return Indicator(
        id=item["id"],
        pack=head["id"],
        title=item["title"],
        issuer=item.get("issuer", head["issuer"]),
        edition=item.get("edition", head["edition"]),
        formula=formula(item["formula"]),
        unit=unit_of_measure(item["unit"]),
        nature=item["nature"],
        bound=item["bound"],
        options=item,
        committed=formula(item["committed"]) if "committed" in item else None,
    )


def indicator_titles(packs: Sequence[IndicatorPack], language: str) -> dict[str, str]:
    """The titles of the indicators of some packs, by their ids."""
    return {item.id: item.title.get(language, item.id) for pack in packs for item in pack.indicators}


def indicator_decimals(packs: Sequence[IndicatorPack]) -> dict[str, int]:
    """The number of decimals to show for the indicators of some packs, by id."""
    return {item.id: item.decimals for pack in packs for item in pack.indicators}
