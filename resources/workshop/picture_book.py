"""`pictures`: the rooms of the dock in both languages, light and dark, at 100 and 150 %, on one page."""

from __future__ import annotations

import json
import shutil
from itertools import product
from pathlib import Path

from workshop import demo, qgis_programs, translations
from workshop.machine import ROOT, WorkshopError, run, say

FOLDER = ROOT / "build" / "pictures"
LANGUAGES, THEMES, SCALES = ("zh", "en"), ("light", "dark"), (100, 150)
WITH_VISIONS = "zh-light-100"  # also in grey, and as people see it who do not see all colours
SIZE, POINTS = (320, 640), 9.0  # what the dock has of a screen of 1280 x 720, and a usual font
PAGE = """<!doctype html><meta charset="utf-8"><title>One Map: the rooms</title>
<style>body {{ font: 14px sans-serif; background: #888 }}
img {{ width: 320px; margin: 4px; vertical-align: top }}</style>
{rows}
"""


def pictures() -> int:
    """Take the pictures; the sample city is made first if it is not there."""
    face = qgis_programs.environment()
    if face is None:
        raise WorkshopError("there is no QGIS to take pictures of. The step that brings it is named above.")
    files = demo.Files()
    if not files.project.exists():
        demo.demo(files)
    translations.compile_all()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    city = json.loads((files.city / "city.json").read_text(encoding="utf-8"))
    library = FOLDER / "library" / files.library.name  # its checks are kept there, and not in the demo's
    library.parent.mkdir()
    shutil.copyfile(files.library, library)
    rows = []
    for language, theme, scale in product(LANGUAGES, THEMES, SCALES):
        name = f"{language}-{theme}-{scale}"
        say(f"Taking the pictures {name}")
        asked = {"library": str(library), "parcels": str(files.city / city["parcels"]), "crs": city["crs"]}
        look = {"language": language, "theme": theme, "points": POINTS, "size": SIZE, "begin": str(FOLDER / name)}
        look["visions"] = name == WITH_VISIONS
        _take(face, {**asked, **look}, scale)
        shown = "".join(f'<img src="{path.name}" title="{path.stem}">' for path in sorted(FOLDER.glob(f"{name}-*.png")))
        rows.append(f"<h2>{name}</h2>{shown}")
    shutil.rmtree(library.parent)
    page = FOLDER / "index.html"
    page.write_text(PAGE.format(rows="\n".join(rows)), encoding="utf-8")
    say(f"The picture book: {page.relative_to(ROOT)}")
    return 0


def _take(face: Path, request: dict, scale: int) -> None:
    order = FOLDER / "request.json"
    order.write_text(json.dumps(request), encoding="utf-8")
    environment = {**qgis_programs.program_environment(), "QT_SCALE_FACTOR": str(scale / 100)}
    script = Path(__file__).with_name("dock_pictures.py")
    if run([qgis_programs.python_of(face), script, order], env=environment):
        raise WorkshopError("the pictures could not be taken; QGIS's words are above.")
    order.unlink()
