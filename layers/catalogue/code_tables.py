"""Code tables (resources/codes): the codes that a field may hold, and their names."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from onemap.layers.catalogue.toml_text import toml_content, toml_reason
from onemap.layers.errors import OneMapError
from onemap.layers.shipped_files import RESOURCES

SURVEY = "survey-classes"  # the classes of a field for which the catalogue names no table
_FOLDER = RESOURCES / "codes"
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))  # of no width, as copied text has them
_SEPARATORS = re.compile(r"[/+、,;|()\[\]{}]+")
_LETTERED, _TOGETHER = re.compile(r"[A-Z]\d+"), re.compile(r"(?:[A-Z]\d+){2,}")  # plots of plans: R2B1
_TABLE_KEYS = {"title", "version", "standard", "base", "without", "suffixes", "prefixes", "mixed", "earlier"}


def narrow_text(text: str) -> str:
    """Return a text with half-width characters, without blanks and zero-width characters."""
    return "".join(unicodedata.normalize("NFKC", text).translate(_UNSEEN).split())


def plain_code(code: str) -> str:
    """Return a code in the form used for comparison: half-width, upper case, no blanks."""
    return narrow_text(code).upper()


def code_parts(code: str) -> list[str]:
    """Return the codes in one value, in comparable form, the main one first: both of B1/R2 and both of R2B1."""
    parts = [part for part in _SEPARATORS.split(plain_code(code)) if part]
    return [one for part in parts for one in (_LETTERED.findall(part) if _TOGETHER.fullmatch(part) else [part])]


@dataclass(frozen=True)
class CodeTable:
    """One classification in one version.

    classes: code → {zh, en, group}; groups: the groups' names; first: the headings above classes; variants: code → the
    other names it may have. suffixes: letters that may follow a code of four; prefixes: a code may be refined at its
    end; mixed: a value may name several codes, the main one first. earlier: the table before, used in older data.
    """

    name: str
    title: dict[str, str]
    version: str
    standard: str
    classes: dict[str, dict[str, str]]
    groups: dict[str, dict[str, str]] = field(default_factory=dict)
    first: dict[str, dict[str, str]] = field(default_factory=dict)
    variants: dict[str, list[str]] = field(default_factory=dict)
    suffixes: tuple[str, ...] = ()
    prefixes: bool = False
    mixed: bool = False
    earlier: str | None = None

    def class_of(self, code: str) -> str | None:
        """Return the class of a value (of its main code), or None unless the table knows all its codes."""
        parts = code_parts(code) if self.mixed else [plain_code(code)]
        classes = [self._single(part) for part in parts]
        return classes[0] if classes and None not in classes else None

    def has(self, code: str) -> bool:
        """Whether the table has a code, as a class, a heading, or a refinement of a class without subclasses."""
        if code in self.first or self.class_of(code) is not None:
            return True
        ends = (code[:end] for end in range(len(code) - 1, 0, -1))
        within = next((end for end in ends if end in self.classes), None)
        return within is not None and not any(other.startswith(within) and other != within for other in self.classes)

    def explains(self, value: str) -> bool:
        """Whether a value has only one meaning: a code of this table, or of the earlier one.

        201 was a city, and may be 0201, orchards, in a file that has lost the zeros: so it has no single meaning.
        """
        code = plain_code(value)
        if not (code.isascii() and code.isalnum()) and not self.mixed:
            return code in self.classes
        is_earlier = self.earlier is not None and code in code_table(self.earlier).classes
        return self.has(code) or (is_earlier and not self.has(f"0{code}"))

    def known_class(self, value: str) -> "tuple[CodeTable, str] | None":
        """Return the class of a value by this table, or by the earlier one if it has one meaning there; else None."""
        code_class = self.class_of(value)
        if code_class is not None:
            return self, code_class
        if self.earlier is None or not self.explains(value):
            return None
        before = code_table(self.earlier)
        code_class = before.class_of(value)
        return None if code_class is None else (before, code_class)

    def writes(self, code: str) -> bool:
        """Whether the table has exactly this value, without changes of width, case or blanks."""
        parts = [part for part in _SEPARATORS.split(code) if part] if self.mixed else [code]
        return bool(parts) and all(self._single(part) is not None for part in parts)

    def _single(self, code: str) -> str | None:
        if code in self.classes:
            return code
        if code in self.variants:
            return code[:4]
        if len(code) > 2 and code[-1] in self.suffixes and code[:-1] in self.classes:
            return code[:-1]
        if self.prefixes:
            return next((code[:end] for end in range(len(code) - 1, 0, -1) if code[:end] in self.classes), None)
        return None

    def is_name_of(self, code: str, name: str) -> bool:
        """Whether a name is that of a code's class, apart from blanks, brackets and the ending 用地."""
        code_class = self.class_of(code)
        own = () if code_class is None else (self.classes[code_class]["zh"], *self.variants.get(plain_code(code), ()))
        return _plain_name(name) in map(_plain_name, own)

    def agrees(self, code: str, name: str) -> bool:
        """Whether a name agrees with a code; a code that the table does not contain agrees with every name.

        In a table whose codes may be refined a name is wrong only if it belongs to another class.
        """
        code_class = self.class_of(code)
        if code_class is None:
            return True
        plain_name = _plain_name(name)
        if self.is_name_of(code, name):
            return True
        if not self.prefixes:
            return False
        above = {
            _plain_name(self.classes[code_class[:end]]["zh"])
            for end in range(1, len(code_class))
            if code_class[:end] in self.classes
        }
        others = {_plain_name(entry["zh"]) for entry in self.classes.values()}
        return plain_name in above or plain_name not in others


