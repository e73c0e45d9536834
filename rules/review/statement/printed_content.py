"""The content as it is printed: all numbers, shares and dates as text, in the same structure, and the sentences."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from onemap.layers.area_units import printed_hectares, printed_mu, share_text
from onemap.layers.messages import list_text
from onemap.layers.visible_text import visible_text
from onemap.rules.answers.remedy.departments import MEASURES
from onemap.rules.display.letterhead.row_state import RowState
from onemap.rules.display.maps.document_areas import moment_text, square_metres_text
from onemap.rules.judge.findings.citations import cited_basis, cited_law
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.finding_figures import PLAIN
from onemap.rules.review.cases.code_names import titles_asked_once
from onemap.rules.review.statement.document_words import words
from onemap.rules.review.statement.land_areas import COLUMNS

NOT_MEASURED = "–"
_CHOICES = ("agree", "conditional", "disagree", "not_involved", "supplement")
# What XML forbids: a name with such a sign in it must not break a document.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def printed_texts(content: dict[str, Any]) -> dict[str, Any]:
    """The same content for templates: numbers as text, "–" for a value not measured, "" for a missing text.

    True and False stay, so that a template can test them. The added key `sentences` holds the sentences.
    """
    texts = {name: _print_value(name, value, content["language"]) for name, value in content.items()}
    return {**texts, "sentences": _sentences(texts)}


def _print_value(name: str, value: Any, language: str) -> Any:
    if name == "areas_m2":
        return {key: square_metres_text(area_m2) for key, area_m2 in value.items()}
    if isinstance(value, dict):
        texts = {key: _print_value(key, item, language) for key, item in value.items()}
        texts |= _areas(value)
        if "rounding" in value:
            texts["rounding"] = {
                column: _rounding_text(lacking, language) for column, lacking in value["rounding"].items()
            }
        if value.get("shown_on"):
            texts["figure"] = list_text(_spans(value["shown_on"]), language)
        if "length_m" not in value:
            return texts
        if isinstance(value["value"], float):
            texts["value"] = f"{value['value']:,.{KINDS[value['kind']].value_places}f}"
        return {**texts, **_extent(texts, value, language)}
    if isinstance(value, list):
        return [_print_value(name, item, language) for item in value]
    if isinstance(value, bool):
        return value
    if name in ("basis", "basis_text") and value:
        value = cited_basis(str(value), language)
    if name == "law":
        value = cited_law(str(value), language)
    if name in _FORMS:
        return NOT_MEASURED if value is None else _FORMS[name](value)
    if value is None:
        return ""
    return visible_text(_FORBIDDEN.sub("", str(value)))


def _extent(row: dict[str, Any], value: dict[str, Any], language: str) -> dict[str, str]:
    """The extent of a finding in lines: area, hectares and mu, or what its kind counts; and its distance.

    row: its texts; value: its numbers. A counted finding has no area, even if its count is zero.
    """
    kind = KINDS[value["kind"]]
    if not kind.has_ground and value["state"] != RowState.UNKNOWN:
        extent = kind.extent({**value, "area_m2": None, "share": None}, language, PLAIN) or NOT_MEASURED
        none = dict.fromkeys(("area_ellipsoidal_m2", "hectares", "mu", "share"), NOT_MEASURED)
        return {**none, **_lines(extent), "extent_text": extent}
    far = "" if row["distance_m"] in (NOT_MEASURED, "0.0") else f"↔ {row['distance_m']} m"
    if row["hectares"] != NOT_MEASURED:
        area_text, hectares_text = f"{row['area_ellipsoidal_m2']} m²", f"{row['hectares']} ha"
        mu_text = f"{row['mu']}{words(language)['unit_mu']}"
        return {**_lines(area_text, hectares_text, mu_text, far), "extent_text": ""}
    measures = (f"{row['length_m']} m" if row["length_m"] != NOT_MEASURED else "", row["value"].strip(NOT_MEASURED))
    return {**_lines("; ".join(filter(None, measures)) or NOT_MEASURED, far=far), "extent_text": ""}


def _lines(area: str, hectares: str = "", mu: str = "", far: str = "") -> dict[str, str]:
    return {"area_text": area, "hectares_text": hectares, "mu_text": mu, "distance_text": far}


def _areas(row: dict[str, Any]) -> dict[str, str]:
    """The hectares and mu of a row that also has exact areas: an area above zero never prints as zero."""
    exact = row.get("area_ellipsoidal_m2", row.get("area_m2"))
    forms = {"hectares": printed_hectares, "mu": printed_mu}
    area_texts = {name: form(row[name], exact) for name, form in forms.items() if row.get(name) is not None}
    for column, area_m2 in row.get("areas_m2", {}).items():
        name = column if column in row else f"{column}_hectares"
        area_texts[name] = printed_hectares(row[name], area_m2)
    return area_texts


def _rounding_text(lacking: float, language: str) -> str:
    """The difference of a row's columns from their printed whole, in words; empty if they agree."""
    return f"{words(language)['rounding']} {printed_hectares(lacking)}" if lacking else ""


