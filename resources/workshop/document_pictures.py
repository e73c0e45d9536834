"""`pictures documents`: the pictures in README and guide, of the real desktop and the demo's documents."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from workshop import demo, pythons, qgis_programs
from workshop.machine import ROOT, WorkshopError, program, run, say

IMAGES = ROOT / "docs" / "images"
DESKTOP = ROOT / "tests" / "plugin" / "desktop.py"
LANGUAGE = "en"  # of QGIS in them: a reader of either language knows its window
# Each picture in the documents by what desktop.py calls its scene; the first scene has no name.
SCENES = {"qgis-check": "", "qgis-compare": "-compare", "qgis-remedy": "-remedy"}
# Each picture by the paper whose first page it is.
PAPERS = {"demo-statement": "statement.pdf", "demo-sheet": "sheets.pdf", "demo-indicators": "indicators.pdf"}
DOTS_PER_INCH = 80
LARGEST_BYTES = 400_000


def take(face: Path, files: demo.Files) -> int:
    """Take all pictures anew. Raises WorkshopError if a program is missing, or a picture could not be taken."""
    missing = [name for name in ("qgis", "Xvfb", "pdftoppm") if shutil.which(name) is None]
    if missing:
        raise WorkshopError(f"{', '.join(missing)} is not here. Install QGIS, xvfb and poppler-utils, then run again.")
    with tempfile.TemporaryDirectory(prefix="onemap-documents-") as name:
        folder = Path(name)
        say("Taking the pictures of QGIS's window, which takes some minutes")
        first = folder / "qgis.png"
        if run([program(pythons.CORE, "python"), DESKTOP, first, LANGUAGE, files.folder]):
            raise WorkshopError("QGIS did not do what was asked of it; what went wrong is said above.")
        for picture, scene in SCENES.items():
            _shrink(face, first.with_name(f"{first.stem}{scene}.png"), picture)
        for picture, paper in PAPERS.items():
            say(f"Drawing the first page of {paper}")
            page = folder / picture
            command = ["pdftoppm", "-r", str(DOTS_PER_INCH), "-singlefile", "-png", files.papers / paper, page]
            if run(command):
                raise WorkshopError(f"{paper} could not be drawn; pdftoppm's words are above.")
            _shrink(face, page.with_suffix(".png"), picture)
    return 0


def _shrink(face: Path, picture: Path, name: str) -> None:
    """Put a picture into the documents' folder, in few colours, so that the checkout stays small."""
    target = IMAGES / f"{name}.png"
    script = Path(__file__).with_name("pictures") / "few_colours.py"
    if run([qgis_programs.python_of(face), script, picture, target], env=qgis_programs.program_environment()):
        raise WorkshopError(f"{target.name} could not be written; what went wrong is said above.")
    if target.stat().st_size > LARGEST_BYTES:
        raise WorkshopError(f"{target.name} has more than {LARGEST_BYTES:,} bytes: take less of the screen.")
    say(f"  {target.relative_to(ROOT)}  {target.stat().st_size:,} bytes")
