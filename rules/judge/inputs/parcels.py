"""Parcels from any source, each with its id, valid and in the library's CRS."""

import contextlib
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import is_
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyproj
import shapely

from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.frames.fields import fitting_sources, lost_text, renamed_fields, replaced_text, text_values
from onemap.layers.frames.frames import BadFeatures, RawFrame, joined_attributes
from onemap.layers.geometry.proof_beside import Provers
from onemap.layers.geometry.shape_column import (
    WORTH_ROWS,
    AnyShapes,
    PlainFacts,
    ShapeColumn,
    all_of,
    areas_of,
    boxes_of,
    made_of,
    parts_of_each,
    some_of,
    vertices_of_each,
)
from onemap.layers.geometry.validity import (
    first_problems,
    refuse_beyond,
    sorted_geometries,
)
from onemap.layers.geometry.wkb_bodies import as_multipolygons
from onemap.layers.geometry.wkb_rings import as_written, plain_polygons, shapes_of_wkb, wkb_rings
from onemap.layers.ingest.placing import SourceOptions, placed_in_crs
from onemap.layers.library.library import sha256
from onemap.layers.progress import SILENT, Progress
from onemap.layers.sources.reading import read_source
from onemap.layers.stores.arrow_values import data_of
from onemap.rules.contract.check_parameters import ID_FIELDS
from onemap.rules.judge.inputs.land_width import NO_LAND, LandWidth
from onemap.rules.judge.overlay.overlay import BALANCE_M2, BALANCE_SHARE
from onemap.rules.judge.overlay.pair_ground import are_simple_rings

_READ = 0.8  # of the time: the rest is the proof that they are sound, or what is left of it
STATED_KIND = "stated_kind"  # the attribute with what a person has stated of a parcel's project, set by no file


@dataclass(frozen=True)
class Parcels:
    """Parcels (n,): ids as text, dissolved polygons in the library's CRS, all their attributes.

    shapes: the polygons; many unchanged ones become geometries only when somebody asks. bad: by file the parcels that
    could not be used; `problems` names them.
    """

    ids: np.ndarray
    shapes: AnyShapes
    attributes: pd.DataFrame
    id_field: str | None
    source: str
    source_hash: str
    problems: tuple[Problem, ...]
    bad: tuple[tuple[str, BadFeatures], ...] = ()

    @classmethod
    def as_read(cls, ids: np.ndarray, shapes: AnyShapes, columns: pd.DataFrame, *further_values: Any) -> "Parcels":
        """Parcels from a file or a frame, whose columns are their attributes, except `STATED_KIND`.

        That name is reserved in any case, since rules find fields in any case. further_values: the remaining values of
        parcels.
        """
        forged = [name for name in columns.columns if str(name).lower() == STATED_KIND]
        return cls(ids, shapes, columns.drop(columns=forged) if forged else columns, *further_values)

    def with_source(self, name: str) -> "Parcels":
        """The same parcels under another name of their file, because another file has the same name."""

        def at(problem: Problem) -> Problem:
            is_of_file = problem.facts.get("file") == self.source
            return replace(problem, facts={**problem.facts, "file": name}) if is_of_file else problem

        bad = [
            (name, replace(some, problems=tuple(tuple(map(at, problems)) for problems in some.problems)))
            for _, some in self.bad
        ]
        return replace(self, source=name, problems=tuple(map(at, self.problems)), bad=tuple(bad))

    @property
    def geometries(self) -> np.ndarray:
        """The polygons as geometries (n,)."""
        return all_of(self.shapes)

    @cached_property
    def bodies(self) -> pa.Array:
        """The polygons as WKB (n,), made once for all who write or compare them."""
        if isinstance(self.shapes, ShapeColumn):
            return self.shapes.bodies
        return pa.array(shapely.to_wkb(self.shapes, byte_order=1), pa.large_binary())

    @cached_property
    def multis(self) -> pa.Array:
        """The polygons as multipolygons, as WKB (n,)."""
        return as_multipolygons(self.bodies)

    @cached_property
    def ground_hash(self) -> str:
        """SHA-256 of all polygons as WKB, one after the other."""
        return hashlib.sha256(data_of(self.bodies)).hexdigest()

    @cached_property
    def boxes(self) -> np.ndarray:
        """West, south, east, north of each polygon (n, 4)."""
        return boxes_of(self.shapes)

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """West, south, east, north of all of them."""
        west, south = self.boxes[:, :2].min(axis=0).tolist()
        east, north = self.boxes[:, 2:].max(axis=0).tolist()
        return west, south, east, north

    @cached_property
    def vertices(self) -> np.ndarray:
        """How many vertices each polygon has (n,)."""
        return vertices_of_each(self.shapes)

    def at(self, rows: np.ndarray) -> "Parcels":
        """Some of them: positions (k,)."""
        shapes = self.shapes[rows] if len(rows) < WORTH_ROWS else some_of(self.shapes, rows)
        attributes = self.attributes.iloc[rows].reset_index(drop=True)
        some = replace(self, ids=self.ids[rows], shapes=shapes, attributes=attributes)
        if isinstance(shapes, np.ndarray) and "bodies" in self.__dict__:
            some.__dict__["bodies"] = self.bodies.take(pa.array(rows))
        return some

    def between(self, positions: slice, worth_rows: int = WORTH_ROWS) -> "Parcels":
        """Consecutive parcels with their WKB; geometries are made for fewer than `worth_rows`."""
        rows = np.arange(len(self.ids))[positions]
        if len(rows) == len(self.ids):
            return self
        shapes: AnyShapes
        if isinstance(self.shapes, ShapeColumn) and len(rows) >= worth_rows:
            shapes = self.shapes.between(positions)
        else:
            shapes = self.shapes[rows]
        attributes = self.attributes.iloc[positions].reset_index(drop=True)
        some = replace(self, ids=self.ids[positions], shapes=shapes, attributes=attributes)
        some.__dict__["bodies"] = self.bodies[positions]
        return some


