"""A parcel's sheet as it is read: facts, map and tables of texts, the same for every printer."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from onemap.layers.area_units import hectares, hectares_text, mu_text, printed_hectares, share_text
from onemap.layers.catalogue.catalogue import layer_title
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.messages import phrase
from onemap.rules.answers.sheet.sheet_content import Sheet
from onemap.rules.answers.sheet.sheet_uses import use_text
from onemap.rules.contract.verdict import RANK
from onemap.rules.display.documents.blocks import Block, Section, columns, section_of, table_under, titled_table
from onemap.rules.display.maps.document_areas import rounding_difference, same_ground_m2, square_metres_text, total_m2
from onemap.rules.display.maps.verdict_words import verdict_words
from onemap.rules.display.rows.answer_rows import direction_word
from onemap.rules.judge.findings.citations import citation
from onemap.rules.judge.kinds.reasons import reason_word, reasons_text

_MOST_TITLES = 6  # of layers in a list
MOST_POINTS = 48  # that stand on a sheet; all of them are in the coordinate TXT
_MOST_ROWS = {"plans": 14, "findings": 16, "today": 14}
_POINTS_A_ROW = 3
_POINT_WIDTHS = {"point": 1.0, "ring": 0.8, "north": 2.0, "east": 2.0}
Blocks = tuple[Block, ...]
_table = partial(titled_table, "query_sheet")


def sheet_page(sheet: Sheet, catalogue: dict[str, LayerEntry], language: str, drawing: str | None = None) -> Section:
    """The section of a parcel. drawing: its map as SVG."""

    def word(name: str, **facts: Any) -> str:
        return phrase(f"query_sheet.{name}", language, **facts)

    area = sheet["area_ellipsoidal_m2"]
    facts = [
        [word("parcel"), sheet["parcel"]],
        [word("verdict"), _verdict(sheet, language)],
        [word("use"), use_text(sheet, language)],
        [
            word("area"),
            word("area_value", m2=square_metres_text(area), ha=hectares_text(area), mu=mu_text(area)),
        ],
        [word("checked"), _rules_asked(sheet, catalogue, language)],
    ]
    blocks = (
        *_today(sheet, word, language),
        *_plans(sheet, catalogue, word, language),
        *_nearest(sheet, word, language),
        *_findings(sheet, word, language),
        *_points(sheet, word, language),
    )
    return section_of(word("title"), facts, *blocks, drawing=drawing, name=sheet["parcel"])


def _verdict(judgement: Mapping[str, Any], language: str) -> str:
    """The verdict of a parcel or a finding; where a person judged otherwise, with the machine's."""
    verdict = verdict_words(judgement["verdict"], language)
    if judgement["verdict"] == judgement["machine_verdict"]:
        return verdict
    machine = verdict_words(judgement["machine_verdict"], language)
    return phrase("query_sheet.overridden", language, verdict=verdict, machine=machine)


def _today(sheet: Sheet, word: Any, language: str) -> Blocks:
    """The classes of the survey, each rounded by itself; what their figures lack of the parcel's is noted."""
    site_m2, exact = sheet["area_ellipsoidal_m2"], [row["area_m2"] for row in sheet["today"]]
    is_same = bool(exact) and same_ground_m2(total_m2(exact), site_m2) == site_m2
    exact = [site_m2] if is_same and len(exact) == 1 else exact
    rows = [
        [
            row["class"] or "–",
            row["class_name"] or word("no_class"),
            row["ownership"] or "–",
            row["group"] or "–",
            hectares_text(area_m2),
        ]
        for row, area_m2 in zip(sheet["today"], exact, strict=True)
    ]
    lacking = rounding_difference(hectares(site_m2), map(hectares, exact)) if is_same else 0.0
    widths = {"code": 2, "name": 5, "ownership": 2, "group": 2, "hectares": 2}
    note = None if rows else word("no_today")
    if lacking and len(rows) <= _MOST_ROWS["today"]:
        note = word("rounding", ha=printed_hectares(lacking))
    return _first_rows("today", widths, ("hectares",), rows, note, language)


