"""Where a version's raster lies, and the state that its file, and the files beside it with its cells, must still have.

An .ige holds all cells of a large raster of ERDAS, an .hdr says what the bytes of a .bil mean, and an .msk hides cells.
What files beside a raster say of its grid is stored as `GridFacts`.
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
    """The state by which a file is recognised as unchanged: its size in bytes, and its time."""

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
    """Where a version's raster lies, and the state that it must still have.

    sha256: of the file itself; beside: the states of the files beside it that hold its cells, None if an older program
    stored none; beside_sha256: of their contents, or None. given_crs: the CRS that the user named when it was added, or
    None; facts: of its grid, by name, as `GridFacts` had them then.
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
    """The files beside an open raster that hold its cells, or define the meaning of their bytes; sorted."""
    main = Path(dataset.name)
    further_files = {main.with_name(Path(name).name) for name in dataset.files} - {main}
    return sorted(path for path in further_files if path.suffix.lower() in _CELL_FILES)


def file_columns(main: Path, further_files: Sequence[Path], progress: Progress) -> Record:
    """The columns of a version's row about a raster's files.

    further_files: its `cell_files`. Raises OSError, Cancelled.
    """
    own, states = FileState.of(main), [FileState.of(path) for path in further_files]
    of_main, of_beside = progress.parts([own.size, sum(one.size for one in states)])
    return {
        "sha256": file_hash(main, of_main),
        "size": own.size,
        "modified_ns": own.modified_ns,
        "beside": json.dumps([[one.path.name, one.size, one.modified_ns] for one in states], ensure_ascii=False),
        "beside_sha256": _hash_beside(further_files, of_beside),
    }


def _hash_beside(further_files: Sequence[Path], progress: Progress = SILENT) -> str | None:
    """The hashes of files after their endings, so that they stay equal under another name.

    Raises OSError, Cancelled.
    """
    parts = zip(further_files, progress.parts([1] * len(further_files)), strict=True)
    return " ".join(f"{path.suffix.lower()}:{file_hash(path, part)}" for path, part in parts) or None


def reference_of(attributes: "pd.Series[Any]", library: Path | None) -> RasterReference:
    """The reference in a version's row; a relative path is that of a copy beside the library."""
    stored_path = Path(attributes["path"])
    path = stored_path if stored_path.is_absolute() or library is None else library.parent / stored_path
    further_text = attributes.get("beside")
    return RasterReference(
        path=path,
        sha256=attributes["sha256"],
        size=int(attributes["size"]),
        modified_ns=int(attributes["modified_ns"]),
        given_crs=attributes["given_crs"] or None,
        facts=tuple((name, attributes[name]) for name in FACTS if name in attributes.index),
        beside=None if further_text is None else _states_beside(path, further_text),
        beside_sha256=attributes.get("beside_sha256") or None,
    )


def _states_beside(main: Path, further_text: str) -> tuple[FileState, ...]:
    return tuple(
        FileState(main.with_name(Path(name).name), size, time) for name, size, time in json.loads(further_text)
    )


def is_as_added(reference: RasterReference) -> bool:
    """Whether a raster's files still are those that were added: by sizes and times, else by their hashes."""
    added_states = [FileState(reference.path, reference.size, reference.modified_ns), *(reference.beside or ())]
    files = [one.path for one in added_states]
    try:
        now = [FileState.of(path) for path in files]
        if [one.size for one in now] != [one.size for one in added_states]:
            return False
        if now == added_states:
            return True
        # A copy of gigabytes with other times is read once.
        hashes = known_hash("raster", files, lambda: f"{file_hash(files[0])} {_hash_beside(files[1:])}")
    except OSError:
        return False
    return hashes == f"{reference.sha256} {reference.beside_sha256}"
