"""The files that a check has read, and which of them have changed since: asking again would concern other parcels."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.profile.paths import file_state
from onemap.plugin.words.translation import name_list, tr

BESIDE = (".dbf", ".prj", ".cpg")  # a shapefile's attributes, system and encoding
FileStates = Mapping[str, tuple[int, int]]  # of each file by its path: its time and size


def asked_files(params: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """The states of the files that a check with these parameters reads: parcels, facts, rules, and trial files."""
    trial_files = [text.partition("=")[2] for text in params.get("replace") or ()]
    paths = [params.get("parcels"), params.get("data"), *(params.get("pack") or ()), *trial_files]
    return {part: file_state(part) for path in paths if path for part in _parts_of(str(path))}


def refusal_of_changed(files: FileStates) -> Refusal | None:
    """A refusal to ask again, if one of the files has changed since; None if all are unchanged."""
    changed_paths = [path for path, state in files.items() if file_state(path) != state]
    if not changed_paths:
        return None
    text = tr("Changed since this check: {files}. Check again first: it would be an answer about something else.")
    return Refusal(text.format(files=name_list(dict.fromkeys(Path(path).name for path in changed_paths))))


def _parts_of(path: str) -> Iterator[str]:
    yield path
    if os.path.isdir(path):  # a file geodatabase
        yield from sorted(entry.path for entry in os.scandir(path) if not entry.name.endswith(".lock"))
    else:
        yield f"{path}-wal"  # of a GeoPackage: what is written and not yet in its place
        if path.lower().endswith(".shp"):
            yield from (path[:-4] + ending for ending in BESIDE)
