"""`pictures web`: the pages of `onemap web`, taken by the tests that walk through them in Chromium."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from workshop import checks
from workshop.machine import WorkshopError, say

PAGES = "tests/rules/verbs/web"
WALKS = [f"{PAGES}/test_{name}.py" for name in ("desk_browser", "desk_map", "public_browser")]


def take(folder: Path) -> None:
    """Take a picture of each page in both languages, for a phone and for a desk; the folder is made anew.

    Raises WorkshopError if a walk failed, or if there is no Chromium and thus no picture.
    """
    say("Taking the pictures of the pages in a browser")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["ONEMAP_PICTURES"] = str(folder)
    if checks.test([*WALKS, "-m", "slow or nightly"]) or not any(folder.glob("*.png")):
        raise WorkshopError(
            f"the pages of {PAGES} could not be taken; why is said above. "
            "They need Chromium: on Debian, apt-get install chromium."
        )