def id_field_of(columns: list[str], wanted_field: str | None, place: ProblemPlace, option: str = "--id") -> str | None:
    """--id, else the first present of ID_FIELDS; exactly, then ignoring case.

    option: with which the field was wanted. Raises OneMapError field.ambiguous, field.missing.
    """
    for name in (wanted_field,) if wanted_field else ID_FIELDS:
        if name in columns:
            return name
        alike = [column for column in columns if column.lower() == name.lower()]
        if len(alike) > 1:
            raise OneMapError("field.ambiguous", field=name, option=option, names=alike, **place)
        if alike:
            return alike[0]
    if wanted_field:
        raise OneMapError("field.missing", field=wanted_field, option=option, names=columns, **place)
    return None


def _id_problems(ids: list[str | None], field: str | None, place: ProblemPlace) -> list[Problem]:
    """Ids that are null or repeated, by row."""
    if None not in (distinct := set(ids)) and len(distinct) == len(ids):
        return []
    times = Counter(ids)
    return [
        Problem("parcel.id", {**place, "feature": name or str(row), "row": row, "field": field})
        for row, name in enumerate(ids, start=1)
        if name is None or times[name] > 1
    ]


def read_parcels(
    source: str,
    layer: str | None,
    id_field: str | None,
    encoding: str | None,
    wishes: SourceOptions,
    target: pyproj.CRS,
    workers: int = 1,
    progress: Progress = SILENT,
    keep_bad: bool = False,
    is_one_of_several: bool = False,
    land: LandWidth = NO_LAND,
) -> Parcels:
    """Parcels of a file; several polygons in one feature are one parcel.

    workers: threads; keep_bad: those that cannot be used are set aside, and the rest is returned; land: of lines and
    points. Raises OneMapError parcel.id (null or repeated), parcel.…, geometry.…, crs.…, source.…, field.missing.
    """
    provers = Provers(workers, are_simple_rings)
    raw = read_source(source, layer, encoding, progress.part(0.0, _READ), provers=provers)
    place = raw.place
    attributes = _matched_attributes(raw, wishes.fields, is_one_of_several, place)
    field, names, wrong = _names_of(attributes, id_field, place)
    text_problems = _told_of_text(raw, attributes, field, place)
    if raw.valid is None:
        refuse_beyond(raw.geometries, names, place)
    placement, remarks = placed_in_crs(raw, wishes, target, provers)
    placement, lands, narrow = land.land_of(placement, attributes, names, place)
    origin = field, raw.path.name, raw.source_hash
    if not wrong and (united := united_column(placement.shapes, placement.valid)) is not None:
        progress.at(1.0)
        return Parcels.as_read(names, united, attributes, *origin, (*raw.problems, *text_problems, *remarks, *lands))
    sorting = "polygon", names, wishes.repair, place, workers, progress.part(_READ, 1.0)
    sound = sorted_geometries(placement.shapes, *sorting, valid=placement.valid).with_records(raw.broken)
    unsound = [*wrong, *narrow, *of_other_rows(sound.problems, narrow)]
    if unsound and not keep_bad:
        raise OneMapError.of(first_problems(unsound, place))
    good = np.delete(np.arange(len(names)), [problem.facts["row"] - 1 for problem in unsound])
    geometries = dissolve_parts(sound.geometries[good])
    empty = np.flatnonzero(shapely.area(geometries) <= 0)
    flat = flat_problems(names, good[empty], place)
    if flat and not keep_bad:
        raise OneMapError.of(flat)
    good, geometries, aside = np.delete(good, empty), np.delete(geometries, empty), [*unsound, *flat]
    if aside and len(good) == 0:
        raise OneMapError.of([Problem("bad.all", place), *first_problems(aside, place)])
    problems = (*raw.problems, *text_problems, *remarks, *lands, *sound.repairs, *first_problems(aside, place))
    bad = ((raw.path.name, _set_aside(placement.shapes, attributes, names, aside)),) if aside else ()
    rows = attributes.iloc[good].reset_index(drop=True) if aside else attributes
    return with_bodies_as_read(Parcels.as_read(names[good], geometries, rows, *origin, problems, bad), raw, good)


