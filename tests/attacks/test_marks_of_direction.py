"""Marks of direction in foreign names are visible on terminal, page and paper, and have no effect."""

import html
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
import shapely

from onemap.layers.visible_text import terminal_text, visible_text
from onemap.tests.conftest import write_layer
from onemap.tests.rules.command import done
from onemap.tests.rules.review.statement.bureau import Bureau, at, bureau_in

MARKS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
PDF_TO_TEXT = shutil.which("pdftotext")
NAME = f"DK{MARKS}1"
SHOWN = "DK" + "".join(f"⟨U+{ord(mark):04X}⟩" for mark in MARKS) + "1"
ORDER = "\x1b]0;owned\x07\x1b[31m"  # renames a terminal's window and colours what follows
ACTS = re.compile(f"[{MARKS}]")


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    return bureau_in(tmp_path_factory.mktemp("bureau"))


@pytest.fixture(scope="module")
def case(bureau: Bureau) -> str:
    parcels = write_layer(bureau.folder / "turned.gpkg", [at(0, 0, 100, 100)], {"DKBH": [NAME]})
    words = ("--project", "小学", "--by", "李", "--on", "2026-11-16", "--as-of", "2026-11-16")
    opened = done("review", "open", bureau.library, parcels, *words).json["case"]
    bureau.step("circulate", opened)
    bureau.step("opine", opened, "land", "--conclusion", "agree", "--text", f"同意 {NAME}", on="2026-11-17")
    return opened


def parts(path: Path) -> dict[str, str]:
    """The text parts of a packed document by their names."""
    with zipfile.ZipFile(path) as packed:
        names = [name for name in packed.namelist() if name.endswith((".xml", ".rels"))]
        return {name: html.unescape(packed.read(name).decode("utf-8")) for name in names}


@pytest.mark.parametrize("document", ["report", "opinion", "reply"])
@pytest.mark.parametrize("suffix", ["html", "docx"])
def test_a_document_shows_them(bureau, case, document, suffix):
    options = {} if document == "report" else {"department": "land", "document": document}
    path = bureau.export(f"{document}.{suffix}", case, **options)
    text = path.read_text(encoding="utf-8") if suffix == "html" else "".join(parts(path).values())
    assert SHOWN in text.replace("<wbr>", "")
    facts = re.sub(r'<script type="application/json".*?</script>', "", text, flags=re.S)  # data, which no page prints
    assert not ACTS.search(facts)


@pytest.mark.skipif(PDF_TO_TEXT is None, reason="pdftotext (poppler-utils) is not installed")
@pytest.mark.slow
def test_a_pdf_shows_them(bureau, case, tmp_path):
    path = bureau.export("report.pdf", case)
    words = subprocess.run([PDF_TO_TEXT, "-layout", path, "-"], capture_output=True, check=True).stdout.decode()
    assert "U+202E" in re.sub(r"\s", "", words)
    assert "\u202e" not in words


@pytest.mark.parametrize("suffix", ["html", "docx", "xlsx"])
def test_sheets_and_tables_show_them(bureau, tmp_path, suffix):
    parcels, target = bureau.folder / "turned2.gpkg", tmp_path / f"out.{suffix}"
    write_layer(parcels, [at(0, 0, 100, 100)], {"DKBH": [NAME]})
    verb, place = ("check", ("--out", target)) if suffix == "xlsx" else ("sheet", (target,))
    done(verb, bureau.library, parcels, *place, "--as-of", "2026-11-16")
    text = target.read_text(encoding="utf-8") if suffix == "html" else "".join(parts(target).values())
    assert SHOWN in text
    assert not ACTS.search(text)


@pytest.mark.slow
def test_the_terminal_and_its_log_show_them_and_obey_no_order(bureau, core, tmp_path):
    folder = tmp_path / f"城{MARKS}{ORDER}"
    folder.mkdir()
    parcels = write_layer(folder / "p.gpkg", [shapely.box(0, 0, 1, 1)], {"DKBH": [f"{NAME}{ORDER}"]}, crs=None)
    for given in (("check", bureau.library, parcels), ("inspect", parcels), ("inspect", folder / "none.shp")):
        answer = core(*given, "--lang", "zh", "--log", "log", cwd=tmp_path)
        words = answer.stdout.decode() + answer.stderr.decode() + (tmp_path / "log").read_text(encoding="utf-8")
        assert not ACTS.search(words) and "\x1b" not in words and "\x07" not in words
    assert "⟨U+202E⟩" in words and "⟨U+001B⟩" in words


def test_what_a_program_reads_stays_as_it_was_sent(onemap, tmp_path):
    parcels = write_layer(tmp_path / "p.gpkg", [shapely.box(0, 0, 1, 1)], {"DKBH": [NAME]})
    assert onemap("inspect", parcels).json["layers"][0]["fields"][0]["samples"] == [NAME]


def test_plain_text_stays_as_it_is():
    for text in ("地块 DK-1 ‘城’", "a\tb\nc", "é ü ß", "٣ العربية", "👩‍🌾", "\ufeff", ""):
        assert visible_text(text) == terminal_text(text) == text
