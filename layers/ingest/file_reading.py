"""Read and clean the files of a version: one frame of all files, and what is known of each file."""

import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations, pairwise
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.errors import OneMapError, Problem, ProblemPlace, require_value
from onemap.layers.files.journal_folder import Journal, journal_folder, work_place
from onemap.layers.frames.fields import feature_names
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.frames.frames import CleanFrame, RawFrame
from onemap.layers.geometry.row_blocks import BLOCK, blocks
from onemap.layers.ingest.arrival import EMPTY, AddOptions, Arrival, LayerFile
from onemap.layers.ingest.likely_layers import are_same_file
from onemap.layers.ingest.normalise import sorted_out
from onemap.layers.ingest.plausibility import LastVersion, doubt_of_successor
from onemap.layers.ingest.staging import Staging
from onemap.layers.library.library import Library
from onemap.layers.library.rows_as_logged import check_features
from onemap.layers.library.versions import Version, files_of, read_version, version_before, versions
from onemap.layers.quality.neighbours import POINTS_AT_ONCE
from onemap.layers.records import Record
from onemap.layers.software import software_versions
from onemap.layers.sources.gdal.vector_stream import VectorStream
from onemap.layers.sources.reading import content_hash, large_layer, read_source, source_name, state_of
from onemap.layers.stores.arrow_values import UnsupportedValue

_LAYOUT = 2  # of the parts in the journal: another one is another question
_RECORDS = {"source.damaged", "source.geometry_type", "encoding.undecidable"}  # what one record alone may cause
_SHAPES_AT_ONCE = 20_000  # of those that several files share
_MOST_ALIKE = 0.5  # of a file's features may stand in another, too: those that lie on a common border

BeforeRows = Callable[[int], None]


@dataclass(frozen=True)
class ReadFiles:
    """The clean frame of one file or of several.

    raws: what is known of each file besides its rows; journal: where the checks of a large frame are kept; question:
    everything that the frame depends on, for the journal's key.
    """

    frame: FrameBlocks
    raws: tuple[RawFrame, ...]
    question: Mapping[str, Any]
    journal: Journal | None = None


def read_files(arrival: Arrival, stack: contextlib.ExitStack, before_rows: BeforeRows) -> ReadFiles:
    """Read all files of an arrival as one clean frame; unsound features are set aside.

    stack: keeps the journals of large files as long as they are needed; before_rows: called with the number of features
    before a large file is read, and may refuse it. Raises OneMapError with the problems of all files.
    """
    if not arrival.options.further:
        return _read_file(arrival, stack, before_rows)
    read: list[ReadFiles] = []
    problems: list[Problem] = []
    for file, place in zip(arrival.by_file(), arrival.file_places(), strict=True):
        try:
            read.append(_at_place(_read_file(file, stack, before_rows), place))
        except OneMapError as error:
            # Where nothing is, the path says what was meant.
            problems += [
                problem if problem.code == "source.missing" else _problem_at(problem, place)
                for problem in error.problems
            ]
    if problems:
        raise OneMapError.of(problems)
    frame = FrameBlocks.of_files([one.frame for one in read], arrival.file_places())
    if arrival.entry.geometry != "table":
        _refuse_copies(frame, arrival.file_names)
    frame = replace(frame, problems=_remarks_said_once(frame.problems, len(read), arrival.place))
    question = {"files": [one.question for one in read]}
    is_large = any(one.journal is not None for one in read)
    return ReadFiles(
        frame,
        tuple(raw for one in read for raw in one.raws),
        question,
        stack.enter_context(_journal(arrival, question)) if is_large else None,
    )


def version_to_renew(library: Library, options: AddOptions, place: ProblemPlace) -> Version | None:
    """Return the version, in force on the new one's first day, in which one file is replaced; None if all files come.

    Raises OneMapError files.none; files.before if the layer had not begun by then; files.no_day for a version without a
    first day, which would never be in force after this one.
    """
    if not options.in_place_of:
        return None
    place = {**place, "layer": options.code, "field": "--in-place-of"}
    live = [one for one in versions(library) if one.code == options.code and one.retired is None]
    day = options.valid_from or library.today()
    version = version_before(live, day)
    if version is None and live:
        raise OneMapError("files.before", **{**place, "field": "--valid-from"}, day=day.isoformat())
    if version is None or not files_of(library, version):
        raise OneMapError("files.none", **place)
    if version.valid_from is not None and options.valid_from is None:
        facts = {"label": version.label, "day": version.valid_from}
        raise OneMapError("files.no_day", **{**place, "field": "--valid-from"}, **facts)
    return version


