"""Runs in the log: whether all are kept as they were recorded, and were asked by the packs that they name."""

import json
from collections.abc import Mapping
from typing import Any

from onemap.layers.errors import Problem
from onemap.layers.library.library import Library, log, sha256
from onemap.layers.library.record_hashes import KEY, log_entries
from onemap.layers.stores.store import StoreConnection

ACTIONS = ("check", "compare", "remedy")  # of the log, which leave a run


def log_run(connection: StoreConnection, action: str, record: Mapping[str, Any], detail: Mapping[str, Any]) -> None:
    """One row of the log for a run that was recorded, with the hash of its record."""
    written = {**detail, KEY: sha256(json.dumps(record, ensure_ascii=False))}
    log(connection, record["who"], action, record["id"], written)


def run_problems(library: Library) -> list[Problem]:
    """Runs that are gone, were changed, or that the log does not know; and texts of packs that were changed."""
    connection, found = library.connection, []
    runs = dict(connection.execute("SELECT id, record FROM onemap_runs"))
    known = set()
    for entry in log_entries(connection, library.label, dict.fromkeys(ACTIONS, "onemap_runs")):
        known.add(entry.subject)
        if entry.subject not in runs:
            found.append(Problem("verify.record_gone", entry.place))
        elif entry.hash not in (None, sha256(runs[entry.subject])):
            found.append(Problem("verify.record_changed", entry.place))
    for run in sorted(runs.keys() - known):
        found.append(Problem("verify.run_unlogged", {"file": library.label, "layer": "onemap_runs", "feature": run}))
    texts = "SELECT hash, content FROM onemap_pack_texts ORDER BY hash"
    for hash_, content in connection.execute(texts) if library.has_table("onemap_pack_texts") else ():
        if sha256(content) != hash_:
            place = {"file": library.label, "layer": "onemap_pack_texts", "feature": hash_}
            found.append(Problem("verify.pack_text", place))
    return found
