"""Change some values in a pack's text: comments, order and everything else stay as the planner has written them."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from onemap.layers.catalogue.toml_text import toml_content, toml_or_refusal, toml_value
from onemap.layers.errors import OneMapError
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.kind import LIST, SEVERAL, TEXT, Key
from onemap.rules.judge.packs.keys import CHECKLIST_KEYS, PACK_KEYS, REVIEW_KEYS, RULE_KEYS
from onemap.rules.judge.packs.project_class import CLASS_KEYS

_MOST_READ = 8192  # statements
_WORDED = ("title", "finding", "draft")  # tables of sentences by language
_BASIS, _DAYS = "basis", ("from", "to")  # of whose entries all else is text
_ITEM, _CLASS = "checklist.", "class."  # before the name of an item, or of a class
_TABLES: Mapping[str, Mapping[str, Key]] = {"pack": PACK_KEYS, "review": REVIEW_KEYS}


@dataclass(frozen=True)
class ValueChange:
    """One value of a pack to change.

    table: `pack`, `review`, `class.NAME`, `checklist.ID`, or the id of a rule; keys: the path of keys, with the number
    from 0 for an entry of a list. value: as a person types it, "" to remove the key.
    """

    table: str
    keys: tuple[str, ...]
    value: str

    @property
    def place(self) -> str:
        """The place as it is typed, TABLE:KEY.KEY."""
        return f"{self.table}:{'.'.join(self.keys)}"


def value_change(text: str) -> ValueChange:
    """Read a typed change: TABLE:KEY=VALUE, KEY.KEY for a nested key. Raises OneMapError pack.set."""
    place, equals, value = text.partition("=")
    table, _, key = place.rpartition(":")
    keys = tuple(part.strip() for part in key.split("."))
    if not equals or not table.strip() or not all(keys):
        raise OneMapError("pack.set", field="--set", value=text)
    return ValueChange(table.strip(), keys, value.strip())


def changed_text(text: str, source: str, changes: Sequence[ValueChange]) -> str:
    """Return the text with all changes made. source: the pack, as errors name it.

    Raises OneMapError pack.syntax, pack.no_table, pack.set_value, and pack.unwritable if the file writes a value in a
    way that cannot be kept.
    """
    new_text = text.replace("\r\n", "\n")
    content = toml_or_refusal(new_text, "pack.syntax", source)
    for change in changes:
        new_text = _with_change(new_text, content, source, change)
    # The text is the proof: it says what was wanted, and nothing else has changed.
    if _content_or_none(new_text) != content:
        raise OneMapError("pack.unwritable", file=source, field=", ".join(change.place for change in changes))
    return new_text.replace("\n", "\r\n") if "\r\n" in text else new_text


@dataclass(frozen=True)
class _Statement:
    """A header, a key with its value, or another line. first, last: its lines, without `last`."""

    first: int
    last: int
    keys: tuple[str, ...] = ()
    header: str = ""


def _with_change(text: str, content: dict[str, Any], source: str, change: ValueChange) -> str:
    """The text with one change. content: the text's content, which is changed too."""
    lines = text.split("\n")
    tables = _tables(lines)
    block = _block_of(change, tables, lines)
    if block is None and change.table == "review":
        head = next(one for one in tables if one[0].header == "pack")
        lines[_end_of(head) : _end_of(head)] = ["", "[review]"]
        content["review"] = {}
        return _with_change("\n".join(lines), content, source, change)
    if block is None and change.table.startswith(_ITEM):
        lines += ["[[checklist]]", f"id = {toml_value(change.table.removeprefix(_ITEM))}", ""]
        content.setdefault("checklist", []).append({"id": change.table.removeprefix(_ITEM)})
        return _with_change("\n".join(lines), content, source, change)
    if block is None:
        raise OneMapError(
            "pack.no_table", file=source, field="--set", value=change.table, known=_similar_names(change, content)
        )
    table, first = _content_of(change, content), change.keys[0]
    whole = _with_value(table.get(first), change.keys[1:], _value_of(change, table, source))
    own = [one for one in block[1:] if one.keys[:1] == (first,)]
    if len(own) > 1:
        raise OneMapError("pack.unwritable", file=source, field=change.place)
    if own:
        new_lines = [] if whole is None else [f"{first} = {_toml_lines(whole)}{_comment(lines, own[0])}"]
        if isinstance(whole, list) and (by_line := _entry_by_line(lines[own[0].first : own[0].last], change, whole)):
            new_lines = by_line
        lines[own[0].first : own[0].last] = new_lines
    elif whole is not None:
        lines[_end_of(block) : _end_of(block)] = [f"{first} = {_toml_lines(whole)}"]
    if whole is None:
        table.pop(first, None)
    else:
        table[first] = whole
    return "\n".join(lines)


