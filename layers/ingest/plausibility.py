"""Whether arriving data is likely to be the layer it is added to: by names, fields, and the layer's last version.

A wrong file would be used in checks, and whatever it does not hold would be taken for free ground.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from onemap.layers.catalogue.layer_names import layers_by_name
from onemap.layers.catalogue.schema import Field, LayerEntry
from onemap.layers.errors import Problem, ProblemPlace
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.ingest.likely_layers import are_same_file, known_fields, other_matter, shared_fields
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, files_of, read_version, versions
from onemap.layers.messages import LANGUAGES, first_names

_ENOUGH = 20  # features on both sides, for their count and their box to say something
_MANY, _FALL = 100, 10  # of so many, fewer than one in so many are doubtful, however few they are
_LEAST_SHARE = 0.5  # of the last version's count, and of its box
_MORE_FIELDS = 2  # that another layer's schema must explain, beside half of itself
_LEAST_CODE = 3  # letters of a code by which a folder may be called: fewer are anybody's initials


@dataclass(frozen=True)
class ArrivingLayer:
    """A frame, and the layer that it is added to. names: of its files and of their layers; place: as problems name it.

    files: the names of its files as a version keeps them; folders: the folders of its files, the nearest first;
    by_hand: a person matched its fields with the layer's; is_planned: the plan of a delivery has asked a person
    wherever its name says more than the layer's.
    """

    entry: LayerEntry
    frame: FrameBlocks
    names: Sequence[str]
    files: Sequence[str]
    folders: Sequence[str]
    by_hand: bool
    is_planned: bool
    place: ProblemPlace


@dataclass(frozen=True)
class Doubt:
    """The reasons to doubt that a frame is this layer: layer.doubtful with the figures, and the kinds of reasons."""

    kinds: tuple[str, ...]
    problem: Problem


@dataclass(frozen=True)
class LastVersion:
    """The figures of a layer's last version for comparison. extent: west, south, east, north, or None."""

    label: str
    count: int
    extent: Sequence[float] | None


def doubt_of(library: Library, new_layer: ArrivingLayer) -> Doubt | None:
    """Return the reasons to doubt that a frame is this layer: its name, fields, or the last version's figures."""
    catalogue = [entry for entry in library.catalogue().values() if entry.code != new_layer.entry.code]
    latest = {version.code: version for version in versions(library) if version.retired is None}
    doubts: dict[str, Problem] = {}
    is_named, other_name = _name_of_other(new_layer, [*catalogue, new_layer.entry])
    if other_name is not None:
        doubts["name"] = other_name
    elif not (is_named or new_layer.by_hand) and (better := _better_schema(library, new_layer, catalogue, latest)):
        doubts["fields"] = better
    elif is_named and not new_layer.is_planned and (words := _other_matter(new_layer)):
        doubts["words"] = words
    last = latest.get(new_layer.entry.code)
    if last is not None and new_layer.entry.geometry == "raster":
        doubts |= _against_raster(library, new_layer, last)
    elif last is not None:
        extent = library.connection.extent(last.table)
        doubts |= _against_version(new_layer.frame, LastVersion(last.label, last.count, extent))
        doubts |= _against_files(library, new_layer, last)
    return _doubt(doubts, new_layer.entry, new_layer.place)


def doubt_of_successor(entry: LayerEntry, frame: FrameBlocks, before: LastVersion, place: ProblemPlace) -> Doubt | None:
    """Return the reasons to doubt that a frame is the same layer as the version added just before it."""
    return _doubt(_against_version(frame, before), entry, place)


def _doubt(reasons: Mapping[str, Problem], entry: LayerEntry, place: ProblemPlace) -> Doubt | None:
    """Return one refusal for all reasons that were found, by kind."""
    if not reasons:
        return None
    doubts = reduce(lambda first, second: Problem("doubt.both", {"first": first, "second": second}), reasons.values())
    facts = {**place, "layer": entry.code, "field": "--sure", "doubt": doubts}
    return Doubt(tuple(reasons), Problem("layer.doubtful", facts))


def _name_of_other(new_layer: ArrivingLayer, catalogue: Sequence[LayerEntry]) -> tuple[bool, Problem | None]:
    """Return whether a name is this layer's, and the first that is another's; a folder's if the files' say nothing."""
    titles = {entry.code: _code_and_title(entry) for entry in catalogue}
    is_named, other_name = False, None
    for name in dict.fromkeys(new_layer.names):
        matches = layers_by_name(name, catalogue)
        if new_layer.entry.code in matches:
            is_named = True
            continue
        others = [titles[code] for code, why in matches.items() if why == "code" or _is_said(name, titles[code])]
        if others and other_name is None:
            other_name = Problem("doubt.name", {"name": name, "others": others})
    if is_named or other_name is not None:
        return is_named, other_name
    for folder in new_layer.folders:
        matches = layers_by_name(folder, catalogue)
        others = [titles[code] for code, why in matches.items() if _names_folder(folder, why, titles[code], code)]
        if others:
            is_named = new_layer.entry.code in matches
            return is_named, None if is_named else Problem("doubt.folder", {"name": folder, "others": others})
    return False, None


def _other_matter(new_layer: ArrivingLayer) -> Problem | None:
    """Return the words in a name, besides the layer's own, that make it another matter."""
    for name in new_layer.names:
        word = other_matter(name, new_layer.entry)
        if word is not None and layers_by_name(name, [new_layer.entry]):
            return Problem("doubt.words", {"name": name, "word": word})
    return None


