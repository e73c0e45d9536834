"""Large layers read block by block; problems are reported once for the whole layer.

Shapefile, FileGDB and GeoPackage, which GDAL can begin to read in the middle, and GeoJSON, which it reads in one go;
only one block of them is in memory at a time.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import pyproj

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.frames.fields import DOUBTED_ROWS, encoding_doubts, replaced_text
from onemap.layers.frames.frames import RawFrame
from onemap.layers.geometry.proof_beside import NOBODY, Provers, proof_of
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.geometry.shape_column import AnyShapes, in_plane
from onemap.layers.geometry.validity import check_vertices
from onemap.layers.geometry.wkb_reading import geometries_of_wkb
from onemap.layers.geometry.wkb_rings import are_single_rings
from onemap.layers.sources.gdal import geodatabase, vector
from onemap.layers.sources.gdal.arcs import ArcStream, arc_stream, sagitta_of, with_stroked
from onemap.layers.sources.gdal.arrow_stream import UnlikeRows, column_blocks, comes_by_column, same_blocks
from onemap.layers.sources.gdal.drivers import GDAL_DRIVERS
from onemap.layers.sources.gdal.gdal_name import gdal_name, open_options
from onemap.layers.sources.gdal.raster_tables import raster_remarks
from onemap.layers.sources.gdal.readable_file import (
    UTF_8,
    ReadableFile,
    declared_crs,
    encoding_refusal,
    encodings_to_try,
    file_info,
    gdal_errors_as_refusals,
    prepared_file,
    unknown_system,
)
from onemap.layers.sources.gdal.shapefile import RAW
from onemap.layers.stores.sql_text import compose_sql, sql_literal

_MANY = 2_000_000  # rows; from there on more of them are read at once, for to skip those before takes its time
_BLOCKS_OF_MANY = 4


@dataclass
class ReadingNotes:
    """Remarks on a block, or on all blocks together, besides their rows; a journal can store them.

    reading, looking: GDAL's warnings while reading, and while looking for arcs; curved: how many had arcs; replaced: by
    field of the schema the first row (from 1) of lost text and how many rows lost text;
    domains: the first row of each block (from 0), and the problems of a geodatabase's codes in it.
    """

    reading: list[str] = field(default_factory=list)
    looking: list[str] = field(default_factory=list)
    has_heights: bool = False
    are_measured: bool = False
    curved: int = 0
    replaced: dict[str, tuple[int | None, int]] = field(default_factory=dict)
    domains: list[tuple[int, list[Problem]]] = field(default_factory=list)

    def add(self, other: "ReadingNotes") -> None:
        """Add the notes of a later block."""
        self.reading += other.reading
        self.looking += other.looking
        self.has_heights |= other.has_heights
        self.are_measured |= other.are_measured
        self.curved += other.curved
        for name, (first, count) in other.replaced.items():
            before = self.replaced.get(name, (None, 0))
            self.replaced[name] = (first if before[0] is None else before[0], before[1] + count)
        self.domains += other.domains


class VectorStream:
    """One open layer. count: its number of rows according to the file; crs: as declared; is_text: it is GeoJSON."""

    def __init__(self, readable: ReadableFile, encoding: str | None) -> None:
        self.readable = readable
        self.encodings = encodings_to_try(readable, encoding)
        with gdal_errors_as_refusals(readable.path, readable.layer) as remarks:
            info = file_info(readable, self.encodings[0])
        self.remarks = remarks
        self.count = int(info["features"])
        self.crs: pyproj.CRS | None = declared_crs(readable, info["crs"])
        self._type = str(info["geometry_type"])
        self._fid = str(info["fid_column"] or "") if self._stands_by_fid() else ""
        self._stated_encoding = encoding
        self.is_text = readable.json is not None
        self._comes_by_column = self.is_text and comes_by_column(info)

    def _stands_by_fid(self) -> bool:
        """Whether rows come in the order of their fids, as in a GeoPackage's table; a view's may not."""
        if self.readable.path.suffix.lower() != ".gpkg":
            return False
        name = sql_literal(str(self.readable.gdal_layer))
        query = compose_sql("SELECT type FROM sqlite_master WHERE name = {name}", name=name)
        with self._errors():
            *_, (kinds,) = pyogrio.raw.read(
                gdal_name(self.readable.content), sql=str(query), **open_options(self.readable.content)
            )
        return kinds.tolist() == ["table"]

    @property
    def is_fit(self) -> bool:
        """Whether the layer can be read in blocks: it has geometries, and GDAL decodes its text and gives its arcs."""
        if self.is_text and not (self._comes_by_column and isinstance(self.readable.content, Path)):
            return False
        has_arcs = self.readable.path.suffix.lower() in vector.MAY_HOLD_ARCS
        return self._type != "None" and (self.crs is not None or not has_arcs) and RAW not in self.encodings

    def refusal(self) -> OneMapError:
        """Return the refusal if no encoding fits."""
        return encoding_refusal(self.readable, self._stated_encoding)

    def blocks(
        self, encoding: str, first: int, size: int, *, by_column: bool = False, provers: Provers = NOBODY
    ) -> Iterator[tuple[RawFrame, ReadingNotes]]:
        """Yield the rows from `first` on, `size` at a time, and the notes on each block.

        by_column: attributes may be Arrow columns, as from `series_of`, except those of a geodatabase, whose codes are
        decoded; provers: they prove polygons valid while more are read. Raises OneMapError source.…, UnicodeDecodeError
        if the text is of another encoding.
        """
        content = self.readable.content
        is_database = self.readable.path.suffix.lower() == ".gdb"
        is_in_order = bool(self._fid) or is_database
        is_fit = self.is_text or (is_in_order and encoding == UTF_8 == self.encodings[0])
        if not (is_fit and isinstance(content, Path)):
            yield from self._blocks_from(encoding, first, size, provers)
            return
        blocks = column_blocks if self.is_text else partial(same_blocks, by_column=by_column and not is_database)
        try:
            for meta, shapes, wkb, valid, columns, gdal_texts in blocks(
                content, self.readable.gdal_layer, first, size, self._errors, provers=provers
            ):
                notes = ReadingNotes(reading=gdal_texts)
                rows = {"skip_features": first, "max_features": len(shapes)}
                yield replace(self._block(meta, shapes, columns, rows, None, notes, wkb), valid=valid), notes
                first += len(shapes)
            if is_database and first != self.count:
                raise UnlikeRows  # what keeps GDAL from the others is reported on the usual way
        except UnlikeRows:
            yield from self._blocks_from(encoding, first, size, provers)

    def _blocks_from(
        self, encoding: str, first: int, size: int, provers: Provers
    ) -> Iterator[tuple[RawFrame, ReadingNotes]]:
        """Yield the blocks, from a row on, of a file that GDAL can begin to read at any row."""
        at_once = size * (_BLOCKS_OF_MANY if self.count > _MANY else 1)
        is_point = self._type.replace("2.5D ", "").replace("Measured ", "").startswith(("Point", "MultiPoint"))
        may_be_curved = self.readable.path.suffix.lower() in vector.MAY_HOLD_ARCS and not is_point
        with contextlib.ExitStack() as stack:
            arcs: ArcStream | None = None
            if may_be_curved:
                with self._errors():
                    arcs = stack.enter_context(arc_stream(self.readable.content, self.readable.gdal_layer, first))
            read = vector.row_blocks(self.readable, encoding, at_once, first, self._fid)
            while True:
                with self._errors() as reading:
                    block = next(read, None)
                if block is None:
                    break
                meta, wkb, columns = block
                for rows in blocks(len(wkb), size):
                    chunk = {"skip_features": first + rows.start, "max_features": rows.stop - rows.start}
                    notes = ReadingNotes(reading=list(reading) if rows.start == 0 else [])
                    block_columns = [column[rows] for column in columns]
                    with self._errors():
                        proved = proof_of(wkb[rows], provers)
                        shapes = geometries_of_wkb(wkb[rows], on_invalid="ignore") if proved is None else proved[0]
                    frame = self._block(meta, shapes, block_columns, chunk, arcs, notes)
                    if proved is not None and frame.shapes is proved[0]:
                        frame = replace(frame, wkb=proved[0].bodies, valid=proved[1])
                    yield frame, notes
                first += len(wkb)
            more = arcs.count_remaining() if arcs is not None else 0
            if more:
                raise OneMapError("source.rows", rows=first + more, held=first, **self.readable.place)

    def _errors(self) -> contextlib.AbstractContextManager[list[str]]:
        return gdal_errors_as_refusals(self.readable.path, self.readable.layer)

    def _block(
        self,
        meta: dict[str, Any],
        shapes: AnyShapes,
        columns: list[np.ndarray],
        part: dict[str, int],
        arcs: ArcStream | None,
        notes: ReadingNotes,
        wkb: pa.Array | None = None,
    ) -> RawFrame:
        readable, first = self.readable, part["skip_features"]
        with self._errors():
            attributes = vector.attributes_of(readable, meta, columns, len(shapes), part)
        if arcs is not None:
            with self._errors() as notes.looking:
                arc_survey = arcs.next_rows(len(shapes), sagitta_of(self.crs, shapes))
            if arc_survey.read != len(shapes):
                read = first + arc_survey.read
                raise OneMapError("source.rows", rows=read, held=first + len(shapes), **readable.place)
            notes.curved, notes.are_measured = len(arc_survey.stroked), arc_survey.are_measured
            shapes, notes.has_heights = in_plane(shapes)  # what is stroked has lost its heights
            shapes = with_stroked(shapes, arc_survey.stroked)
        check_vertices(shapes, readable.place, first)
        codes = geodatabase.DecodedAttributes(attributes)
        if readable.path.suffix.lower() == ".gdb":
            codes = geodatabase.decode_attributes(readable.path, readable.layer, attributes)
            notes.domains = [(first, list(codes.problems))]
        if wkb is None or not are_single_rings(wkb):
            shapes, has_heights = in_plane(shapes)
            notes.has_heights |= has_heights
        return RawFrame(
            path=readable.path,
            layer=readable.layer,
            format=GDAL_DRIVERS[readable.path.suffix.lower()],
            shapes=shapes,
            attributes=codes.attributes,
            crs=self.crs,
            encoding=None,
            decoded=codes.names,
            replaced=replaced_text(attributes),
            wkb=wkb,
        )

    def problems(self, notes: ReadingNotes, rows: int, columns: list[str]) -> list[Problem]:
        """Return the problems of the whole layer, after all its rows are read. Raises OneMapError source.rows."""
        with self._errors():
            vector.check_count(self.readable, rows)
        place = self.readable.place
        texts = list(dict.fromkeys([*self.remarks, *notes.reading, *notes.looking]))
        problems = vector.remarks_of(texts, place, notes.has_heights, notes.are_measured, notes.curved)
        problems += [*raster_remarks(self.readable.path, place), *unknown_system(self.readable, self.crs)]
        problems += [] if self._stated_encoding or self.encodings[0] == UTF_8 else self._encoding_doubts()
        return [*problems, *geodatabase.join_problems(notes.domains, columns)]

    def _encoding_doubts(self) -> list[Problem]:
        """Return the remark on the text's encoding, from the first rows."""
        readable = self.readable
        with self._errors():
            meta, wkb, columns = next(vector.row_blocks(readable, self.encodings[0], DOUBTED_ROWS, 0, self._fid))
            some = {"skip_features": 0, "max_features": len(wkb)}
            attributes = vector.attributes_of(readable, meta, columns, len(wkb), some)
        return encoding_doubts(attributes, self.encodings[0], readable.place)


@contextlib.contextmanager
def vector_stream(path: Path, layer: str, encoding: str | None) -> Iterator[VectorStream]:
    """A layer of a file that can be read in blocks. Raises OneMapError as `vector.read_vector`."""
    with prepared_file(path, layer, encoding) as readable:
        yield VectorStream(readable, encoding)
