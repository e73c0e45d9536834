"""Makes the Word templates that One Map ships: `python -m onemap.resources.templates.docx_maker`.

A bureau edits the files in Word: what stands in double braces is filled in, a row between `{%tr for … %}` and
`{%tr endfor %}` is repeated, everything else stays as it is.
"""

import tomllib
from pathlib import Path

from docx.document import Document as Doc
from docx.enum.text import WD_BREAK

from onemap.resources.templates.docx_annexes import annexes
from onemap.resources.templates.docx_chapters import (
    bases,
    conclusion,
    conditions,
    controls,
    differences,
    land,
    opinions,
    plans,
    project,
    seal,
)
from onemap.resources.templates.docx_page import HEADING, form, line, new_page, tag
from onemap.resources.templates.docx_tables import Words, checklist_table

FOLDER = Path(__file__).resolve().parent
KINDS = ("report", "statement", "opinion", "reply")
LANGUAGES = ("zh", "en")


def template(kind: str, language: str) -> Doc:
    """One template. kind: one of KINDS."""
    with (FOLDER / "words.toml").open("rb") as file:
        said = {name: entry[language] for name, entry in tomllib.load(file).items()}
    document = new_page()
    _title(document, kind, said)
    if kind == "reply":
        _reply(document, said, language)
        return document
    if kind == "opinion":
        _opinion(document, said)
        seal(document, said)
        document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    for chapter in (project, bases, land, plans, controls):
        chapter(document, said)
    if kind != "opinion":
        differences(document, said)
        opinions(document, said)
        conditions(document, said, kind)
        conclusion(document, said)
    annexes(document, said)
    return document


def _title(document: Doc, kind: str, said: Words) -> None:
    tag(document, "{%p if document.mark %}")
    line(document, "{{ document.mark }}", font=HEADING, indent=False)
    tag(document, "{%p endif %}")
    if kind == "statement":
        number = "{{ document.number or '" + said["number_blank"] + "' }}"
        line(document, number, "center", indent=False)
    document.add_paragraph("{{ document.title }}", style="Title")


def _opinion(document: Doc, said: Words) -> None:
    tag(document, "{%p for row in opinions %}")
    rows = [
        (said["column_department"], "{{ row.department_title }}　{{ row.unit }}", 0.0),
        (said["column_conclusion"], "{{ row.conclusion_title }}", 0.0),
        (said["column_opinion"], "{{ row.text }}", 0.0),
        (said["column_basis"], "{{ row.basis or '–' }}", 0.0),
        (said["column_state"], "{{ row.state_title }}", 0.0),
        (said["column_signed_by"], "{{ row.signed_by or '–' }}", 0.0),
        (said["column_signed_on"], "{{ row.signed_on or '–' }}", 0.0),
        (said["column_due"], "{{ row.due or '–' }}", 0.0),
    ]
    form(document, rows, left_mm=34, size_pt=10.5)
    tag(document, "{%p endfor %}")


def _reply(document: Doc, said: Words, language: str) -> None:
    tag(document, "{%p for row in opinions %}")
    line(document, said["opinion_to"].replace("{unit}", "{{ row.unit }}"), indent=False)
    line(document, said["reply_instruction"], size_pt=14)
    rows = [
        (said["record_case"], "{{ case.id }}", 0.0),
        (said["record_round"], "{{ case.round }}", 0.0),
        (said["column_due"], "{{ row.due or '–' }}", 0.0),
        (said["reply_conclusion"], "{% for choice in sentences.choices %}□ {{ choice }}　{% endfor %}", 0.0),
        (said["reply_text"], "", 48.0),
        (said["reply_basis"], "", 18.0),
        (said["sign_space"], "", 10.0),
        (said["seal_space"], "", 28.0),
    ]
    form(document, rows, left_mm=40)
    document.add_heading(said["reply_draft"], 2)
    stop = "。" if language == "zh" else ". "
    line(document, "{{ row.conclusion_title }}" + stop + "{{ row.text }}", size_pt=10.5, indent=False)
    tag(document, "{%p endfor %}")
    document.add_heading(said["reply_answers"], 2)
    checklist_table(document, said, answer_mm=56, blank="")


def main() -> None:
    """Write all templates into the folder of this file."""
    for kind in KINDS:
        for language in LANGUAGES:
            template(kind, language).save(str(FOLDER / f"{kind}.{language}.docx"))


if __name__ == "__main__":
    main()
