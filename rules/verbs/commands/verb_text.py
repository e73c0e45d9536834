"""The views of verbs' results for people: rows that the terminal prints as lines and `serve` passes on."""

from base64 import b64decode
from collections.abc import Callable

from onemap.layers.area_units import hectares_text
from onemap.layers.catalogue.catalogue import named_groups
from onemap.layers.errors import joined_sentences
from onemap.layers.messages import phrase
from onemap.layers.text_table import table_lines
from onemap.rules.answers.compare.comparison_rows import compare_view, contradictions_view
from onemap.rules.answers.identify.identify_rows import find_view, identify_view
from onemap.rules.answers.readings.sensor_rows import readings_view
from onemap.rules.answers.remedy.alternative_rows import remedy_view
from onemap.rules.answers.remedy.site_rows import sites_view
from onemap.rules.answers.statistics.balance_rows import statistics_view
from onemap.rules.contract.declaration import Result
from onemap.rules.display.maps.document_areas import moment_text
from onemap.rules.display.rows.answer_rows import AnswerView, view_text
from onemap.rules.display.rows.district_rows import district_view
from onemap.rules.display.rows.inspection_rows import inspect_view, remark_lines
from onemap.rules.display.rows.library_rows import calendar_view, facts_view, layers_view
from onemap.rules.display.rows.run_views import check_view, explain_view, runs_view
from onemap.rules.numbers.indicators.indicator_rows import indicator_view
from onemap.rules.numbers.warnings.warning_rows import kept_view, warning_view
from onemap.rules.review.proofs.pack_text import PACK_SPEAKERS, versions_view
from onemap.rules.review.proofs.pack_views import differences_view, pack_view, prove_view
from onemap.rules.verbs.commands.delivery_text import DELIVERY_VIEWS, added_lines, ingest_warnings
from onemap.rules.verbs.commands.review_text import REVIEW_SPEAKERS, REVIEW_VIEWS
from onemap.rules.verbs.commands.statistics_text import themes_text, transitions_view


def result_text(verb: str, result: Result, language: str) -> str:
    """The result of a verb as text."""
    if verb in VIEWS:
        text = "\n".join([view_text(VIEWS[verb](result, language), language), *_outs(result, language)])
    else:
        text = _SPEAKERS[verb](result, language)
    return f"{phrase('said.rehearsal', language)}\n{text}" if result.get("rehearsal") else text


def warnings(result: Result, language: str) -> list[str]:
    """Remarks on the input of a result, a line each."""
    if "grade" in result:
        return []  # the problems of a proof are its answer
    is_ingest = "refused" in result
    lines = ingest_warnings(result, language) if is_ingest else remark_lines(result.get("problems", ()), language)
    return [f"  {line}" for line in lines]


def _sentence(name: str) -> Callable[[Result, str], str]:
    """The text of a verb of which one sentence says all."""
    return lambda result, language: phrase(name, language, **result)


def _add(result: Result, language: str) -> str:
    lines = added_lines(result, language)
    if result.get("report") and not result["unchanged"]:
        lines.append(phrase("said.report", language, report=result["report"]))
    return "\n".join(lines)


def _retire(result: Result, language: str) -> str:
    return phrase("said.retired" if result["retired"] else "said.retired_undone", language, **result)


def _service(result: Result, language: str) -> str:
    if "service" not in result:
        return phrase("said.service_removed", language, **result["removed"])
    department = named_groups()["departments"][result["service"]["department"]][language]
    return phrase("said.service", language, **{**result["service"], "department": department})


def _sheet(result: Result, language: str) -> str:
    has_pages = str(result["file"]).lower().endswith(".pdf")
    return phrase("said.sheet_pages" if has_pages else "said.sheet", language, **result)


def _outs(result: Result, language: str) -> list[str]:
    """A line with the places of the results, if they were written."""
    out = result.get("out")
    if not out:
        return []
    return [phrase("said.out", language, out=out if isinstance(out, str) else ", ".join(out))]


def _decide(result: Result, language: str) -> str:
    facts = {"count": len(result["spots"]), "area_ha": hectares_text(result["area_m2"])}
    name = phrase(f"decision.{result['decision']}", language)
    lines = [phrase("said.decide", language, **{**result, **facts, "decision": name})]
    for item in result["replaced"]:
        was = phrase(f"decision.{item['decision']}", language)
        lines.append(
            phrase("said.decide_replaced", language, **{**item, "decision": was, "at": moment_text(item["at"])})
        )
    return "\n".join(lines)


def _atlas(result: Result, language: str) -> str:
    lines = [phrase("said.atlas", language, **result)]
    if result["left_out"]:
        facts = {**result, "area_ha": hectares_text(result["left_out_m2"])}
        lines.append(phrase("said.atlas_left_out", language, **facts))
    return "\n".join(lines)


