"""Make the Word templates that a bureau starts from: `python -m onemap.rules.review.statement.docx_maker`.

Each names our blocks in their order; a bureau moves them, leaves some out, or writes its own text with fields.
"""

from docx.document import Document as Doc

from onemap.layers.shipped_files import RESOURCES
from onemap.rules.review.statement.content import DOCUMENTS
from onemap.rules.review.statement.docx_template import block_names_of
from onemap.rules.review.statement.word_paper import LETTER, add_page_number, add_red_foot, new_paper


def template(kind: str) -> Doc:
    """The template of one document, in both languages. kind: one of content.DOCUMENTS."""
    document = new_paper()
    foot = document.sections[0].first_page_footer
    foot.paragraphs[0].text = f"{{%p if document.head == '{LETTER}' %}}"
    add_red_foot(foot.add_paragraph())
    foot.add_paragraph("{%p else %}")
    add_page_number(foot.add_paragraph(style="Footer"))
    foot.add_paragraph("{%p endif %}")
    for name in block_names_of(kind):
        document.add_paragraph(f"{{{{p blocks.{name} }}}}")
    return document


def main() -> None:
    """Write all templates to the folder from which they ship."""
    for kind in DOCUMENTS:
        template(kind).save(str(RESOURCES / "templates" / f"{kind}.docx"))


if __name__ == "__main__":
    main()
