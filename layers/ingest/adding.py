"""`onemap add`: a source becomes a new version of a layer, whole or not at all."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.catalogue.check_levels import level_of
from onemap.layers.catalogue.coverage_names import DISTRICT, EXTENT, FEATURES, FILE
from onemap.layers.crs.plane_scale import stretched_plane
from onemap.layers.errors import OneMapError, Problem, ProblemPlace, reads_ground
from onemap.layers.files.journal_folder import Journal
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.frames.frames import RawFrame
from onemap.layers.geometry.coverage_ground import united_ground
from onemap.layers.geometry.validity import first_problems, sorted_geometries
from onemap.layers.ingest.arrival import ACCEPTABLE, EMPTY, LONG_LOOK, SHORT_LOOK, AddOptions, Arrival
from onemap.layers.ingest.coverage import Coverage, CoverageChoice
from onemap.layers.ingest.datum_change import DatumChange
from onemap.layers.ingest.file_reading import read_files, sorted_frame, version_to_renew, with_kept_files
from onemap.layers.ingest.layer_definition import layer_entry
from onemap.layers.ingest.lost_ground import NextVersion, known_lines, lost_ground, missing_zones
from onemap.layers.ingest.placing import SourceOptions, in_crs
from onemap.layers.ingest.plausibility import ArrivingLayer, Doubt, doubt_of
from onemap.layers.ingest.prepared_version import PreparedVersion, write_versions
from onemap.layers.ingest.quality_report import check_report, report_to_sender, reporting_refusals
from onemap.layers.ingest.quarantine import ground_of, without_ground
from onemap.layers.ingest.raster_reading import raster_copy, raster_frame
from onemap.layers.ingest.unit_keys import missing_counties, unit_key_problems
from onemap.layers.library.library import Library, sha256
from onemap.layers.library.same_content import Likeness, likeness
from onemap.layers.library.version_writing import VersionFacts, refuse_used_label
from onemap.layers.library.versions import versions
from onemap.layers.messages import names_in_short
from onemap.layers.progress import SILENT, Progress
from onemap.layers.quality.quality import GradedProblem, LayerPlace, Quality, check_quality, looks_at_shapes
from onemap.layers.records import Record
from onemap.layers.sources.reading import read_source, source_name

_FOLDERS = 2  # in which a file lies that may be called like a layer: the nearest, and the one around it


def read_polygons(source: str, target: pyproj.CRS, transform: DatumChange | None = None) -> np.ndarray:
    """Return the polygons (n,) of a file such as a district or a coverage, in `target`; refuse invalid ones.

    transform: a change of datum, used only if the file needs one.
    """
    with reads_ground():
        raw = read_source(source, None, None)
        place = raw.place
        try:
            geometries, _ = in_crs(raw.geometries, raw, SourceOptions(), target)
        except OneMapError as error:
            # A pipeline does not say from where it leads; a file of parameters does, and refuses another datum.
            if error.code != "crs.no_transformation" or transform is None or transform.parameters is None:
                raise
            geometries, _ = in_crs(raw.geometries, raw, SourceOptions(transform=transform), target)
        names = np.array([str(row) for row in range(1, len(geometries) + 1)], dtype=object)
        return sorted_geometries(geometries, "polygon", names, False, place).require_sound(place).geometries


def _coverage_choice(library: Library, options: AddOptions, place: ProblemPlace) -> CoverageChoice:
    """Return how the coverage is to be found. Raises OneMapError coverage.unknown, and as `read_polygons` does."""
    if options.covers is None or options.covers in (DISTRICT, EXTENT, FEATURES):
        renewed = version_to_renew(library, options, place)
        return CoverageChoice(library, options.code, options.covers, None, place, renewed)
    if not Path(options.covers).suffix and not Path(options.covers).exists():
        raise OneMapError("coverage.unknown", field="--covers", value=options.covers)
    ground = united_ground(read_polygons(options.covers, library.crs, options.normalising.transform))
    return CoverageChoice(library, options.code, FILE, ground, place)


@dataclass(frozen=True)
class Intake:
    """The way of sources into a library; every method raises OneMapError for a refusal.

    required_fields: the fields of a layer that the library's rules use; language: of the messages.
    """

    library: Library
    required_fields: Callable[[str], Sequence[str]]
    who: str
    language: str

    def add(self, source: str, options: AddOptions, progress: Progress = SILENT) -> Record:
        """Read, normalise, check and add a source as a new version; return the contract's record of it.

        A report that was asked for is written even if the source is refused.
        """
        with self.prepare(source, options, progress) as version:
            return write_versions(self.library, [version])[0]

    @contextlib.contextmanager
    def prepare(self, source: str, options: AddOptions, progress: Progress = SILENT) -> Iterator[PreparedVersion]:
        """Read, normalise and check a source; give a new version that can be written while the block lasts."""
        arrival = replace(self._arrival(source, options, progress), is_sent=True, may_be_held=True)
        arrival.step("reading").at(0.0)
        if arrival.entry.geometry == "raster":
            with _raster_to_add(arrival) as version:
                yield version
            return
        with contextlib.ExitStack() as stack:
            with reporting_refusals(arrival):
                read = read_files(arrival, stack, partial(_refuse_early, arrival))
                if options.in_place_of:
                    arrival, read = with_kept_files(arrival, read, stack)
            yield _checked_version(arrival, read.frame, read.raws, read.journal)

    def add_frame(self, raw: RawFrame, options: AddOptions, progress: Progress = SILENT) -> Record:
        """Add a frame that One Map itself made, such as the spots of a comparison, in the same way as a file.

        raw: its path says from what it was made.
        """
        arrival = replace(self._arrival(str(raw.path), options, progress), may_be_held=True)
        version = _normalised_version(arrival, raw)
        return write_versions(self.library, [version])[0]

    def prepare_frame(self, raw: RawFrame, options: AddOptions, progress: Progress) -> PreparedVersion:
        """Normalise and check a frame from a package; return a version ready to be written."""
        arrival = replace(self._arrival(str(raw.path), options, progress), is_sent=True)
        return _normalised_version(arrival, raw)

    def prepare_raster(self, path: Path, kept_as: str, given_crs: str | None, options: AddOptions) -> PreparedVersion:
        """Return a raster that is already at its final place as a version ready to be written.

        kept_as: the path that the library records for it.
        """
        arrival = replace(self._arrival(str(path), options, SILENT), is_sent=True)
        frame = raster_frame(str(path), arrival.entry, given_crs, self.library.crs, None)
        frame = replace(frame, attributes=frame.attributes.assign(path=pd.Series([kept_as], dtype=object)))
        return _checked_version(arrival, FrameBlocks.of(frame), ())

    def _arrival(self, source: str, options: AddOptions, progress: Progress) -> Arrival:
        """Return the arrival; refuse whatever can be refused before reading."""
        library = self.library
        library.check_owner()
        entry, is_new = layer_entry(library, options.code, options.define)
        arrival = Arrival(
            *(library, source, options, entry, is_new),
            required=(),
            who=self.who,
            language=self.language,
            progress=progress,
        )
        if options.valid_from and options.valid_to and options.valid_to < options.valid_from:
            raise OneMapError("version.dates", field="--valid-to", **arrival.place)
        if options.report:
            check_report(options.report, options.overwrite)
        shares = LONG_LOOK if looks_at_shapes(entry, library.district()) else SHORT_LOOK
        return replace(arrival, required=self.required_fields(entry.code), shares=shares)


@contextlib.contextmanager
def _raster_to_add(arrival: Arrival) -> Iterator[PreparedVersion]:
    """Give a raster as a version ready to be written; its copy is removed if the library already has it."""
    library, options, entry = arrival.library, arrival.options, arrival.entry
    if options.normalising.transform is not None:
        raise OneMapError("raster.transform", field="--transform", **arrival.place)
    if options.further or options.in_place_of:
        raise OneMapError("raster.files", **arrival.place)
    with raster_copy(library.path, entry.code, options.copy) as copy_to:
        crs, reading = options.normalising.crs, arrival.step("reading")
        frame = FrameBlocks.of(raster_frame(arrival.source, entry, crs, library.crs, copy_to, reading))
        version = _checked_version(arrival, frame, ())
        yield version
        if version.same is not None and copy_to is not None:
            copy_to.unlink(missing_ok=True)


def _refuse_early(arrival: Arrival, count: int) -> None:
    """Refuse what can be refused before a large file is read. count: the number of its features."""
    if arrival.options.coverage is None:
        _coverage_choice(arrival.library, arrival.options, arrival.place).refuse_impossible()
    if not (arrival.options.further or arrival.options.in_place_of):
        _refuse_label_of_others(arrival.library, arrival.options, count, arrival.place)


def _refuse_label_of_others(library: Library, options: AddOptions, count: int, place: ProblemPlace) -> None:
    """Refuse a used label before a large layer is read, unless the source may be that very version.

    The number of features decides. Raises OneMapError version.label.
    """
    label = options.label or (options.valid_from.isoformat() if options.valid_from else None)
    for version in versions(library):
        # Of a source whose bad features are set aside a version has fewer.
        may_be_it = version.count <= count if options.keep_bad else version.count == count
        if (version.code, version.label) == (options.code, label) and not may_be_it:
            raise OneMapError("version.label", **{**place, "layer": options.code}, label=label, field="--label")


def _normalised_version(arrival: Arrival, raw: RawFrame) -> PreparedVersion:
    """Bring a frame into the layer's shape, and check it."""
    with reporting_refusals(arrival):
        frame, head = sorted_frame(arrival, raw)
    return _checked_version(arrival, frame, (head,))


