"""Where on each system a user's programs keep what they can make again."""

import os
import sys
from pathlib import Path


def user_cache() -> Path:
    """One Map's own folder in the user's cache, which may not be there yet."""
    if sys.platform == "win32":
        cache = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        cache = Path.home() / "Library" / "Caches"
    else:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "onemap"
