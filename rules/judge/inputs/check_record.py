"""The record of a check, as the library keeps it and answers have it: what was asked, by which packs and versions."""

from typing import Any, NotRequired, TypedDict


class PackRecord(TypedDict):
    """A pack of a check. tables: of uses, each with name and hash; kinds: the hash of the register of kinds."""

    id: str
    version: str
    hash: str
    title: NotRequired[dict[str, str]]
    tables: NotRequired[list[dict[str, str]]]
    kinds: NotRequired[str]


class LayerRecord(TypedDict):
    """The version of a layer that a check used; without one its values are None, and `reason` says why.

    Days and moments are ISO texts. coverage: of which kind it is.
    """

    code: str
    label: str | None
    table: str | None
    hash: str | None
    coverage: str | None
    reason: str | None
    valid_from: NotRequired[str | None]
    valid_to: NotRequired[str | None]
    recorded_at: NotRequired[str | None]


class SkippedRule(TypedDict):
    """A rule that a check did not ask, and why."""

    rule: str
    layer: str
    reason: str


class CheckRecord(TypedDict):
    """The record of a check.

    started: a moment, ISO; origin: from where coordinates are counted, in metres; rules: id → hash; chosen_layers: rule
    id → layer, of rules that name several; computed: how many pairs of parcel and rule were judged anew; warped: rule,
    layer and side of the cells in metres of each raster that was warped.
    """

    id: str
    started: str
    seconds: float
    software: dict[str, Any]
    packs: list[PackRecord]
    layers: list[LayerRecord]
    parameters: dict[str, Any]
    origin: list[float]
    rules: dict[str, str]
    chosen_layers: dict[str, str]
    computed: int
    warped: list[dict[str, Any]]
    skipped: list[SkippedRule]
    who: str