def _checked_version(
    arrival: Arrival, frame: FrameBlocks, raws: tuple[RawFrame, ...], journal: Journal | None = None
) -> PreparedVersion:
    """Check a clean frame, and return a version ready to be written.

    raws: what is known of each of its files besides their rows; empty for a raster.
    """
    library, entry, district = arrival.library, arrival.entry, arrival.library.district()
    ground, unknown = None, None
    try:
        ground = _coverage(arrival, frame) if frame.count or _says_none(arrival, frame) else None
    except OneMapError as error:
        unknown = error  # what is wrong with the data comes first
    coverage, kind = (ground.ground, ground.kind) if ground else (None, "")
    # A survey that covers its features alone brings a remark where it leaves the district out.
    spoken_for = {EXTENT: None, FEATURES: district}.get(kind, coverage)
    library_lines = known_lines(library, entry) if entry.geometry in ("polygon", "line") else ()
    quality = check_quality(
        frame,
        _as_accepted(entry, arrival.options.accept),
        LayerPlace(library.crs, district, spoken_for, library_lines),
        arrival.required,
        arrival.place,
        arrival.step("checking"),
        journal,
    )
    kept_frame, coverage, without = _without_bad(arrival, frame, quality, coverage)
    facts = _version_facts(arrival, kept_frame, raws, coverage, kind)
    alike = _likeness(arrival, kept_frame, facts)
    # Whoever defines a layer says what it is; what the library has as this layer already is not doubted again.
    doubt = None if arrival.is_new or alike.same else _doubt(arrival, frame, raws)
    problems = _graded_doubts(arrival, raws, quality, doubt) + _all_found(arrival, frame, quality)
    problems = [*map(partial(_as_held, arrival), problems)] if alike.same else problems
    _check_accepted(arrival, kept_frame, quality, problems)
    if unknown is not None and alike.same is None:
        raise unknown
    problems += (
        [GradedProblem(Problem("bad.no_ground", {**arrival.place, "count": without}), "warn")] if without else []
    )
    if ground is not None and alike.same is None:
        problems = _ground_remarks(arrival, kept_frame, ground, facts) + problems  # the gravest first
    report_to_sender(arrival, problems, quality.more)
    if alike.same is None and facts.given_label is not None:
        refuse_used_label(library.connection, entry.code, facts.given_label, arrival.place["file"])
    facts = replace(facts, sure=doubt.kinds if doubt else ())
    return PreparedVersion(arrival, kept_frame, raws, facts, problems, quality, likeness=alike)


