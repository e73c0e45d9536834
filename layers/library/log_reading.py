"""The log, read once: whether its chain holds, and what it says of rows, of features and of kept files.

The library also keeps a checksum of every row, so that `verify` names the rows that were altered.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.library.library import COPY, ROWS, TABLES, Library, sha256
from onemap.layers.library.versions import content_hash, digest_geometries, row_hashes
from onemap.layers.records import Record
from onemap.layers.stores.logged_rows import HEADS, STRUCTURE, insert_logged
from onemap.layers.stores.sql_text import Sql, columns_of, compose_sql
from onemap.layers.stores.store import StoreConnection, chained_hash

LOG = "onemap_audit"
_COLUMNS = "number", "at", "who", "action", "subject", "detail", "content_hash", "previous_hash", "hash"
_SQL = compose_sql("SELECT {columns} FROM {log} AS a", columns=columns_of("a", _COLUMNS), log=LOG)
_LONGEST = 80  # of what is shown of a value that may be anything
FEATURES = "features"  # under which the log keeps them


@dataclass(frozen=True)
class LoggedFeatures:
    """Rows of a table of features: the first fid, their number, their hash; raster: they say where rasters lie."""

    table: str
    first: int
    count: int
    hash: str
    raster: bool = False

    def detail(self) -> dict[str, Any]:
        """Return the rows as an entry of the log keeps them."""
        return {FEATURES: asdict(self)}

    @property
    def name(self) -> str:
        """The name under which the checksums of the rows are kept."""
        return self.table if self.first == 1 else f"{self.table} {self.first}"


def features_of_detail(detail: Mapping[str, Any]) -> Iterator[LoggedFeatures]:
    """Yield the part of a log entry about features, if the entry has one in the required form."""
    values, kinds = detail.get(FEATURES), {"table": str, "first": int, "count": int, "hash": str, "raster": bool}
    if isinstance(values, dict) and {name: type(value) for name, value in values.items()} == kinds:
        yield LoggedFeatures(**values)


class NoDigest:
    """A digest that computes nothing, for rows whose hash is not needed."""

    def update(self, content: bytes | memoryview, /) -> None:
        """Ignore the content."""


def checksums(geometries: np.ndarray, attributes: pd.DataFrame) -> np.ndarray:
    """The checksum of each row (n,)."""
    columns = [attributes[name].tolist() for name in attributes.columns]
    return row_hashes(digest_geometries(NoDigest(), geometries), columns)


def log_features(
    connection: StoreConnection, table: str, first: int, geometries: np.ndarray, attributes: pd.DataFrame
) -> Record:
    """Keep the checksums of rows that were put into a table, and return what the log keeps of the rows.

    geometries (n,), attributes (n rows): as they are stored.
    """
    logged_features = LoggedFeatures(table, first, len(geometries), content_hash(geometries, attributes))
    row_hashes = checksums(geometries, attributes).tobytes()
    insert_logged(connection, TABLES["onemap_row_hashes"], [(logged_features.name, row_hashes)])
    return logged_features.detail()


@dataclass(frozen=True)
class WrittenRow:
    """A row in the log: its hash, None where it was removed; when and by whom it was written."""

    hash: str | None
    at: str
    who: str


@dataclass(frozen=True)
class ChainHead:
    """The last event of a case's chain when a log entry was written. written: by whom, when, and the event's hash."""

    case_id: str
    chain: str
    number: int
    written: WrittenRow


@dataclass
class LogBook:
    """The entries of the log. heads: the hash of each entry by number; chain_heads: the heads of the chains of cases;
    copies: where the log of a copy began.
    """

    problems: list[Problem] = field(default_factory=list)
    rows: dict[str, dict[str, WrittenRow]] = field(default_factory=dict)
    features: list[tuple[LoggedFeatures, WrittenRow]] = field(default_factory=list)
    own_files: dict[str, WrittenRow] = field(default_factory=dict)
    heads: dict[int, str] = field(default_factory=dict)
    copies: dict[int, str] = field(default_factory=dict)
    chain_heads: list[ChainHead] = field(default_factory=list)
    last: int = 0
    last_at: str = "–"


def shown_text(value: Any) -> str:
    """Any value of a table in a form that a problem can name."""
    text = value if isinstance(value, str) else repr(value)
    return text[:_LONGEST].encode("utf-8", "backslashreplace").decode()


def read_log(library: Library) -> LogBook:
    """Read the whole log. Damaged entries are reported and read as far as possible. Raises the store's errors."""
    book, before = LogBook(), ""
    for number, *texts, chained in library.connection.execute(compose_sql("{all} ORDER BY number", all=_SQL)):
        at, who, action, subject, detail, content, previous = texts
        place = {"file": library.label, "layer": LOG, "feature": str(number), "at": shown_text(at)}
        facts = _detail(detail, content)
        if facts is None:
            book.problems.append(Problem("verify.content", place))
        links = (before, at, who, action, subject, content)
        is_linked = all(isinstance(link, str) for link in links) and chained == _chain_hash(links)
        if number != book.last + 1 or previous != before or not is_linked:
            book.problems.append(Problem("verify.chain", place))
        before = chained if isinstance(chained, str) else ""
        book.last, book.last_at, book.heads[number] = number, shown_text(at), before
        if facts is not None:
            _take_in(book, action, subject, facts, shown_text(at), shown_text(who))
            if _begins_copy(action, facts):
                book.copies[number] = shown_text(at)
            elif action == COPY:
                book.problems.append(Problem("verify.row_void", {**place, "who": shown_text(who)}))
    return book


