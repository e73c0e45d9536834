"""Checks of sums: maps against maps and tables, numbers in texts against data, and every unit of a region once."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from onemap.layers.errors import Problem
from onemap.layers.frames.fields import text_value
from onemap.rules.answers.deliveries.check_kinds import AREA, UNITS_M2
from onemap.rules.answers.deliveries.delivered_folder import DeliveredFile, DeliveredFolder
from onemap.rules.answers.deliveries.delivered_layers import DeliveredLayer
from onemap.rules.answers.deliveries.delivery_template import Check
from onemap.rules.answers.deliveries.proof_findings import Finding, with_hash
from onemap.rules.answers.deliveries.row_checks import field_numbers, meets_condition

_NUMBER = re.compile(r"[0-9][0-9,，]*(?:\.[0-9]+)?")
_NEAR = 40  # signs after the words behind which a number stands
_ALL = ""
_WORD = ".docx"


def sum_findings(layer: DeliveredLayer, other: DeliveredLayer, check: Check) -> tuple[int, list[Finding]]:
    """Where sums of a layer and of another, or of a table, differ; unit by unit, if `by` names the fields of units.

    An area is measured on the ellipsoid; what `unit` names is the unit of the other side's numbers.
    """
    keys = check.keys
    ours = _sums(layer, keys["of"], keys.get("by"), keys.get("where"))
    theirs = _sums(other, keys["other_of"], keys.get("other_by", keys.get("by")), keys.get("other_where"))
    factor = UNITS_M2[keys.get("unit", "m2")]
    found = []
    for unit in sorted({*ours, *theirs}):
        if unit not in theirs or unit not in ours:
            missing = other if unit not in theirs else layer
            facts = {"unit": unit or "–", "other": missing.wish.entry.title}
            found.append(_about_unit(missing, check, Problem("proof.sum_missing", facts), unit))
            continue
        one, another = ours[unit] / factor, theirs[unit]
        within = keys.get("within", 0.01) + 1e-9 * abs(one)
        if abs(one - another) > within:
            facts = {
                "unit": unit or "–",
                "sum": f"{one:.4f}",
                "stated": f"{another:.4f}",
                "difference": f"{another - one:+.4f}",
                "other": layer.wish.entry.title,
                "field": keys["other_of"],
            }
            found.append(_about_unit(other, check, Problem("proof.sum", facts), unit))
    return len({*ours, *theirs}), found


def _about_unit(layer: DeliveredLayer, check: Check, problem: Problem, unit: str) -> Finding:
    """A finding about a sum: its feature is the one row of the unit, if there is one alone."""
    keys = check.keys
    rows = np.flatnonzero(meets_condition(layer, keys.get("other_where")) if layer.code == keys["other"] else [])
    by = keys.get("other_by", keys.get("by"))
    if by in layer.rows:
        rows = rows[[text_value(layer.rows[by].iloc[at]) == unit for at in rows.tolist()]] if len(rows) else rows
    others = [layer.hash_of(at) for at in rows.tolist()]
    return layer.finding(check, problem, int(rows[0]) if len(rows) == 1 else None, others=others)


def _sums(layer: DeliveredLayer, of: str, by: str | None, where: str | None) -> dict[str, float]:
    """The sums of a field, or of the measured areas, by unit; under no name where no field of units is asked.

    Raises OneMapError proof.condition_field.
    """
    asked = meets_condition(layer, where)
    numbers = layer.areas_m2 if of == AREA else field_numbers(layer, [of])[0]
    if by is None:
        return {_ALL: float(np.nansum(numbers[asked]))} if asked.any() else {}
    field_numbers(layer, [by])
    sums: dict[str, float] = {}
    for at in np.flatnonzero(asked).tolist():
        unit = text_value(layer.rows[by].iloc[at]) or "–"
        sums[unit] = sums.get(unit, 0.0) + float(np.nan_to_num(numbers[at]))
    return sums


def unit_findings(layer: DeliveredLayer, other: DeliveredLayer | None, check: Check) -> tuple[int, list[Finding]]:
    """Units that are missing, there twice, or unknown. Their codes: a list, or another layer's field."""
    wanted = {str(code) for code in check.keys.get("codes", ())}
    if other is not None:
        values = other.rows.get(check.keys["other_field"], ())
        wanted |= {text for value in values if (text := text_value(value)) is not None}
    return len(wanted), list(_unit_findings(layer, check, wanted))


