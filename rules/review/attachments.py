"""Files kept with a case: read when it is opened or a body's answer is entered, and returned on request."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from onemap.layers.errors import OneMapError, file_reason
from onemap.layers.library.library import Library, sha256
from onemap.layers.stores.logged_rows import insert_logged, plain_tables
from onemap.layers.stores.store import StoreConnection
from onemap.rules.review.cases.case import Case
from onemap.rules.review.cases.event_tables import FILES, TABLES

_MOST_BYTES = 50_000_000
_CONTENT = "SELECT content FROM onemap_case_files WHERE case_id = ? AND hash = ?"


@dataclass(frozen=True)
class Attachment:
    """A file of a case."""

    name: str
    content: bytes


def attachment(path: str) -> Attachment:
    """Read a file to attach. Raises OneMapError review.attach."""
    source = Path(path)
    try:
        if source.stat().st_size > _MOST_BYTES:
            raise OneMapError("review.attach", file=source.name, field="--attach", reason="> 50 MB")
        return Attachment(source.name, source.read_bytes())
    except OSError as error:
        raise OneMapError("review.attach", file=source.name, field="--attach", reason=file_reason(error)) from None


def put_files(connection: StoreConnection, case_id: str, files: Sequence[Attachment]) -> None:
    """Write files of a case; a content that the case already has is not written again.

    Raises OneMapError review.attachment_damaged if another content is stored under a file's hash.
    """
    rows = []
    for hash_, file in {sha256(file.content): file for file in files}.items():
        stored_row = connection.execute(_CONTENT, (case_id, hash_)).fetchone()
        if stored_row is None:
            rows.append((case_id, hash_, file.content))
        elif bytes(stored_row[0]) != file.content:
            raise OneMapError("review.attachment_damaged", file=file.name)
    insert_logged(connection, plain_tables(TABLES)[FILES], rows)


def stored_attachment(library: Library, case: Case, name_or_hash: str) -> Attachment:
    """Read a file of a case from the library. name_or_hash: its name, or its SHA-256.

    Raises OneMapError review.no_attachment, review.attachments_alike (several files of that name),
    review.attachment_damaged (the content is gone, or differs from what was attached).
    """
    names_by_hash = {file.hash: file.name for file in case.files if name_or_hash in (file.hash, file.name)}
    if not names_by_hash:
        file_names = list(dict.fromkeys(file.name for file in case.files))
        raise OneMapError("review.no_attachment", field="FILE", name=name_or_hash, known=file_names)
    if len(names_by_hash) > 1:
        raise OneMapError("review.attachments_alike", field="FILE", name=name_or_hash, hashes=list(names_by_hash))
    (hash_, name), *_ = names_by_hash.items()
    rows = library.connection.execute(_CONTENT, (case.id, hash_)).fetchall()
    content = bytes(rows[0][0]) if rows else b""
    if not rows or sha256(content) != hash_:
        raise OneMapError("review.attachment_damaged", file=name)
    return Attachment(name, content)
