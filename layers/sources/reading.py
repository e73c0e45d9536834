"""How a path becomes a raw frame: the adapter that reads it, the chosen layer, and the hash of its content."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np

from onemap.layers.errors import Cancelled, OneMapError, Problem
from onemap.layers.files.file_hashes import known_hash
from onemap.layers.files.files_beside import files_of_stem
from onemap.layers.files.first_bytes import check_first_bytes
from onemap.layers.files.foreign_database import settled_database, unfolded_file
from onemap.layers.files.library_file import is_library
from onemap.layers.files.plain_file import check_plain, check_plain_beside
from onemap.layers.files.text_encodings import is_text, path_problem
from onemap.layers.frames.fields import encoding_doubts, replaced_text
from onemap.layers.frames.frames import RawFrame
from onemap.layers.geometry.proof_beside import NOBODY, Provers
from onemap.layers.geometry.validity import check_vertices
from onemap.layers.progress import SILENT, Progress
from onemap.layers.sources import formats, library_source, postgis
from onemap.layers.sources.archive import check_driver, check_no_archives, sources_in, unpack_source, whole_of
from onemap.layers.sources.drawing import dxf, kml
from onemap.layers.sources.gdal import vector, vector_stream
from onemap.layers.sources.gdal.drivers import GDAL_DRIVERS, MAPINFO
from onemap.layers.sources.gdal.readable_file import layer_names
from onemap.layers.sources.gdal.shapefile import check_complete
from onemap.layers.sources.open_formats import geoparquet_reading, json_lines, sensor_things, spatialite
from onemap.layers.sources.redline import redline_reading
from onemap.layers.sources.redline.redline_text import looks_like_redline
from onemap.layers.sources.separate_reading import is_suspect, read_apart
from onemap.layers.sources.sheets import sheet, sheet_grid
from onemap.layers.sources.sheets.corner_list import read_corners
from onemap.layers.sources.unread_files import holds_coordinates, unread_files, unread_problems
from onemap.layers.sources.vct import vct_reading

OpenSource = Path | postgis.Database
_WITH_PARTS = {".shp", ".dbf", ".gdb", ".gml", *MAPINFO}
_DATABASES = {".gpkg", *spatialite.SUFFIXES}
_READ = 0.9  # of the time: the rest is the hash
_HEARD_S = 0.1  # how long a cancellation may stay unheard


def source_name(source: str | Path) -> str:
    """Return the name of a source for people: a file's name, a table's, never a password."""
    return postgis.shown_name(str(source)) if postgis.is_database(str(source)) else Path(source).name


def shown_source(source: str) -> str:
    """Return a file with its folder; of a database the name alone, never its address."""
    return source_name(source) if postgis.is_database(source) else source


def names_of_sources(sources: Sequence[str]) -> list[str]:
    """Return the names of several sources; files with the same name have folders added, as far as these differ."""
    names = [source_name(source) for source in sources]
    if len(set(names)) == len(names) or any(map(postgis.is_database, sources)):
        return names
    paths = [Path(source).absolute() for source in sources]
    if len({path.anchor for path in paths}) > 1:  # on several drives of Windows
        return [path.as_posix() for path in paths]
    top = os.path.commonpath([path.parent for path in paths])
    return [path.relative_to(top).as_posix() for path in paths]


@contextmanager
def open_source(source: str | Path) -> Iterator[OpenSource]:
    """Open a source for reading, as `open_with_rest` does; raises as it does."""
    with open_with_rest(source) as (opened_source, _):
        yield opened_source


@contextmanager
def open_with_rest(source: str | Path) -> Iterator[tuple[OpenSource, tuple[Problem, ...]]]:
    """Open a source for reading: a file, unpacked if need be; the folder of an archive with several; a database.

    For an archive also give the problems that other files in it may hold features and are not read.
    Raises OneMapError source.missing, source.name, source.no_file, source.folder, source.is_part, source.denied,
    source.damaged, format.no_driver, format.unknown, source.part_missing, and what `unpack_source` and
    `postgis.open_database` refuse.
    """
    if postgis.is_database(str(source)):
        with postgis.open_database(str(source)) as database:
            yield database, ()
        return
    path = Path(source)
    try:
        if not path.exists():
            raise OneMapError("source.missing", file=str(source))
        if not is_text(str(path)):
            raise OneMapError.of([path_problem(str(path))])
        check_plain(path)
        if not os.access(path, os.R_OK):
            raise PermissionError
        with unpack_source(path) as (opened_source, room):
            if opened_source == path or not _is_folder_of_sources(opened_source):
                try:
                    _check_readable(opened_source)
                except OneMapError:
                    if room is not None:  # a note beside the archive that holds the data
                        check_no_archives(room, path.name)
                    raise
            with _as_saved(opened_source) as settled:
                yield settled, () if room is None else _rest_of_archive(path, room)
    except PermissionError as error:
        raise OneMapError("source.denied", file=path.name) from error


def _rest_of_archive(path: Path, room: Path) -> tuple[Problem, ...]:
    rest = unread_files(room, sources_in(room, path.name))
    return unread_problems([f"{path.name}/{file.relative_to(room).as_posix()}" for file in rest])


def _as_saved(path: Path) -> AbstractContextManager[Path]:
    """Give a source as it was last saved; a library is left to its own store, since other processes may write to it."""
    is_foreign = path.suffix.lower() in _DATABASES and not is_library(path)
    return settled_database(path) if is_foreign else nullcontext(path)


def _is_folder_of_sources(path: Path) -> bool:
    return path.is_dir() and path.suffix.lower() not in formats.FOLDERS


def _check_readable(path: Path) -> None:
    suffix = path.suffix.lower()
    if _is_folder_of_sources(path):
        raise OneMapError("source.folder", file=path.name)
    check_driver(path)
    whole = whole_of(path)
    if whole is not None and whole.suffix.lower() != ".shx":
        raise OneMapError("source.is_part", file=path.name, whole=whole.name)
    if suffix in _WITH_PARTS:
        check_plain_beside(path)
    check_complete(path)
    if suffix not in formats.READABLE or (suffix == formats.TEXT and not holds_coordinates(path)):
        raise OneMapError("format.unknown", file=path.name, known=formats.KNOWN)
    if path.is_dir() != (suffix in formats.FOLDERS):
        raise OneMapError("format.unknown", file=path.name, known=formats.KNOWN)
    if path.is_file() and path.stat().st_size == 0:
        raise OneMapError("source.damaged", file=path.name, reason="0 bytes")
    if suffix in GDAL_DRIVERS or suffix in formats.OPEN_FORMATS:
        check_first_bytes(path)


def layers_of(source: OpenSource) -> list[str]:
    """Return the names of an opened source's layers. Raises OneMapError source.unbounded for a suspect file."""
    if isinstance(source, Path) and is_suspect(source):
        return read_apart(_layers_of, source)
    return _layers_of(source)


