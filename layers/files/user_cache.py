"""Where each system keeps data that a user's programs can make again."""

import os
import sys
from pathlib import Path


def user_cache() -> Path:
    """Return One Map's own folder in the user's cache, which may not exist yet."""
    if sys.platform == "win32":
        cache = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        cache = Path.home() / "Library" / "Caches"
    else:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "onemap"
