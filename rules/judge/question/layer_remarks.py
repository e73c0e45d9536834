"""Remarks on versions in force that lack ground near the parcels which somebody asks about."""

from collections.abc import Iterable, Iterator, Sequence

import shapely

from onemap.layers.errors import Problem
from onemap.layers.ingest.quality_report import PROBLEMS_TABLE
from onemap.layers.library.library import Library
from onemap.layers.library.versions import files_of
from onemap.layers.messages import names_in_short
from onemap.layers.sources.reading import source_name
from onemap.layers.stores.sql_text import compose_sql
from onemap.layers.stores.store import DamagedTable
from onemap.rules.judge.inputs.check_record import LayerRecord
from onemap.rules.judge.question.check_plan import CheckPlan, VersionsUsed

_BESIDE_M = 200.0  # of the parcels: a line without its zone lies beside whom the distance would have kept off


def versions_of_run(layers: Iterable[LayerRecord]) -> VersionsUsed:
    """The versions that a run used. layers: of its record."""
    return {item["table"]: (item["code"], str(item["label"])) for item in layers if item["table"]}


def trial_problems_of(library: Library, check_plan: CheckPlan) -> Iterator[Problem]:
    """That a file stands for a whole layer in a trial whose version is made of several, as of one for each county."""
    for code, file in check_plan.replaced.items():
        version = check_plan.in_force(code)
        names = [] if version is None else [str(one["source"]) for one in files_of(library, version)]
        if version is not None and len(names) > 1:
            facts = {"file": source_name(file), "layer": code, "field": "--replace", "label": version.label}
            yield Problem("replace.one_file", {**facts, "count": len(names), "names": names_in_short(names)})


def layer_problems_of(library: Library, used: VersionsUsed, *extents: Sequence[float]) -> Iterator[Problem]:
    """What was remarked, when they were added, on the ground that versions in force lack near the parcels.

    There parcels are clear of these layers without a word. used: the versions that judge; extents: of the parcels, each
    west, south, east, north. The words are in the language of whoever added the version. Of a table of remarks that
    cannot be read nothing is said.
    """
    connection = library.connection
    unreadable: tuple[type[Exception], ...] = (DamagedTable, *connection.damages)
    if not connection.has_table(PROBLEMS_TABLE):
        return
    sql = compose_sql(
        "SELECT fid, table_name, message FROM {table}"
        " WHERE code IN ('lost.ground', 'lost.features', 'zones.missing') ORDER BY fid",
        table=PROBLEMS_TABLE,
    )
    around = [shapely.box(*extent) for extent in extents]
    try:
        rows = connection.execute(sql).fetchall()
        for fid, table, message in rows:
            if table not in used:
                continue
            (ground,) = connection.read_block(PROBLEMS_TABLE, (), fid, fid).geometries
            if shapely.dwithin(ground, around, _BESIDE_M).any():
                code, label = used[table]
                facts = {"layer": code, "label": label, "words": message}
                yield Problem("version.lacks_ground", facts)
    except unreadable:
        return