def _toml_lines(value: Any) -> str:
    """A value as TOML; a list of tables gets a line for each."""
    if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        return "\n".join(("[", *(f"  {toml_value(one)}," for one in value), "]"))
    return toml_value(value)


def _entry_by_line(lines: Sequence[str], change: ValueChange, whole: Sequence[Any]) -> list[str] | None:
    """Change or add one entry in a list written with one entry per line; None if it is written differently.

    The comments of the other entries stay.
    """
    at, inner = int(change.keys[1]) if len(change.keys) > 1 else -1, list(lines[1:-1])
    entries = [_content_or_none(f"x = [{line}\n]") for line in inner]
    if at < 0 or not all(one is not None and len(one["x"]) == 1 for one in entries) or len(inner) > len(whole):
        return None
    former = inner[at] if at < len(inner) else ""
    comment = former.rpartition("}")[2].lstrip(",")
    inner[at : at + 1] = [f"  {toml_value(whole[at])},{comment}"]
    return [lines[0], *inner, lines[-1]]


def _similar_names(change: ValueChange, content: Mapping[str, Any]) -> list[str]:
    """Names of tables and rules similar to one that does not exist."""
    names = [str(item.get("id", "")) for item in content.get("rule", ())]
    names += [*_TABLES, *(f"{_CLASS}{name}" for name in content.get("class", {}))]
    names += [f"{_ITEM}{item.get('id')}" for item in content.get("checklist", ())]
    return difflib.get_close_matches(change.table, names, n=3, cutoff=0.4)


def _content_of(change: ValueChange, content: dict[str, Any]) -> dict[str, Any]:
    """The table in a pack's content that a change concerns."""
    if change.table in _TABLES:
        table: dict[str, Any] = content[change.table]
    elif change.table.startswith(_CLASS):
        table = content["class"][change.table.removeprefix(_CLASS)]
    elif change.table.startswith(_ITEM):
        name = change.table.removeprefix(_ITEM)
        table = next(item for item in content["checklist"] if item.get("id") == name)
    else:
        table = next(item for item in content["rule"] if item.get("id") == change.table)
    return table


def _tables(lines: Sequence[str]) -> list[list[_Statement]]:
    """The tables of a text: each its header and the statements below it."""
    tables: list[list[_Statement]] = []
    for one in _statements(lines):
        if one.header or not tables:
            tables.append([one])
        else:
            tables[-1].append(one)
    return tables


def _statements(lines: Sequence[str]) -> Iterator[_Statement]:
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        end = at + 1
        if line.startswith("["):
            yield _Statement(at, end, header=line.split("#")[0].strip().strip("[] "))
        elif line and not line.startswith("#"):
            content = None
            while content is None and end <= len(lines):
                content, end = _content_or_none("\n".join(lines[at:end])), end + 1
            end -= 1
            # Of a dotted key, such as `a.b = 1`, its beginning, so that it is not rewritten.
            yield _Statement(at, end, tuple(content or {})[:1])
        at = end


