"""The change of datum that a layer came through before: known by its hash, offered again where the same is at hand.

Parameters of a datum are secret in law: the library keeps the hash of their file and its name, never where it lies.
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
    """A change of datum that may be used. path: its file, empty where it was given as text; problem: why it may not."""

    hash: str
    path: str = ""
    problem: Problem | None = None


def needs_change(crs: str | None, target: pyproj.CRS) -> bool:
    """Whether a source of that system can be added only by a change of datum; a system that is not known
    counts as one that needs it."""
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
    """The change offered for a layer; None if none is remembered or given.

    known: {"hash", "file"} of the change of its last version; given: what was named for the whole delivery; folder: the
    delivery's, whose files are named from there; places: further folders to look in. The problem is
    ingest.transform where nothing is at hand, ingest.transform_other where that name is another file now.
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
    """The change that a row of a plan names, which must be the one of the hash that stands beside it.

    text: a file, from the delivery's folder or as it is, or a pipeline; given: what was named for the whole delivery,
    taken where the row has a hash alone. Raises OneMapError ingest.transform, ingest.transform_other, and what
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
    """The files of a folder that may be the parameters: the one of that name first, then whatever has their form."""
    try:
        found = [path for path in folder.iterdir() if path.suffix.lower() in _FORMS or path.name == name]
        found = [path for path in found if path.is_file() and path.stat().st_size <= _LARGEST_FILE]
    except OSError:
        return
    yield from sorted(found, key=lambda path: (path.name != name, path.name))