def _names_folder(folder: str, why: str, title: Mapping[str, str], code: str) -> bool:
    """Whether a folder's name has a layer's whole title or code; people also name folders by places and tasks."""
    return len(code) >= _LEAST_CODE if why == "code" else why == "title" and _is_said(folder, title)


def _is_said(name: str, title: Mapping[str, str]) -> bool:
    """Whether a name in Latin letters contains the title's words as whole words; always True for Chinese names."""
    if not name.isascii():
        return True
    title_words, words = (
        " ".join(re.findall("[a-z]+", text.lower())) for text in (title["en"].partition(" ")[2], name)
    )
    return bool(title_words) and f" {title_words} " in f" {words} "


def _code_and_title(entry: LayerEntry) -> dict[str, str]:
    return {language: f"{entry.code} {entry.title_in(language)}" for language in LANGUAGES}


def _better_schema(
    library: Library, new_layer: ArrivingLayer, catalogue: Sequence[LayerEntry], latest: Mapping[str, Version]
) -> Problem | None:
    """Return the layer of the same geometry whose fields explain more of those that came, if there is one.

    A layer's last version says what its fields are, too; of a layer that the library defined nothing else does. latest:
    by code, the version that each layer got last.
    """
    entry, columns, before = new_layer.entry, new_layer.frame.columns, latest.get(new_layer.entry.code)
    if not entry.fields and before is None:
        return None
    stored_fields = library.connection.field_types(before.table) if before is not None else {}
    own = len(shared_fields(columns, entry).union(stored_fields.keys() & set(columns)))
    best, most = None, own + _MORE_FIELDS
    for other in (other for other in catalogue if other.geometry == entry.geometry):
        if before is not None and not other.fields and other.code in latest:
            names = library.connection.field_types(latest[other.code].table)
            other = replace(other, fields=tuple(map(Field, names)))
        theirs = known_fields(columns, other)
        if theirs >= most and theirs >= _LEAST_SHARE * len(other.fields):
            best, most = other, theirs + 1
    if best is None:
        return None
    facts = {"other": _code_and_title(best), "theirs": most - 1, "own": own, "count": len(columns)}
    return Problem("doubt.fields", facts)


def _against_version(frame: FrameBlocks, last: LastVersion) -> dict[str, Problem]:
    """Return doubts if the count or the box is far from the last version's."""
    doubts, count = {}, frame.count
    facts = {"label": last.label, "count": count, "last": last.count}
    if min(count, last.count) >= _ENOUGH:
        if _are_far(count, last.count):
            doubts["count"] = Problem("doubt.count", facts)
        share = _shared_box(frame.bounds(), last.extent)
        if share < _LEAST_SHARE:
            doubts["box"] = Problem("doubt.box", {**facts, "share": f"{100 * share:.0f}"})
    elif last.count >= _MANY and count * _FALL < last.count:
        doubts["count"] = Problem("doubt.count", facts)
    return doubts


def _against_files(library: Library, new_layer: ArrivingLayer, last: Version) -> dict[str, Problem]:
    """Return a doubt if only some of the last version's files came: then some counties, say, are missing."""
    before = [str(file.get("source")) for file in files_of(library, last)]
    came = new_layer.files
    if len(came) >= len(before) or not all(any(are_same_file(file, old) for old in before) for file in came):
        return {}
    facts = {"label": last.label, "count": len(came), "last": len(before), "names": first_names(before)}
    return {"files": Problem("doubt.files", facts)}


def _against_raster(library: Library, new_layer: ArrivingLayer, last: Version) -> dict[str, Problem]:
    """Return doubts if cells, bands or ground are far from the last version's; cells as in the library's plane."""
    names, extent = ["width", "height", "bands"], library.connection.extent(last.table)
    bounds, before = new_layer.frame.bounds(), read_version(library, last, None).attributes.iloc[0]
    came = new_layer.frame.attributes(np.array([0]), names).iloc[0]
    doubts, facts = {}, {"label": last.label}
    if extent is not None:
        cells, last_cells = int(came["width"] * came["height"]), int(before["width"] * before["height"])
        size, last_size = ((box[2] - box[0]) / row["width"] for box, row in ((bounds, came), (extent, before)))
        if _are_far(cells, last_cells) or _are_far(size, last_size):
            sizes = {"size": f"{round(size, 2):g}", "last_size": f"{round(last_size, 2):g}"}
            doubts["cells"] = Problem(
                "doubt.cells", {**facts, "count": f"{cells:,}", "last": f"{last_cells:,}", **sizes}
            )
        share = _shared_box(bounds, extent)
        if share < _LEAST_SHARE:
            doubts["box"] = Problem("doubt.box", {**facts, "share": f"{100 * share:.0f}"})
    if came["bands"] != before["bands"]:
        doubts["bands"] = Problem("doubt.bands", {**facts, "count": int(came["bands"]), "last": int(before["bands"])})
    return doubts


def _are_far(now: float, last: float) -> bool:
    """Whether a figure is below half or above twice the last version's."""
    return not last * _LEAST_SHARE <= now <= last / _LEAST_SHARE


def _shared_box(bounds: np.ndarray, last: Sequence[float] | None) -> float:
    """Return the share of the last version's box (west, south, east, north) that these bounds (4,) meet; else 1."""
    if last is None or not np.isfinite(bounds).all():
        return 1.0
    before = np.asarray(last, dtype=float)
    sides = before[2:] - before[:2]
    common_sides = np.minimum(bounds[2:], before[2:]) - np.maximum(bounds[:2], before[:2])
    if (common_sides < 0).any():
        return 0.0
    wide = sides > 0  # features in one row have a box without ground
    return float(np.prod(common_sides[wide] / sides[wide]))
