"""Makes the Word templates that One Map ships, of the outline: `python -m onemap.rules.review.statement.docx_maker`.

A bureau edits the files in Word: what stands in double braces is filled in, a row between `{%tr for … %}` and
`{%tr endfor %}` is repeated, everything else stays as it is.
"""

import re
from collections.abc import Collection

from docx.document import Document as Doc
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.shared import Pt

from onemap.layers.messages import RESOURCES
from onemap.rules.display.documents.word_printer import set_font
from onemap.rules.review.statement.document_words import words
from onemap.rules.review.statement.docx_page import (
    HEADING,
    RED,
    TITLE,
    at_foot,
    border,
    form,
    line,
    new_page,
    table,
    tag,
    to_right_edge,
)
from onemap.rules.review.statement.outline import WIDTH_MM, Node, chapters, places, with_table_number

KINDS = ("report", "statement", "opinion", "reply")
LANGUAGES = ("zh", "en")
_HELD_NOTES = 2  # that stay on the page of the seal
_EM_PT, _LATIN_EM = 16, 0.45  # a letter of the text, and how wide one of Latin is of it
_DAY_EMS, _CENTRED = 8, 15  # how wide a day such as 2026年11月23日 is, and of how many characters a name over it
_ONE_LINE = 24  # characters of a name at most, two from the right
# Of a day three signs are whole characters and a digit is half of one, with a quarter where they meet.
_EMS_OF_DAY = "(sentences.date|length + 6) // 2"
_RED_LINE = "E60012"
_FIELD = re.compile(r"\{\{ (.+?) \}\}")


def template(kind: str, language: str) -> Doc:
    """One template. kind: one of KINDS."""
    document, fixed, where = new_page(), words(language), places("word", kind)
    _head(document, fixed)
    for chapter in chapters(where, language):
        parts = [_if_filled(part, where) for part in chapter["parts"]]
        _chapter(document, {**chapter, "parts": parts}, fixed, language)
    if kind != "reply":
        _imprint(document, fixed)  # behind the annexes (7.3.4)
    return document


def _if_filled(part: Node, where: Collection[str]) -> Node:
    """A part that stands only with rows, where the outline says so of this document."""
    return {**part, "if": part["rows"]} if set(part.get("skip_empty", ())) & set(where) else part


def _head(document: Doc, fixed: dict[str, str]) -> None:
    """Red mark and line where there are any, number and signatory, what the document is not yet, its title, to whom."""
    for head in ("letter", "document"):
        tag(document, f"{{%p if document.head == '{head}' %}}")
        mark = line(document, "{{ document.head_mark }}", "center", 30, TITLE, indent=False)
        mark.runs[0].font.color.rgb = RED
        mark.paragraph_format.line_spacing = Pt(46)
        if (
            head == "letter"
        ):  # a letter's line is a double one below the mark (10.1), a document's below the number (7.2)
            border(mark, "bottom", "thickThinSmallGap", 18, _RED_LINE)
        tag(document, "{%p endif %}")
    tag(document, "{%p if document.mark %}")
    line(document, "{{ document.mark }}", font=HEADING, indent=False)
    tag(document, "{%p endif %}")
    _number(document, fixed)
    tag(document, "{%p for text in document.title_lines %}")
    document.add_paragraph("{{ text }}", style="Title")
    tag(document, "{%p endfor %}")
    tag(document, "{%p if document.addressed %}")
    line(document, "{{ document.addressed }}", indent=False)
    tag(document, "{%p endif %}")


def _number(document: Doc, fixed: dict[str, str]) -> None:
    """The number, in a document under a red line and with the signatory, each a character from its edge (7.2.6)."""
    number = "{{ document.number or document.number_form or '' }}"
    signatory = fixed["head_signatory"].replace("{name}", "{{ document.signatory }}")
    is_document, has_number = "document.head == 'document'", "(document.number or document.number_form)"
    for claim, text, side in (
        (f"{has_number} and document.head == 'letter'", number, "right"),
        (f"{has_number} and not document.head", number, "center"),
        (f"{is_document} and document.signatory", f"　{number}\t{signatory}　", "left"),
        (f"{is_document} and not document.signatory", number, "center"),
    ):
        tag(document, f"{{%p if {claim} %}}")
        paragraph = line(document, text, side, indent=False)
        paragraph.paragraph_format.space_before = Pt(6)
        if is_document in claim:
            to_right_edge(paragraph)
            border(paragraph, "bottom", "single", 8, _RED_LINE)
        tag(document, "{%p endif %}")


def _imprint(document: Doc, fixed: dict[str, str]) -> None:
    """Copies, and the office that prints, at the foot of the page; a letter has neither the office nor lines (10.1)."""
    copies = fixed["head_copies"].replace("{names}", "{{ document.copies }}")
    printed = "　{{ document.printed_by }}\t" + fixed["head_printed"].replace("{day}", "{{ sentences.date }}") + "　"
    is_letter = "document.head == 'letter'"
    for claim, text, has_line in (
        (f"document.copies and {is_letter}", copies, False),
        (f"document.copies and not {is_letter}", copies, True),
        (f"document.printed_by and not {is_letter}", printed, True),
    ):
        tag(document, f"{{%p if {claim} %}}")
        paragraph = line(document, text, size_pt=14, indent=False)
        at_foot(paragraph)
        to_right_edge(paragraph)
        if has_line:
            border(paragraph, "top", "single", 6, "000000")
        tag(document, "{%p endif %}")


