"""Whether all runs that were logged are kept as they were recorded, and were asked by the packs that they name."""

import json
from collections.abc import Mapping
from typing import Any

from onemap.layers.errors import Problem
from onemap.layers.library import Library, sha256
from onemap.layers.recorded import logged_hash

ACTIONS = ("check", "compare", "remedy")  # of the log, which leave a run


def record_hash(record: Mapping[str, Any]) -> str:
    """The hash of a run's record, as the log keeps it."""
    return sha256(json.dumps(record, ensure_ascii=False))


def run_problems(library: Library) -> list[Problem]:
    """Runs that are gone, were changed, or that the log does not know; and texts of packs that were changed."""
    connection, found = library.connection, []
    runs = dict(connection.execute("SELECT id, record FROM onemap_runs"))
    logged = set()
    sql = "SELECT at, who, action, subject, detail FROM onemap_audit ORDER BY number"
    for at, who, action, run, text in connection.execute(sql).fetchall():
        if action not in ACTIONS:
            continue
        logged.add(run)
        place = {"file": library.label, "layer": "onemap_runs", "feature": run, "at": at, "who": who}
        if run not in runs:
            found.append(Problem("verify.record_gone", place))
        elif logged_hash(text) not in (None, sha256(runs[run])):
            found.append(Problem("verify.record_changed", place))
    for run in sorted(runs.keys() - logged):
        found.append(Problem("verify.run_unlogged", {"file": library.label, "layer": "onemap_runs", "feature": run}))
    texts = "SELECT hash, content FROM onemap_pack_texts ORDER BY hash"
    for hash_, content in connection.execute(texts) if library.has_table("onemap_pack_texts") else ():
        if sha256(content) != hash_:
            place = {"file": library.label, "layer": "onemap_pack_texts", "feature": hash_}
            found.append(Problem("verify.pack_text", place))
    return found