@lru_cache(maxsize=_MOST_READ)  # of a pack of which several values are changed, each statement is read once
def _content_or_none(text: str) -> dict[str, Any] | None:
    try:
        return toml_content(text)
    except ValueError:
        return None


def _block_of(change: ValueChange, tables: Sequence[list[_Statement]], lines: Sequence[str]) -> list[_Statement] | None:
    """The statements of the table that a change concerns; None if the text does not have it."""
    for block in tables:
        header = block[0].header.replace(" ", "")
        is_item = change.table.startswith(_ITEM)
        if header == ("checklist" if is_item else "rule") and change.table not in _TABLES:
            own = next((one for one in block[1:] if one.keys == ("id",)), None)
            item_id = toml_content("\n".join(lines[own.first : own.last]))["id"] if own is not None else None
            if item_id == change.table.removeprefix(_ITEM if is_item else ""):
                return block
        elif header == change.table or header.replace('"', "") == change.table:
            return block
    return None


def _end_of(block: Sequence[_Statement]) -> int:
    """The line after the last statement of a table."""
    return block[-1].last


def _comment(lines: Sequence[str], one: _Statement) -> str:
    """The comment at the end of a statement, with the blanks before it."""
    last = lines[one.last - 1]
    text = "\n".join(lines[one.first : one.last])
    content = _content_or_none(text)
    for at, sign in enumerate(last):
        before = "\n".join([*lines[one.first : one.last - 1], last[:at]])
        if sign == "#" and _content_or_none(before) == content:
            before_comment = last[:at].rstrip()
            return last[len(before_comment) :]
    return ""


def _with_value(content: Any, keys: Sequence[str], value: Any) -> Any:
    """A value with one nested value set or removed; None if nothing is left."""
    if not keys:
        return value
    if isinstance(content, list) or keys[0].isdecimal():
        return _with_entry(content, keys, value)
    table = dict(content) if isinstance(content, Mapping) else {}
    table[keys[0]] = _with_value(table.get(keys[0]), keys[1:], value)
    return {key: one for key, one in table.items() if one is not None} or None


def _with_entry(content: Any, keys: Sequence[str], value: Any) -> list[Any] | None:
    """A list with one entry changed or added; an entry that becomes empty is removed."""
    entries = list(content) if isinstance(content, list) else []
    at = int(keys[0]) if keys[0].isdecimal() else len(entries)
    former = entries[at] if at < len(entries) else None
    new_entry = _with_value(former, keys[1:], value)
    entries[at : at + 1] = [] if new_entry is None else [new_entry]
    return entries or None


def _value_of(change: ValueChange, table: Mapping[str, Any], source: str) -> Any:
    """The value of a change, in the type of its key; None to remove the key. Raises OneMapError pack.set_value."""
    if change.value == "":
        return None
    first, rest = change.keys[0], change.keys[1:]
    key = _key_of(change, table)
    is_text = first == _BASIS and rest and rest[-1] not in _DAYS
    if is_text or (rest and first in _WORDED) or (not rest and key is not None and key.type == TEXT):
        return change.value
    try:
        return toml_content(f"value = {change.value}")["value"]
    except ValueError:
        if key is not None and not rest and key.type == LIST:
            return [part.strip() for part in change.value.replace("，", ",").split(",") if part.strip()]
        if first != _BASIS and (key is None or rest or key.type in SEVERAL):
            return change.value
        raise OneMapError("pack.set_value", file=source, field=change.place, value=change.value) from None


def _key_of(change: ValueChange, table: Mapping[str, Any]) -> Key | None:
    keys = _TABLES.get(change.table)
    if keys is None:
        kind = KINDS.get(str(table.get("kind")))
        own = {**RULE_KEYS, **(kind.keys if kind else {})}
        of_name = {_CLASS: CLASS_KEYS, _ITEM: CHECKLIST_KEYS}
        keys = next((keys for head, keys in of_name.items() if change.table.startswith(head)), own)
    return keys.get(change.keys[0])
