"""The fonts of GB/T 9704 are chosen and embedded if installed; otherwise a word names the substitute.

They may not be shipped; a free font replaces them under their names, in the folder of a user's own fonts.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from onemap.layers.errors import OneMapError
from onemap.rules.display.maps.fonts import chosen_fonts
from onemap.tests.conftest import ROOT
from onemap.tests.rules.review.statement.bureau import Bureau
from onemap.tests.rules.review.statement.test_documents import text_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("pdffonts") is None, reason="pdffonts (poppler-utils) is not installed"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere a user's fonts do not lie in a folder"),
]
STAND_INS = {"FZXiaoBiaoSong-B05S": "方正小标宋", "FangSong": "仿宋"}


def free_font() -> Path:
    """The file of a free font with Chinese, as fontconfig knows it."""
    if shutil.which("fc-match") is None:
        pytest.skip("fc-match (fontconfig) is not installed")
    try:
        family = chosen_fonts().families["song"]
    except OneMapError:
        pytest.skip("no font with Chinese (fonts-noto-cjk) is installed")
    found = subprocess.run(["fc-match", "-f", "%{file}", family], capture_output=True, check=True).stdout
    return Path(os.fsdecode(found))


def put_font(source: Path, family: str, letters: str, folder: Path) -> None:
    """Put a copy of a font, with some of its letters and under another name, into a folder."""
    subset = pytest.importorskip("fontTools.subset")
    fonts = pytest.importorskip("fontTools.ttLib")
    font = fonts.TTFont(source, fontNumber=0) if source.suffix == ".ttc" else fonts.TTFont(source)
    cutter = subset.Subsetter(subset.Options(drop_tables=["GSUB", "GPOS", "vhea", "vmtx", "VORG"]))
    cutter.populate(text=letters)
    cutter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 4, 16):
            record.string = family
        elif record.nameID == 6:
            record.string = family.replace(" ", "")
    if "CFF " in font:
        font["CFF "].cff.fontNames = [family]
    folder.mkdir(parents=True, exist_ok=True)
    font.save(folder / f"{family}.otf")


def export(bureau: Bureau, home: Path) -> tuple[str, Path]:
    """The program's output when it writes a report in a process with such a home, and the file."""
    target = home / "report.pdf"
    home.mkdir(exist_ok=True)
    command = [sys.executable, "-I", "-X", "utf8", str(ROOT / "__main__.py"), "review", "export", str(bureau.library)]
    command += [bureau.one, str(target), "--lang", "zh", "--log", str(home / "log.txt")]
    environment = {**os.environ, "HOME": str(home), "XDG_DATA_HOME": str(home / ".local" / "share")}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return (home / "log.txt").read_text(encoding="utf-8"), target


def embedded(pdf: Path) -> dict[str, str]:
    """Whether each font of a PDF is embedded, by the font's name."""
    table = subprocess.run(["pdffonts", str(pdf)], capture_output=True, check=True).stdout.decode()
    rows = [row.split() for row in table.splitlines()[2:]]
    return {row[0].partition("+")[2] or row[0]: row[-5] for row in rows}


def test_an_installed_font_of_the_standard_is_embedded_and_a_missing_one_is_named(bureau: Bureau, tmp_path: Path):
    message, without = export(bureau, tmp_path / "without")
    assert all(f"{name} → " in message for name in STAND_INS.values())
    assert not any(family in name for family in STAND_INS for name in embedded(without))

    letters, source = text_of(without) + "0123456789", free_font()
    for family in STAND_INS:
        put_font(source, family, letters, tmp_path / "with" / ".local" / "share" / "fonts")
    message, with_fonts = export(bureau, tmp_path / "with")
    assert not any(f"{name} → " in message for name in STAND_INS.values())
    assert "黑体 → " in message  # which is still missing
    fonts = embedded(with_fonts)
    assert {family for family in STAND_INS if any(family in name for name in fonts)} == set(STAND_INS)
    assert set(fonts.values()) == {"yes"}
