"""The pages of `changes`: number of features by change, classes before and after, and verdicts that would change."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from onemap.layers.area_units import hectares_text
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import joined_sentences
from onemap.layers.messages import phrase
from onemap.rules.answers.statistics.class_keys import key_titles
from onemap.rules.answers.statistics.figure_pages import class_matrix
from onemap.rules.answers.statistics.version_changes import CHANGES, VersionChanges
from onemap.rules.display.charts.bars import BarSeries
from onemap.rules.display.charts.chart_sheet import ChartWords
from onemap.rules.display.charts.figures import Figure
from onemap.rules.display.documents.blocks import Block, Section, section_of, titled_table

_MOST_ROWS = 400  # of a table that somebody reads; --out has all of them
_table = partial(titled_table, "changes", most=_MOST_ROWS)
_MOST_FEATURES = 48  # one by one, after all that sums them up: a page of them, and below it how many more there are
_ON_FIRST = 8  # features that stand below the counts, and not on a page of their own


def changes_pages(
    result: Mapping[str, Any], version_changes: VersionChanges, entry: LayerEntry, foot: str, language: str
) -> list[Section]:
    """The pages. result: the answer of the verb; foot: library and day."""
    names = [f"{entry.title_in(language)} {version['version']}" for version in result["versions"]]
    source = phrase("said.comma", language).join(names)
    title = phrase(
        "changes.title",
        language,
        layer=entry.title_in(language),
        old=names[0].rpartition(" ")[2],
        new=names[1].rpartition(" ")[2],
    )
    words = ChartWords(title, phrase("figures.count", language), source, language, is_count=True, is_below_title=True)
    kinds = [phrase(f"changes.{kind}", language) for kind in CHANGES]
    counts = BarSeries(words.unit, tuple(float(result[kind]) for kind in CHANGES))
    facts = [
        [
            phrase(f"figures.{side}", language),
            phrase("changes.features_of", language, name=name, count=f"{version['features']:,}"),
        ]
        for side, name, version in zip(("before", "after"), names, result["versions"], strict=True)
    ]
    rows = _feature_rows(version_changes, entry, language)
    blocks = [*_counts(result, kinds, language), *_by_fields(rows, language), *_turned_blocks(result, language)]
    features = _features(rows, language)
    if not result["transitions"] and len(rows) <= _ON_FIRST:
        blocks += features
        features = ()
    chart = Figure(words, tuple(kinds), (counts,))
    pages = [section_of(title, facts, *blocks, lead=foot, drawing=chart)]
    if result["transitions"]:
        pages.append(_classes(result, entry, version_changes.class_field, names, source, facts, language))
    if features:
        heading, *feature_blocks = features  # the page's title says it
        pages.append(section_of(heading.heading, (), *feature_blocks, lead=title))
    return pages


def _counts(result: Mapping[str, Any], kinds: Sequence[str], language: str) -> tuple[Block, ...]:
    rows = [[kind, f"{result[name]:,}"] for kind, name in zip(kinds, CHANGES, strict=True)]
    return _table("counts", {"change": 4, "features": 2}, rows, language, numbers=("features",))


def _feature_rows(version_changes: VersionChanges, entry: LayerEntry, language: str) -> list[list[str]]:
    """The changed features: the change, the name, the titles of the fields that differ.

    Changes that most features share, such as the year of the data, come last.
    """
    columns = version_changes.tables["changes"].columns
    if columns.empty:
        return []
    rows = [
        [phrase(f"changes.{change}", language), str(feature), _field_titles(fields, entry, language)]
        for change, feature, fields in zip(columns["change"], columns["feature"], columns["fields"], strict=True)
    ]
    counts = Counter((change, fields) for change, _, fields in rows)
    return sorted(rows, key=lambda row: counts[row[0], row[2]])


def _by_fields(rows: Sequence[Sequence[str]], language: str) -> tuple[Block, ...]:
    """The number of features by the set of fields that differ, the most frequent first."""
    counts = Counter((change, fields) for change, _, fields in rows)
    if not any(fields for _, fields in counts):  # features came and went; the first table says how many
        return ()
    sums = [[change, fields, f"{count:,}"] for (change, fields), count in counts.most_common()]
    return _table("by_fields", {"change": 2, "fields": 6, "features": 2}, sums, language, numbers=("features",))


def _features(rows: Sequence[Sequence[str]], language: str) -> tuple[Block, ...]:
    widths = {"change": 2, "feature": 3, "fields": 5}
    return _table("differing", widths, rows, language, most=_MOST_FEATURES) if rows else ()


def _field_titles(names: str | None, entry: LayerEntry, language: str) -> str:
    """The titles of fields, joined by commas; a field that the catalogue lacks keeps its name."""
    fields = [name for name in (names or "").split(",") if name]
    return phrase("said.comma", language).join(entry.field_title(name, language) or name for name in fields)


def _classes(
    result: Mapping[str, Any],
    entry: LayerEntry,
    field: str | None,
    names: Sequence[str],
    source: str,
    facts: list[list[str]],
    language: str,
) -> Section:
    """The page of ground whose class changed, in hectares, with the matrix."""
    title = phrase("figures.transitions", language, before=names[0], after=names[1])
    words = ChartWords(title, phrase("figures.hectares", language), source, language, is_below_title=True)
    keyed = [
        {side: None if row[side] is None else {field: row[side]} for side in ("from", "to")}
        | {"area_m2": row["area_ellipsoidal_m2"]}  # as every document prints it
        for row in result["transitions"]
    ]

    def text(keys: Mapping[str, Any] | None) -> str:
        if keys is None:
            return phrase("said.no_feature", language)
        titles = key_titles(keys, entry, language)
        return " ".join(str(part) for name, value in keys.items() for part in (value, titles.get(name)) if part)

    rows = [[text(row["from"]), text(row["to"]), hectares_text(row["area_m2"])] for row in keyed]
    blocks = _table("classes", {"before": 5, "after": 5, "hectares": 3}, rows, language, numbers=("hectares",))
    return section_of(title, facts, *blocks, drawing=class_matrix(keyed, entry, (names[0], names[1]), words))


def _turned_blocks(result: Mapping[str, Any], language: str) -> tuple[Block, ...]:
    """The verdicts that would change in open cases and stored checks, and the opinions on them; or that none would."""
    if "cases" not in result:
        return ()
    departments, titles = result["titles"]["departments"], result["titles"]["rules"]
    semicolon = phrase("said.semicolon", language)
    turned_rows, opinions, notes = [], [], []
    for record in (*result["cases"], *result["runs"]):
        name = record.get("project") or record.get("name") or record.get("case") or record["run"]
        for one in record["turned"]:
            sides = [phrase(f"verdict.{one[side]}", language) if one[side] else "–" for side in ("from", "to")]
            rules = semicolon.join(titles.get(rule, rule) for rule in one["rules"])
            turned_rows.append([name, one["parcel"], *sides, rules])
        for one in record.get("opinions", ()):
            sides = [phrase(f"conclusion.{one[side]['conclusion']}", language) for side in ("from", "to")]
            state = phrase(f"opinion_state.{one['state']}", language)
            opinions.append([name, departments[one["department"]], state, *sides])
        notes += [f"{name}: {joined_sentences(problem['message'], problem['mend'])}" for problem in record["problems"]]
    none, problems = "" if turned_rows else phrase("changes.none_turned", language), " ".join(notes)
    last = (none, problems) if opinions else (" ".join(filter(None, (none, problems))), "")
    widths = {"of": 3, "parcel": 2, "before": 2, "after": 2, "rules": 4}
    blocks = _table("turned", widths, turned_rows, language, note=last[0])
    if not opinions:
        return blocks
    widths = {"of": 3, "department": 3, "state": 2, "before": 2, "after": 2}
    return (*blocks, *_table("opinions", widths, opinions, language, note=last[1]))
