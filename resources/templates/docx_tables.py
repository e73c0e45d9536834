"""Tables and captions that several chapters of the Word templates share."""

from docx.document import Document as Doc

from onemap.resources.templates.docx_page import HEADING, Column, line, table

Words = dict[str, str]
LAND_COLUMNS = ("total", "farm", "arable", "garden", "forest", "grass", "other_farm", "built", "unused", "unknown")


def department_column(said: Words) -> Column:
    """The department's column: its names are longer in English."""
    return Column(said["column_department"], wide(said, 12, 19), ("{{ row.department_title }}",), "center")


def wide(said: Words, chinese_mm: float, english_mm: float) -> float:
    """The width of a column, by the language of its words."""
    return chinese_mm if said["total"] == "合计" else english_mm


def caption(document: Doc, text: str) -> None:
    """A table's caption, which stays with it."""
    paragraph = line(document, text, "center", 11, HEADING, indent=False)
    paragraph.paragraph_format.keep_with_next = True
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = 76_200


def opinion_table(document: Doc, said: Words, source: str, *, with_round: bool = False) -> None:
    """Opinions, a row each. source: the list of the content."""
    columns = [Column(said["column_round"], 10, ("{{ row.round }}",), "center")] if with_round else []
    columns += [
        Column(said["column_department"], 22, ("{{ row.department_title }}", "{{ row.unit }}")),
        Column(said["column_conclusion"], wide(said, 18, 22), ("{{ row.conclusion_title }}",), "center"),
        Column(
            said["column_opinion"],
            wide(said, 64, 60) - (10 if with_round else 0),
            ("{{ row.text }}", "{{ row.basis }}"),
        ),
        Column(said["column_signed_by"], 16, ("{{ row.signed_by or '–' }}",), "center"),
        Column(said["column_signed_on"], 20, ("{{ row.signed_on or '–' }}",), "center"),
        Column(said["column_state"], 16, ("{{ row.state_title }}",), "center"),
    ]
    table(document, columns, [f"for row in {source}"], said["note_none"], splits=True)


def checklist_table(document: Doc, said: Words, answer_mm: float, blank: str = "–") -> None:
    """What no machine checked, with room for an answer; blank: what stands where there is none."""
    columns = [
        Column(said["column_number"], 12, ("{{ loop.index }}",), "center"),
        Column(said["column_matter"], 98 - answer_mm, ("{{ row.title }}", "{{ row.layer_title }}")),
        department_column(said),
        Column(said["column_why"], 28, ("{{ row.reason_text or '–' }}",)),
        Column(said["column_answer"], answer_mm, (f"{{{{ row.answer or '{blank}' }}}}",)),
    ]
    table(document, columns, ["for row in checklist"], said["note_none"])
