"""What single verbs add to the results and to Processing's log."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from qgis.core import QgsProcessingFeedback

from onemap.plugin.add.inspection_result import InspectedLayer, facts_of, inspected_layers
from onemap.plugin.algorithms.verb_algorithm import write_problems
from onemap.plugin.connection.refusals import problem_lines
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import tr


def add_changes(answer: dict[str, Any], results: dict[str, Any], feedback: QgsProcessingFeedback) -> None:
    """Of `check`: the parcels whose verdict changes; a file that was not asked for is no result."""
    if not results["OUT"]:
        del results["OUT"]
    if "changed" in answer:
        results["CHANGED"] = json.dumps(answer["changed"], ensure_ascii=False)
        for change in answer["changed"]:
            parts = {part: str(change.get(part) or "–") for part in ("parcel", "from", "to")}
            rules = ", ".join(change.get("rules") or [])
            feedback.pushInfo("{parcel}: {from} → {to} ({rules})".format(**parts, rules=rules))


def add_facts(answer: dict[str, Any], results: dict[str, Any], feedback: QgsProcessingFeedback) -> None:
    """Of `inspect`: all as JSON, and each layer as a line of the log."""
    results["JSON"] = json.dumps(answer, ensure_ascii=False)
    for layer in inspected_layers(answer):
        line = tr("{name}: {value}")
        facts = [line.format(name=name, value=value) for name, value in facts_of(layer)]
        feedback.pushInfo(" · ".join([layer.name, *facts]))
        write_problems(list(layer.problems), feedback)


def inspection_page(answer: dict[str, Any]) -> str:
    """What `inspect` found, as a page of HTML."""
    title = f"{answer.get('file', '')} · {answer.get('format', '')}"
    parts = ["<!DOCTYPE html><html><head><meta charset='utf-8'>", f"<title>{escape(title)}</title></head><body>"]
    parts.append(f"<h1>{escape(title)}</h1>")
    for layer in inspected_layers(answer):
        parts += [f"<h2>{escape(layer.name)}</h2>", "<table>"]
        parts += [f"<tr><th align='left'>{escape(n)}</th><td>{escape(value)}</td></tr>" for n, value in facts_of(layer)]
        if layer.fields:
            parts.append(f"<tr><th align='left'>{escape(tr('Fields'))}</th><td>{escape(_fields(layer))}</td></tr>")
        parts.append("</table>")
        if layer.problems:
            lines = "".join(f"<li>{escape(problem.text)}</li>" for problem in problem_lines(layer.problems))
            parts.append(f"<h3>{escape(tr('Problems'))}</h3><ul>{lines}</ul>")
    return "\n".join([*parts, "</body></html>"])


def warn_without_sites(answer: dict[str, Any], results: dict[str, Any], feedback: QgsProcessingFeedback) -> None:
    """Of `sites`: what it means that no place was found."""
    if not answer["sites"]:
        feedback.pushWarning(tr("No place was found. That is no proof that there is none."))


def add_remarks(answer: dict[str, Any], results: dict[str, Any], feedback: QgsProcessingFeedback) -> None:
    """Of `publish`: the layers that were left out, and why."""
    left_out = [
        tr("Left out: {code} ({reason})").format(code=one["code"], reason=word("reasons", one["reason"]))
        for one in answer["left_out"]
    ]
    for text in left_out:
        feedback.pushInfo(text)
    results["REMARKS"] = "\n".join([*(problem.text for problem in problem_lines(answer["problems"])), *left_out])


def _fields(layer: InspectedLayer) -> str:
    return ", ".join(f"{name} ({kind})" for name, kind in layer.fields)
