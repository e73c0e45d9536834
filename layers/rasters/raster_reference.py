"""Where a version's raster lies and what its files must still be: itself, and those beside it that hold its cells.

Of a large raster of ERDAS all cells lie in an .ige, what the bytes of a .bil mean is said by its .hdr, and an .msk
takes cells away. What files beside a raster say of its grid is kept as `GridFacts`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from onemap.layers.files.file_hashes import file_hash, known_hash
from onemap.layers.progress import SILENT, Progress
from onemap.layers.rasters.grid_facts import FACTS
from onemap.layers.records import Record

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

OF_THE_FILES = frozenset(
    {"path", "size", "modified_ns", "beside"}
)  # the same cells may lie elsewhere, in files of another day
_CELL_FILES = (".ige", ".msk", ".hdr")


@dataclass(frozen=True)
class FileState:
    """A file by what it is known to be unchanged: its size in bytes, and its time."""

    path: Path
    size: int
    modified_ns: int

    @classmethod
    def of(cls, path: Path) -> "FileState":
        """The state of a file now. Raises OSError if it is gone."""
        state = path.stat()
        return cls(path, state.st_size, state.st_mtime_ns)


@dataclass(frozen=True)
class RasterReference:
    """Where a version's raster lies, and what it must still be.

    sha256: of the file itself; beside: the files beside it that hold its cells, as they were, None where an older
    program kept nothing of them; beside_sha256: of their contents, None without. given_crs: what was said of its CRS
    when it was added, None without; facts: of its grid, by name, as `GridFacts` had them then.
    """

    path: Path
    sha256: str
    size: int
    modified_ns: int
    given_crs: str | None = None
    facts: tuple[tuple[str, Any], ...] = ()
    beside: tuple[FileState, ...] | None = None
    beside_sha256: str | None = None


def cell_files(dataset: "DatasetReader") -> list[Path]:
    """The files beside an open raster that hold its cells, or say what their bytes mean; sorted."""
    main = Path(dataset.name)
    beside = {main.with_name(Path(name).name) for name in dataset.files} - {main}
    return sorted(path for path in beside if path.suffix.lower() in _CELL_FILES)


def file_columns(main: Path, beside: Sequence[Path], progress: Progress) -> Record:
    """What a version's row keeps of the files of a raster. beside: its `cell_files`. Raises OSError, Cancelled."""
    own, states = FileState.of(main), [FileState.of(path) for path in beside]
    of_main, of_beside = progress.parts([own.size, sum(one.size for one in states)])
    return {
        "sha256": file_hash(main, of_main),
        "size": own.size,
        "modified_ns": own.modified_ns,
        "beside": json.dumps([[one.path.name, one.size, one.modified_ns] for one in states], ensure_ascii=False),
        "beside_sha256": _hash_beside(beside, of_beside),
    }


def _hash_beside(beside: Sequence[Path], progress: Progress = SILENT) -> str | None:
    """The hashes of files behind their endings, by which they are the same under another name.

    Raises OSError, Cancelled.
    """
    parts = zip(beside, progress.parts([1] * len(beside)), strict=True)
    return " ".join(f"{path.suffix.lower()}:{file_hash(path, part)}" for path, part in parts) or None


def reference_of(attributes: "pd.Series[Any]", library: Path | None) -> RasterReference:
    """The raster of a version's row; the copy of a raster lies beside the library."""
    named = Path(attributes["path"])
    path = named if named.is_absolute() or library is None else library.parent / named
    beside = attributes.get("beside")
    return RasterReference(
        path=path,
        sha256=attributes["sha256"],
        size=int(attributes["size"]),
        modified_ns=int(attributes["modified_ns"]),
        given_crs=attributes["given_crs"] or None,
        facts=tuple((name, attributes[name]) for name in FACTS if name in attributes.index),
        beside=None if beside is None else _states_beside(path, beside),
        beside_sha256=attributes.get("beside_sha256") or None,
    )


def _states_beside(main: Path, beside: str) -> tuple[FileState, ...]:
    return tuple(FileState(main.with_name(Path(name).name), size, time) for name, size, time in json.loads(beside))


def is_as_added(reference: RasterReference) -> bool:
    """Whether a raster's files still are what was added: by sizes and times, else by their hashes."""
    added = [FileState(reference.path, reference.size, reference.modified_ns), *(reference.beside or ())]
    files = [one.path for one in added]
    try:
        now = [FileState.of(path) for path in files]
        if [one.size for one in now] != [one.size for one in added]:
            return False
        if now == added:
            return True
        # A copy of gigabytes with other times is read once.
        found = known_hash("raster", files, lambda: f"{file_hash(files[0])} {_hash_beside(files[1:])}")
    except OSError:
        return False
    return found == f"{reference.sha256} {reference.beside_sha256}"
