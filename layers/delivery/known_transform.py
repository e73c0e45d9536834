"""The change of datum that a layer came through before: known by its hash, offered again if it is available.

Parameters of a datum are secret by law: the library keeps the hash and name of their file, never its place.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyproj

from onemap.layers.crs.systems import parse_crs, transformation
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.ingest.datum_change import DatumChange, given_change
from onemap.layers.library.library import sha256

_FORMS = (".toml", ".txt")
_LARGEST_FILE = 100_000  # bytes; no file of parameters is larger
_SHOWN = 12  # signs of a hash, by which a person tells two apart


@dataclass(frozen=True)
class OfferedChange:
    """A change of datum that may be used. path: its file, empty if given as text; problem: why it may not be used."""

    hash: str
    path: str = ""
    problem: Problem | None = None


def needs_change(crs: str | None, target: pyproj.CRS) -> bool:
    """Whether a source in that system can be added only with a change of datum; True for an unknown system."""
    if not crs:
        return True
    try:
        transformation(parse_crs(crs), target)
    except OneMapError:
        return True
    return False


def offered_change(
    last_change: Mapping[str, Any] | None,
    delivery_change: DatumChange | None,
    folder: Path,
    places: Sequence[Path],
    **place: Any,
) -> OfferedChange | None:
    """Return the change offered for a layer; None if none is remembered or given.

    last_change: {"hash", "file"} of the change of its last version; delivery_change: the change for the whole delivery;
    folder: the delivery's, to which file names are relative; places: further folders to search. The problem is
    ingest.transform if none is available, ingest.transform_other if that name is now another file.
    """
    if last_change is None:
        return None if delivery_change is None else OfferedChange(delivery_change.hash)
    last_hash, name = str(last_change["hash"]), last_change.get("file")
    if delivery_change is not None:
        return OfferedChange(last_hash, problem=different_change(last_hash, delivery_change, **place))
    others = []
    for at in (folder, *places):
        for path in _files(at, name):
            file_hash = sha256(path.read_bytes())
            if file_hash == last_hash:
                is_sent = path.is_relative_to(folder)
                return OfferedChange(
                    last_hash, path.relative_to(folder).as_posix() if is_sent else str(path.absolute())
                )
            if path.name == name:
                others.append(file_hash)
    facts = {**place, "transform": name or "–", "known": last_hash[:_SHOWN]}
    if others:
        return OfferedChange(
            last_hash, problem=Problem("ingest.transform_other", {**facts, "found": others[0][:_SHOWN]})
        )
    return OfferedChange(last_hash, problem=Problem("ingest.transform", facts))


def different_change(expected_hash: str, change: DatumChange, **place: Any) -> Problem | None:
    """The problem if a change does not have that hash; None if it has."""
    if change.hash == expected_hash:
        return None
    name = change.parameters.file if change.parameters else "–"
    facts = {**place, "transform": name, "known": expected_hash[:_SHOWN], "found": change.hash[:_SHOWN]}
    return Problem("ingest.transform_other", facts)


def planned_change(
    text: str | None, expected_hash: str | None, delivery_change: DatumChange | None, folder: Path, **place: Any
) -> DatumChange | None:
    """Return the change that a plan's row names; it must have the hash beside it.

    text: a pipeline, or a file, relative to the delivery's folder or not; delivery_change: the change for the whole
    delivery, used if the row has only a hash. Raises OneMapError ingest.transform, ingest.transform_other, and what
    `given_change` raises.
    """
    if not text and not expected_hash:
        return None
    change = given_change(text, folder) if text else delivery_change
    if expected_hash and change is None:
        raise OneMapError("ingest.transform", **place, transform="–", known=expected_hash[:_SHOWN])
    problem = different_change(expected_hash, change, **place) if expected_hash and change else None
    if problem is not None:
        raise OneMapError.of([problem])
    return change


def _files(folder: Path, name: str | None) -> Iterator[Path]:
    """Yield the files of a folder that may be the parameters: the one of that name first, then all of their form."""
    try:
        paths = [path for path in folder.iterdir() if path.suffix.lower() in _FORMS or path.name == name]
        paths = [path for path in paths if path.is_file() and path.stat().st_size <= _LARGEST_FILE]
    except OSError:
        return
    yield from sorted(paths, key=lambda path: (path.name != name, path.name))
