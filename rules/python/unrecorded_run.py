"""A check that no library keeps, as it is explained: from the tables of its result."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pandas as pd

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library
from onemap.rules.judge.findings.table import records_of
from onemap.rules.judge.inputs.check_record import CheckRecord
from onemap.rules.judge.packs.library_packs import packs_of
from onemap.rules.judge.runs.explain import ExplainedRun
from onemap.rules.python.table_places import TablePlace


def unrecorded_run(
    library: Library, record: Mapping[str, Any], tables: TablePlace, packs: Sequence[str]
) -> ExplainedRun:
    """A run by its record, its tables, and the packs that were named. Raises OneMapError run.incomplete, pack.…."""
    found = packs_of(library, packs, record["parameters"].get("code_system"))
    if [pack.hash for pack in found] != [pack["hash"] for pack in record["packs"]]:  # one was changed since
        raise OneMapError("run.incomplete", file=library.label, run=record["id"])

    def rows(name: str, **wanted: str) -> list[dict[str, Any]]:
        if name not in tables.names:
            return []
        frame = tables.read(name)
        for column, value in wanted.items():
            frame = frame[frame[column] == value]
        return records_of(pd.DataFrame(frame.drop(columns="geometry", errors="ignore")))

    return ExplainedRun(cast(CheckRecord, record), found, rows)