def _without_bad(
    arrival: Arrival, frame: FrameBlocks, quality: Quality, coverage: shapely.Geometry | None
) -> tuple[FrameBlocks, shapely.Geometry | None, int]:
    """Return the frame without its bad features (--keep-bad), its coverage without their known ground, and a count.

    The count is of features whose ground is unknown. Without the option frame and coverage are unchanged, the count 0.
    """
    if not arrival.options.keep_bad:
        return frame, coverage, 0
    kept_frame = frame.set_aside(quality.refused) if quality.refused else frame
    return kept_frame, *(
        (coverage, 0) if kept_frame.bad is None or coverage is None else without_ground(coverage, kept_frame.bad)
    )


def _coverage(arrival: Arrival, frame: FrameBlocks) -> Coverage:
    """Return the ground for which a frame speaks, and how it was determined. Raises OneMapError coverage.…."""
    if arrival.options.coverage is not None:
        return arrival.options.coverage
    choice = _coverage_choice(arrival.library, arrival.options, arrival.place)
    return choice.of_table() if arrival.entry.geometry == "table" else choice.coverage(frame)


def _ground_remarks(
    arrival: Arrival, frame: FrameBlocks, coverage: Coverage, facts: VersionFacts
) -> list[GradedProblem]:
    """Return the remarks on distorted lengths, and on ground that passes only because no feature lies there."""
    doubts = stretched_plane(arrival.library.crs, frame.bounds(), arrival.place), coverage.assumption(arrival.place)
    graded = [GradedProblem(doubt, "warn") for doubt in doubts if doubt is not None]
    if coverage.kind != FEATURES:  # what these leave out is unknown, and never passes
        coming = NextVersion(arrival.entry, frame, facts.valid_from, facts.coverage, arrival.place)
        lost_part = lost_ground(arrival.library, coming)
        remarks = [*([] if lost_part is None else [lost_part]), *missing_zones(arrival.library, coming)]
        graded += [GradedProblem(problem, "warn", geometry) for problem, geometry in remarks]
        counties = missing_counties(arrival.library, _paths_of_files(arrival, frame), arrival.place)
        graded = [*(GradedProblem(problem, "warn") for problem in counties), *graded]
    return graded