def with_kept_files(arrival: Arrival, read: ReadFiles, stack: contextlib.ExitStack) -> tuple[Arrival, ReadFiles]:
    """Return the files of a version of the layer, with one replaced by what was read and the others from the library.

    Raises OneMapError files.unknown, layer.doubtful if what was read does not look like the file that it replaces,
    library.altered, version.unreadable, and what `version_to_renew` raises.
    """
    library, options, entry = arrival.library, arrival.options, arrival.entry
    layer_versions = tuple(version for version in versions(library) if version.code == entry.code)
    last = require_value(version_to_renew(library, options, arrival.place), "a version, or it would be refused")
    files = files_of(library, last)
    names = [str(file["source"]) for file in files]
    replaced = _replaced_file(arrival, last, names)
    frames, rows = _frames_of_files(library, last, files, entry)
    before = LastVersion(names[replaced], len(rows[replaced]), shapely.total_bounds(rows[replaced]).tolist())
    doubt = doubt_of_successor(entry, read.frame, before, arrival.place)
    if doubt is not None and not options.sure:
        raise OneMapError.of([doubt.problem])
    own_name = PurePosixPath(names[replaced]).with_name(source_name(arrival.source)).as_posix()
    kept_numbers = [number for number in range(len(files)) if number != replaced]
    if own_name in [names[number] for number in kept_numbers]:  # by which it could not be told from that one
        own_name = names[replaced]
    further = tuple(LayerFile(names[number], name=names[number], stored=files[number]) for number in kept_numbers)
    arrival = replace(arrival, options=replace(options, name=own_name, further=further), known=layer_versions)
    frame = FrameBlocks.of_files([read.frame, *(frames[number] for number in kept_numbers)], arrival.file_places())
    _refuse_copies(frame, arrival.file_names)
    frame = replace(frame, problems=(*frame.problems, *_later_versions(arrival, last, files[replaced])))
    question = {"files": [read.question], "kept": [last.hash, replaced]}
    journal = stack.enter_context(_journal(arrival, question)) if read.journal is not None else None
    return arrival, ReadFiles(frame, (*read.raws, *map(_kept_head, further)), question, journal)


