"""The records of comparisons among the library's runs."""

from collections.abc import Mapping
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library
from onemap.rules.judge.runs.run_record import read_record
from onemap.rules.judge.runs.run_store import kind_of

KIND = "compare"


def pair_of(record: Mapping[str, Any]) -> str:
    """The pair of plans of a comparison, without versions; decisions are kept by it."""
    return "×".join(record["parameters"][side].partition("@")[0] for side in ("a", "b"))


def comparison_runs(library: Library) -> list[str]:
    """The comparisons in the library, the newest first, without those whose record cannot be read."""
    run_ids = []
    for name, text in library.connection.execute("SELECT id, record FROM onemap_runs ORDER BY started DESC, id DESC"):
        try:
            record = read_record(library, name, text)
        except OneMapError:  # `runs` names it
            continue
        if kind_of(record) == KIND:
            run_ids.append(name)
    return run_ids