def flat_problems(names: np.ndarray, rows: np.ndarray, place: ProblemPlace) -> list[Problem]:
    """Problems for the rows (k,) whose parcels have no ground. names: of all (n,)."""
    return [Problem("geometry.empty", {**place, "feature": names[row], "row": row + 1}) for row in rows.tolist()]


def of_other_rows(problems: Sequence[Problem], others: Sequence[Problem]) -> list[Problem]:
    """Problems of rows that have no other problem: of a line without land it need not be said that it is no polygon."""
    rows = {problem.facts["row"] for problem in others}
    return [problem for problem in problems if problem.facts["row"] not in rows]


def _names_of(
    attributes: pd.DataFrame, wanted_field: str | None, place: ProblemPlace
) -> tuple[str | None, np.ndarray, list[Problem]]:
    """The field of ids, the names of parcels (n,) by it or else by their rows, and the problems of their ids.

    Raises OneMapError as `id_field_of`.
    """
    field = id_field_of(list(map(str, attributes.columns)), wanted_field, place)
    ids = text_values(attributes[field].tolist() if field else list(range(1, len(attributes) + 1)))
    names = np.array([name or str(row) for row, name in enumerate(ids, start=1)], dtype=object)
    return field, names, _id_problems(ids, field, place)


def united_column(shapes: AnyShapes, valid: np.ndarray | None) -> ShapeColumn | None:
    """Polygons as they were read, with parts that share an edge united.

    None if they are geometries, or some are invalid. valid: (n,) which polygons are valid, where that is known.
    """
    if not isinstance(shapes, ShapeColumn) or valid is None or not valid.all():
        return None
    several = np.flatnonzero(parts_of_each(shapes) > 1)
    if len(several):
        united = pa.array(shapely.to_wkb(dissolve_parts(shapes[several]), byte_order=1), pa.large_binary())
        if (rings := wkb_rings(united)) is None:
            return None
        shapes = shapes.with_others(several, united, rings)
    return shapes if (areas_of(shapes) > 0).all() else None


def with_bodies_as_read(parcels: Parcels, raw: RawFrame, rows: np.ndarray) -> Parcels:
    """Parcels with the file's own WKB where they are unchanged since reading; rows (n,): in the file."""
    whole = raw.wkb if raw.wkb is None or raw.valid is not None else as_written(raw.wkb)
    is_read = np.fromiter(map(is_, made_of(raw.shapes, rows), parcels.geometries), dtype=bool, count=len(rows))
    if whole is not None and is_read.any():
        own = whole if len(rows) == len(whole) else whole.take(pa.array(rows))
        if not is_read.all():
            new_bodies = pa.array(shapely.to_wkb(parcels.geometries[~is_read], byte_order=1), pa.large_binary())
            own = pc.replace_with_mask(own, pa.array(~is_read), new_bodies)
        parcels.__dict__["bodies"] = own
    return parcels


def _matched_attributes(
    raw: RawFrame, fields: Mapping[str, str], is_one_of_several: bool, place: ProblemPlace
) -> pd.DataFrame:
    """The fields under the names that were asked for; with several files, some may have these names already."""
    sources = fitting_sources(fields, raw.attributes.columns) if is_one_of_several else fields
    return renamed_fields(raw.attributes, sources, place)


def _told_of_text(raw: RawFrame, attributes: pd.DataFrame, field: str | None, place: ProblemPlace) -> list[Problem]:
    """Remarks on lost text. Raises OneMapError for ids that have lost text."""
    text_problems, refusals = lost_text(
        replaced_text(attributes) if raw.replaced else {}, {field} if field else (), place
    )
    if refusals:
        raise OneMapError.of(refusals)
    return list(text_problems)