def _unit_findings(layer: DeliveredLayer, check: Check, wanted: set[str]) -> Iterator[Finding]:
    name = check.keys["field"]
    texts = [text_value(value) for value in layer.rows.get(name, ())]
    counts = Counter(text for text in texts if text is not None)
    for unit in sorted(wanted - set(counts)):
        yield layer.finding(check, Problem("proof.unit_missing", {"field": name, "unit": unit}))
    seen: set[str] = set()
    for at, text in enumerate(texts):
        if text is None:
            continue
        facts = {"field": name, "unit": text}
        if text not in wanted:
            yield layer.finding(check, Problem("proof.unit_unknown", facts), at)
        elif text in seen:
            yield layer.finding(check, Problem("proof.unit_repeated", {**facts, "count": counts[text]}), at)
        seen.add(text)


def named_texts(delivery: DeliveredFolder, check: Check) -> list[DeliveredFile]:
    """The files in which a check looks for a number."""
    pattern = re.compile(re.escape(check.keys["file"]).replace(r"\*", ".*"))
    return [file for file in delivery.files if pattern.fullmatch(file.path)]


def text_findings(delivery: DeliveredFolder, layer: DeliveredLayer, check: Check) -> tuple[int, list[Finding]]:
    """Numbers in Word texts that differ from the layer's sum; texts that cannot be read are told."""
    keys = check.keys
    named = named_texts(delivery, check)
    texts = {file.place.with_suffix("") for file in named if file.place.suffix.lower() == _WORD}
    # Of a text that is there for Word, too, that is read.
    files = [file for file in named if file.place.suffix.lower() == _WORD or file.place.with_suffix("") not in texts]
    if not files:
        return 0, [_about_file(check, "proof.text_missing", keys["file"], {"after": keys["after"]})]
    sums = _sums(layer, keys["of"], None, keys.get("where"))
    made = sums.get(_ALL, 0.0) / UNITS_M2[keys.get("unit", "m2")]
    return len(files), [one for file in files for one in _text_findings(file, check, made)]


def _text_findings(file: DeliveredFile, check: Check, made: float) -> Iterator[Finding]:
    keys = check.keys
    texts = _word_texts(file.place) if file.place.suffix.lower() == _WORD else None
    if texts is None:
        yield _about_file(check, "proof.text_unread", file.path, {"after": keys["after"]}, file.place)
        return
    stated = [number for text in texts for number in _numbers_after(text, keys["after"])]
    if not stated:
        yield _about_file(check, "proof.text_missing", file.path, {"after": keys["after"]}, file.place)
    for number in stated:
        if abs(number - made) > keys.get("within", 0.01) + 1e-9 * abs(made):
            facts = {"after": keys["after"], "stated": f"{number:.4f}", "sum": f"{made:.4f}"}
            yield _about_file(check, "proof.text_number", file.path, facts, file.place)


def _about_file(check: Check, code: str, path: str, facts: dict[str, str], place: Path | None = None) -> Finding:
    problem = Problem(code, {"file": path, **facts})
    content = [place.read_bytes().hex()] if place is not None and place.is_file() else []
    return with_hash(Finding(check, problem, path), content)


def _word_texts(path: Path) -> list[str] | None:
    """The paragraphs of a Word text, and each row of its tables as one text; None where it cannot be read."""
    import docx  # takes its time, and few templates look into texts

    try:
        document = docx.Document(str(path))
    except Exception:  # noqa: BLE001 - whatever a file of somebody else may be
        return None
    rows = [" ".join(cell.text for cell in row.cells) for table in document.tables for row in table.rows]
    return [*(paragraph.text for paragraph in document.paragraphs), *rows]


def _numbers_after(text: str, words: str) -> Iterator[float]:
    """The first number after each place of the words."""
    for found in re.finditer(re.escape(words), text):
        number = _NUMBER.search(text[found.end() : found.end() + _NEAR])
        if number is not None:
            yield float(number.group().replace(",", "").replace("，", ""))
