"""The workshop: python3 build.py demo · test · check · run · package · bench · translate.

On a bare machine the first of them sets everything up, and says what it does. Standard library only.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "resources"))

from workshop import pythons, qgis  # noqa: E402
from workshop.machine import WorkshopError, say, warn  # noqa: E402

if __name__ == "__main__":
    try:
        pythons.core()
        qgis.environment()
    except WorkshopError as error:
        warn(str(error))
        sys.exit(1)