def _plans(sheet: Sheet, catalogue: dict[str, LayerEntry], word: Any, language: str) -> Blocks:
    shown_rows = _rows_of_every_layer(sheet["plans"], _MOST_ROWS["plans"])
    rows = [
        [
            f"{row['layer_title']} {row['version']}",
            _class_words(row),
            phrase("said.comma", language).join(row["controls"]) or "–",
            hectares_text(row["area_ellipsoidal_m2"]),
            "–" if row["share"] is None else share_text(row["share"]),
        ]
        for row in shown_rows
    ]
    omitted_count = len(sheet["plans"]) - len(shown_rows)
    note = word("more_plans", count=omitted_count) if omitted_count else None if rows else word("no_plans")
    silent = sheet["plans_silent"]
    kinds = {reason: [code for code in silent if silent[code] == reason] for reason in silent.values()}
    remarks = [
        word("silent", reason=reason_word(reason, language), layers=_titles(codes, catalogue, language))
        for reason, codes in kinds.items()
    ]
    if sheet["coarse"]:
        coarse = [
            word("coarse_layer", layer=layer_title(code, catalogue, language), accuracy=f"{fitness['accuracy_m']:g}")
            for code, fitness in sheet["coarse"].items()
        ]
        remarks.append(word("coarse", layers=phrase("said.comma", language).join(coarse)))
    if sheet["assumed"]:
        remarks.append(word("assumed", layers=_titles(sheet["assumed"], catalogue, language)))
    remarks += [row["message"] for row in sheet["remarks"]]
    note = ("" if language == "zh" else " ").join(filter(None, (note, *remarks)))
    widths = {"plan": 4.7, "says": 3.9, "controls": 3.9, "hectares": 1.8, "share": 1.5}
    return _table("plans", widths, rows, language, numbers=("hectares", "share"), note=note)


