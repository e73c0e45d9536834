"""What a run notes of how its parcels were read: whoever need not read them again tells the same.

Only of files of which nothing is read that is not in their hash, and that stood still meanwhile.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from onemap.layers.errors import Problem
from onemap.layers.sources import postgis
from onemap.layers.sources.reading import state_of

_WHOLE = {".gpkg", ".shp", ".geojson", ".json", ".fgb"}
_BESIDE = ("-wal", "-journal")  # what is written there already is not in a GeoPackage's own file yet


def reading_note(problems: Sequence[Problem]) -> bytes | None:
    """Problems as JSON; None if they would not come back as they are."""
    said = [[problem.code, problem.facts] for problem in problems]
    try:
        text = json.dumps(said)
    except (TypeError, ValueError):
        return None
    return text.encode() if json.loads(text) == said else None


def noted_problems(note: bytes) -> tuple[Problem, ...]:
    """What `reading_note` has written. Raises ValueError."""
    return tuple(Problem(code, facts) for code, facts in json.loads(note))


def whole_state(source: str) -> list[tuple[str, int, int]] | None:
    """Names, sizes and times of a source's files; None where not all that is read of it may be in its hash."""
    path = Path(source)
    if postgis.is_database(source) or path.suffix.lower() not in _WHOLE:
        return None
    if any(Path(source + ending).exists() for ending in _BESIDE):
        return None
    try:
        return state_of(path, path)
    except OSError:
        return None