def _layers_of(source: OpenSource) -> list[str]:
    if isinstance(source, postgis.Database):
        return source.tables()
    suffix = source.suffix.lower()
    if _is_folder_of_sources(source):
        return list(_members(source))
    if suffix in sheet_grid.SUFFIXES:
        return sheet.sheet_names(source)
    if sensor_things.is_snapshot(source):
        return sensor_things.snapshot_layers(source)
    if suffix in (formats.KML, formats.KMZ):
        return kml.kml_layers(source)
    if suffix == formats.DXF:
        return dxf.dxf_layers(source)
    if suffix == formats.VCT:
        return vct_reading.vct_layers(source)
    if suffix in spatialite.SUFFIXES:
        return spatialite.spatialite_layers(source)
    if suffix not in GDAL_DRIVERS:
        return [source.stem]
    return library_source.library_layers(source) if is_library(source) else layer_names(source)


def read_layer(
    source: OpenSource,
    layer: str,
    encoding: str | None,
    progress: Progress = SILENT,
    *,
    lenient: bool = False,
    as_table: bool = False,
    provers: Provers = NOBODY,
) -> RawFrame:
    """Read one layer of an opened source unchanged.

    lenient: as in `vector.read_vector`. as_table: read rows of a sheet, whatever its columns are. provers: they prove
    polygons valid while the next ones are read, if the format gives them part by part.
    Raises OneMapError geometry.vertices, source.unbounded for a suspect layer, and what the adapters refuse.
    """
    if isinstance(source, Path) and is_suspect(source, layer):
        frame = read_apart(_read_suspect, source, layer, encoding, lenient, as_table, layer=layer, progress=progress)
    else:
        frame = _read_layer(source, layer, encoding, progress, lenient, as_table, provers)
        check_vertices(frame.shapes, {"file": frame.path.name, "layer": frame.layer})
    doubts = [] if encoding else encoding_doubts(frame.attributes, frame.encoding, frame.place)
    return replace(frame, problems=(*frame.problems, *doubts)) if doubts else frame


def _read_suspect(source: Path, layer: str, encoding: str | None, lenient: bool, as_table: bool) -> RawFrame:
    return _read_layer(source, layer, encoding, SILENT, lenient, as_table, NOBODY)


