"""Pages of title, lead (if any), facts, a picture (if any) and tables as one file: PDF by typst, Word, HTML or JSON."""

import html
import io
import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onemap.layers.messages import RESOURCES, phrase
from onemap.layers.progress import Progress
from onemap.layers.visible_text import visible_text
from onemap.rules.maps.fonts import chosen_fonts
from onemap.rules.maps.map_pictures import Picture
from onemap.rules.maps.pdf_packing import packed_pdf
from onemap.rules.maps.svg_text import picture_label
from onemap.rules.maps.typst_pages import set_pages

TEMPLATE = "pages.typ"
Page = dict[str, Any]
_PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")
_EMPTY = ("", "–")
_LESS = re.compile(r"([<>]) (?=[\d−])")
_LONG = re.compile(r"[A-Za-z0-9_./:\\-]{22,}")
_WORDS = re.compile(r"[^\s\u2e80-\uffff]+")
_MM = 170.0
_TABLE_PT, _CELL_MM = 8.0, 4.0  # letters of tables, room beside a cell's text
_EM, _BOLD_EM = 0.6, 0.68  # how wide a letter is at most on average, in the widest of the fonts that may stand in
_FACTS_MM = (23.0, 42.0, 23.0, 82.0)  # two facts beside each other
_PICTURE_MM = 152.0  # in Word, whose lines are higher than those of typst
_WIDE = 0.17  # of a table's width: a column of sentences, which keeps room for some words on a narrow screen
_STYLE = """
:root { --ink: #1a1a1a; --soft: #444; --paper: #fff; --line: #999; --head: #ebebeb; color-scheme: light }
body { font-family: "Source Han Sans SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; margin: 1.5em auto;
  padding: 0 1em; max-width: 62em; color: var(--ink); background: var(--paper); line-height: 1.45 }
section { break-after: page; margin-bottom: 4em } section.on { break-after: auto; margin-bottom: 1.5em }
h1 { font-size: 1.6em; line-height: 1.25; overflow-wrap: anywhere } h2 { font-size: 1.2em; margin: 1.4em 0 0.4em }
.table { overflow-x: auto; margin: 0 0 1em }
table { border-collapse: collapse; width: 100%; font-size: 0.85em }
th, td { border: 1px solid var(--line); padding: 0.25em 0.5em; text-align: left; vertical-align: top;
  white-space: pre-line; min-width: 3em }
th { background: var(--head); word-break: keep-all } tbody th { font-weight: normal; width: 22% }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums } td.n { white-space: nowrap }
th.w, td.w { min-width: 9em }
.picture { overflow-x: auto } svg { width: 100%; height: auto; margin: 0.4em 0; background: #fff }
.rolled { display: none }
@media screen and (max-width: 46em) { .picture svg { min-width: 44em } .rolled { display: block } }
.note { font-size: 0.85em; color: var(--soft) }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e6e8eb; --soft: #aab3bd; --paper: #1b1e22; --line: #5a626b; --head: #2b3138; color-scheme: dark }
  svg { box-sizing: border-box; padding: 0.5em }
}
@media print { .table { overflow: visible } th.w, td.w { min-width: 0 } tr { break-inside: avoid } body { margin: 0 } }
"""


def without_empty_columns(page: Page) -> Page:
    """The page with tables of which every column says something in some row; a table keeps its first column."""
    return {**page, "blocks": [_filled_columns(block) for block in page["blocks"]]}


def printed_page(page: Page) -> Page:
    """The page as it is printed: no column without a word, none so narrow that a word breaks, "< 0.1" in one piece."""
    texts: Page = _in_one_piece(without_empty_columns(page))
    blocks = [{**block, "widths": _fitting(block)} if block["rows"] else block for block in texts["blocks"]]
    return {**texts, "blocks": blocks}


def _in_one_piece(node: Any) -> Any:
    """Texts in which a sign stays with the number behind it."""
    if isinstance(node, str):
        return visible_text(_LESS.sub("\\1\u00a0", node))
    if isinstance(node, dict):
        return {name: _in_one_piece(value) for name, value in node.items()}
    return [_in_one_piece(item) for item in node] if isinstance(node, list) else node


def _fitting(block: dict[str, Any]) -> list[float]:
    """Widths of a table's columns in mm, such that none is narrower than its longest word, as far as there is room."""
    unit = _MM / sum(block["widths"])
    widths = [width * unit for width in block["widths"]]
    least = [
        max(_word_mm(block["heads"][at], _BOLD_EM), *(_word_mm(row[at], _EM) for row in block["rows"])) + _CELL_MM
        for at in range(len(widths))
    ]
    lacks = [max(need - width, 0.0) for need, width in zip(least, widths, strict=True)]
    spare = [max(width - need, 0.0) for need, width in zip(least, widths, strict=True)]
    if not any(lacks) or sum(spare) <= sum(lacks):
        return widths
    part = sum(lacks) / sum(spare)
    return [width + more - part * over for width, more, over in zip(widths, lacks, spare, strict=True)]