def _replaced_file(arrival: Arrival, version: Version, names: Sequence[str]) -> int:
    """Return the number of the file that is replaced: the one with that name, else the one that may be meant.

    Raises OneMapError files.unknown.
    """
    asked_name = arrival.options.in_place_of or ""
    for is_meant in (asked_name.__eq__, partial(are_same_file, asked_name)):
        matches = [number for number, name in enumerate(names) if is_meant(name)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            break
    facts = {
        "layer": version.code,
        "field": "--in-place-of",
        "label": version.label,
        "value": asked_name,
        "names": names,
    }
    raise OneMapError("files.unknown", **{**arrival.place, **facts})


def _later_versions(arrival: Arrival, version: Version, replaced: Record) -> list[Problem]:
    """Return the remark on versions that begin after the new one and still hold the replaced file."""
    first = (arrival.options.valid_from or arrival.library.today()).isoformat()
    later = [
        one.label
        for one in arrival.known or ()
        if one.retired is None
        and one != version
        and (one.valid_from or "") > first
        and any(file.get("hash") == replaced.get("hash") for file in files_of(arrival.library, one))
    ]
    facts = {"layer": version.code, "label": later, "name": replaced["source"], "field": "--valid-from"}
    return [Problem("files.later", {**arrival.place, **facts})] if later else []


def _frames_of_files(
    library: Library, version: Version, files: Sequence[Record], entry: LayerEntry
) -> tuple[list[FrameBlocks], list[np.ndarray]]:
    """Return the rows of a version as a frame for each of its files, and their geometries.

    Raises OneMapError library.altered, version.unreadable.
    """
    stored_rows = read_version(library, version, None)
    check_features(library, version, stored_rows)
    ends = np.cumsum([0, *(int(file["features"]) for file in files)])
    if ends[-1] != len(stored_rows.fids):
        raise OneMapError("version.unreadable", file=library.label, layer=version.table)
    frames, grounds = [], []
    for first, end in pairwise(ends.tolist()):
        shapes, attributes = (
            stored_rows.geometries[first:end],
            stored_rows.attributes.iloc[first:end].reset_index(drop=True),
        )
        names = feature_names(attributes, entry.key, end - first)
        frames.append(FrameBlocks.of(CleanFrame(shapes, attributes, names), entry.key))
        grounds.append(shapes)
    return frames, grounds


def _kept_head(file: LayerFile) -> RawFrame:
    """Return what is known, besides its rows, of a file whose rows the library has."""
    stored_facts, nothing = file.stored or {}, np.empty(0, dtype=object)
    encoding, digest = stored_facts.get("encoding"), str(stored_facts.get("hash") or "")
    return RawFrame(Path(file.source), "", "", nothing, pd.DataFrame(), None, encoding, source_hash=digest)


def _remarks_said_once(problems: Sequence[Problem], files: int, place: ProblemPlace) -> tuple[Problem, ...]:
    """Return the remarks on some files; one that applies to all files, such as a missing field, is given once."""

    def content(problem: Problem) -> str:
        return repr((problem.code, sorted((name, fact) for name, fact in problem.facts.items() if name not in place)))

    times = Counter(map(content, problems))
    remarks: dict[str, Problem] = {}
    for number, problem in enumerate(problems):
        is_of_all = times[content(problem)] == files
        key = content(problem) if is_of_all else str(number)
        remarks.setdefault(key, Problem(problem.code, {**problem.facts, **place}) if is_of_all else problem)
    return tuple(remarks.values())


def _refuse_copies(frame: FrameBlocks, names: Sequence[str]) -> None:
    """Refuse files if one repeats most of another, as a backup beside the file does."""
    counts = frame.counts_of_files()
    common = _features_in_common(frame, np.repeat(np.arange(len(names)), counts), len(names))
    problems = [
        Problem("files.same", {"file": names[other], "other": names[file], "count": int(common[file, other])})
        for file, other in combinations(range(len(names)), 2)
        if common[file, other] > _MOST_ALIKE * min(counts[file], counts[other])
    ]
    if problems:
        raise OneMapError.of(problems)


def _features_in_common(frame: FrameBlocks, whose: np.ndarray, files: int) -> np.ndarray:
    """Return how many features each pair of files shares (files, files), by box and size to a millimetre.

    whose: the file of each feature (n,).
    """
    shapes = pd.DataFrame(np.column_stack([np.round(frame.boxes, 3), np.round(frame.sizes, 3)]))
    alike = shapes.groupby(list(shapes.columns), sort=False).ngroup().to_numpy()
    shapes_of_files = np.unique(np.column_stack([alike, whose])[alike >= 0], axis=0)
    shape, times = np.unique(shapes_of_files[:, 0], return_counts=True)
    several = shapes_of_files[np.isin(shapes_of_files[:, 0], shape[times > 1])]
    _, row = np.unique(several[:, 0], return_inverse=True)  # ascends, as the shapes do
    common = np.zeros((files, files))
    for part in blocks(len(row) and int(row[-1]) + 1, _SHAPES_AT_ONCE):
        first, last = np.searchsorted(row, [part.start, part.stop])
        is_there = np.zeros((part.stop - part.start, files))
        is_there[row[first:last] - part.start, several[first:last, 1]] = 1
        common += is_there.T @ is_there
    return common


def sorted_frame(arrival: Arrival, raw: RawFrame, *, is_ours: bool = False) -> tuple[FrameBlocks, RawFrame]:
    """Bring a frame into the layer's shape; return it, and what is known of it besides its rows.

    is_ours: nobody else holds its rows, which may be large.
    """
    arrival.step("checking").at(0.0)
    sorting = arrival.options.normalising, arrival.required, arrival.options.provers, is_ours
    if len(raw.shapes) == 0:
        raw = _as_none(arrival, raw)
    frame = sorted_out(raw, arrival.entry, arrival.library.crs, *sorting)
    if len(raw.shapes) == 0:
        frame = replace(frame, problems=(*frame.problems, Problem("layer.none", raw.place)))
    return frame, replace(raw, shapes=np.empty(0, dtype=object), wkb=None, valid=None, attributes=pd.DataFrame())


def _read_file(arrival: Arrival, stack: contextlib.ExitStack, before_rows: BeforeRows) -> ReadFiles:
    """Read one file; a large one is read into a journal."""
    options, is_table = arrival.options, arrival.entry.geometry == "table"
    source = arrival.source, options.layer, options.encoding
    with contextlib.ExitStack() as stream_stack:
        try:
            stream = None if is_table else stream_stack.enter_context(large_layer(*source))
            read_frame = None if stream is None else _read_in_blocks(arrival, stream, stack, before_rows)
        except OneMapError as error:
            if error.code not in _RECORDS:  # a broken record is found by reading the file as a whole
                raise
            read_frame = None
        if read_frame is not None:
            stack.enter_context(stream_stack.pop_all())
            return read_frame
    may_be_empty = EMPTY in options.accept and not is_table
    read = [
        read_source(
            *source, arrival.step("reading"), as_table=is_table, may_be_empty=may_be_empty, provers=options.provers
        )
    ]
    frame, raw = sorted_frame(arrival, read.pop(), is_ours=True)
    return ReadFiles(frame, (raw,), _question(arrival, raw.source_hash, raw.layer))


def _as_none(arrival: Arrival, raw: RawFrame) -> RawFrame:
    """Return a layer without features in the library's CRS; without fields it gets those of its schema."""
    raw = replace(raw, crs=arrival.library.crs, is_assumed=False)
    if len(raw.attributes.columns):
        return raw
    names = dict.fromkeys([*(field.name for field in arrival.entry.fields), *arrival.required])
    return replace(raw, attributes=pd.DataFrame({name: np.empty(0, dtype=object) for name in names}))


def _read_in_blocks(
    arrival: Arrival, stream: VectorStream, stack: contextlib.ExitStack, before_rows: BeforeRows
) -> ReadFiles | None:
    """Read a large file into a journal, and go on where an earlier attempt stopped.

    None if the layer holds values that cannot be kept there.
    """
    options = arrival.options
    before_rows(stream.count)
    files = Path(arrival.source), stream.readable.path
    state = state_of(*files)
    digest = content_hash(*files, arrival.progress)
    question = _question(arrival, digest, stream.readable.layer)
    journal = stack.enter_context(_journal(arrival, question))
    staging_options = arrival.library.crs, options.normalising, arrival.required, journal, arrival.step("reading")
    staging = Staging(stream, arrival.entry, *staging_options, options.provers)
    try:
        frame, encoding = staging.frame()
    except UnsupportedValue:
        return None
    if state_of(*files) != state:
        raise OneMapError("source.changed", **arrival.place)
    raw = replace(staging.head(), encoding=encoding, source_hash=digest)
    return ReadFiles(frame, (raw,), question, journal)


def _question(arrival: Arrival, digest: str, layer: str) -> dict[str, Any]:
    """Return everything that the clean frame of a file depends on. digest: of the file's content."""
    normalising = arrival.options.normalising
    return {
        "source": [digest, layer, arrival.options.encoding],
        "wishes": [
            normalising.crs,
            normalising.transform and normalising.transform.hash,
            dict(normalising.fields),
            normalising.repair,
        ],
        "of_several": normalising.of_several,
        "layer": [repr(arrival.entry), list(arrival.required)],
        "crs": arrival.library.srs_id,
        "blocks": [_LAYOUT, BLOCK, POINTS_AT_ONCE],
        "software": software_versions(),
    }


def _journal(arrival: Arrival, question: Mapping[str, Any]) -> contextlib.AbstractContextManager[Journal]:
    library = arrival.library
    return journal_folder(work_place(library.path, library.id), "add", question)


def _at_place(read: ReadFiles, place: ProblemPlace) -> ReadFiles:
    """Return a file's frame with problems that name the file as it is called among the others."""
    frame = read.frame
    bad = frame.bad
    if bad is not None:
        placed_problems = tuple(tuple(_problem_at(problem, place) for problem in problems) for problems in bad.problems)
        bad = replace(bad, problems=placed_problems)
    problems = tuple(_problem_at(problem, place) for problem in frame.problems)
    return replace(read, frame=replace(frame, problems=problems, bad=bad))


def _problem_at(problem: Problem, place: ProblemPlace) -> Problem:
    return Problem(problem.code, {**problem.facts, **place})
