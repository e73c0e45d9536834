"""The files of parcels: several files, a folder, a pattern, or stdin."""

import contextlib
import io
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from onemap.layers.errors import OneMapError, UsageError
from onemap.layers.files.library_file import is_library
from onemap.layers.sources import formats
from onemap.layers.sources.archive import files_in, lost_paths, sources_in
from onemap.layers.sources.file_patterns import files_of_pattern
from onemap.layers.sources.postgis import is_database
from onemap.layers.sources.unread_files import unread_files

STDIN = "-"
_NAME = "stdin"
_ARROW_FILE, _ARROW_STREAM = b"ARROW1", b"\xff\xff\xff\xff"


@contextlib.contextmanager
def files_of_parcels(stated_names: str | Sequence[str], is_served: bool) -> Iterator[tuple[list[str], list[str]]]:
    """The files, for the duration of the block, and files of a folder that may hold parcels but are not read.

    A name is not a pattern if a file of that name exists. is_served: stdin carries requests. Raises OneMapError
    source.missing, source.empty, source.damaged, source.nothing_inside, UsageError usage.value.
    """
    names = [stated_names] if isinstance(stated_names, str) else list(stated_names)
    with contextlib.ExitStack() as stack:
        files_in_order: list[str] = []
        unread: list[str] = []
        for name in names:
            if name != STDIN:
                files, rest = _files(name)
                files_in_order += files
                unread += rest
            elif is_served or STDIN in names[names.index(STDIN) + 1 :]:
                raise UsageError("usage.value", field="PARCELS", value=STDIN)
            else:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="onemap-", ignore_cleanup_errors=True))
                files_in_order.append(str(_from_stdin(Path(folder))))
        yield (
            list(dict.fromkeys(files_in_order)),
            [file for file in dict.fromkeys(unread) if file not in files_in_order],
        )


def _files(name: str) -> tuple[list[str], list[str]]:
    """The files of a name, and files of its folder that are not read with them."""
    path = Path(name)
    if is_database(name) or not path.is_dir() or path.suffix.lower() in formats.FOLDERS:
        return files_of_pattern(name), []
    archives = [file for file in files_in(path) if file.suffix.lower() in formats.ARCHIVES]
    lost_files = lost_paths(path)
    try:
        sources = sources_in(path, path.name)
    except OneMapError:
        if not archives and not lost_files:
            raise
        sources = []
    drawings = [file for file in path.rglob("*") if file.suffix.lower() in formats.NO_DRIVER]
    unpacked_names = {
        file.with_suffix("") for file in sources
    }  # an archive of that name is most likely the same, packed
    packed_archives = [file for file in archives if file.with_suffix("") not in unpacked_names]
    files = sorted({*sources, *drawings, *packed_archives, *lost_files})
    return [str(file) for file in files if not is_library(file)], list(map(str, unread_files(path, files)))


def _from_stdin(folder: Path) -> Path:
    """The input from stdin as a file: GeoJSON, GeoJSON in lines, or Arrow with a geometry."""
    content = sys.stdin.buffer.read()
    if not content.strip():
        raise OneMapError("source.empty", file=_NAME)
    if content.startswith((_ARROW_FILE, _ARROW_STREAM)):
        path = folder / f"{_NAME}.parquet"
        _write_parquet(content, path)
        return path
    path = folder / f"{_NAME}{_suffix_of(content)}"
    path.write_bytes(content)
    return path


def _suffix_of(content: bytes) -> str:
    """The suffix for a content; text with several records is GeoJSON in lines."""
    first = content.lstrip(b"\xef\xbb\xbf \t\r\n\x1e").partition(b"\n")[0]
    try:
        record = json.loads(first)
    except ValueError:
        return ".geojson"
    return ".geojsonl" if isinstance(record, dict) and record.get("type") == "Feature" else ".geojson"


def _write_parquet(content: bytes, path: Path) -> None:
    """Raises OneMapError source.damaged, also for a table without a geometry."""
    import pyarrow.parquet as pq  # here: a check of a file need not load it

    open_arrow = pa.ipc.open_file if content.startswith(_ARROW_FILE) else pa.ipc.open_stream
    try:
        with open_arrow(io.BytesIO(content)) as reader:
            table = reader.read_all()
        if b"geo" in (table.schema.metadata or {}):
            pq.write_table(table, path)
            return
        import geopandas as gpd  # few streams come without GeoParquet's own words

        gpd.GeoDataFrame.from_arrow(table).to_parquet(path)
    except (pa.ArrowException, ValueError, OSError, TypeError, KeyError) as error:
        raise OneMapError("source.damaged", file=_NAME, reason=str(error)[:200]) from error