def _paths_of_files(arrival: Arrival, frame: FrameBlocks) -> list[str]:
    """Return the names that may tell a file's county: of several files, or of a single one with its folders."""
    if frame.files or not (arrival.is_sent and arrival.may_be_held):
        return arrival.file_names if frame.files else []
    return ["/".join(Path(arrival.source).absolute().parts[-1 - _FOLDERS :])]


def _says_none(arrival: Arrival, frame: FrameBlocks) -> bool:
    """Whether a layer came without any feature and is meant to say that there are none."""
    return EMPTY in arrival.options.accept and frame.count == 0 and frame.bad is None


def _as_accepted(entry: LayerEntry, accept: Sequence[str]) -> LayerEntry:
    """Return the layer with the accepted checks reduced to remarks. accept: of ACCEPTABLE."""
    return replace(entry, checks={**entry.checks, **{ACCEPTABLE[name]: {"level": "warn"} for name in accept}})


def _likeness(arrival: Arrival, frame: FrameBlocks, facts: VersionFacts) -> Likeness:
    """Return the version that already holds the content. Content of a package is always new."""
    if frame.bad is not None and (frame.count == 0 or not arrival.options.keep_bad):
        return Likeness()
    options = arrival.options
    aside = ground_of(frame.bad.geometries if frame.bad is not None else np.empty(0, dtype=object))
    content = arrival.entry, frame, facts, aside, options.is_delivered, options.is_one_of_many
    match = likeness(arrival.library, *content)
    return match if arrival.may_be_held else replace(match, same=None)


def _as_held(arrival: Arrival, item: GradedProblem) -> GradedProblem:
    """Make a problem a remark if the library already has the content; what is set aside stays set aside."""
    is_set_aside = arrival.options.keep_bad and item.problem.facts.get("row") is not None
    return replace(item, level="warn") if item.level == "refuse" and not is_set_aside else item


