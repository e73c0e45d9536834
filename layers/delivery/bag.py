"""A bag after RFC 8493 (BagIt), packed as a zip: any tool for bags can tell whether it is complete."""

import contextlib
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from onemap.layers.errors import OneMapError
from onemap.layers.files.file_hashes import file_hash
from onemap.layers.sources.archive import unpack_archive

_BAGIT = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_DATA, _MANIFEST, _TAG_MANIFEST = "data", "manifest-sha256.txt", "tagmanifest-sha256.txt"
_SAME_TIME = (1980, 1, 1, 0, 0, 0)  # the first that a zip can hold: the same content gives the same bytes
_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Bag:
    """A bag that was unpacked and found complete. manifest: the SHA-256 of its manifest, which covers all payload."""

    folder: Path
    manifest: str

    @property
    def data(self) -> Path:
        """The folder of its payload."""
        return self.folder / _DATA


def pack_files(archive: zipfile.ZipFile, folder: Path, files: Sequence[Path], under: str = "") -> None:
    """Put files below a folder into a zip; the same content gives the same bytes. under: a folder in the zip."""
    for path in files:
        name = path.relative_to(folder).as_posix()
        entry = zipfile.ZipInfo(f"{under}/{name}" if under else name, _SAME_TIME)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.create_system, entry.external_attr = 3, 0o644 << 16  # as on every platform
        with path.open("rb") as file, archive.open(entry, "w", force_zip64=True) as target:
            while block := file.read(_AT_ONCE):
                target.write(block)


def write_bag(folder: Path, target: Path, info: Mapping[str, str], tags: Mapping[str, str]) -> str:
    """Pack a folder with its payload in `data` as a bag; return the SHA-256 of its manifest.

    info: the lines of bag-info.txt besides date and size; tags: further files beside it, by name.
    """
    payload = [path for path in sorted((folder / _DATA).rglob("*")) if path.is_file()]
    size = sum(path.stat().st_size for path in payload)
    lines = {**info, "Bagging-Date": date.today().isoformat(), "Payload-Oxum": f"{size}.{len(payload)}"}
    texts = {
        "bagit.txt": _BAGIT,
        "bag-info.txt": "".join(f"{name}: {' '.join(value.split())}\n" for name, value in lines.items()),
        **tags,
        _MANIFEST: _hash_lines(folder, payload),
    }
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())
    tag_files = [folder / name for name in sorted(texts)]
    (folder / _TAG_MANIFEST).write_bytes(_hash_lines(folder, tag_files).encode())
    with zipfile.ZipFile(target, "w") as archive:
        pack_files(archive, folder, [*tag_files, folder / _TAG_MANIFEST, *payload], target.stem)
    return file_hash(folder / _MANIFEST)


def _hash_lines(folder: Path, files: list[Path]) -> str:
    return "".join(f"{file_hash(path)}  {path.relative_to(folder).as_posix()}\n" for path in files)


@contextlib.contextmanager
def open_bag(path: Path) -> Iterator[Bag]:
    """Unpack a bag and check it against its manifests.

    Raises OneMapError source.missing, source.damaged, package.no_zip, package.no_bag, package.incomplete,
    package.foreign_file, package.changed.
    """
    if not path.exists():
        raise OneMapError("source.missing", file=str(path))
    if not path.is_file() or (path.suffix.lower() != ".7z" and not zipfile.is_zipfile(path)):
        raise OneMapError("package.no_zip", file=path.name)
    with tempfile.TemporaryDirectory(prefix="onemap-", ignore_cleanup_errors=True) as room:
        unpack_archive(path, Path(room).resolve())
        folders = [item for item in Path(room).resolve().iterdir() if (item / "bagit.txt").is_file()]
        if len(folders) != 1:
            raise OneMapError("package.no_bag", file=path.name)
        folder = folders[0]
        for name in (_TAG_MANIFEST, _MANIFEST):
            _hold_against(folder, name, path.name)
        listed_names = {line[1] for line in _manifest_lines(folder, _MANIFEST, path.name)}
        there = {item.relative_to(folder).as_posix() for item in (folder / _DATA).rglob("*") if item.is_file()}
        if there - listed_names:
            raise OneMapError("package.foreign_file", file=path.name, name=min(there - listed_names))
        yield Bag(folder, file_hash(folder / _MANIFEST))


def _manifest_lines(folder: Path, name: str, package: str) -> list[tuple[str, str]]:
    """Hash and path of every line. Raises OneMapError package.incomplete, package.changed."""
    try:
        text = (folder / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise OneMapError("package.incomplete", file=package, name=name) from None
    except UnicodeDecodeError:
        raise OneMapError("package.changed", file=package, name=name) from None
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    if any(len(line) != 2 for line in lines):
        raise OneMapError("package.changed", file=package, name=name)
    return [(line[0].lower(), line[1].strip().removeprefix("*")) for line in lines]


def _hold_against(folder: Path, name: str, package: str) -> None:
    """Check every file that a manifest names against its hash.

    Raises OneMapError package.incomplete, package.changed.
    """
    for expected, member in _manifest_lines(folder, name, package):
        file = (folder / member).resolve()
        if not file.is_relative_to(folder) or not file.is_file():
            raise OneMapError("package.incomplete", file=package, name=member)
        if file_hash(file) != expected:
            raise OneMapError("package.changed", file=package, name=member)