@np.errstate(all="ignore")  # numbers too large for arithmetic are refused later, by feature
def _read_layer(
    source: OpenSource,
    layer: str,
    encoding: str | None,
    progress: Progress,
    lenient: bool,
    as_table: bool,
    provers: Provers,
) -> RawFrame:
    """Read a layer in this process."""
    if isinstance(source, postgis.Database):
        return source.read(layer, provers)
    suffix = source.suffix.lower()
    if _is_folder_of_sources(source):
        path, name = _members(source)[layer]
        _check_readable(path)
        return read_layer(path, name, encoding, progress, lenient=lenient, as_table=as_table, provers=provers)
    if is_library(source):
        return library_source.read_library_layer(source, layer)
    if sensor_things.is_snapshot(source):
        return sensor_things.read_snapshot(source, layer, encoding)
    if suffix in GDAL_DRIVERS:
        return vector.read_vector(source, layer, encoding, progress, lenient, provers)
    frame = _read_file(source, layer, encoding, progress, as_table, provers)
    return replace(frame, replaced=replaced_text(frame.attributes))


def _read_file(
    path: Path, layer: str, encoding: str | None, progress: Progress, as_table: bool, provers: Provers
) -> RawFrame:
    """Read a layer of a format that needs no GDAL."""
    readers: dict[str, Callable[[], RawFrame]] = {
        **dict.fromkeys(sheet_grid.SUFFIXES, lambda: sheet.read_sheet(path, layer, encoding, as_table=as_table)),
        **dict.fromkeys((formats.KML, formats.KMZ), lambda: kml.read_kml(path, layer, encoding)),
        **dict.fromkeys(
            geoparquet_reading.SUFFIXES, lambda: geoparquet_reading.read_geoparquet(path, progress, provers)
        ),
        **dict.fromkeys(json_lines.SUFFIXES, lambda: json_lines.read_json_lines(path, encoding, progress, provers)),
        **dict.fromkeys(spatialite.SUFFIXES, lambda: spatialite.read_spatialite(path, layer)),
        formats.DXF: lambda: dxf.read_dxf(path, layer, encoding),
        formats.VCT: lambda: vct_reading.read_vct(path, layer, encoding),
        formats.TEXT: lambda: _read_text(path, encoding),
    }
    return readers[path.suffix.lower()]()


def _read_text(path: Path, encoding: str | None) -> RawFrame:
    """Read a red-line TXT, or a list of corners."""
    return redline_reading.read_redline(path, encoding) if looks_like_redline(path) else read_corners(path, encoding)


def _members(folder: Path) -> dict[str, tuple[Path, str]]:
    """Return the layers of all sources in an unpacked folder, named by file and layer as briefly as possible."""
    paths = sources_in(folder, folder.name)
    stems = [path.stem for path in paths]
    members: dict[str, tuple[Path, str]] = {}
    for path in paths:
        label = path.stem if stems.count(path.stem) == 1 else path.relative_to(folder).as_posix()
        try:
            _check_readable(path)
            names = layers_of(path)
        except OneMapError:
            names = [path.stem]  # what is wrong is reported when it is read
        for name in names:
            members[label if len(names) == 1 else f"{label}/{name}"] = (path, name)
    return members


def read_source(
    source: str | Path,
    layer: str | None,
    encoding: str | None,
    progress: Progress = SILENT,
    *,
    as_table: bool = False,
    may_be_empty: bool = False,
    provers: Provers = NOBODY,
) -> RawFrame:
    """Read the chosen layer, with the hash of its file. as_table, provers: as in `read_layer`.

    may_be_empty: accept a layer without features.
    Raises OneMapError source.layer_needed if there are several and none is named, source.layer_unknown,
    source.empty, source.changed, and whatever `open_source` and the adapters refuse.
    """
    file = source_name(source)
    with open_with_rest(source) as (opened_source, rest):
        names = layers_of(opened_source)
        if layer is None and len(names) != 1:
            code = "source.layer_needed" if names else "source.empty"
            raise OneMapError(code, file=file, names=names, field="--layer")
        if layer is not None and layer not in names:
            raise OneMapError("source.layer_unknown", file=file, layer=layer, names=names)
        # Of a database and of a library what they say is hashed, not a file.
        files = (
            None
            if isinstance(opened_source, postgis.Database) or is_library(opened_source)
            else (Path(source), opened_source)
        )
        state = None if files is None else state_of(*files)
        with nullcontext(str) if files is None else _hash_beside(*files, progress) as digest:
            reading = opened_source, layer or names[0], encoding, progress.part(0.0, _READ)
            frame = read_layer(*reading, as_table=as_table, provers=provers)
            if len(frame.shapes) == 0 and not may_be_empty:
                raise OneMapError("source.empty", file=file, layer=frame.layer)
            if isinstance(opened_source, postgis.Database):
                return frame
            frame = replace(frame, path=Path(source), problems=(*rest, *frame.problems))
            frame = replace(frame, source_hash=frame.source_hash or digest())
            if files is not None and state_of(*files) != state:
                raise OneMapError("source.changed", file=file)
            return frame