def _spots(result: Result, language: str) -> str:
    facts = {name: result[name] for name in ("code", "version", "spots", "kept_numbers", "carried", "run")}
    if result["unchanged"]:
        return _add(result, language)
    lines = [phrase("said.spots_kept", language, **facts)]
    lines += [phrase("said.report", language, report=result["report"])] if result.get("report") else []
    return "\n".join(lines)


def _redline(result: Result, language: str) -> str:
    return phrase("said.redline", language, **{**result, "crs": result["crs"] or "–"})


def _sample(result: Result, language: str) -> str:
    name = "said.sample_delivery" if "root" in result else "said.sample"
    return phrase(name, language, **result)


def _verify(result: Result, language: str) -> str:
    whole = "said.log_whole" if result.get("unchecked") else "said.whole"
    first = phrase(whole if result["ok"] else "said.damaged", language, count=len(result["problems"]))
    first = "\n".join([first, *(joined_sentences(note["message"], note["mend"]) for note in result.get("notes", ()))])
    if "equal_in_meaning" not in result:
        return first
    equal = result["equal_in_meaning"]
    software = ", ".join(f"{name} {then} → {now}" for name, (then, now) in equal["software"].items()) or "–"
    return first + "\n" + phrase("said.equal_in_meaning", language, rows=equal["rows"], software=software)


def _keep(result: Result, language: str) -> str:
    return phrase("said.kept" if "kind" in result else "said.head_kept", language, **result)


def _upgrade(result: Result, language: str) -> str:
    return phrase("said.upgraded", language, **{**result, "cases": len(result["cases"])})


def _publish(result: Result, language: str) -> str:
    lines = [phrase("said.publish", language, project=result["project"], layers=len(result["layers"]))]
    for one in result["left_out"]:
        reason = phrase(f"reason.{one['reason']}", language)
        lines.append("  " + phrase("said.left_out", language, code=one["code"], reason=reason))
    # What whoever opens the project has to see to; what is wrong with a single layer has been said.
    lines += [problem["mend"] for problem in result["problems"] if not problem["layer"]]
    return "\n".join(lines)


def _words(result: Result, language: str) -> str:
    """A table for each subject, with the words of its codes."""
    groups = (items for items in result.values() if isinstance(items, dict))
    code_tables = ([[code, name] for code, name in items.items() if isinstance(name, str)] for items in groups)
    return "\n\n".join("\n".join(table_lines(rows, indent="")) for rows in code_tables if rows)


def _profile(result: Result, language: str) -> str:
    head = result["heads"]["lead"]
    head_keys = ("head_mark", "number_form", "addressed", "copies", "contact", "signatory", "printed_by")
    lines = [str(head[name]) for name in head_keys if head[name]]
    return "\n".join([result["file"], *(lines or [phrase("said.profile_empty", language)])])


def _tile(result: Result, language: str) -> str:
    codes = [code for code, version in result["versions"].items() if version is not None]
    return phrase("said.tile", language, count=len(codes), size=len(b64decode(result["tile"])))


# The rows of each verb's answer, for all who show it.
VIEWS: dict[str, Callable[[Result, str], AnswerView]] = {
    "check": check_view,
    "runs": runs_view,
    "explain": explain_view,
    "layers": layers_view,
    "calendar": calendar_view,
    "district": district_view,
    "facts": facts_view,
    "prove": prove_view,
    "pack show": pack_view,
    "pack differences": differences_view,
    "pack versions": versions_view,
    "readings": readings_view,
    "inspect": inspect_view,
    "identify": identify_view,
    "find": find_view,
    "compare": compare_view,
    "contradictions": contradictions_view,
    "sites": sites_view,
    "remedy": remedy_view,
    "statistics": statistics_view,
    "transitions": transitions_view,
    "indicators": indicator_view,
    "warnings": warning_view,
    "warning list": kept_view,
    "warning step": kept_view,
    **DELIVERY_VIEWS,
    **REVIEW_VIEWS,
}
# What is said in lines alone.
_SPEAKERS: dict[str, Callable[[Result, str], str]] = {
    "new": _sentence("said.new"),
    "add": _add,
    "retire": _retire,
    "service": _service,
    "verify": _verify,
    "keep": _keep,
    "copy": _sentence("said.copied"),
    "upgrade": _upgrade,
    "publish": _publish,
    "words": _words,
    "profile": _profile,
    "sheet": _sheet,
    "review sheet": _sheet,
    "tile": _tile,
    "themes": themes_text,
    "decide": _decide,
    "atlas": _atlas,
    "comparison": _sentence("said.comparison"),
    "spots": _spots,
    "redline": _redline,
    "sample": _sample,
    **PACK_SPEAKERS,
    **REVIEW_SPEAKERS,
}
