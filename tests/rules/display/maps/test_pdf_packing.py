"""A packed PDF is the same document in another reader: text, structure and every pixel; only smaller."""

import shutil
import subprocess  # poppler's programs only

import pytest
import typst

from onemap.rules.display.maps.pdf_packing import packed_pdf

POPPLER = all(shutil.which(name) for name in ("pdftotext", "pdftoppm", "pdfinfo"))
PAGE = """
#set page(width: 100mm, height: 60mm)
#set document(title: "地块")
= 查询表 {number}
#table(columns: 3, [a], [b], [c], ..range(60).map(n => [#n endstream]))
#rect(fill: rgb("#b2182b"), width: 20mm)
"""


@pytest.fixture(scope="module")
def pages_pdf(tmp_path_factory):
    place = tmp_path_factory.mktemp("pdf") / "pages.typ"
    place.write_text(
        "#pagebreak()".join(PAGE.replace("{number}", str(number)) for number in range(6)), encoding="utf-8"
    )
    return typst.compile(str(place), timestamp=0)


def program_output(pdf, place, *command):
    """The output of one of poppler's programs for a PDF, and its messages."""
    path = place / "seen.pdf"
    path.write_bytes(pdf)
    to_stdout = ["-"] if command[0] == "pdftotext" else []
    done = subprocess.run([*command, str(path), *to_stdout], capture_output=True, check=True)
    return done.stdout, done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not POPPLER, reason="poppler-utils is not installed")
@pytest.mark.parametrize(
    "command",
    [("pdftotext", "-layout"), ("pdfinfo", "-struct-text"), ("pdftoppm", "-r", "80"), ("pdfinfo", "-dests")],
)
def test_another_reader_sees_the_same(pages_pdf, tmp_path, command):
    packed = packed_pdf(pages_pdf)
    assert program_output(pages_pdf, tmp_path, *command) == program_output(packed, tmp_path, *command) != (b"", b"")


def test_it_is_smaller_and_the_same_each_time(pages_pdf):
    packed = packed_pdf(pages_pdf)
    assert len(packed) < 0.6 * len(pages_pdf)
    assert packed == packed_pdf(pages_pdf)
    assert pages_pdf.count(b"/StructElem") > 100 and b"/StructElem" not in packed  # they are inside the streams now


def test_what_is_packed_or_built_otherwise_stays_as_it_is(pages_pdf):
    packed = packed_pdf(pages_pdf)
    assert packed_pdf(packed) == packed
    for other in (b"", b"%PDF-1.7\n", pages_pdf[:-40], pages_pdf.replace(b"1 0 obj", b"1 0 obX", 1), b"no PDF"):
        assert packed_pdf(other) == other
