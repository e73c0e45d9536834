"""`pictures`: a page of the dock's rooms in both languages, light and dark, 100 and 150 %, and of browser pages."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from itertools import product
from pathlib import Path

from workshop import checks, demo, document_pictures, qgis_programs, translations
from workshop.machine import ROOT, WorkshopError, run, say

FOLDER = ROOT / "build" / "pictures"
PAGES = "tests/rules/verbs/web"  # of the browser
WALKS = [f"{PAGES}/test_{name}.py" for name in ("desk_browser", "desk_map", "public_browser")]
SETS = {
    f"{language}-{theme}-{scale}": (language, theme, scale)
    for language, theme, scale in product(("zh", "en"), ("light", "dark"), (100, 150))
}
DOCUMENTS, WEB = "documents", "web"
WITH_VISIONS = "zh-light-100"  # also in grey, and as people see it who do not see all colours
SIZE, POINTS = (320, 640), 9.0  # what the dock has of a screen of 1280 x 720, and a usual font
PAGE = """<!doctype html><meta charset="utf-8"><title>One Map: the rooms</title>
<style>body {{ font: 14px sans-serif; background: #888 }}
img {{ width: 320px; margin: 4px; vertical-align: top }}</style>
{rows}
"""


def pictures(words: list[str]) -> int:
    """Take the pictures; the sample city is made first if it is missing.

    words: the sets to take anew, such as zh-dark-150 (none: all), and `--rooms` with names of rooms, separated by
    commas; `web` for the pages of `onemap web` alone; or `documents` for the pictures in README and guide instead of
    the book. Raises WorkshopError for no QGIS, an unknown set, or pictures that could not be taken.
    """
    if words == [WEB]:
        return _take_web()
    names, rooms = _asked_of(words)
    unknown = [name for name in names if name not in SETS and words != [DOCUMENTS]]
    if unknown:
        raise WorkshopError(f"there is no set {', '.join(unknown)}. The sets are {', '.join([*SETS, WEB])}.")
    face = qgis_programs.environment()
    if face is None:
        raise WorkshopError("there is no QGIS to take pictures of. The step that brings it is named above.")
    files = demo.Files()
    if not files.project.exists():
        demo.demo(files)
    translations.compile_all()
    if words == [DOCUMENTS]:
        return document_pictures.take(face, files)
    if not words:
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    city = json.loads((files.city / "city.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        request = {"parcels": str(files.city / city["parcels"]), "crs": city["crs"]}
        for name in names or SETS:
            say(f"Taking the pictures {name}")
            language, theme, scale = SETS[name]
            own = Path(folder) / name  # what one set adds to library and profile is not seen in the next
            own.mkdir()
            for file in (files.library, files.profile):
                shutil.copyfile(file, own / file.name)
            look = {"language": language, "theme": theme, "points": POINTS, "size": SIZE, "begin": str(FOLDER / name)}
            whole = {
                **request,
                **look,
                "library": str(own / files.library.name),
                "rooms": rooms,
                "visions": name == WITH_VISIONS,
            }
            _take(face, whole, scale, own / "profile")
    _write_page()
    return 0 if words else _take_web()


def _take_web() -> int:
    """Take the pages of `onemap web`, by the tests that walk through them in Chromium. The folder is made anew.

    Raises WorkshopError if a walk failed, or if there is no Chromium and thus no picture.
    """
    say("Taking the pictures of the pages in a browser")
    folder = FOLDER / WEB
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["ONEMAP_PICTURES"] = str(folder)
    if checks.test([*WALKS, "-m", "slow or nightly"]) or not any(folder.glob("*.png")):
        raise WorkshopError(
            f"the pages of {PAGES} could not be taken; why is said above. "
            "They need Chromium: on Debian, apt-get install chromium."
        )
    _write_page()
    return 0


def _write_page() -> None:
    """Write the page that shows all pictures, set by set."""
    rows = [*(_row(name, f"{name}-*.png") for name in SETS), _row(WEB, f"{WEB}/*.png")]
    page = FOLDER / "index.html"
    page.write_text(PAGE.format(rows="\n".join(rows)), encoding="utf-8")
    say(f"The picture book: {page.relative_to(ROOT)}")


def _asked_of(words: list[str]) -> tuple[list[str], list[str]]:
    """The sets and the rooms that the words name."""
    if "--rooms" not in words:
        return words, []
    at = words.index("--rooms")
    if at + 1 == len(words):
        raise WorkshopError("--rooms takes names of rooms, with commas.")
    return words[:at] + words[at + 2 :], words[at + 1].split(",")


def _row(name: str, pattern: str) -> str:
    paths = [path.relative_to(FOLDER).as_posix() for path in sorted(FOLDER.glob(pattern))]
    links = "".join(f'<a href="{path}"><img src="{path}" title="{Path(path).stem}"></a>' for path in paths)
    return f"<h2>{name}</h2>{links}" if links else ""


def _take(face: Path, request: dict, scale: int, profile: Path) -> None:
    """Take one set. profile: that of a QGIS which has opened no other library."""
    order = FOLDER / "request.json"
    order.write_text(json.dumps(request), encoding="utf-8")
    environment = {**qgis_programs.program_environment(), "QT_SCALE_FACTOR": str(scale / 100)}
    environment["QGIS_CUSTOM_CONFIG_PATH"] = str(profile)
    script = Path(__file__).with_name("pictures") / "dock_pictures.py"
    if run([qgis_programs.python_of(face), script, order], env=environment):
        raise WorkshopError("the pictures could not be taken; QGIS's words are above.")
    order.unlink()