def _set_aside(
    shapes: AnyShapes, attributes: pd.DataFrame, names: np.ndarray, problems: Sequence[Problem]
) -> BadFeatures:
    """The rows of a file that have problems, unchanged and in their order."""
    by_row: dict[int, list[Problem]] = {}
    for problem in problems:
        by_row.setdefault(problem.facts["row"] - 1, []).append(problem)
    rows = np.array(sorted(by_row), dtype=np.int64)
    problems_by_row = tuple(tuple(by_row[row]) for row in rows.tolist())
    return BadFeatures(shapes[rows], attributes.iloc[rows].reset_index(drop=True), names[rows], rows, problems_by_row)


def joined_parcels(parts: Sequence[Parcels]) -> Parcels:
    """Parcels of several files in one; parcels of a file without ids are named by file and row.

    Raises OneMapError parcel.id for an id that two files have.
    """
    ids = [name if part.id_field else f"{part.source}:{name}" for part in parts for name in part.ids]
    files: dict[str, list[str]] = {}
    for name, file in zip(ids, [part.source for part in parts for _ in part.ids], strict=True):
        files.setdefault(name, []).append(file)
    problems = [
        Problem("parcel.twice", {"file": of[0], "feature": name, "files": of})
        for name, of in files.items()
        if len(of) > 1
    ]
    if problems:
        raise OneMapError.of(first_problems(problems, {"file": parts[0].source}))
    # By what they are in small letters, and as the first file spells them.
    fields = {part.id_field and part.id_field.lower(): part.id_field for part in reversed(parts)}
    attributes = joined_attributes([part.attributes for part in parts]).astype(object)
    return Parcels(
        ids=np.array(ids, dtype=object),
        shapes=np.concatenate([part.geometries for part in parts]),
        attributes=attributes.where(attributes.notna(), None),
        id_field=next(iter(fields.values())) if len(fields) == 1 else None,
        source=", ".join(part.source for part in parts),
        source_hash=sha256("".join(part.source_hash for part in parts)),
        problems=tuple(problem for part in parts for problem in part.problems),
        bad=tuple(some for part in parts for some in part.bad),
    )


def dissolve_parts(geometries: np.ndarray) -> np.ndarray:
    """Valid (multi)polygons (n,) with parts that share an edge united."""
    several = np.flatnonzero(shapely.get_num_geometries(geometries) > 1)
    result = geometries.copy()
    # Valid multipolygons only touch in points, so this changes nothing but parts that share an edge.
    with contextlib.suppress(shapely.GEOSException):
        united, area_m2 = shapely.union_all(geometries[several][:, None], axis=1), shapely.area(geometries[several])
        # What comes out smaller or larger has lost a part or made one up, and stays in parts.
        is_proved = np.abs(shapely.area(united) - area_m2) <= BALANCE_M2 + BALANCE_SHARE * area_m2
        result[several[is_proved]] = united[is_proved]
    return result


def parcels_of_wkb(like: Parcels, ids: np.ndarray, bodies: pa.Array, attributes: pd.DataFrame) -> Parcels:
    """Parcels (n,) from valid WKB (n,) that was written before; other values are those of `like`."""
    rings = plain_polygons(bodies) if len(bodies) >= WORTH_ROWS else None
    shapes: AnyShapes = (
        shapes_of_wkb(bodies) if rings is None else ShapeColumn(bodies, (0.0, 0.0), PlainFacts.of(rings))
    )
    some = replace(like, ids=ids, shapes=shapes, attributes=attributes)
    some.__dict__["bodies"] = bodies
    return some


def consecutive_parcels(parts: Sequence[Parcels]) -> Parcels:
    """Consecutive parts of the parcels of one file in one, with their shapes as stored and the facts known of them."""
    ids, attributes = np.concatenate([part.ids for part in parts]), [part.attributes for part in parts]
    frame = pd.concat(attributes, ignore_index=True)
    columns = [part.shapes for part in parts if isinstance(part.shapes, ShapeColumn)]
    if len(columns) == len(parts):
        return replace(parts[0], ids=ids, shapes=ShapeColumn.join(columns), attributes=frame)
    return parcels_of_wkb(parts[0], ids, pa.concat_arrays([part.bodies for part in parts]), frame)


def no_parcels(source: str, source_hash: str) -> Parcels:
    """The parcels of a source before any is read."""
    nothing = np.empty(0, dtype=object)
    return Parcels(nothing, nothing, pd.DataFrame(), None, source, source_hash, ())