def _metres(value: float) -> str:
    return f"{value:,.1f}"


_FORMS: dict[str, Callable[[Any], str]] = {
    "hectares": printed_hectares,
    **dict.fromkeys(COLUMNS, printed_hectares),
    **dict.fromkeys((f"{name.removesuffix('_m2')}_hectares" for name in MEASURES), printed_hectares),
    "mu": printed_mu,
    "area_m2": square_metres_text,
    "area_ellipsoidal_m2": square_metres_text,
    "survey_area_m2": square_metres_text,
    "share": lambda value: share_text(value).replace("< ", "<\u00a0"),
    "length_m": _metres,
    "distance_m": _metres,
    "moved_m": _metres,
    "turned_deg": _metres,
    "value": lambda value: _FORBIDDEN.sub("", str(value)),
    "north_m": lambda value: f"{value:.3f}",
    "east_m": lambda value: f"{value:.3f}",
    "features": lambda value: f"{value:,}",
    "figure": str,
}


def _spans(numbers: Sequence[int]) -> list[str]:
    """Rising numbers as text; three or more consecutive ones become a range: 1–3, 5."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][-1] == number - 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    return [text for span in spans for text in ([f"{span[0]}–{span[-1]}"] if len(span) > 2 else list(map(str, span)))]


def _sentences(content: dict[str, Any]) -> dict[str, Any]:
    """The sentences by their places, and the lines of the record."""
    labels = words(content["language"])
    totals = content["totals"]
    return {
        "area": labels["area_sentence"].format(**totals),
        "site": labels["sentence_end"].join((labels["area_sentence"].format(**totals), _land(content, labels))),
        "project": _project(content, labels),
        "asked": labels["asked_sentence" if content["asked"]["not_asked"] != "0" else "asked_whole"].format(
            **content["asked"]
        ),
        "open": _open(content["open"], labels),
        "same_hands": [row["text"] for row in content["same_hands"]],
        "land": _land(content, labels),
        "conclusion": _conclusion(content, labels),
        "stale": _stale(content["opinions"], labels),
        "open_items": [
            f"{row['department_title']}{labels['colon']}{row['open_text']}"
            for row in content["opinions"]
            if row["open_text"]
        ],
        "checklist": _checklist(content, labels),
        "differences": _differences(content, labels),
        "date": _date(content["document"]["date"], content["language"]),
        "choices": [labels[f"conclusion_{choice}"] for choice in _CHOICES],
        "record": _record(content, labels),
        "remedy": _remedy(content["remedy"], labels) if content["remedy"] else [],
    }


def _project(content: dict[str, Any], labels: dict[str, str]) -> str:
    """A sentence on the project: its applicant, place and site; facts that were not stated are left out."""
    values = {row["key"]: row["value"] for row in content["project"]["known"]}
    facts = [labels[f"said_{key}"].format(value=values[key]) for key in _OF_PROJECT if values.get(key)]
    stop = labels["full_stop" if facts else "colon"]  # a name alone is no sentence
    return (
        f"{labels['comma'].join([values['name'], *facts])}{stop}{labels['area_sentence'].format(**content['totals'])}"
    )


_OF_PROJECT = ("developer", "location")
_ENDS = tuple("。.！!？?；;")


def _open(open_counts: dict[str, str], labels: dict[str, str]) -> list[str]:
    keys = (
        ("opinions", "open_opinions"),
        ("items", "open_checklist"),
        ("unknown_rules", "open_unknown"),
        ("not_asked", "open_not_asked"),
    )
    items = [labels[key].format(count=open_counts[name]) for name, key in keys if open_counts[name] != "0"]
    return [
        labels["open_sentence"].format(items=labels["list_semicolon"].join(items)) if items else labels["open_nothing"]
    ]


def _checklist(content: dict[str, Any], labels: dict[str, str]) -> list[dict[str, Any]]:
    """The items of the checklist; those unanswered for the same reason are joined into one row per department.

    `numbers`: of its items, in the order of the rows.
    """
    groups: dict[Any, list[dict[str, Any]]] = {}
    for row in content["checklist"]:
        alike = (row["department"], row["reason_text"])
        groups.setdefault((row["id"], *alike) if row["answer"] else alike, []).append(row)
    rows, last = [], 0
    for items in groups.values():
        first, last = last + 1, last + len(items)
        titles = titles_asked_once([item["title"] for item in items], content["language"])
        numbers = str(first) if first == last else f"{first}–{last}"
        rows.append({**items[0], "title": labels["list_semicolon"].join(titles), "numbers": numbers})
    return rows


def _differences(content: dict[str, Any], labels: dict[str, str]) -> str:
    """The plans compared, or that none were, with the number of differences on the site; and what could not be read."""
    pairs_text, damaged = (
        labels["list_semicolon"].join(
            labels["pair_compared"].format(pair=row["pair_title"], day=row["on"]) for row in rows
        )
        for rows in (content["comparisons"], content["damaged_comparisons"])
    )
    text = "" if damaged else labels["note_not_compared"]
    if pairs_text:
        sentence = labels["note_differences" if content["differences"] else "note_no_differences"]
        text = sentence.format(pairs=pairs_text, count=len(content["differences"]))
    return text + labels["note_damaged_comparisons"].format(pairs=damaged) if damaged else text


def _land(content: dict[str, Any], labels: dict[str, str]) -> str:
    if not content["land"]:
        return labels["note_no_survey"]
    total = content["land"]["total"]
    text = labels["land_sentence"].format(**total)
    if total["unknown"] != printed_hectares(0.0):
        text += labels["land_sentence_unknown"].format(**total)
    lacking = total["rounding"]["total"]
    return text + labels["land_sentence_rounding"].format(rounding=lacking) if lacking else text


def _conclusion(content: dict[str, Any], labels: dict[str, str]) -> list[str]:
    conclusion = content["conclusion"]
    lines = [labels["conclusion_machine"].format(title=conclusion["machine_title"])]
    if content["document"]["kind"] != "statement":
        return lines
    if conclusion["decided"]:
        lines = [labels["conclusion_decided"].format(title=conclusion["decided_title"])]
        if conclusion["proposed"] and conclusion["proposed"] != conclusion["decided"]:
            lines.insert(0, labels["conclusion_proposed"].format(title=conclusion["proposed_title"]))
        if conclusion["reason"]:
            stop = "" if conclusion["reason"].endswith(_ENDS) else labels["full_stop"].strip()
            lines.append(labels["conclusion_reason"].format(reason=conclusion["reason"]) + stop)
    elif conclusion["proposed"]:
        lines.append(labels["conclusion_proposed"].format(title=conclusion["proposed_title"]))
    else:
        lines = [lines[0] + labels["sentence_end"] + labels["conclusion_pending"]]
    return lines


def _remedy(remedy: dict[str, Any], labels: dict[str, str]) -> list[str]:
    """Sentences on the criterion of the alternatives, and how far the search went."""
    lines = [labels["note_remedy"].format(verdict=remedy["keep_verdict_title"], **remedy)]
    lines += [labels["note_remedy_overridden"]] if remedy["overridden"] else []
    return [*lines, *([remedy["search"]] if remedy["search"] else []), labels["note_departments"]]


def _date(text: str, language: str) -> str:
    """A day as documents write it: 2026年11月20日, without leading zeros."""
    day = date.fromisoformat(text)
    return f"{day.year}年{day.month}月{day.day}日" if language == "zh" else text


def _stale(opinions: list[dict[str, Any]], labels: dict[str, str]) -> list[str]:
    """Sentences on departments whose opinions depend on superseded inputs; those with the same inputs are joined."""
    names_by_layers: dict[str, list[str]] = {}
    for row in opinions:
        if row["stale"]:
            names_by_layers.setdefault(labels["list_comma"].join(row["stale_titles"]), []).append(
                row["department_title"]
            )
    return [
        labels["note_stale"].format(department=labels["list_comma"].join(names), layers=layers)
        for layers, names in names_by_layers.items()
    ]


def _late(entry: dict[str, str], labels: dict[str, str]) -> str:
    """The text of a step that was entered late: its day, what it was, by whom, and when it was entered."""
    parts = (entry["on"], entry["action_title"], entry["department_title"], entry["by"])
    return " ".join([*filter(None, parts), labels["entered_late"].format(day=entry["entered_on"])])


def _record(content: dict[str, Any], labels: dict[str, str]) -> list[dict[str, Any]]:
    """The record by which a reader repeats the check and verifies the paper, without what changes as the log grows."""
    run, audit = content["run"], content["audit"]
    lines = [
        ("record_case", f"{content['case']['id']} · {content['case']['state_title']}"),
        ("record_round", content["case"]["round"]),
        ("record_run", run["id"]),
        ("record_started", moment_text(run["started"])),
        ("record_as_of", run["as_of"]),
        ("record_who", run["who"]),
        ("record_library", f"{content['library']['name']} ({content['library']['id']})"),
        ("record_crs", content["library"]["crs"]),
        ("record_software", ", ".join(f"{name} {version}" for name, version in run["software"].items())),
    ]
    rows: list[dict[str, Any]] = [{"title": labels[name], "value": value} for name, value in lines]
    rows += [
        {
            "title": labels["record_packs"],
            "value": f"{pack['title']} · {pack['version']} · {pack['hash']}",
        }
        for pack in content["packs"]
    ]
    names = labels["names_of_accounts" if content["library"]["accounts"] else "names_typed"]
    rows.append({"title": labels["record_names"], "value": names})
    rows += [
        {"title": labels["record_file"], "value": f"{file['name']} · {file['hash']}", "varies": True}
        for file in content["case"]["files"]
    ]
    rows += [
        {"title": labels["record_late"], "value": _late(entry, labels), "varies": True}
        for entry in content["late_entries"]
    ]
    chain = labels["record_chain" if audit["at"] else "record_chain_head"]
    dated = {**audit, "at": moment_text(audit["at"])}
    return [*rows, {"title": chain.format(**dated), "value": audit["hash"], "varies": True}]
