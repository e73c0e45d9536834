"""The log's last hash, kept outside the library: on paper, in an archive's file, in a published project.

A log that was made anew is whole in itself; only what is known of it elsewhere tells that it is another.
"""

import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from defusedxml.ElementTree import fromstring

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.files.atomic_output import atomic_output
from onemap.layers.library.library import Library, now
from onemap.layers.library.log_reading import LOG, LogBook
from onemap.layers.records import Record
from onemap.layers.xml_elements import ParseError

_LEAST_SIGNS = 8  # of a hash, so that no other row's is taken for it
_HASH = re.compile("[0-9a-f]{1,64}")
_WHOLE_HASH = re.compile("[0-9a-f]{64}")
_FILES = (".json", ".qgz", ".qgs")
_MOST_BYTES = 200_000_000  # of a project
_VARIABLE = "onemap_"  # before the names of a project's variables


@dataclass(frozen=True)
class Head:
    """A head known outside: the hash or its beginning; from a file also the library and the number of the entry."""

    hash: str
    library: str | None = None
    name: str = ""
    number: int | None = None


def head_facts(library: Library) -> dict[str, Any]:
    """Return the library and the head of its log, as a file keeps them."""
    number, head = library.chain_head()
    return {"library": library.id, "name": library.name, "number": number, "head": head}


def head_variables(library: Library) -> dict[str, str]:
    """Return the library and the head of its log as the variables of a project."""
    return {f"{_VARIABLE}{name}": str(value) for name, value in head_facts(library).items()}


def write_head(library: Library, path: Path) -> Record:
    """Write the head into a new file for the archive. Raises OneMapError out.…."""
    facts = {**head_facts(library), "at": now()}
    with atomic_output(path, False, "--head") as new_file:
        new_file.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return facts


def read_head(text: str) -> Head:
    """Read a head: a hash of at least eight characters, a file of `keep --head`, or a published project.

    Raises OneMapError verify.head_short, verify.head_file, source.missing.
    """
    path = Path(text)
    if path.suffix.lower() in _FILES:
        return _head_of_file(path)
    hash_text = "".join(text.lower().split())
    if len(hash_text) < _LEAST_SIGNS or not _HASH.fullmatch(hash_text):
        raise OneMapError("verify.head_short", field="--head", least=_LEAST_SIGNS)
    return Head(hash_text)


def _head_of_file(path: Path) -> Head:
    """The head in a file. Raises OneMapError source.missing, verify.head_file."""
    damage = OneMapError("verify.head_file", file=path.name, field="--head")
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise damage
        values = json.loads(path.read_bytes()) if path.suffix.lower() == ".json" else _variables(path)
        head, library = values["head"], values["library"]
        number = int(values["number"])
        if not _WHOLE_HASH.fullmatch(head) or not isinstance(library, str) or number < 1:
            raise damage
    except FileNotFoundError:
        raise OneMapError("source.missing", file=str(path), field="--head") from None
    except (OSError, ValueError, TypeError, KeyError, RecursionError, zipfile.BadZipFile, ParseError):
        raise damage from None
    return Head(head, library, str(values.get("name", "")), number)


def _variables(path: Path) -> dict[str, str]:
    """Our variables of a project. Raises OSError, BadZipFile, ParseError, KeyError."""
    content = path.read_bytes()
    if path.suffix.lower() == ".qgz":
        with zipfile.ZipFile(path) as archive:
            (entry,) = [one for one in archive.infolist() if one.filename.lower().endswith(".qgs")]
            if entry.file_size > _MOST_BYTES:
                raise ValueError(entry.filename)
            content = archive.read(entry)
    variables = fromstring(content).find("properties/Variables")
    if variables is None:
        raise KeyError("Variables")
    lists = (
        [value.text or "" for value in variables.iterfind(f"{tag}/value")]
        for tag in ("variableNames", "variableValues")
    )
    pairs = zip(*lists, strict=True)
    return {name.removeprefix(_VARIABLE): value for name, value in pairs if name.startswith(_VARIABLE)}


def head_problems(library: Library, book: LogBook, head: Head) -> list[Problem]:
    """Check whether a head known from outside belongs to this log; if not, return the possible reasons."""
    place = {"file": library.label, "layer": LOG, "field": "--head", "head": head.hash}
    if head.library is not None and head.library != library.id:
        other = {"library": head.library, "name": head.name, "own": library.id}
        return [Problem("verify.head_library", {**place, **other})]
    if head.number is None:
        is_of_log = any(log_head.startswith(head.hash) for log_head in book.heads.values())
        return [] if is_of_log else [Problem("verify.head", place)]
    if book.heads.get(head.number) == head.hash:
        return []
    facts: dict[str, Any] = {"number": head.number, "last": book.last, "at": book.last_at}
    facts["missing"] = head.number - book.last
    copied = [number for number in book.copies if number <= head.number]
    if copied:
        facts |= {"copied": copied[-1], "at": book.copies[copied[-1]]}
        return [Problem("verify.head_copy", {**place, **facts, "feature": str(copied[-1])})]
    code = "verify.head_missing" if head.number > book.last else "verify.head_rewritten"
    return [Problem(code, {**place, **facts, "feature": str(min(head.number, book.last))})]
