"""Read a large source block by block into a journal and clean it on the way; its frame is then read from there.

Remarks and refusals are the same as those of `normalise.sorted_out` for a layer in memory.
"""

import contextlib
import operator
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
import pyproj

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.files.journal_folder import Journal
from onemap.layers.frames.feature_table import Features, FeatureTable
from onemap.layers.frames.fields import (
    are_numbers,
    as_numbers,
    has_text,
    lost_text,
    needed_fields,
    rename_fields,
    replaced_text,
    schema_names,
    storable_attributes,
    text_by_schema,
    told_renamed,
)
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.frames.frames import RawFrame
from onemap.layers.geometry.boxes import box_around
from onemap.layers.geometry.proof_beside import NOBODY, Provers
from onemap.layers.geometry.row_blocks import BLOCK
from onemap.layers.geometry.shape_column import ShapeColumn
from onemap.layers.geometry.validity import CODES, first_problems, sorted_geometries
from onemap.layers.geometry.wkb_rings import as_written
from onemap.layers.in_threads import in_order
from onemap.layers.ingest.placing import Carriage, PlacedShapes, SourceOptions, SourceTransform, bounds_of
from onemap.layers.progress import Progress
from onemap.layers.sources.gdal.readable_file import is_assumed_crs
from onemap.layers.sources.gdal.vector_stream import ReadingNotes, VectorStream
from onemap.layers.stores.arrow_values import listed_values
from onemap.layers.value_groups import groups_of

_TEXT_BLOCKS = 5  # to one of another format