def _chapter(document: Doc, chapter: Node, fixed: dict[str, str], language: str) -> None:
    around = _tags_around(chapter, f"for row in {chapter['of']}" if "of" in chapter else None)
    for opening, _ in around:
        tag(document, opening)
    if chapter["annex"]:
        _annex_head(document, chapter)
    elif chapter["heading"]:
        heading = document.add_heading(chapter["heading"], 1)
        if language == "zh":
            heading.paragraph_format.first_line_indent = Pt(2 * 16)
    for part in chapter["parts"]:
        _part(document, _with_number_field(part), fixed)
    for _, ending in reversed(around):
        tag(document, ending)


def _with_number_field(part: Node) -> Node:
    """A table whose number is filled in: which tables and annexes stand, only the content tells."""
    if not part.get("caption"):
        return part
    return {**part, "caption": with_table_number(part["caption"], f"{{{{ table_number.{part['table']} }}}}")}


def _annex_head(document: Doc, chapter: Node) -> None:
    """附件 and its number at the margin of a new page's first line, the title on the third (7.3.4)."""
    mark = line(document, f"{{{{ annex.{chapter['annex']}.mark }}}}", font=HEADING, indent=False)
    mark.paragraph_format.page_break_before = True  # a break of its own may fill a page
    mark.paragraph_format.keep_with_next = True
    title = document.add_heading(chapter["heading"], 1)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.space_before, title.paragraph_format.space_after = Pt(29), Pt(10)
    set_font(title.runs[0]._element, TITLE, 22)


def _tags_around(node: Node, loop: str | None) -> list[tuple[str, str]]:
    """What stands before and after a part that is repeated, or not always there."""
    found = [(f"{{%p if {node['if']} %}}", "{%p endif %}")] if "if" in node else []
    return [*found, (f"{{%p {loop} %}}", "{%p endfor %}")] if loop else found


def _part(document: Doc, part: Node, fixed: dict[str, str]) -> None:
    around = _tags_around(part, f"for sentence in {part['lines']}" if isinstance(part.get("lines"), str) else None)
    for opening, _ in around:
        tag(document, opening)
    if "table" in part:
        _table(document, part, fixed)
    elif "form" in part:
        form(document, part["lines"], part["mm"], part["size"])
    elif "heading" in part:
        document.add_heading(part["heading"], 2)
    elif part.get("own") == "figures":
        _figures(document, fixed)
    elif part.get("own") == "seal":
        _seal(document, part, fixed)
    else:
        _line(document, part.get("text", "{{ sentence }}"), part["look"])
    for _, ending in reversed(around):
        tag(document, ending)


def _line(document: Doc, text: str, look: str) -> None:
    sizes = {"small": 10.5, "notes": 10.5, "large": 14}
    line(document, text, size_pt=sizes.get(look, 16), indent=look in ("", "large"))


def _table(document: Doc, part: Node, fixed: dict[str, str]) -> None:
    """A table under its caption; a sentence in its place where it has no row and says what that means."""
    if part["none"]:
        tag(document, f"{{%p if {part['rows']} %}}")
    _filled_table(document, part, fixed)
    if part["none"]:
        tag(document, "{%p else %}")
        line(document, part["none"])
        tag(document, "{%p endif %}")


def _filled_table(document: Doc, part: Node, fixed: dict[str, str]) -> None:
    if part["caption"]:
        caption = line(document, part["caption"], "center", 11, HEADING, indent=False)
        caption.paragraph_format.keep_with_next = True
        room = Pt(2 if part.get("tight") else 6)
        caption.paragraph_format.space_before = caption.paragraph_format.space_after = room
    if part["unit"]:
        line(document, part["unit"], "right", 9, indent=False).paragraph_format.keep_with_next = True
    columns = [{**column, "texts": [_first_line(column), *column["texts"][1:]]} for column in part["columns"]]
    loops = [f"for row in {part['rows']}"]
    if "groups" in part:
        loops.insert(0, f"for group in {part['groups']}")
    table(document, {**part, "columns": columns, "loops": loops, "none": part["none"] or fixed["note_none"]})


def _first_line(column: Node) -> str:
    """A cell's first line, with a dash where it may be empty."""
    text: str = column["texts"][0]
    instead = "''" if column.get("dash") or column.get("blank") else ""
    return _FIELD.sub(rf"{{{{ \1 or {instead} }}}}", text) if instead else text


