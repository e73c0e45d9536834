"""Remarks on values that rules select although no code table of the field and no version of the layer has them."""

from collections.abc import Iterator

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import Problem, ProblemPlace
from onemap.layers.frames.fields import text_value
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version
from onemap.layers.stores.sql_text import compose_sql
from onemap.rules.judge.kinds.conditions import fields_of
from onemap.rules.judge.kinds.foreseen_values import is_named, values_in_no_table
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.question.check_plan import CheckPlan


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