@contextmanager
def _hash_beside(source: Path, opened_path: Path, progress: Progress) -> Iterator[Callable[[], str]]:
    """Compute `content_hash` in a thread while the block reads the same files; progress: called while waiting."""
    left = threading.Event()

    def report(_share: float, _step: str) -> None:
        if left.is_set():
            raise Cancelled

    with ThreadPoolExecutor(1) as thread:
        digest = thread.submit(content_hash, source, opened_path, Progress(report))

        def result() -> str:
            while not digest.done():
                progress.check()
                wait([digest], timeout=_HEARD_S)
            return digest.result()

        try:
            yield result
        finally:
            left.set()


LARGE_BYTES, LARGE_ROWS = 20_000_000, 100_000  # smaller ones are read at once


@contextmanager
def large_layer(
    source: str | Path, layer: str | None, encoding: str | None
) -> Iterator[vector_stream.VectorStream | None]:
    """Give the chosen layer, to be read in blocks; None if it is small or its format can only be read at once.

    If it gives None, `read_source` reports what is wrong with the source.
    """
    if postgis.is_database(str(source)) or _bytes_of(Path(source)) < LARGE_BYTES:
        yield None
        return
    with open_with_rest(source) as (opened_source, rest):
        place = _in_blocks(opened_source, layer) if isinstance(opened_source, Path) and not rest else None
        if place is None:
            yield None
            return
        with vector_stream.vector_stream(*place, encoding) as stream:
            # Of text even a few rows are large when they are read at once.
            is_large = stream.is_text or stream.count >= LARGE_ROWS
            yield stream if is_large and stream.is_fit else None


def _bytes_of(path: Path) -> int:
    """Return the size of a file, or of all files in a folder together."""
    try:
        files = path.rglob("*") if path.is_dir() else [path]
        return sum(file.stat().st_size for file in files)
    except OSError:
        return 0


def _in_blocks(source: Path, layer: str | None) -> tuple[Path, str] | None:
    """Return the chosen file and layer, if they can be read in blocks."""
    names = layers_of(source)
    if (layer is None and len(names) != 1) or (layer is not None and layer not in names):
        return None
    path, name = _members(source)[layer or names[0]] if _is_folder_of_sources(source) else (source, layer or names[0])
    is_fit = path.suffix.lower() in vector.IN_BLOCKS and not is_library(path) and not is_suspect(path, name)
    return (path, name) if is_fit else None


def content_hash(source: Path, opened_path: Path, progress: Progress = SILENT) -> str:
    """Return SHA-256 over a file, or over all files of a shapefile, a MapInfo table or a folder, names included.

    A GeoPackage that another program has open may have changes in a file beside it; it is read and hashed as a copy
    that includes them; those of a library are hashed too.
    """
    files = _files_of(source, opened_path)

    def hash_files() -> str:
        digest = hashlib.sha256()
        for file in files:
            digest.update(file.name.encode())
            with file.open("rb") as content:
                while block := content.read(1 << 22):
                    digest.update(block)
                    progress.check()
        return digest.hexdigest()

    return known_hash("source", files, hash_files)


def state_of(source: Path, opened_path: Path) -> list[tuple[str, int, int]]:
    """Return name, size and time of the last change of each file of a source; another state may mean other content."""
    states = [(file.name, file.stat()) for file in _files_of(source, opened_path)]
    return [(name, state.st_size, state.st_mtime_ns) for name, state in states]


def _files_of(source: Path, opened_path: Path) -> list[Path]:
    if source.is_dir():
        return sorted(item for item in source.rglob("*") if item.is_file() and item.suffix != ".lock")
    if source.suffix.lower() in {".shp", *MAPINFO}:
        return [item for item in files_of_stem(source.with_name(opened_path.name)) if item.is_file()]
    if source.suffix.lower() in _DATABASES and opened_path != source:
        return [opened_path]  # a copy, into which was folded what lies beside the source
    wal_file = unfolded_file(source)
    return [source] if wal_file is None else [source, wal_file]
