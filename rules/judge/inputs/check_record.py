"""The record of a check, as the library stores it and answers show it: what was asked, by which packs and versions."""

from typing import NotRequired, TypedDict

from onemap.layers.records import Record


class PackRecord(TypedDict):
    """A pack of a check. tables: of uses, each with name and hash; kinds: the hash of the register of kinds."""

    id: str
    version: str
    hash: str
    title: NotRequired[dict[str, str]]
    tables: NotRequired[list[dict[str, str]]]
    kinds: NotRequired[str]


class LayerRecord(TypedDict):
    """The version of a layer that a check used; without a version its values are None, and `reason` says why.

    Days and moments are ISO texts. coverage: its kind.
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


class WarpedRaster(TypedDict):
    """A rule whose raster was warped to square cells, and their side in metres."""

    rule: str
    layer: str
    cell_m: float


class CheckParameters(TypedDict):
    """What was asked. id: the field of the parcels' names; only: rules; days and moments are ISO texts.

    parcels_hash: of the file; parcels_ground: of the outlines; replaced: layer code → the file that took its place;
    left_out: files of several, or of a folder or an archive, that were not read.
    """

    library: str
    library_id: str
    parcels: str
    parcels_hash: str
    parcels_ground: str
    id: str | None
    layer: NotRequired[str | None]
    crs: NotRequired[str | None]
    encoding: NotRequired[str | None]
    repair: NotRequired[bool]
    transform_hash: NotRequired[str | None]
    fields: NotRequired[dict[str, str]]
    keep_bad: NotRequired[bool]
    land_width: NotRequired[str]
    facts: NotRequired[Record]
    left_out: NotRequired[list[str]]
    code_system: NotRequired[str | None]
    only: list[str]
    as_of: str
    known_at: str | None
    replaced: dict[str, str]
    lang: str


class CheckRecord(TypedDict):
    """The record of a check.

    started: a moment, ISO; origin: the point from which coordinates are counted, in metres; rules: id → hash;
    chosen_layers: rule id → layer, for rules that name several; computed: how many pairs of parcel and rule were
    judged.
    """

    id: str
    started: str
    seconds: float
    software: dict[str, str]
    packs: list[PackRecord]
    layers: list[LayerRecord]
    parameters: CheckParameters
    origin: list[float]
    rules: dict[str, str]
    chosen_layers: dict[str, str]
    computed: int
    warped: list[WarpedRaster]
    skipped: list[SkippedRule]
    who: str