def _version_facts(
    arrival: Arrival, frame: FrameBlocks, raws: Sequence[RawFrame], coverage: Any, coverage_kind: str
) -> VersionFacts:
    options = arrival.options
    return VersionFacts(
        label=options.label,
        valid_from=options.valid_from,
        valid_to=options.valid_to,
        coverage=coverage,
        coverage_kind=coverage_kind,
        is_ground_given=options.covers is not None or options.coverage is not None,
        source=options.snapshot.source if options.snapshot else names_in_short(arrival.file_names),
        source_hash=_hash_of_files(raws) if raws else frame.values("sha256", np.array([0]))[0],
        accuracy_m=options.accuracy_m,
        who=arrival.who,
        proof=options.proof,
    )


def _hash_of_files(raws: Sequence[RawFrame]) -> str:
    """Return the hash of a file's content; for several files, the hash of their sorted hashes."""
    hashes = sorted(raw.source_hash for raw in raws)
    return hashes[0] if len(hashes) == 1 else sha256("\n".join(hashes))


def _doubt(arrival: Arrival, frame: FrameBlocks, raws: Sequence[RawFrame]) -> Doubt | None:
    """Return the doubt that the source is this layer. The name of a file with several layers is not considered."""
    if not arrival.is_sent:
        return None
    entry = arrival.entry
    names, folders = [entry.code], []
    if arrival.may_be_held:  # a package names its layers by their codes
        names = []
        for file, raw in zip(arrival.files, raws or (None,), strict=True):
            if file.stored:
                continue
            path, at = Path(source_name(file.source)), Path(file.source).absolute()
            own = [path.stem] if raw is None else [raw.layer, raw.path.stem, path.stem]
            names += own[:1] if file.layer else own
            folders += [parent.name for parent in at.parents][:_FOLDERS] if at.exists() and not file.layer else []
    by_hand = any(file.normalising.fields for file in arrival.files)
    place = ProblemPlace(file=arrival.place["file"])
    is_delivered, files = arrival.options.is_delivered, arrival.file_names
    return doubt_of(arrival.library, ArrivingLayer(entry, frame, names, files, folders, by_hand, is_delivered, place))


def _graded_doubts(
    arrival: Arrival, raws: Sequence[RawFrame], quality: Quality, doubt: Doubt | None
) -> list[GradedProblem]:
    """Return the doubts about the source as a whole: whether it is this layer, and where it lies."""
    level = "warn" if arrival.options.sure else "refuse"
    graded = [GradedProblem(doubt.problem, level)] if doubt else []
    if not quality.fits_known:
        places = arrival.file_places() if arrival.options.further else [arrival.place]
        graded += [
            GradedProblem(Problem("crs.assumed", place), "warn")
            for file, raw, place in zip(arrival.files, raws or (None,), places, strict=True)
            if raw is not None and raw.is_assumed and not file.normalising.crs
        ]
    return graded


def _all_found(arrival: Arrival, frame: FrameBlocks, quality: Quality) -> list[GradedProblem]:
    """Return the problems found by reading, sorting and checking, in this order."""
    entry = arrival.entry
    read = [(problem, level_of(entry, problem.code)) for problem in frame.problems]
    graded = [GradedProblem(problem, level) for problem, level in read if level != "off"]
    if frame.bad is not None:
        for problems, geometry in zip(frame.bad.problems, frame.bad.geometries, strict=True):
            graded += [GradedProblem(problem, "refuse", geometry) for problem in problems]
    joins = unit_key_problems(arrival.library, frame, entry, arrival.place)
    return [*graded, *quality.found, *(GradedProblem(item, level_of(entry, item.code)) for item in joins)]


def _check_accepted(arrival: Arrival, frame: FrameBlocks, quality: Quality, graded: Sequence[GradedProblem]) -> None:
    """Refuse a frame with refused problems; with --keep-bad single bad features pass if any feature is left.

    frame: what is left of it. Raises OneMapError.
    """
    refusals = [item.problem for item in graded if item.level == "refuse"]
    whole = [problem for problem in refusals if problem.facts.get("row") is None]
    if refusals and (whole or not arrival.options.keep_bad):
        report_to_sender(arrival, graded, quality.more)
        raise OneMapError.of(first_problems(refusals, arrival.place))
    if frame.count == 0 and not _says_none(arrival, frame):
        report_to_sender(arrival, graded, quality.more)
        raise OneMapError.of([Problem("bad.all", arrival.place), *first_problems(refusals, arrival.place)])