def _rows_of_every_layer(rows: Sequence[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """The first rows in their order, at most so many, but at least one of each layer, so that none is hidden.

    rows: of a layer one after the other, the largest first. The smallest of the layer that has most is left out first.
    """
    shown_rows = list(rows)
    while len(shown_rows) > most:
        counts = Counter(row["layer"] for row in shown_rows)
        layer, count = counts.most_common(1)[0]
        if count == 1:
            break
        del shown_rows[max(at for at, row in enumerate(shown_rows) if row["layer"] == layer)]
    return shown_rows


def _nearest(sheet: Sheet, word: Any, language: str) -> Blocks:
    """How far the nearest control lines and protected areas are that have nothing on the parcel."""
    rows = [
        [
            f"{row['layer_title']} {row['version']}",
            _class_words(row),
            f"{row['distance_m']:,.1f}",
            direction_word(row["bearing_deg"], language),
        ]
        for row in sheet["nearest"]
    ]
    if not rows:
        return ()
    uncertain_titles = [row["layer_title"] for row in sheet["nearest"] if not row["certain"]]
    note = (
        word("nearest_known", layers=phrase("said.comma", language).join(uncertain_titles))
        if uncertain_titles
        else None
    )
    widths = {"plan": 4.7, "says": 5.5, "distance": 2.4, "direction": 2.4}
    return _table("nearest", widths, rows, language, numbers=("distance",), note=note)


def _findings(sheet: Sheet, word: Any, language: str) -> Blocks:
    rows, uncounted = [], []
    severest = sorted(sheet["findings"], key=lambda row: (RANK[row["verdict"]], -(row["area_m2"] or 0)))
    for row in severest:
        reasons = row["excuse"] or reasons_text(row["reason"], language)
        title = word("with_reason", title=row["title"], reason=reasons) if reasons else row["title"]
        if not row["counted"] and not row["excuse"]:
            uncounted.append(title)
            continue
        rows.append(
            [
                phrase("excuse.not_applicable", language) if row["excuse"] else _verdict(row, language),
                title,
                row["department_title"],
                _measure(row),
                _law_text(row["laws"], language),
            ]
        )
    widths = {"verdict": 2.2, "finding": 4, "department": 2.3, "measure": 2, "law": 5.2}
    note = None if rows else word("no_findings")
    below = word("uncounted", findings=_first_titles(uncounted, language)) if uncounted else None
    return _first_rows("findings", widths, ("measure",), rows, note, language, below)


def _points(sheet: Sheet, word: Any, language: str) -> Blocks:
    """The boundary points; of a parcel of several rings with the ring of each, as its coordinate TXT has it."""
    points = sheet["points"]
    with_rings = any(point["ring"] > 1 for point in points)
    names = ["point", *(["ring"] if with_rings else []), "north", "east"]
    cells = [
        [
            point["point"],
            *([str(point["ring"])] if with_rings else []),
            f"{point['north_m']:.3f}",
            f"{point['east_m']:.3f}",
        ]
        for point in points[:MOST_POINTS]
    ]
    cells += [[""] * len(names)] * (-len(cells) % _POINTS_A_ROW)
    count = len(cells) // _POINTS_A_ROW
    rows = [sum(cells[at::count], []) for at in range(count)]  # read down a column, then down the next
    more = word("more_points", count=len(points) - MOST_POINTS) if len(points) > MOST_POINTS else None
    heading = f"{word('points')} · {sheet['parcel']}"  # it may stand on a page of its own
    parts = columns("query_sheet", language, {name: _POINT_WIDTHS[name] for name in names}, names[1:])
    return table_under(heading, parts * _POINTS_A_ROW, rows, language, more, whole=True)  # no page ends inside it


def _first_rows(
    kind: str,
    widths: Mapping[str, float],
    numbers: Sequence[str],
    rows: list[list[str]],
    note: str | None,
    language: str,
    always: str | None = None,
) -> Blocks:
    """A table of as many rows as it may have.

    note: what is said below it where all of them stand; always: what is said in any case.
    """
    more = len(rows) - _MOST_ROWS[kind]
    if more > 0:
        note = phrase("query_sheet.more_rows", language, count=more)
    note = ("" if language == "zh" else " ").join(filter(None, (note, always))) or None
    return _table(kind, widths, rows[: _MOST_ROWS[kind]], language, numbers=numbers, note=note)


def _rules_asked(sheet: Sheet, catalogue: dict[str, LayerEntry], language: str) -> str:
    """How many rules were asked, and how many were not, by reason and department."""
    parts = [phrase("query_sheet.asked", language, count=sheet["asked"])]
    for item in sheet["not_asked"]:
        facts = {
            "reason": reason_word(item["reason"], language),
            "departments": phrase("said.comma", language).join(
                phrase("query_sheet.rules_of", language, department=one["department_title"], count=one["rules"])
                for one in item["departments"]
            ),
            "layers": _titles(item["layers"], catalogue, language),
        }
        parts.append(phrase("query_sheet.not_asked", language, count=item["rules"], **facts))
    return "".join(parts) if language == "zh" else " ".join(parts)


def _titles(codes: Sequence[str], catalogue: dict[str, LayerEntry], language: str) -> str:
    """The names of the first layers, and how many there are besides."""
    return _first_titles([layer_title(code, catalogue, language) for code in codes], language)


def _first_titles(names: Sequence[str], language: str) -> str:
    """The first of some names, and how many there are besides."""
    first_names = phrase("said.comma", language).join(names[:_MOST_TITLES])
    more = len(names) - _MOST_TITLES
    return phrase("query_sheet.and_more", language, layers=first_names, count=more) if more > 0 else first_names


def _class_words(row: dict[str, Any]) -> str:
    """Class, its title, and the feature's own name where that says more."""
    class_words = " ".join(filter(None, (row["class"], row["class_title"])))
    name = row["name"]
    return (
        " ".join(filter(None, (class_words, name if name not in (row["class"], row["class_title"]) else None))) or "–"
    )


def _measure(row: dict[str, Any]) -> str:
    if row["area_ellipsoidal_m2"]:
        return f"{hectares_text(row['area_ellipsoidal_m2'])} ha"
    return row["extent"] or "–"


def _law_text(laws: Sequence[dict[str, Any]], language: str) -> str:
    """Each law with its articles."""
    citations = (citation(law["law"], law["articles"], language) for law in laws)
    return phrase("said.semicolon", language).join(citations) or "–"