def _figures(document: Doc, fixed: dict[str, str]) -> None:
    tag(document, "{%p for figure in figures %}")
    picture = document.add_paragraph("{{ figure.image }}")
    picture.alignment = WD_ALIGN_PARAGRAPH.CENTER
    picture.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    picture.paragraph_format.keep_with_next = True
    number = fixed["figure"].replace("{number}", "{{ figure.number }}")
    named = line(document, f"{number}　{{{{ figure.title }}}}", "center", 10.5, HEADING, indent=False)
    named.paragraph_format.space_before = Pt(6)
    tag(document, "{%p endfor %}")


def _seal(document: Doc, part: Node, fixed: dict[str, str]) -> None:
    """The last words, room for the seal, name and date, four characters from the right, all on one page."""
    if "notes" in part:
        for some, stays in ((f"[:-{_HELD_NOTES}]", False), (f"[-{_HELD_NOTES}:]", True)):
            tag(document, f"{{%p for sentence in ({part['notes']}){some} %}}")
            line(document, "{{ sentence }}", size_pt=10.5, indent=False).paragraph_format.keep_with_next = stays
            tag(document, "{%p endfor %}")
    if "text" in part:
        line(document, part["text"]).paragraph_format.keep_with_next = True
    _attached(document, fixed)
    line(document, "", indent=False).paragraph_format.keep_with_next = True
    if fixed["attached"].isascii():
        _name_and_day(document, is_centred=False)
    else:  # a name that is longer than the room beside the day stands on one line all the same
        tag(document, "{%p if document.unit and not document.seal %}")
        _unsealed(document)
        tag(document, f"{{%p elif document.unit|length <= {_CENTRED} %}}")
        _name_and_day(document, is_centred=True)
        tag(document, "{%p else %}")
        _name_and_day(document, is_centred=False)
        tag(document, "{%p endif %}")
    tag(document, "{%p if document.contact %}")
    line(document, fixed["head_contact"].replace("{contact}", "{{ document.contact }}"))
    tag(document, "{%p endif %}")


def _unsealed(document: Doc) -> None:
    """Without a seal the name ends two characters from the right, the day begins two right of where the name does.

    A day that is longer than the name ends there instead (7.3.5.2). Where a text begins, blanks before it say: Word
    measures no other line's.
    """
    name, day = "{{ document.unit }}", "{{ sentences.date }}"
    for claim, (first, second) in (
        (f"if document.unit|length > {_ONE_LINE}", ((name, None), (day, None))),
        (f"elif document.unit|length > {_EMS_OF_DAY}", ((name, None), (day, "document.unit|length"))),
        ("else", ((name, f"4 - {_EMS_OF_DAY}"), (day, None))),
    ):
        tag(document, f"{{%p {claim} %}}")
        for text, back in (first, second):
            _two_from_right(document, text, back)
    tag(document, "{%p endif %}")


def _two_from_right(document: Doc, text: str, back: str | None) -> None:
    """A line that ends two characters from the right; back: or begins so many from it, as a template counts them."""
    whole = int(WIDTH_MM / 25.4 * 72 / _EM_PT)
    blanks = f"{{% for blank in range({whole} - {back}) %}}　{{% endfor %}}" if back else ""
    paragraph = line(document, f"{blanks}{text}", "left" if back else "right", indent=False).paragraph_format
    if back:
        paragraph.left_indent = Pt(WIDTH_MM / 25.4 * 72 - whole * _EM_PT)
    else:
        paragraph.right_indent = Pt(2 * _EM_PT)
    paragraph.keep_with_next = True


def _name_and_day(document: Doc, *, is_centred: bool) -> None:
    """Who signs, above the day, which ends four characters from the right; centred over it, as 7.3.5.1 has it."""
    for text in ("{{ document.unit }}", "{{ sentences.date }}"):
        paragraph = line(document, text, "center" if is_centred else "right", indent=False).paragraph_format
        if is_centred:
            paragraph.left_indent = Pt(WIDTH_MM / 25.4 * 72 - (_DAY_EMS + 2 * 4) * _EM_PT)
        else:
            paragraph.right_indent = Pt(4 * _EM_PT)
        paragraph.keep_with_next = True


def _attached(document: Doc, fixed: dict[str, str]) -> None:
    """The list of the annexes below the text: a further line of a name begins where its first does (7.3.4)."""
    word = len(fixed["attached"]) * (_LATIN_EM if fixed["attached"].isascii() else 1)
    for rows, begins in (("attached[:1]", fixed["attached"]), ("attached[1:]", "")):
        tag(document, f"{{%p for item in {rows} %}}")
        attached = line(document, f"{begins}{{{{ item.line }}}}", indent=False).paragraph_format
        attached.left_indent = Pt((2 + word + 1) * _EM_PT)
        attached.first_line_indent = Pt(-(word + 1 if begins else 1) * _EM_PT)
        attached.space_before, attached.keep_with_next = Pt(14 if begins else 0), True
        tag(document, "{%p endfor %}")


def main() -> None:
    """Write all templates where they ship."""
    for kind in KINDS:
        for language in LANGUAGES:
            template(kind, language).save(str(RESOURCES / "templates" / f"{kind}.{language}.docx"))


if __name__ == "__main__":
    main()
