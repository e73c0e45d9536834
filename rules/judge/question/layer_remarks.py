"""Remarks of a question on its layers: versions that lack ground nearby, and values that no table or version has."""

from collections.abc import Iterable, Iterator, Sequence

import shapely

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import Problem, ProblemPlace
from onemap.layers.frames.fields import text_value
from onemap.layers.ingest.quality_report import PROBLEMS_TABLE
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, files_of
from onemap.layers.messages import names_in_short
from onemap.layers.sources.reading import source_name
from onemap.layers.stores.sql_text import compose_sql
from onemap.layers.stores.store import DamagedTable
from onemap.rules.judge.inputs.check_record import LayerRecord
from onemap.rules.judge.kinds.conditions import fields_of
from onemap.rules.judge.kinds.foreseen_values import is_named, values_in_no_table
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.question.check_plan import CheckPlan, VersionsUsed

GroundRemark = tuple[shapely.Geometry | None, Problem]  # the ground that it is about, None where nobody knows it
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

    There parcels are clear of these layers without a word. Features that were set aside without a position may lie
    anywhere. used: the versions that judge; extents: of the parcels, each west, south, east, north. The words are in
    the language of whoever added the version. Of a table of remarks that cannot be read nothing is said.
    """
    yield from remarks_near(ground_remarks(library, used), *extents)


def remarks_near(remarks: Iterable[GroundRemark], *extents: Sequence[float]) -> Iterator[Problem]:
    """Those of some remarks that bear on parcels. extents: of the parcels, each west, south, east, north."""
    around = [shapely.box(*extent) for extent in extents]
    for ground, problem in remarks:
        if ground is None or shapely.dwithin(ground, around, _BESIDE_M).any():
            yield problem


def ground_remarks(library: Library, used: VersionsUsed) -> list[GroundRemark]:
    """All that was remarked on the ground that versions lack, as `layer_problems_of` says it of some parcels."""
    connection, remarks = library.connection, list[GroundRemark]()
    unreadable: tuple[type[Exception], ...] = (DamagedTable, *connection.damages)
    if not connection.has_table(PROBLEMS_TABLE):
        return remarks
    sql = compose_sql(
        "SELECT fid, table_name, message FROM {table}"
        " WHERE code IN ('lost.ground', 'lost.features', 'zones.missing', 'bad.no_ground') ORDER BY fid",
        table=PROBLEMS_TABLE,
    )
    try:
        rows = connection.execute(sql).fetchall()
        for fid, table, message in rows:
            if table not in used:
                continue
            (ground,) = connection.read_block(PROBLEMS_TABLE, (), fid, fid).geometries
            code, label = used[table]
            facts = {"layer": code, "label": label, "words": message}
            remarks.append((ground, Problem("version.lacks_ground", facts)))
    except unreadable:
        pass
    return remarks


def value_problems_of(library: Library, check_plan: CheckPlan) -> list[Problem]:
    """The remarks on rules that can find nothing, since what they ask of a field is misspelt."""
    catalogue = library.catalogue()
    return [
        problem
        for rule in check_plan.rules
        for code in rule.layers_named
        if rule.where is not None and code in catalogue
        for problem in _problems(library, rule, catalogue[code], [one for one in check_plan.known if one.code == code])
    ]


def _problems(library: Library, rule: Rule, entry: LayerEntry, versions: list[Version]) -> Iterator[Problem]:
    where = rule.judging_by(entry.code).where or ""
    for name in fields_of(where):
        asked = values_in_no_table(where, name, entry)
        field = entry.field_named(name)
        found = (value for version in versions for value in _values_of(library, version, name))
        if asked and field and not any(is_named(where, name, value) for value in found):
            place = ProblemPlace(file=rule.pack, feature=rule.id, layer=entry.code, field=name)
            yield Problem("pack.value", {**place, "values": asked, "known": list(field.values)})


def _values_of(library: Library, version: Version, name: str) -> Iterator[str]:
    """The different values of a field in a version; none where the version lacks the field."""
    names = {field.lower(): field for field in library.connection.field_types(version.table)}
    if name.lower() not in names:
        return
    sql = compose_sql("SELECT DISTINCT {field} FROM {table}", field=names[name.lower()], table=version.table)
    yield from filter(None, (text_value(row[0]) for row in library.connection.execute(sql)))
