"""Checks of a bureau's Word template: nothing in it may act or fetch something when a paper is opened.

A paper is made from its template's parts. Word would obey an attached remote template, a field that starts a program
or includes a file, or a macro for everyone who opens an issued paper.
"""

import re
import zipfile
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from defusedxml import ElementTree

from onemap.layers.errors import OneMapError, Problem

# Fields that print a number, a date, a property or a place of the document itself; all others are refused.
_FIELDS = frozenset(
    ("PAGE", "NUMPAGES", "SECTIONPAGES", "SECTION", "PAGEREF", "REF", "NOTEREF", "STYLEREF", "SEQ", "TOC", "TC", "TOA")
    + ("TA", "XE", "INDEX", "DATE", "TIME", "CREATEDATE", "SAVEDATE", "PRINTDATE", "EDITTIME", "TITLE", "SUBJECT")
    + ("AUTHOR", "KEYWORDS", "COMMENTS", "LASTSAVEDBY", "REVNUM", "DOCPROPERTY", "FILENAME", "FILESIZE", "NUMWORDS")
    + ("NUMCHARS", "SYMBOL", "EQ", "=", "IF", "ADVANCE", "LISTNUM", "AUTONUM", "AUTONUMLGL", "AUTONUMOUT", "HYPERLINK")
    + ("FORMTEXT", "FORMCHECKBOX", "FORMDROPDOWN", "USERNAME", "USERINITIALS", "BIBLIOGRAPHY", "CITATION")
)
_PLAIN_LINK = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_FIELD_LINK = re.compile(r'\s*HYPERLINK\s+(?:\\[lmnt]\s|"?(?:https?|mailto):|\\[lmnt]\s*")', re.IGNORECASE)
_NAME = re.compile(r"\s*(=|[A-Za-z]+)")
_PROGRAMS = re.compile(r"(?:^|/)(?:vbaProject|vbaData|activeX|oleObject)", re.IGNORECASE)
_FETCHING = ("attachedTemplate", "mailMergeSource", "mailMergeHeaderSource", "subDocument", "frame", "aFChunk")
_ACTING_TAGS = frozenset(("mailMerge", "fldSimple", "instrText", "delInstrText", "fldChar"))
_ACTING = ("vbaProject", "oleObject", "control", "activeXControlBinary")


def check_parts(archive: zipfile.ZipFile, file: str) -> None:
    """Refuse a template with a part that acts, or fetches something from elsewhere. file: its name.

    Raises OneMapError statement.template_macro, statement.template_link, statement.template_action with every problem,
    statement.template if its parts cannot be read.
    """
    names = archive.namelist()
    if len(set(names)) < len(names):
        raise OneMapError("statement.template", file=file, reason="a part stands in it twice")
    problems = [
        Problem(code, {"file": file, "part": part, **facts})
        for part in names
        for code, facts in _problems_of(part, archive)
    ]
    if problems:
        raise OneMapError.of(list({(one.code, str(one.facts)): one for one in problems}.values()))


def _problems_of(part: str, archive: zipfile.ZipFile) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield codes and facts of what a part does."""
    if _PROGRAMS.search(part):
        yield "statement.template_macro", {}
        return
    if not part.lower().endswith((".xml", ".rels")):
        return
    root = ElementTree.fromstring(archive.read(part))
    if part.endswith(".rels"):
        yield from _relations(root)
    elif part == "[Content_Types].xml":
        if any("macroEnabled" in str(kind.get("ContentType")) for kind in root):
            yield "statement.template_macro", {}
    else:
        acting = [(kind, node) for node in root.iter() if (kind := _local(node.tag)) in _ACTING_TAGS]
        if any(kind == "mailMerge" for kind, _ in acting):
            yield "statement.template_link", {"what": "mailMerge"}
        for text in _field_texts(acting):
            name = _NAME.match(text)
            field_name = name[1].upper() if name else ""
            if field_name not in _FIELDS or (field_name == "HYPERLINK" and not _FIELD_LINK.match(text)):
                yield "statement.template_action", {"field": field_name or " ".join(text.split())[:40] or "{ }"}


def _relations(root: Any) -> Iterator[tuple[str, dict[str, str]]]:
    for relation in root:
        kind = str(relation.get("Type")).rpartition("/")[2]
        if kind in _ACTING:
            yield "statement.template_macro", {}
        elif kind in _FETCHING:
            yield "statement.template_link", {"what": kind}
        elif relation.get("TargetMode") == "External":
            is_plain = kind == "hyperlink" and _PLAIN_LINK.match(str(relation.get("Target")).strip())
            if not is_plain:
                yield "statement.template_link", {"what": kind}


def _field_texts(acting: Sequence[tuple[str, Any]]) -> Iterator[str]:
    """Yield the code of every field of a part, joined from its runs; an outer field excludes the code of an inner one.

    acting: its elements of _ACTING_TAGS, in order.
    """
    open_codes: list[list[str] | None] = []  # of each field that has begun; None once its result is reached
    for kind, node in acting:
        if kind == "fldSimple":
            yield _attribute(node, "instr")
        elif kind in ("instrText", "delInstrText"):
            code = next((one for one in reversed(open_codes) if one is not None), None)
            if code is None:
                yield node.text or ""  # of a field that never began
            else:
                code.append(node.text or "")
        elif kind == "fldChar":
            what = _attribute(node, "fldCharType")
            if what == "begin":
                open_codes.append([])
            elif open_codes and what in ("separate", "end"):
                if open_codes[-1] is not None:
                    yield "".join(open_codes[-1])
                    open_codes[-1] = None
                if what == "end":
                    open_codes.pop()
    yield from ("".join(code) for code in open_codes if code is not None)


@lru_cache(maxsize=1 << 10)  # a part has thousands of elements, and few names
def _local(tag: Any) -> str:
    return str(tag).rpartition("}")[2]


def _attribute(node: Any, name: str) -> str:
    return next((value for key, value in node.attrib.items() if _local(key) == name), "")
