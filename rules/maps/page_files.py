"""Pages of title, lead (if any), facts, a picture (if any) and tables as one file: PDF by typst, Word, HTML or JSON."""

import html
import io
import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onemap.layers.messages import RESOURCES
from onemap.layers.progress import Progress
from onemap.rules.maps.fonts import chosen_fonts
from onemap.rules.maps.pdf_packing import packed_pdf
from onemap.rules.maps.typst_pages import set_pages

TEMPLATE = "pages.typ"
Page = dict[str, Any]
_PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")
_EMPTY = ("", "–")
_LONG = re.compile(r"[A-Za-z0-9_./:\\-]{22,}")
_MM = 170.0
_FACTS_MM = (23.0, 42.0, 23.0, 82.0)  # two facts beside each other
_PICTURE_MM = 152.0  # in Word, whose lines are higher than those of typst
_WIDE = 0.17  # of a table's width: a column of sentences, which keeps room for some words on a narrow screen
_STYLE = """
html { color-scheme: light }
body { font-family: "Source Han Sans SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; margin: 1.5em auto;
  padding: 0 1em; max-width: 62em; color: #1a1a1a; background: #fff; line-height: 1.45 }
section { break-after: page; margin-bottom: 4em }
h1 { font-size: 1.6em; line-height: 1.25; overflow-wrap: anywhere } h2 { font-size: 1.2em; margin: 1.4em 0 0.4em }
.table { overflow-x: auto; margin: 0 0 1em }
table { border-collapse: collapse; width: 100%; font-size: 0.85em }
th, td { border: 1px solid #999; padding: 0.25em 0.5em; text-align: left; vertical-align: top; white-space: pre-line;
  min-width: 3em }
th { background: #ebebeb; word-break: keep-all } tbody th { font-weight: normal; width: 22% }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums } td.n { white-space: nowrap }
th.w, td.w { min-width: 9em }
svg { width: 100%; height: auto; margin: 0.4em 0 } .note { font-size: 0.85em; color: #444 }
@media print { .table { overflow: visible } th.w, td.w { min-width: 0 } tr { break-inside: avoid } body { margin: 0 } }
"""


def without_empty_columns(page: Page) -> Page:
    """The page with tables of which every column says something in some row; a table keeps its first column."""
    return {**page, "blocks": [_filled_columns(block) for block in page["blocks"]]}


def _filled_columns(block: dict[str, Any]) -> dict[str, Any]:
    rows = block["rows"]
    kept = [
        column
        for column in range(len(block["heads"]))
        if column == 0 or not rows or any(row[column] not in _EMPTY for row in rows)
    ]
    picked = {name: [block[name][column] for column in kept] for name in ("heads", "widths")}
    numbers = [place for place, column in enumerate(kept) if column in block["numbers"]]
    return {**block, **picked, "numbers": numbers, "rows": [[row[column] for column in kept] for row in rows]}


def json_file(head: dict[str, Any], sheets: Sequence[dict[str, Any]]) -> bytes:
    """All facts, unrounded."""
    text = json.dumps({**head, "sheets": list(sheets)}, ensure_ascii=False, indent=1, allow_nan=False)
    return (text + "\n").encode()


