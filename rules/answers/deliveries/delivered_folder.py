"""A delivery on disk: unpacked if need be, its root found by the template's name, each file matched to an item."""

import contextlib
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from onemap.layers.delivery.folder_template import FolderTemplate, TemplateFolder, TemplateItem, enumerate_places
from onemap.layers.errors import OneMapError
from onemap.layers.files.text_encodings import is_text, path_problem
from onemap.layers.sources import formats
from onemap.layers.sources.archive import unpack_archive

_MOST_FILES = 1_000_000  # more is no delivery: somebody named a whole disk
_OF_SYSTEMS = ("._", "~$", ".")
_PARTS = {"code": r"(?P<code>[0-9]{2,19})", "name": r"(?P<name>.+)"}


@dataclass(frozen=True)
class DeliveredFile:
    """One file, or one folder that is a format. path: below the root, with /; item: None if no name matches."""

    place: Path
    path: str
    folder: TemplateFolder | None = None
    item: TemplateItem | None = None


@dataclass(frozen=True)
class DeliveredFolder:
    """A delivery. root: the folder that the template describes; values: the variable parts of its names, where known.

    is_folder: False for a single database; has_root: its root has the right name; archive: the file from which it was
    unpacked while it is open.
    """

    template: FolderTemplate
    base: Path
    root: Path
    values: Mapping[str, str]
    is_folder: bool
    has_root: bool
    archive: Path | None = None

    @property
    def root_name(self) -> str:
        """The sender's name of the root folder; for an archive without a folder in it, the archive's name."""
        return self.archive.name if self.archive and self.root == self.base else self.root.name

    @cached_property
    def files(self) -> list[DeliveredFile]:
        """Every file; files in the template's folders with their items.

        Raises OneMapError source.many_inside, and source.name for each name that is not valid text: no item can match
        it.
        """
        paths = _all_files(self.base) if self.is_folder else [self.base]
        unnamed = [path_problem(str(path)) for path in paths if not is_text(str(path))]
        if unnamed:
            raise OneMapError.of(unnamed)
        if not self.is_folder:
            return [DeliveredFile(self.base, self.base.name)]
        places = {self.folder_name(folder): folder for folder in self.template.folders}
        return [self._file(path, places) for path in paths]

    def folder_name(self, folder: TemplateFolder) -> str:
        """The name of a folder of the template in this delivery."""
        return TemplateItem("files", folder.name).name_with(**self.values)

    def _file(self, place: Path, places: Mapping[str, TemplateFolder]) -> DeliveredFile:
        is_inside = place.is_relative_to(self.root)
        path = place.relative_to(self.root if is_inside else self.base).as_posix()
        folder = places.get(path.rpartition("/")[0]) if is_inside else None
        items = folder.items if folder is not None else ()
        item = next((one for one in items if one.pattern(**self.values).fullmatch(place.name)), None)
        return DeliveredFile(place, path, folder, item)

    @cached_property
    def list_name(self) -> str:
        """The name of the list of all files."""
        return TemplateItem("files", self.template.list).name_with(**self.values)


@contextlib.contextmanager
def opened_delivery(source: Path, template: FolderTemplate) -> Iterator[DeliveredFolder]:
    """Open a delivery, unpacked if it came as one file.

    Raises OneMapError source.missing, source.many_inside, and as `unpack_archive`.
    """
    if not source.exists():
        raise OneMapError("source.missing", file=str(source))
    suffix = source.suffix.lower()
    if source.is_file() and suffix in formats.ARCHIVES:
        with tempfile.TemporaryDirectory(prefix="onemap-", ignore_cleanup_errors=True) as room:
            place = Path(room).resolve()
            unpack_archive(source, place)
            yield replace(_find_root(place, template), archive=source)
    elif source.is_dir() and suffix not in formats.FOLDERS:
        yield _find_root(source.resolve(), template)
    else:
        yield DeliveredFolder(template, source, source, {}, is_folder=False, has_root=True)


def _find_root(base: Path, template: FolderTemplate) -> DeliveredFolder:
    if not template.folders:
        return DeliveredFolder(template, base, base, {}, is_folder=True, has_root=True)
    pattern = _root_pattern(template.root)
    candidates = [base, *sorted(path for path in base.iterdir() if path.is_dir())]
    for path in candidates:
        if match := pattern.fullmatch(path.name):
            values = {name: text for name, text in match.groupdict().items() if text}
            return DeliveredFolder(template, base, path, values, is_folder=True, has_root=True)
    names = {folder.name for folder in template.folders}
    rooms = [path for path in candidates if names & {below.name for below in path.iterdir() if below.is_dir()}]
    return DeliveredFolder(template, base, rooms[0] if rooms else base, {}, is_folder=True, has_root=False)


def _root_pattern(name: str) -> re.Pattern[str]:
    pieces, earlier_pieces = [], set()
    for is_place, piece in enumerate_places(name):
        if not is_place:
            pieces.append(re.escape(piece))
        else:
            pieces.append(f"(?P={piece})" if piece in earlier_pieces else _PARTS.get(piece, ".+"))
            earlier_pieces.add(piece)
    return re.compile("".join(pieces))


def _all_files(base: Path) -> list[Path]:
    """Every file; a folder that is a format counts as one. Raises OneMapError source.many_inside."""
    paths: list[Path] = []
    waiting = [base]
    while waiting:
        for path in sorted(waiting.pop().iterdir()):
            if path.name.startswith(_OF_SYSTEMS):
                continue
            if path.is_dir() and path.suffix.lower() not in formats.FOLDERS:
                waiting.append(path)
            else:
                paths.append(path)
                if len(paths) > _MOST_FILES:
                    raise OneMapError("source.many_inside", file=base.name, count=len(paths), most=_MOST_FILES)
    return sorted(paths)
