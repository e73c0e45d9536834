"""Portable SQL as PostgreSQL speaks it: ? marks, and the types of tables."""

import re
from functools import lru_cache

TYPES = {"INTEGER": "bigint", "REAL": "double precision", "TEXT": 'text COLLATE "C"', "BLOB": "bytea"}
_TOKENS = re.compile(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")|(\?)")
_TYPE_WORDS = re.compile(r"\b(INTEGER|REAL|TEXT|BLOB)\b|\s*\bWITHOUT ROWID\b")
_MAKES_TABLE = re.compile(r"\s*(?:CREATE|ALTER)\s+TABLE\b", re.IGNORECASE)
_IF_ABSENT = re.compile(
    r'\s*CREATE\s+(?:UNIQUE\s+)?(?:TABLE|INDEX|VIEW)\s+IF\s+NOT\s+EXISTS\s+"?([A-Za-z_][A-Za-z0-9_]*)', re.IGNORECASE
)


@lru_cache(maxsize=512)
def server_sql(sql: str) -> str:
    """Return a statement with ? marks in psycopg's form; text is compared byte by byte, as a file does."""
    makes_table = bool(_MAKES_TABLE.match(sql))
    parts, end = [], 0
    for token in _TOKENS.finditer(sql):
        parts.append(_plain(sql[end : token.start()], makes_table))
        parts.append("%s" if token.group(2) else token.group(1).replace("%", "%%"))
        end = token.end()
    parts.append(_plain(sql[end:], makes_table))
    return "".join(parts)


def _plain(text: str, makes_table: bool) -> str:
    if makes_table:
        text = _TYPE_WORDS.sub(lambda word: TYPES.get(word.group(1) or "", ""), text)
    return text.replace("%", "%%")


def made_if_absent(sql: str) -> str | None:
    """Return the object of a CREATE … IF NOT EXISTS; PostgreSQL asks for the right to make it even if it exists."""
    match = _IF_ABSENT.match(sql)
    return match.group(1) if match else None
