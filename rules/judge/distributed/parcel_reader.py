"""The source of the parcels of a run in blocks: parcels in memory, or a large file that is read part by part."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Protocol

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.frames.fields import text_values
from onemap.layers.geometry.proof_beside import Provers
from onemap.layers.geometry.shape_column import AnyShapes
from onemap.layers.geometry.validity import CODES, first_problems, sorted_geometries
from onemap.layers.in_threads import one_ahead
from onemap.layers.ingest.placing import Carriage, SourceTransform, bounds_of
from onemap.layers.progress import Progress
from onemap.layers.sources.gdal.vector_stream import ReadingNotes, VectorStream
from onemap.layers.sources.reading import source_name
from onemap.rules.judge.inputs.parcels import (
    Parcels,
    dissolve_parts,
    flat_problems,
    id_field_of,
    of_other_rows,
    united_column,
    with_bodies_as_read,
)
from onemap.rules.judge.overlay.pair_ground import are_simple_rings
from onemap.rules.judge.question.question import CheckOptions

_ROWS = 50_000  # read at a time
_MOST_HELD = 2000  # problems of one kind that are kept to be reported
Write = Callable[[Iterator[Parcels]], None]


class ParcelReader(Protocol):
    """Parcels that come in parts. id_field, problems: complete after the last part; count: an estimate of all."""

    @property
    def count(self) -> int:
        """An estimate of the number of parcels."""

    @property
    def id_field(self) -> str | None:
        """The field of their ids."""

    @property
    def problems(self) -> Sequence[Problem]:
        """Remarks on the parcels."""

    def hand_to(self, write: Write) -> None:
        """Call `write` with all parts, and again from the first if another encoding must be tried."""


class ParcelsInMemory:
    """Parcels in memory, as a `ParcelReader`."""

    def __init__(self, parcels: Parcels) -> None:
        self.count, self.id_field, self.problems = len(parcels.ids), parcels.id_field, parcels.problems
        self._parcels = parcels

    def hand_to(self, write: Write) -> None:
        """Call `write` with all parcels as one part."""
        write(iter([self._parcels]))


@dataclass
class _ParcelProblems:
    """Problems by kind, the first of each and their number, in the order in which a whole layer reports them."""

    found: dict[str, list[Problem]] = field(default_factory=dict)
    count: int = 0

    def add(self, problems: Sequence[Problem]) -> None:
        self.count += len(problems)
        for problem in problems:
            problems_of_kind = self.found.setdefault(problem.code, [])
            if len(problems_of_kind) < _MOST_HELD:
                problems_of_kind.append(problem)

    def refuse(self, place: ProblemPlace) -> None:
        """Raise the problems that were found, if any."""
        order = {code: at for at, code in enumerate(CODES)}
        problems = [
            problem for code in sorted(self.found, key=lambda code: order.get(code, 0)) for problem in self.found[code]
        ]
        if problems:
            first_ones = first_problems(problems, place)
            if self.count > len(problems):
                more = self.count - (len(first_ones) - 1)
                first_ones = [*first_ones[:-1], Problem("problems.more", {**place, "count": more})]
            raise OneMapError.of(first_ones)


@dataclass
class ParcelStream:
    """Parcels of a large file, checked part by part as `read_parcels` checks them at once.

    progress: of reading; workers: threads. Raises OneMapError parcel.id, geometry.…, crs.…, source.….
    """

    stream: VectorStream
    options: CheckOptions
    target: pyproj.CRS
    source_hash: str
    progress: Progress
    workers: int = 1
    id_field: str | None = None
    problems: Sequence[Problem] = ()

    @property
    def count(self) -> int:
        """How many there are, as the file says."""
        return self.stream.count

    def hand_to(self, write: Write) -> None:
        """Call `write` part by part, in the first encoding that fits."""
        for encoding in self.stream.encodings:
            try:
                write(self._parts(encoding))
            except UnicodeDecodeError:
                continue
            return
        raise self.stream.refusal()

    @property
    def _place(self) -> ProblemPlace:
        return {"file": source_name(self.options.parcels), "layer": self.stream.readable.layer}

    def _parts(self, encoding: str) -> Iterator[Parcels]:
        notes, wrong, repairs, hashes, nameless = ReadingNotes(), _ParcelProblems(), [], [], []
        transform: SourceTransform | None = None
        wishes, provers = self.options.normalising, Provers(self.workers, are_simple_rings)
        lands, columns = list[Problem](), list[str]()
        first, carriage, bounds = 0, Carriage(), np.array([np.inf, np.inf, -np.inf, -np.inf])
        for raw, more in one_ahead(self.stream.blocks(encoding, 0, _ROWS, provers=provers)):
            self.progress.at(first / max(1, self.stream.count))
            notes.add(more)
            count = len(raw.shapes)
            if count == 0:
                break
            if transform is None:
                columns = list(map(str, raw.attributes.columns))
                self.id_field = id_field_of(columns, self.options.id_field, self._place)
                transform = SourceTransform(raw, wishes, self.target, bounds_of(raw.shapes))
            ids = self._ids(raw.attributes, first, count)
            nameless += [first + row for row, name in enumerate(ids) if name is None]
            hashes.append(_hashes(ids))
            west, south, east, north = bounds_of(raw.shapes) or (np.nan,) * 4
            bounds = np.r_[np.fmin(bounds[:2], [west, south]), np.fmax(bounds[2:], [east, north])]
            placement = transform.carry(raw, provers)
            carriage = carriage.join(placement.carriage)
            placement, more_lands, narrow = self.options.land.land_of(placement, raw.attributes, ids, self._place)
            wrong.add(_further(narrow, first))
            lands = lands or more_lands
            if (united := united_column(placement.shapes, placement.valid)) is not None:
                if not wrong.count and not nameless:
                    yield self._part(ids, united, raw.attributes)
                first += count
                continue
            sorting = "polygon", ids, wishes.repair, self._place
            sound = sorted_geometries(placement.shapes, *sorting, valid=placement.valid)
            wrong.add(_further(of_other_rows(sound.problems, narrow), first))
            repairs += _further(sound.repairs, first)
            if not wrong.count and not nameless:
                ground = dissolve_parts(sound.geometries)
                without_ground = flat_problems(ids, np.flatnonzero(shapely.area(ground) <= 0), self._place)
                wrong.add(_further(without_ground, first))
                if not without_ground:
                    yield with_bodies_as_read(self._part(ids, ground, raw.attributes), raw, np.arange(count))
            first += count
        if transform is None:
            raise OneMapError("source.empty", **self._place)
        self._check_ids(encoding, nameless, np.concatenate(hashes))
        # Whether the numbers contradict the system is told of all of them, too.
        SourceTransform(raw, wishes, self.target, tuple(bounds.tolist()) if np.isfinite(bounds).all() else None)
        wrong.refuse(self._place)
        remarks = self.stream.problems(notes, first, columns), transform.remarks(carriage), lands, repairs
        self.problems = tuple(chain.from_iterable(remarks))

    def _part(self, ids: np.ndarray, ground: AnyShapes, attributes: pd.DataFrame) -> Parcels:
        return Parcels.as_read(ids, ground, attributes, self.id_field, self._place["file"], self.source_hash, ())

    def _ids(self, attributes: pd.DataFrame, first: int, count: int) -> np.ndarray:
        if self.id_field is None:
            return np.array([str(row) for row in range(first + 1, first + count + 1)], dtype=object)
        return np.array(text_values(attributes[self.id_field].tolist()), dtype=object)

    def _check_ids(self, encoding: str, nameless: list[int], hashes: np.ndarray) -> None:
        """Refuse ids that are null or repeated; those whose hashes are equal are read once more. Raises parcel.id."""
        if self.id_field is None:
            return
        ascending = np.sort(hashes)  # of millions: what else one could make of them would fill memory
        doubtful = np.flatnonzero(np.isin(hashes, ascending[1:][ascending[1:] == ascending[:-1]]))
        if len(doubtful) == 0 and not nameless:
            return
        names: dict[int, str | None] = {}
        first = 0
        for raw, _ in self.stream.blocks(encoding, 0, _ROWS):
            ids = self._ids(raw.attributes, first, len(raw.shapes))
            here = doubtful[(doubtful >= first) & (doubtful < first + len(ids))]
            names |= {row: ids[row - first] for row in here.tolist()}
            first += len(ids)
        times_of = Counter(names.values())
        rows = dict.fromkeys(nameless) | {row: name for row, name in names.items() if times_of[name] > 1}
        if rows:
            place = {**self._place, "field": self.id_field}
            raise OneMapError.of(
                Problem("parcel.id", {**place, "feature": rows[row] or str(row + 1), "row": row + 1})
                for row in sorted(rows)
            )


def _hashes(ids: np.ndarray) -> np.ndarray:
    """Hashes of ids (n,), of which some may be None."""
    names = np.array(["" if name is None else name for name in ids], dtype=object)
    return pd.util.hash_array(names, categorize=False)  # hardly any comes twice


def _further(problems: Sequence[Problem], first: int) -> list[Problem]:
    """The problems of a part's rows, with the row numbers of the whole file."""
    return [replace(problem, facts={**problem.facts, "row": problem.facts["row"] + first}) for problem in problems]
