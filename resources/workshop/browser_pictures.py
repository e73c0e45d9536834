"""`pictures web`: the pages of `onemap web`, as the tests that walk through them in Chromium see them."""

from __future__ import annotations

import os
from pathlib import Path

from workshop import checks
from workshop.machine import ROOT, WorkshopError, say

WALKS = tuple(
    f"tests/rules/verbs/web/test_{name}.py" for name in ("desk_browser", "desk_map", "public_browser")
)  # the desk, its map, and what the public sees


def take(folder: Path) -> None:
    """Take a picture of each page in either language, on a phone and at a desk, into a new folder.

    Raises WorkshopError: a walk failed, or there is no Chromium, so that no picture was taken.
    """
    say("Taking the pictures of the pages in a browser")
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["ONEMAP_PICTURES"] = str(folder)
    failed = checks.test([*WALKS, "-m", "slow or nightly"])
    if failed or not any(folder.glob("*.png")):
        raise WorkshopError(
            f"the pages of {', '.join(path for path in WALKS if (ROOT / path).exists())} could not be taken; "
            "why is said above. They need Chromium: on Debian, apt-get install chromium."
        )
