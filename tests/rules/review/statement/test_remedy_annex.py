"""The annex of remedies: numbers worked out by hand, in every format, for all and for one department."""

import json
import re
import shutil
import subprocess

import jsonschema
import pytest
from docx import Document

from onemap.layers.messages import phrase
from onemap.layers.shipped_files import RESOURCES
from onemap.rules.review.statement.document_words import words
from onemap.tests.rules.review.statement.bureau import Bureau

# A hectare: a strip of 20 m is farmland, one of 30 m lies outside the boundary, of the upper half nothing is known.
REMAINDER_HA, FARM_HA, OUTSIDE_HA, UNKNOWN_HA = 0.25, 0.2, 0.3, 0.25
HEADS = ("table_alternatives", "table_departments", "table_cuts")


@pytest.fixture(scope="module")
def remedy_bureau(bureau: Bureau, tmp_path_factory) -> Bureau:
    """A copy of the bureau with a remedy in the case of one parcel."""
    copied = bureau.copied(tmp_path_factory.mktemp("kept"))
    copied.step("remedy", copied.one, by="planner")
    return copied


def test_alternatives_gains_and_cuts_are_printed_in_hectares(remedy_bureau):
    found = remedy_bureau.content(remedy_bureau.one, "en")["remedy"]
    (cut,) = found["alternatives"]
    assert (cut["alternative"], cut["hectares"], cut["mu"], cut["share"]) == ("cut", REMAINDER_HA, 3.75, 0.25)
    assert cut["passes"] and (cut["verdict"], cut["verdict_title"]) == ("clear", "clear")
    by_department = {row["department"]: row for row in found["departments"]}
    assert set(by_department) == {"land", "planning"}
    land, planning = by_department["land"], by_department["planning"]
    # The zone with limits lies in the farmland: the land department's ground counts once.
    assert (land["before_hectares"], land["kept_hectares"], land["given_up_hectares"]) == (FARM_HA, FARM_HA, 0.0)
    assert (land["unknown_before_hectares"], land["unknown_after_hectares"]) == (0.5, 0.0)
    assert (planning["before_hectares"], planning["kept_hectares"]) == (OUTSIDE_HA, OUTSIDE_HA)
    assert (land["verdict_before"], land["verdict_after"]) == ("prohibited", "clear")
    cuts = {row["rule"]: row["hectares"] for row in found["cuts"]}
    assert cuts == {"farmland.permanent": FARM_HA, "boundary.urban": OUTSIDE_HA, "hazard.prone": UNKNOWN_HA}
    assert REMAINDER_HA + sum(cuts.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("options", [{}, {"department": "land"}, {"document": "reply", "department": "water"}])
def test_the_content_fits_the_schema_and_a_department_sees_what_is_its_own(remedy_bureau, options):
    schema = json.loads((RESOURCES / "schemas" / "statement.schema.json").read_text("utf-8"))
    found = remedy_bureau.content(remedy_bureau.one, "zh", **options)
    jsonschema.validate(found, schema)
    if options.get("department"):
        assert {row["department"] for row in found["remedy"]["departments"]} <= {options["department"]}
        assert {row["department"] for row in found["remedy"]["cuts"]} <= {options["department"]}


def test_a_case_without_a_remedy_has_no_such_annex(bureau):
    found = bureau.content(bureau.one, "en")
    assert found["remedy"] is None
    page = bureau.export("none.html", bureau.one, "en").read_text("utf-8")
    assert phrase("annex.remedy", "en") not in page


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh", "en"])
def test_page_and_word_file_have_the_annex_with_its_tables(remedy_bureau, language):
    labels = words(language)
    page = remedy_bureau.export("case.html", remedy_bureau.one, language).read_text("utf-8")
    document = Document(str(remedy_bureau.export("case.docx", remedy_bureau.one, language)))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    cells = {cell.text for table in document.tables for row in table.rows for cell in row.cells}
    assert phrase("annex.remedy", language) in page and phrase("annex.remedy", language) in text
    for head in HEADS:  # with what number it stands, tells which other annexes there are
        title = re.split("　|[.] ", labels[head], maxsplit=1)[1]
        assert title in page and title in text
    assert {"0.2500", "3.75", "0.3000"} <= cells and "0.2500" in page
    assert labels["note_departments"] in page and labels["note_departments"] in text


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
@pytest.mark.usefixtures("chinese_font")
def test_the_pdf_has_the_annex_with_its_tables(remedy_bureau):
    target = remedy_bureau.export("case.pdf", remedy_bureau.one, "en")
    text = subprocess.run(["pdftotext", "-layout", str(target), "-"], capture_output=True, check=True).stdout.decode()
    for head in HEADS:
        assert words("en")[head].split(". ")[1] in text
    assert "0.2500" in text and "Kept (ha)" in text
