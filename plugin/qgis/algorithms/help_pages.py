"""The page of Processing's Help button: the reference of the verbs, opened at the verb; it works without network."""

from __future__ import annotations

import os
import re
from html import escape
from pathlib import Path

from qgis.PyQt.QtCore import QUrl

from onemap.plugin.profile.paths import FOLDER, profile_folder
from onemap.plugin.profile.settings import language

HEAD = "<!DOCTYPE html><html><head><meta charset='utf-8'><title>One Map</title></head><body>"
# qgis_process has no fonts, and so cannot use Qt's own reader of Markdown.
INLINE = ((r"`([^`]+)`", r"<code>\1</code>"), (r"\*\*([^*]+)\*\*", r"<b>\1</b>"), (r"\[([^\]]+)\]\([^)]+\)", r"\1"))


def help_url(verb: str) -> str:
    """The address of a verb's section in the reference, in the user's language; empty if it cannot be written."""
    source = FOLDER / "docs" / f"reference.{language()}.md"
    page = profile_folder() / "help" / f"reference.{language()}.html"
    try:
        moment = source.stat().st_mtime_ns
        if not page.exists() or page.stat().st_mtime_ns != moment:  # another version of the plugin
            _write(page, reference_page(source.read_text(encoding="utf-8")), moment)
    except OSError:
        return ""
    url = QUrl.fromLocalFile(str(page))
    url.setFragment(_mark(verb))
    return url.toString()


def reference_page(text: str) -> str:
    """The reference as HTML, each heading with an anchor. text: its Markdown, with headings, lists, tables and code."""
    lines: list[str] = [HEAD]
    is_code = False
    for line in text.splitlines():
        if line.startswith("```"):
            is_code = not is_code
            lines.append("<pre>" if is_code else "</pre>")
        else:
            lines.append(escape(line) if is_code else _line(line))
    return "\n".join([*lines, "</body></html>"])


def _line(line: str) -> str:
    heading = re.match(r"(#+) (.*)", line)
    text = escape((heading[2] if heading else line).strip())
    for pattern, replacement in INLINE:
        text = re.sub(pattern, replacement, text)
    if heading:
        level = len(heading[1])
        return f"<h{level} id='{_mark(heading[2])}'>{text}</h{level}>"
    if line.startswith("- "):
        return f"<li>{text[2:]}</li>"
    if line.startswith("|"):
        cells = "".join(f"<td>{cell.strip()}</td>" for cell in text.strip("|").split("|"))
        return "" if set(text) <= set("|-: ") else f"<table><tr>{cells}</tr></table>"
    return f"<p>{text}</p>" if text else ""


def _mark(heading: str) -> str:
    return re.sub(r"\W+", "-", heading.strip().lower())


def _write(page: Path, text: str, moment: int) -> None:
    page.parent.mkdir(parents=True, exist_ok=True)
    new_file = page.with_suffix(f".{os.getpid()}.part")
    new_file.write_text(text, encoding="utf-8")
    os.utime(new_file, ns=(moment, moment))
    os.replace(new_file, page)