def _word_mm(text: str, em: float) -> float:
    """How wide the longest word of a text is at most; Chinese breaks anywhere, and so do words that are made to."""
    longest = max((len(word) for word in _WORDS.findall(text) if not _LONG.search(word)), default=1)
    return longest * em * _TABLE_PT * 0.3528


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
            {**_breakable(printed_page(page)), "name": _name(page), "pictured": bool(svg)}
            for page, svg in zip(pages, maps, strict=True)
        ]
        content = {"language": language, "foot": visible_text(head), "sheets": sheets}
        (place / "content.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        (place / "fonts.json").write_text(json.dumps(fonts.record(), ensure_ascii=False), encoding="utf-8")
        for number, svg in enumerate(maps, start=1):
            if svg:
                (place / f"map-{number}.svg").write_text(svg, encoding="utf-8")
        (result,) = set_pages(place / TEMPLATE, TEMPLATE, progress, timestamp=0)
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
    head, title = visible_text(head), html.escape(visible_text(pages[0]["title"])) if pages else ""
    tongue = "zh-CN" if language == "zh" else language
    parts = [
        f'<!DOCTYPE html><html lang="{tongue}"><head><meta charset="utf-8"><title>{title}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<style>{_STYLE}</style></head><body>",
    ]
    for number, (page, svg) in enumerate(zip(map(printed_page, pages), maps, strict=True), start=1):
        goes_on = number < len(pages) and bool(pages[number].get("follows"))
        level, kind = (2 if page.get("follows") else 1), ' class="on"' if goes_on else ""
        lead = f"<p>{html.escape(page['lead'])}</p>" if "lead" in page else ""
        facts = _html_facts(page["facts"]) if page["facts"] else ""
        parts.append(f"<section{kind}><h{level}>{html.escape(page['title'])}</h{level}>{lead}{facts}")
        if svg:
            name = html.escape(picture_label(svg) or page["title"])
            parts.append(f'<div class="picture" tabindex="0" role="region" aria-label="{name}">{svg}</div>')
            parts.append(f'<p class="note rolled">{html.escape(phrase("map.rolled", language))}</p>')
        for block in page["blocks"]:
            parts += [f"<h2>{html.escape(block['heading'])}</h2>"] if block["heading"] else []
            parts += [_html_table(block)] if block["rows"] else []
            parts += [f'<p class="note">{html.escape(block["note"])}</p>'] if block["note"] else []
        parts.append("</section>" if goes_on else f'<p class="note">{html.escape(head)}</p></section>')
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
    name = html.escape(block["heading"] or block["heads"][0])
    return (
        f'<div class="table" tabindex="0" role="region" aria-label="{name}"><table><colgroup>{columns}</colgroup>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _in_pairs(facts: Sequence[Sequence[str]]) -> list[list[str]]:
    """Facts two by two: name, text, name, text; the last may stand alone."""
    pairs = [*facts, ("", "")] if len(facts) % 2 else facts
    return [[*pairs[at], *pairs[at + 1]] for at in range(0, len(pairs), 2)]


def docx_file(pages: Sequence[Page], pictures: Sequence[Picture | None], head: str) -> bytes:
    """The Word file: a page or two for each parcel, its map as a picture, None for none."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm, Pt

    from onemap.rules.maps.word_pages import describe_pictures, new_word_page, page_number, word_table

    document = new_word_page(_MM)
    foot = document.sections[0].footer.paragraphs[0]
    foot.add_run(f"{visible_text(head)} · ").font.size = Pt(7)
    page_number(foot, 7)
    for number, (page, picture) in enumerate(zip(map(printed_page, pages), pictures, strict=True)):
        follows = bool(page.get("follows"))
        if follows:
            document.add_heading(page["title"], 1)
        else:
            title = document.add_paragraph(page["title"], style="Title")
            title.alignment, title.paragraph_format.page_break_before = WD_ALIGN_PARAGRAPH.CENTER, number > 0
            title.paragraph_format.space_after = Pt(6)
        if "lead" in page:
            document.add_paragraph(page["lead"])
        if page["facts"]:
            word_table(document, (), _in_pairs(page["facts"]), _FACTS_MM, size_pt=8.5, names=(0, 2))
        if picture:
            document.add_picture(io.BytesIO(picture.png), width=Mm(_PICTURE_MM))
            document.paragraphs[-1].alignment = WD_ALIGN_PARAGRAPH.CENTER
            document.paragraphs[-1].paragraph_format.keep_with_next = follows
        for block in page["blocks"]:
            if block["heading"]:
                document.add_heading(block["heading"], 2)
            if block["rows"]:
                rows, numbers, whole = block["rows"], block["numbers"], follows or bool(block.get("whole"))
                size = _TABLE_PT
                word_table(document, block["heads"], rows, block["widths"], size, numbers=numbers, is_whole=whole)
            if block["note"]:
                document.add_paragraph().add_run(block["note"]).font.size = Pt(8)
    describe_pictures(document, [picture for picture in pictures if picture])
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()