def pdf_file(
    pages: Sequence[Page], maps: Sequence[str], head: str, language: str, progress: Progress
) -> tuple[bytes, int]:
    """The PDF and how many pages it has.

    maps: a page's as SVG text, an empty one for none; head: what stands at every page's foot.
    """
    fonts = chosen_fonts()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / TEMPLATE).write_bytes((RESOURCES / "templates" / TEMPLATE).read_bytes())
        sheets = [
            {**_breakable(without_empty_columns(page)), "name": _name(page), "pictured": bool(svg)}
            for page, svg in zip(pages, maps, strict=True)
        ]
        content = {"language": language, "foot": head, "sheets": sheets}
        (place / "content.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        (place / "fonts.json").write_text(json.dumps(fonts.record(), ensure_ascii=False), encoding="utf-8")
        for number, svg in enumerate(maps, start=1):
            if svg:
                (place / f"map-{number}.svg").write_text(svg, encoding="utf-8")
        result = set_pages(place / TEMPLATE, TEMPLATE, progress, timestamp=0)
    assert isinstance(result, bytes), "one document is one file"  # noqa: S101 - for the type checker  # nosec B101
    return packed_pdf(result), len(_PAGE.findall(result))


def _name(page: Page) -> str:
    """What a page is called among the others of its file: by its parcel, else by its title."""
    return " · ".join(filter(None, (page.get("parcel"), page["title"])))


def _breakable(node: Any) -> Any:
    """Texts in which a name of many letters without a space may break where its cell ends."""
    if isinstance(node, str):
        return _LONG.sub(lambda found: "\u200b".join(re.findall(".{1,6}", found[0])), node)
    if isinstance(node, dict):
        return {name: _breakable(value) for name, value in node.items()}
    return [_breakable(item) for item in node] if isinstance(node, list) else node


def html_file(pages: Sequence[Page], maps: Sequence[str], head: str, language: str) -> bytes:
    """One page for a browser that fetches nothing and runs nothing."""
    title = html.escape(pages[0]["title"]) if pages else ""
    tongue = "zh-CN" if language == "zh" else language
    parts = [
        f'<!DOCTYPE html><html lang="{tongue}"><head><meta charset="utf-8"><title>{title}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<style>{_STYLE}</style></head><body>",
    ]
    for page, svg in zip(map(without_empty_columns, pages), maps, strict=True):
        lead = f"<p>{html.escape(page['lead'])}</p>" if "lead" in page else ""
        facts = _html_facts(page["facts"]) if page["facts"] else ""
        parts.append(f"<section><h1>{html.escape(page['title'])}</h1>{lead}{facts}{svg}")
        for block in page["blocks"]:
            parts.append(f"<h2>{html.escape(block['heading'])}</h2>")
            parts += [_html_table(block)] if block["rows"] else []
            parts += [f'<p class="note">{html.escape(block["note"])}</p>'] if block["note"] else []
        parts.append(f'<p class="note">{html.escape(head)}</p></section>')
    return "".join([*parts, "</body></html>\n"]).encode()


def _html_facts(facts: Sequence[Sequence[str]]) -> str:
    lines = (f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(text)}</td></tr>' for name, text in facts)
    return f'<div class="table"><table><tbody>{"".join(lines)}</tbody></table></div>'


def _html_table(block: dict[str, Any]) -> str:
    """The block's table: as wide as the page, or wider and rolled sideways; columns by their widths."""
    heads, widths = block["heads"], block["widths"]
    parts = [width / sum(widths) for width in widths]
    kinds = [
        ' class="n"' if column in block["numbers"] else ' class="w"' if parts[column] >= _WIDE else ""
        for column in range(len(heads))
    ]
    columns = "".join(f'<col style="width:{100 * part:.1f}%">' for part in parts)
    top = "".join(f'<th scope="col"{kinds[at]}>{html.escape(text)}</th>' for at, text in enumerate(heads))
    lines = (
        "".join(f"<td{kinds[at]}>{html.escape(text)}</td>" for at, text in enumerate(row)) for row in block["rows"]
    )
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    name = html.escape(block["heading"])
    return (
        f'<div class="table" tabindex="0" role="region" aria-label="{name}"><table><colgroup>{columns}</colgroup>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _in_pairs(facts: Sequence[Sequence[str]]) -> list[list[str]]:
    """Facts two by two: name, text, name, text; the last may stand alone."""
    pairs = [*facts, ("", "")] if len(facts) % 2 else facts
    return [[*pairs[at], *pairs[at + 1]] for at in range(0, len(pairs), 2)]


def docx_file(pages: Sequence[Page], pictures: Sequence[bytes], head: str) -> bytes:
    """The Word file: a page or two for each parcel, its map as a PNG, an empty one for none."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm, Pt

    from onemap.rules.maps.word_pages import new_word_page, page_number, word_table

    document = new_word_page(_MM)
    foot = document.sections[0].footer.paragraphs[0]
    foot.add_run(f"{head} · ").font.size = Pt(7)
    page_number(foot, 7)
    for number, (page, picture) in enumerate(zip(map(without_empty_columns, pages), pictures, strict=True)):
        title = document.add_paragraph(page["title"], style="Title")
        title.alignment, title.paragraph_format.page_break_before = WD_ALIGN_PARAGRAPH.CENTER, number > 0
        title.paragraph_format.space_after = Pt(6)
        if "lead" in page:
            document.add_paragraph(page["lead"])
        if page["facts"]:
            word_table(document, (), _in_pairs(page["facts"]), _FACTS_MM, size_pt=8.5, names=(0, 2))
        if picture:
            document.add_picture(io.BytesIO(picture), width=Mm(_PICTURE_MM))
            document.paragraphs[-1].alignment = WD_ALIGN_PARAGRAPH.CENTER
        for block in page["blocks"]:
            document.add_heading(block["heading"], 2)
            if block["rows"]:
                unit = _MM / sum(block["widths"])
                widths = [width * unit for width in block["widths"]]
                word_table(document, block["heads"], block["rows"], widths, size_pt=8.0, numbers=block["numbers"])
            if block["note"]:
                document.add_paragraph().add_run(block["note"]).font.size = Pt(8)
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()
