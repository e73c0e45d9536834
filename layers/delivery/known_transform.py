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
    known: Mapping[str, Any] | None, given: DatumChange | None, folder: Path, places: Sequence[Path], **place: Any
) -> OfferedChange | None:
    """Return the change offered for a layer; None if none is remembered or given.

    known: {"hash", "file"} of the change of its last version; given: the change for the whole delivery; folder: the
    delivery's, to which file names are relative; places: further folders to search. The problem is ingest.transform if
    none is available, ingest.transform_other if that name is now another file.
    """
    if known is None:
        return None if given is None else OfferedChange(given.hash)
    wanted, name = str(known["hash"]), known.get("file")
    if given is not None:
        return OfferedChange(wanted, problem=different_change(wanted, given, **place))
    others = []
    for at in (folder, *places):
        for path in _files(at, name):
            found = sha256(path.read_bytes())
            if found == wanted:
                is_sent = path.is_relative_to(folder)
                return OfferedChange(wanted, path.relative_to(folder).as_posix() if is_sent else str(path.absolute()))
            if path.name == name:
                others.append(found)
    facts = {**place, "transform": name or "–", "known": wanted[:_SHOWN]}
    if others:
        return OfferedChange(wanted, problem=Problem("ingest.transform_other", {**facts, "found": others[0][:_SHOWN]}))
    return OfferedChange(wanted, problem=Problem("ingest.transform", facts))


def different_change(wanted: str, change: DatumChange, **place: Any) -> Problem | None:
    """The problem if a change does not have that hash; None if it has."""
    if change.hash == wanted:
        return None
    name = change.parameters.file if change.parameters else "–"
    facts = {**place, "transform": name, "known": wanted[:_SHOWN], "found": change.hash[:_SHOWN]}
    return Problem("ingest.transform_other", facts)


def planned_change(
    text: str | None, wanted: str | None, given: DatumChange | None, folder: Path, **place: Any
) -> DatumChange | None:
    """Return the change that a plan's row names; it must have the hash beside it.

    text: a pipeline, or a file, relative to the delivery's folder or not; given: the change for the whole delivery,
    used if the row has only a hash. Raises OneMapError ingest.transform, ingest.transform_other, and what
    `given_change` raises.
    """
    if not text and not wanted:
        return None
    change = given_change(text, folder) if text else given
    if wanted and change is None:
        raise OneMapError("ingest.transform", **place, transform="–", known=wanted[:_SHOWN])
    problem = different_change(wanted, change, **place) if wanted and change else None
    if problem is not None:
        raise OneMapError.of([problem])
    return change


def _files(folder: Path, name: str | None) -> Iterator[Path]:
    """Yield the files of a folder that may be the parameters: the one of that name first, then all of their form."""
    try:
        found = [path for path in folder.iterdir() if path.suffix.lower() in _FORMS or path.name == name]
        found = [path for path in found if path.is_file() and path.stat().st_size <= _LARGEST_FILE]
    except OSError:
        return
    yield from sorted(found, key=lambda path: (path.name != name, path.name))
