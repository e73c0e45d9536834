"""A pack and its cases as one zip: a bag after RFC 8493, whose manifest proves every file and whose hash is cited."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.delivery.bag import open_bag, write_bag
from onemap.layers.errors import OneMapError
from onemap.layers.files.atomic_output import atomic_output, check_places
from onemap.layers.files.file_hashes import file_hash
from onemap.layers.library.library import now
from onemap.rules.judge.packs.pack import Pack, single_pack
from onemap.rules.review.proofs.case_reading import ENDING

FORMAT, FORMAT_NUMBER, RECORD_FILE = "onemap-pack", 1, "onemap-pack.json"
_SUFFIX = ".zip"


@dataclass(frozen=True)
class SentPack:
    """A packed pack. manifest: the hash to cite; sha256: of the zip; files: of pack and cases."""

    manifest: str
    sha256: str
    files: tuple[str, ...]


def send_pack(
    pack: Pack, cases: list[tuple[str, str]], stem: str, target: Path, who: str, *, overwrite: bool
) -> SentPack:
    """Write a pack and its cases as one zip, whole or not at all. cases: (text, name); stem: of the pack's file.

    Raises OneMapError package.suffix, out.….
    """
    if target.suffix.lower() != _SUFFIX:
        raise OneMapError("package.suffix", file=target.name)
    files = [(pack.text, f"{stem}.toml"), *cases]
    with tempfile.TemporaryDirectory(prefix="onemap-", ignore_cleanup_errors=True) as room:
        data = Path(room) / "bag" / "data"
        data.mkdir(parents=True)
        for text, name in files:
            (data / name).write_bytes(text.encode())
        origin = dict(pack.origin)
        facts = {"id": pack.id, "version": pack.version, "hash": pack.hash, "title": dict(pack.title), "origin": origin}
        record = {"format": FORMAT, "number": FORMAT_NUMBER, "made_at": now(), "who": who, "pack": facts}
        record["files"] = [name for _, name in files]
        info = {"External-Identifier": pack.hash, **({"Contact-Name": who} if who else {})}
        with atomic_output(target, overwrite) as new_file:
            text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
            manifest = write_bag(data.parent, new_file, info, {RECORD_FILE: text})
            hash_ = file_hash(new_file)
    return SentPack(manifest, hash_, tuple(name for _, name in files))


def receive_pack(
    file: Path, folder: Path, catalogue: Mapping[str, LayerEntry], *, overwrite: bool
) -> tuple[Pack, SentPack]:
    """Read a zip back: compare every file with its hash, read the pack, and write everything into a folder.

    Raises OneMapError source.missing, package.…, pack.…, rule.…, out.….
    """
    with open_bag(file) as bag:
        record = _record(bag.folder, file.name)
        names = sorted(path.name for path in bag.data.iterdir())
        if names != sorted(record["files"]) or any(not path.is_file() for path in bag.data.iterdir()):
            raise OneMapError("package.incomplete", file=file.name, name=RECORD_FILE)
        first, *cases = record["files"]
        if not first.endswith(".toml") or any(not name.endswith(ENDING) for name in cases):
            raise OneMapError("pack.no_package", file=file.name)
        text = (bag.data / first).read_bytes().decode("utf-8-sig")
        pack = single_pack(text, first, catalogue)
        if pack.hash != record["pack"]["hash"]:
            raise OneMapError("package.changed", file=file.name, name=first)
        check_places([folder / name for name in record["files"]], overwrite, "FOLDER")
        with atomic_output(folder / first, overwrite) as new_file:
            for name in record["files"]:
                new_file.with_name(name).write_bytes((bag.data / name).read_bytes())
        return pack, SentPack(bag.manifest, file_hash(file), tuple(record["files"]))


def _record(folder: Path, package: str) -> dict[str, Any]:
    """The record in a zip. Raises OneMapError pack.no_package, package.newer, package.record."""
    try:
        content = json.loads((folder / RECORD_FILE).read_bytes())
    except FileNotFoundError:
        raise OneMapError("pack.no_package", file=package) from None
    except (ValueError, RecursionError) as error:
        raise OneMapError("package.record", file=package, reason=str(error)[:200]) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise OneMapError("pack.no_package", file=package)
    if content.get("number") != FORMAT_NUMBER:
        raise OneMapError("package.newer", file=package, number=content.get("number"))
    files, pack = content.get("files"), content.get("pack")
    are_names = (
        isinstance(files, list) and files and all(isinstance(one, str) and Path(one).name == one for one in files)
    )
    if not are_names or not isinstance(pack, dict):
        raise OneMapError("package.record", file=package, reason="files, pack")
    return content