def _plain_name(name: str) -> str:
    """Return a class's name in comparable form: without blanks, brackets and the ending 用地."""
    text = re.sub(r"[(（].*?[)）]", "", unicodedata.normalize("NFKC", name))
    return "".join(text.split()).removesuffix("用地")


@lru_cache(maxsize=1)
def table_names() -> tuple[str, ...]:
    """Return the names of all code tables."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


@lru_cache(maxsize=32)
def code_table(name: str) -> CodeTable:
    """One code table. Raises OneMapError codes.wrong that names file and key."""
    raw = _read(name)
    table = raw.get("table")
    if not isinstance(table, dict) or not {"title", "version", "standard"} <= set(table):
        raise OneMapError("codes.wrong", file=f"{name}.toml", key="table", reason="title, version, standard")
    unknown = set(table) - _TABLE_KEYS
    if unknown:
        raise OneMapError(
            "codes.wrong", file=f"{name}.toml", key=f"table.{min(unknown)}", reason=str(sorted(_TABLE_KEYS))
        )
    classes: dict[str, dict[str, str]] = {}
    if "base" in table:
        if table["base"] not in table_names() or table["base"] == name:
            raise OneMapError("codes.wrong", file=f"{name}.toml", key="table.base", reason=str(table["base"]))
        classes.update(code_table(table["base"]).classes)
    for code in table.get("without", ()):
        classes.pop(code, None)
    groups: dict[str, Any] = raw.get("group") or (_read(table["base"])["group"] if "base" in table else {})
    for code, entry in raw.get("class", {}).items():
        if not isinstance(entry, dict) or not isinstance(entry.get("zh"), str) or entry.get("group") not in groups:
            raise OneMapError("codes.wrong", file=f"{name}.toml", key=f"class.{code}", reason="zh, en, group")
        classes[code] = entry
    return CodeTable(
        name=name,
        title=table["title"],
        version=str(table["version"]),
        standard=table["standard"],
        classes=classes,
        groups=groups,
        first=raw.get("first", {}),
        variants={code: list(names) for code, names in raw.get("variant", {}).items()},
        suffixes=tuple(table.get("suffixes", ())),
        prefixes=bool(table.get("prefixes", False)),
        mixed=bool(table.get("mixed", False)),
        earlier=table.get("earlier"),
    )


def class_titles(tables: Sequence[str], code: str) -> dict[str, str] | None:
    """Return the title of a code, by language, from the first table that knows it; None if none does."""
    for table in map(code_table, tables):
        code_class = table.class_of(code)
        if code_class is not None:
            return {language: text for language, text in table.classes[code_class].items() if language in ("zh", "en")}
    return None


def group_titles(tables: Sequence[str], group: str) -> dict[str, str] | None:
    """Return the name of a group of classes from the first table that has it; None if none does."""
    return next((table.groups[group] for table in map(code_table, tables) if group in table.groups), None)


def _read(name: str) -> dict[str, Any]:
    try:
        return toml_content((_FOLDER / f"{name}.toml").read_text(encoding="utf-8-sig"))
    except (ValueError, OSError) as error:
        raise OneMapError("codes.wrong", file=f"{name}.toml", key="–", reason=toml_reason(error)) from None
