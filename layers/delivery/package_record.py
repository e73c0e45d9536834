"""The record of a package, `onemap.json` beside its payload: origin, state and base."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from onemap.layers.errors import OneMapError

FORMAT, FORMAT_NUMBER = "onemap-package", 1
RECORD_FILE, FEATURES_FILE = "onemap.json", "features.gpkg"
REMARKS_TABLE = "onemap_remarks"  # no layer may be called so
FULL, CHANGE = "full", "change"


def coverage_table(codes: Iterable[str]) -> str:
    """Return the name of the table of coverages, which no layer has. codes: of the layers."""
    return "onemap_coverage" if "coverage" in map(str.lower, codes) else "coverage"


@dataclass(frozen=True)
class BaseState:
    """The state that a change package is based on: the label and the hash of the version before."""

    label: str
    hash: str


@dataclass(frozen=True)
class RowChanges:
    """How the rows of a version come from those of its base and of the package, with the same order and bytes.

    rows: stretches, each "base" or "package", its first row (from 1) and its length; removed: rows of the base, by key
    or number, that are gone; counts of added, changed and removed rows (changed: with the same key).
    """

    rows: tuple[tuple[str, int, int], ...]
    removed: tuple[str, ...]
    added: int
    changed: int


@dataclass(frozen=True)
class RasterFile:
    """A raster in a package: its place in the payload, and the SHA-256 of its file.

    beside_sha256: of the files beside it that hold its cells, as in the version's row; None if there are none.
    """

    file: str
    sha256: str
    beside_sha256: str | None = None


@dataclass(frozen=True)
class DeliveredLayer:
    """One layer of a package. hash: of the version's rows by `content_hash`; rows: their total number.

    accuracy_m: positional accuracy in metres; source, source_hash: of the file from which the sender added it; remarks:
    how many there are on ground that the version lacks; assumed: nobody stated the coverage, it is only a box.
    """

    code: str
    title: Mapping[str, str]
    department: str
    library: str
    kind: str
    geometry: str
    key: str | None
    label: str
    valid_from: str | None
    valid_to: str | None
    recorded_at: str
    accuracy_m: float | None
    rows: int
    hash: str
    source: str
    source_hash: str
    base: BaseState | None = None
    changes: RowChanges | None = None
    raster: RasterFile | None = None
    remarks: int = 0
    assumed: bool = False


@dataclass(frozen=True)
class PackageRecord:
    """A package. crs: EPSG code of its coordinates; unit: "CODE=VALUE" if it holds only one area unit."""

    package: str
    kind: str
    library: str
    library_name: str
    crs: str
    made_at: str
    who: str
    recipient: str | None
    secrecy: str | None
    unit: str | None
    layers: tuple[DeliveredLayer, ...] = field(default=())

    def text(self) -> str:
        """Return the record as the package holds it."""
        content = {"format": FORMAT, "number": FORMAT_NUMBER, **asdict(self)}
        return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def read_record(folder: Path, package: str) -> PackageRecord:
    """Return the record of an unpacked package.

    Raises OneMapError package.no_record, package.newer, package.record for an invalid value.
    """
    try:
        content = json.loads((folder / RECORD_FILE).read_bytes())
    except FileNotFoundError:
        raise OneMapError("package.no_record", file=package) from None
    except (ValueError, RecursionError) as error:
        raise OneMapError("package.record", file=package, reason=str(error)[:200]) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise OneMapError("package.no_record", file=package)
    if content.get("number") != FORMAT_NUMBER:
        raise OneMapError("package.newer", file=package, number=content.get("number"))
    try:
        return _record(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise OneMapError("package.record", file=package, reason=f"{type(error).__name__}: {error}"[:200]) from None


def _record(content: dict[str, Any]) -> PackageRecord:
    names = ("package", "kind", "library", "library_name", "crs", "made_at", "who")
    if content["kind"] not in (FULL, CHANGE):
        raise ValueError(f"kind: {content['kind']}")
    return PackageRecord(
        **{name: _text(content[name], name) for name in names},
        recipient=_optional_text(content, "recipient"),
        secrecy=_optional_text(content, "secrecy"),
        unit=_optional_text(content, "unit"),
        layers=tuple(_layer(layer) for layer in content["layers"]),
    )


def _layer(content: dict[str, Any]) -> DeliveredLayer:
    texts = ("code", "department", "library", "kind", "geometry", "label", "recorded_at", "hash", "source")
    base, changes, raster = content.get("base"), content.get("changes"), content.get("raster")
    if (base is None) != (changes is None):
        raise ValueError("base, changes")
    return DeliveredLayer(
        **{name: _text(content[name], name) for name in (*texts, "source_hash")},
        key=_optional_text(content, "key"),
        valid_from=_optional_text(content, "valid_from"),
        valid_to=_optional_text(content, "valid_to"),
        title={name: _text(text, "title") for name, text in content["title"].items()},
        accuracy_m=None if content.get("accuracy_m") is None else float(content["accuracy_m"]),
        rows=_count(content["rows"]),
        base=None if base is None else BaseState(_text(base["label"], "label"), _text(base["hash"], "hash")),
        changes=None if changes is None else _changes(changes),
        raster=None if raster is None else _raster(raster),
        remarks=_count(content.get("remarks", 0)),
        assumed=_flag(content.get("assumed", False)),
    )


def _raster(content: dict[str, Any]) -> RasterFile:
    texts = {name: _text(content[name], name) for name in ("file", "sha256")}
    return RasterFile(**texts, beside_sha256=_optional_text(content, "beside_sha256"))


def _changes(content: dict[str, Any]) -> RowChanges:
    stretches = []
    for origin, first, count in content["rows"]:
        if origin not in ("base", "package") or _count(first) < 1:
            raise ValueError("rows")
        stretches.append((origin, first, _count(count)))
    removed = tuple(_text(name, "removed") for name in content["removed"])
    return RowChanges(tuple(stretches), removed, _count(content["added"]), _count(content["changed"]))


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def _optional_text(content: dict[str, Any], name: str) -> str | None:
    return None if content.get(name) is None else _text(content[name], name)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(str(value))
    return value


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(str(value))
    return value
