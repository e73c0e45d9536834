"""The pages of `changes`: how many features of each change, which ground became which class, and what would turn."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from onemap.layers.area_units import hectares_text
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import joined_sentences
from onemap.layers.messages import phrase
from onemap.rules.charts.bars import BarSeries
from onemap.rules.charts.chart_sheet import ChartWords
from onemap.rules.charts.figures import Figure
from onemap.rules.maps.page_files import Page
from onemap.rules.statistics.class_keys import key_titles
from onemap.rules.statistics.figure_pages import class_matrix
from onemap.rules.statistics.version_changes import CHANGES, VersionChanges

_MOST_ROWS = 400  # of a table that somebody reads; --out has all of them
_MOST_FEATURES = 48  # one by one, after all that sums them up: a page of them, and below it how many more there are
_ON_FIRST = 8  # features that stand below the counts, and not on a page of their own
Record = dict[str, Any]


def changes_pages(
    result: Mapping[str, Any], found: VersionChanges, entry: LayerEntry, foot: str, language: str
) -> tuple[list[Page], list[str]]:
    """The pages with their charts as SVG text. result: the answer of the verb; foot: library and day."""
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
    by_fields, features = _features(found, entry, language)
    blocks = [_counts(result, kinds, language), *by_fields, *_turned_blocks(result, language)]
    pages: list[Page] = [{"title": title, "lead": foot, "facts": facts, "blocks": blocks}]
    charts = [Figure(words, tuple(kinds), (counts,)).picture()]
    if result["transitions"]:
        page, chart = _classes(result, entry, found.class_field, names, source, facts, language)
        pages.append(page)
        charts.append(chart)
    if features and len(pages) == 1 and len(features[0]["rows"]) <= _ON_FIRST:
        blocks += features
    elif features:
        listed = [{**features[0], "heading": ""}, *features[1:]]  # the page's title says it
        pages.append({"title": features[0]["heading"], "lead": title, "facts": [], "blocks": listed})
        charts.append("")
    return pages, charts


def _counts(result: Mapping[str, Any], kinds: Sequence[str], language: str) -> Record:
    rows = [[kind, f"{result[name]:,}"] for kind, name in zip(kinds, CHANGES, strict=True)]
    return _block("counts", ("change", "features"), rows, (4, 2), (1,), language)


def _features(found: VersionChanges, entry: LayerEntry, language: str) -> tuple[list[Record], list[Record]]:
    """What is not as it was: by the fields that differ, the commonest first; and feature by feature, some fields first.

    Fields are named by their titles. What changed in most features alike, such as the year of the data, comes last.
    """
    columns = found.tables["changes"].columns
    if columns.empty:
        return [], []
    rows = [
        [phrase(f"changes.{change}", language), str(feature), _field_titles(fields, entry, language)]
        for change, feature, fields in zip(columns["change"], columns["feature"], columns["fields"], strict=True)
    ]
    counts = Counter((change, fields) for change, _, fields in rows)
    sums = [[change, fields, f"{count:,}"] for (change, fields), count in counts.most_common()]
    rows.sort(key=lambda row: counts[row[0], row[2]])
    by_fields = [_block("by_fields", ("change", "fields", "features"), sums, (2, 6, 2), (2,), language)]
    if not any(fields for _, fields, _ in sums):  # features came and went; the first table says how many
        by_fields = []
    heads = ("change", "feature", "fields")
    return by_fields, [_block("differing", heads, rows, (2, 3, 5), (), language, _MOST_FEATURES)]


def _field_titles(names: str | None, entry: LayerEntry, language: str) -> str:
    """Fields with commas between, as people call them; a field that the catalogue lacks keeps its name."""
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
) -> tuple[Page, str]:
    """The page of the ground whose class is another, in hectares, with the matrix."""
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
    block = _block("classes", ("before", "after", "hectares"), rows, (5, 5, 3), (2,), language)
    chart = class_matrix(keyed, entry, (names[0], names[1]), words).picture()
    return {"title": title, "facts": facts, "blocks": [block]}, chart


def _turned_blocks(result: Mapping[str, Any], language: str) -> list[Record]:
    """What would turn in open cases and kept checks, and whose opinions rest on it; said also where it is nothing."""
    if "cases" not in result:
        return []
    departments, titles = result["titles"]["departments"], result["titles"]["rules"]
    semicolon = phrase("said.semicolon", language)
    turned, opinions, notes = [], [], []
    for record in (*result["cases"], *result["runs"]):
        name = record.get("project") or record.get("name") or record.get("case") or record["run"]
        for one in record["turned"]:
            sides = [phrase(f"verdict.{one[side]}", language) if one[side] else "–" for side in ("from", "to")]
            rules = semicolon.join(titles.get(rule, rule) for rule in one["rules"])
            turned.append([name, one["parcel"], *sides, rules])
        for one in record.get("opinions", ()):
            sides = [phrase(f"conclusion.{one[side]['conclusion']}", language) for side in ("from", "to")]
            state = phrase(f"opinion_state.{one['state']}", language)
            opinions.append([name, departments[one["department"]], state, *sides])
        notes += [f"{name}: {joined_sentences(problem['message'], problem['mend'])}" for problem in record["problems"]]
    heads = ("of", "parcel", "before", "after", "rules")
    first = _block("turned", heads, turned, (3, 2, 2, 2, 4), (), language)
    if not turned:
        first["note"] = phrase("changes.none_turned", language)
    heads = ("of", "department", "state", "before", "after")
    second = _block("opinions", heads, opinions, (3, 3, 2, 2, 2), (), language)
    blocks = [first, *([second] if opinions else [])]
    blocks[-1]["note"] = " ".join(filter(None, (blocks[-1]["note"], *notes))) or None
    return blocks


def _block(
    name: str,
    heads: Sequence[str],
    rows: Sequence[list[str]],
    widths: Sequence[float],
    numbers: Sequence[int],
    language: str,
    most: int = _MOST_ROWS,
) -> Record:
    left = len(rows) - most
    return {
        "heading": phrase(f"changes.{name}", language),
        "heads": [phrase(f"changes.{head}", language) for head in heads],
        "rows": [list(row) for row in rows[:most]],
        "widths": list(widths),
        "numbers": list(numbers),
        "note": phrase("figures.more_rows", language, count=left) if left > 0 else None,
    }