@dataclass(frozen=True)
class Staging:
    """A source on its way into a journal.

    required: further fields that must be there because rules use them; progress: of reading; provers: they prove
    polygons valid while they are read.
    """

    stream: VectorStream
    entry: LayerEntry
    target: pyproj.CRS
    options: SourceOptions
    required: Sequence[str]
    journal: Journal
    progress: Progress
    provers: Provers = NOBODY

    def frame(self) -> tuple[FrameBlocks, str]:
        """Return the clean frame, with unsound features set aside, and the encoding of its text.

        Raises OneMapError source.…, encoding.…, field.…, crs.….
        """
        for encoding in self.stream.encodings:
            try:
                return self._frame(encoding), encoding
            except UnicodeDecodeError:
                continue
        raise self.stream.refusal()

    def head(self) -> RawFrame:
        """Return the source without its rows."""
        readable = self.stream.readable
        nothing = np.empty(0, dtype=object)
        assumed = is_assumed_crs(readable)
        return RawFrame(
            readable.path, readable.layer, "", nothing, pd.DataFrame(), self.stream.crs, None, is_assumed=assumed
        )

    def _frame(self, encoding: str) -> FrameBlocks:
        transform, astray = None, None
        try:
            transform = SourceTransform(self.head(), self.options, self.target, None)
        except OneMapError:
            astray = True
        table = self._stage_rows(encoding, transform)
        abouts = table.abouts()
        bounds = box_around([about["bounds"] for about in abouts if about["bounds"] is not None])
        refusals = [_problem(problem) for problem in abouts[0]["refused"]]
        astray = astray or any(about["astray"] for about in abouts)
        try:
            transform = SourceTransform(self.head(), self.options, self.target, bounds)
            if astray:
                raise OneMapError("crs.out_of_range", **transform.named)
        except OneMapError as error:
            # What else is wrong is reported of the coordinates as the file has them.
            table = self._stage_rows(encoding, None)
            abouts = table.abouts()
            refusals += error.problems
        notes = ReadingNotes()
        for about in abouts:
            notes.add(_notes_from_journal(about["seen"]))
        read = self.stream.problems(notes, len(table), abouts[0]["columns"])
        remarks, lost_texts = lost_text(
            notes.replaced, needed_fields(self.entry, self.required), self.stream.readable.place
        )
        read, refusals = [*read, *remarks], [*refusals, *lost_texts]
        of_fields, frame = self._fields(table, abouts)
        unsound = [_problem(problem) for about in abouts for problem in about["unsound"]]
        unsound.sort(key=lambda problem: CODES.index(problem.code))
        unsound = _with_names(frame, unsound)
        if refusals:
            raise OneMapError.of([*refusals, *first_problems(unsound, self.stream.readable.place)])
        repairs = _with_names(frame, [_problem(problem) for about in abouts for problem in about["repairs"]])
        by_row = groups_of((problem.facts["row"] - 1, problem) for problem in unsound)
        carriages = (Carriage(**about["carriage"]) for about in abouts)
        remarks = transform.remarks(reduce(Carriage.join, carriages)) if transform else []
        frame = replace(
            frame,
            problems=(*read, *of_fields, *remarks, *repairs),
            repaired=len(repairs),
            area_changed_m2=float(np.abs(np.array([fix.facts["area_changed_m2"] for fix in repairs])).sum()),
        )
        return frame.set_aside(by_row) if by_row else frame

    @property
    def _block_rows(self) -> int:
        """How many rows each part but the last has; fewer for a text, in which few rows may be large."""
        return max(1, BLOCK // _TEXT_BLOCKS) if self.stream.is_text else BLOCK

    def _stage_rows(self, encoding: str, transform: SourceTransform | None) -> FeatureTable:
        """Return all rows in parts; parts that the journal already has are not read again.

        transform: None leaves the rows in place.
        """
        kind, size = "rows" if transform else "plain", self._block_rows
        table = FeatureTable(self.journal)

        def name_of(number: int) -> str:
            return f"{kind}-{encoding}-{number:06d}.arrow"

        def keep(block: tuple[int, tuple[RawFrame, ReadingNotes]]) -> str:
            number, (raw, notes) = block
            self._keep(name_of(number), raw, notes, transform, number * size)
            return name_of(number)

        while table.resume(name_of(table.parts)):
            pass
        if len(table) == size * table.parts:  # the last part is a smaller one
            self.progress.at(len(table) / max(1, self.stream.count))
            blocks = self.stream.blocks(encoding, len(table), size, by_column=True, provers=self.provers)
            read = enumerate(blocks, start=table.parts)
            # The next block is read while two are made clean, or wait for the disk: no more, for memory's sake.
            with contextlib.closing(in_order(keep, read, workers=2)) as part_names:
                for name in part_names:
                    table.resume(name)
                    self.progress.at(len(table) / max(1, self.stream.count))
        if not table.parts:
            raise OneMapError("source.empty", file=self.stream.readable.path.name, layer=self.stream.readable.layer)
        self.progress.at(1.0)
        return table

    @np.errstate(all="ignore")  # numbers too large for arithmetic are reported by feature
    def _keep(
        self, name: str, raw: RawFrame, notes: ReadingNotes, transform: SourceTransform | None, first: int
    ) -> None:
        """Clean a block, and keep it as a part."""
        place = self.stream.readable.place
        attributes, refusals = rename_fields(
            raw, self.entry, self.options.fields_of(raw.attributes.columns), self.required
        )
        fields = [str(column) for column in attributes.columns]
        attributes, as_text = text_by_schema(attributes, self.entry)
        numeric = {field.name for field in self.entry.fields if field.type in ("number", "integer")}
        texts = {field: listed_values(attributes[field]) for field in fields if field in numeric}
        if raw.replaced:
            lost_texts = replaced_text(attributes).items()
            notes.replaced = {
                field: (None if row is None else row + first, count) for field, (row, count) in lost_texts
            }
        plain = storable_attributes(attributes, schema_names(self.entry, self.required))
        placement, astray = PlacedShapes(raw.shapes, raw.valid), False
        if transform is not None:
            try:
                placement = transform.carry(raw, self.provers)
            except OneMapError:
                astray = True
        rows = np.arange(first + 1, first + 1 + len(raw.shapes))
        sorting = self.entry.geometry, rows, self.options.repair, place
        sound = sorted_geometries(placement.shapes, *sorting, valid=placement.valid)
        about = {
            "columns": [str(column) for column in raw.attributes.columns],
            "fields": dict(zip(fields, map(str, plain.columns), strict=True)),
            "refused": [_plain(problem) for problem in refusals],
            "as_text": as_text,
            "texts": {field: [has_text(values), are_numbers(values)] for field, values in texts.items()},
            "bounds": bounds_of(raw.shapes),
            "carriage": asdict(placement.carriage),
            "astray": astray,
            "unsound": [_plain(problem, first) for problem in sound.problems],
            "repairs": [_plain(problem, first) for problem in sound.repairs],
            "seen": {**asdict(notes), "domains": [[at, list(map(_plain, domain))] for at, domain in notes.domains]},
        }
        wkb = None
        if isinstance(sound.shapes, ShapeColumn):
            wkb = sound.shapes.bodies
        elif raw.wkb is not None and all(map(operator.is_, raw.geometries, sound.geometries)):
            wkb = as_written(raw.wkb)
        Features(sound.shapes, fields=plain, about=about).keep(self.journal, name, wkb)

    def _fields(self, table: FeatureTable, abouts: Sequence[dict[str, Any]]) -> tuple[list[Problem], FrameBlocks]:
        """Return the problems of the fields, and the frame, which converts values that only all blocks explain."""
        place, stored_names = self.stream.readable.place, abouts[0]["fields"]
        problems = [
            Problem("field.absent", {**place, "field": field.name})
            for field in self.entry.fields
            if field.name not in stored_names
        ]
        as_text = [field.name for field in self.entry.fields if any(field.name in about["as_text"] for about in abouts)]
        problems += [Problem("field.type", {**place, "field": name}) for name in as_text]
        as_number = [
            field.name
            for field in self.entry.fields
            if field.name in abouts[0]["texts"]
            and any(about["texts"][field.name][0] for about in abouts)
            and all(about["texts"][field.name][1] for about in abouts)
        ]
        problems += [Problem("field.as_number", {**place, "field": name}) for name in as_number]
        problems += told_renamed(list(stored_names), list(stored_names.values()), place)
        changes = {stored_names[name]: as_numbers for name in as_number}
        return problems, FrameBlocks(table.with_changes(changes), key=stored_names.get(self.entry.key or ""))


def _with_names(frame: FrameBlocks, problems: Sequence[Problem]) -> list[Problem]:
    """Return problems of features with the names that reports use."""
    names = frame.names(np.array([problem.facts["row"] - 1 for problem in problems], dtype=np.int64))
    return [Problem(one.code, {**one.facts, "feature": names[one.facts["row"] - 1]}) for one in problems]


def _plain(problem: Problem, first: int = 0) -> dict[str, Any]:
    """Return a problem as JSON. first: how many rows come before the block."""
    facts = {name: _plain(fact) if isinstance(fact, Problem) else fact for name, fact in problem.facts.items()}
    if "row" in problem.facts:
        facts["row"] = problem.facts["row"] + first
    return {"problem": problem.code, "facts": facts}


def _problem(content: dict[str, Any]) -> Problem:
    """Return the problem that `_plain` wrote."""
    facts = content["facts"].items()
    return Problem(
        content["problem"],
        {name: _problem(fact) if isinstance(fact, dict) and "problem" in fact else fact for name, fact in facts},
    )


def _notes_from_journal(content: dict[str, Any]) -> ReadingNotes:
    replaced = {name: (row, count) for name, (row, count) in content["replaced"].items()}
    domains = [(at, list(map(_problem, domain))) for at, domain in content["domains"]]
    return ReadingNotes(**{**content, "replaced": replaced, "domains": domains})