def read_entries(library: Library, where: Sql, parameters: Sequence[Any]) -> LogBook:
    """Read some entries of the log, each by itself. Raises OneMapError library.altered, and the store's errors."""
    book = LogBook()
    sql = compose_sql("{all} WHERE {where} ORDER BY number", all=_SQL, where=where)
    for number, *texts, chained in library.connection.execute(sql, parameters):
        at, who, action, subject, detail, content, previous = texts
        facts, links = _detail(detail, content), (previous, at, who, action, subject, content)
        if facts is None or not all(isinstance(link, str) for link in links) or chained != _chain_hash(links):
            place = ProblemPlace(file=library.label, layer=LOG, feature=str(number))
            how = Problem("verify.chain" if facts else "verify.content", {**place, "at": shown_text(at)})
            raise OneMapError("library.altered", **place, how=how)
        _take_in(book, action, subject, facts, at, who)
    return book


def _chain_hash(links: tuple[str, ...]) -> str | None:
    try:
        return chained_hash(*links)
    except UnicodeEncodeError:  # bytes that are no text
        return None


def _detail(text: Any, content_hash: Any) -> dict[str, Any] | None:
    """Return an entry's detail; None if it is not the text that was hashed."""
    try:
        if not isinstance(text, str) or content_hash != sha256(text):
            return None
        detail = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return detail if isinstance(detail, dict) else None


def _begins_copy(action: Any, detail: Mapping[str, Any]) -> bool:
    """Whether an entry is that of a copy, which names all of its structure; a run could once be logged as a copy."""
    rows = detail.get(ROWS)
    return action == COPY and isinstance(rows, dict) and not rows.keys().isdisjoint(STRUCTURE)


def _take_in(book: LogBook, action: Any, subject: Any, detail: Mapping[str, Any], at: str, who: str) -> None:
    """Take an entry's statements about rows into the book."""
    if _begins_copy(action, detail):
        for kind in STRUCTURE:  # which the copy's store has in its own way
            book.rows.pop(kind, None)
    rows = detail.get(ROWS)
    for table, names in rows.items() if isinstance(rows, dict) else ():
        table_rows = book.rows.setdefault(table, {})
        for name, hash_ in names.items() if isinstance(names, dict) else ():
            if hash_ is None:
                table_rows.pop(name, None)
            else:
                table_rows[name] = WrittenRow(str(hash_), at, who)
    book.chain_heads += _chain_heads(subject, detail.get(HEADS), at, who)
    book.features += [(item, WrittenRow(item.hash, at, who)) for item in features_of_detail(detail)]
    if action == "keep" and isinstance(subject, str):
        book.own_files[subject] = WrittenRow(str(detail.get("hash")), at, who)


def _chain_heads(subject: Any, heads: Any, at: str, who: str) -> list[ChainHead]:
    """Return the heads that an entry of a case names; none if `heads` is not a table of heads."""
    case_id = str(subject).partition(" ")[0]
    named_heads = heads.items() if isinstance(heads, dict) else ()
    pairs = [
        (chain, head) for chain, head in named_heads if isinstance(head, list) and len(head) == len(("number", "hash"))
    ]
    return [
        ChainHead(case_id, chain, number, WrittenRow(str(hash_), at, who))
        for chain, (number, hash_) in pairs
        if type(number) is int
    ]
