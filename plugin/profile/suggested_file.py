"""The suggestion for a new file in a dialog: a folder, and a name that is valid on every system."""

from pathlib import Path

from qgis.core import QgsFileUtils

from onemap.plugin.profile import settings
from onemap.plugin.profile.paths import documents_folder

MOST_BYTES = 240  # of a name without its ending: Linux takes 255, and a Chinese sign has three


def suggested_file(name: str, ending: str) -> str:
    """A path in the folder for documents.

    name: may be a layer's title or a version's label, with signs that Windows forbids in file names. ending: with its
    dot.
    """
    safe = QgsFileUtils.stringToSafeFilename(" ".join(name.split())).encode()[:MOST_BYTES].decode(errors="ignore")
    return str(Path(settings.get("review_folder") or documents_folder()) / f"{safe}{ending}")
