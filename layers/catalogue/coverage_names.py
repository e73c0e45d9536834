"""Names of coverages that --covers accepts besides a file, and the word for one that nobody stated."""

from collections.abc import Mapping
from typing import Any

from onemap.layers.messages import phrase

DISTRICT, EXTENT, FEATURES, FILE = "district", "extent", "features", "file"
COVERAGES = (DISTRICT, FEATURES, EXTENT)


def version_with_coverage(name: str, version: Mapping[str, Any], language: str) -> str:
    """The name of a version, which says that its coverage is only assumed if nobody stated it."""
    is_assumed = version.get("coverage") == EXTENT
    text: str = phrase("record_fact.assumed", language, version=name) if is_assumed else name
    return text
