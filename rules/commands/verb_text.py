"""What a verb's result says to people, in plain lines."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from onemap.layers.catalogue.catalogue import named_groups
from onemap.layers.errors import Problem
from onemap.layers.messages import phrase, sentences, wording
from onemap.layers.text_table import table_lines
from onemap.rules.commands.delivery_text import DELIVERY_SPEAKERS
from onemap.rules.commands.review_text import REVIEW_SPEAKERS
from onemap.rules.commands.statistics_text import readings_lines, statistics_lines, transition_lines
from onemap.rules.findings.citations import cited_law
from onemap.rules.findings.verdict_text import column_heads, verdict_lines
from onemap.rules.identify.identify_text import identify_text, place_lines
from onemap.rules.indicators.indicator_text import indicator_lines, kept_warning_lines, theme_lines, warning_lines
from onemap.rules.maps.document_areas import hectares_text, moment_text, share_text
from onemap.rules.remedy.remedy_text import remedy_lines
from onemap.rules.runs.unasked_text import unasked_lines

Result = dict[str, Any]
_MOST_OF_A_KIND = 20  # lines that somebody reads; the answer in JSON and the report have them all


def result_text(verb: str, result: Result, language: str) -> str:
    """The result of a verb as text."""
    text = _SPEAKERS[verb](result, language)
    return f"{phrase('said.rehearsal', language)}\n{text}" if result.get("rehearsal") else text


def warnings(result: Result, language: str) -> list[str]:
    """What a result remarks on its input, a line each."""
    lines = []
    absent = [problem["field"] for problem in result.get("problems", ()) if problem["code"] == "field.absent"]
    if absent:
        lines.append("  - " + phrase("said.absent", language, fields=", ".join(absent)))
    listed: Counter[str] = Counter()
    for problem in result.get("problems", ()):
        if problem["code"] == "field.absent":
            continue
        listed[problem["code"]] += 1
        if listed[problem["code"]] > _MOST_OF_A_KIND:
            continue
        place = " · ".join(problem[name] for name in ("layer", "feature", "field") if problem[name])
        lines.append(f"  - {place}: {problem['message']}" if place else f"  - {problem['message']}")
    for code, count in listed.items():
        if count > _MOST_OF_A_KIND:
            lines.append("  - " + phrase("said.more", language, count=count - _MOST_OF_A_KIND, code=code))
    return lines


def _new(result: Result, language: str) -> str:
    return phrase("said.new", language, **result)


def _add(result: Result, language: str) -> str:
    doubts = [problem["message"] for problem in result["problems"] if problem["code"] == "crs.assumed"]
    lines = [*doubts, phrase("said.add", language, **{**result, "problems": len(result["problems"])})]
    if result["set_aside"]:
        lines.append(phrase("said.set_aside", language, count=result["set_aside"], table=result["bad_table"]))
    if result.get("report"):
        lines.append(phrase("said.report", language, report=result["report"]))
    return "\n".join(lines)


def _inspect(result: Result, language: str) -> str:
    lines = [f"{result['file']}: {result['format'] or '–'}"]
    for layer in result["layers"]:
        if layer["count"] is None and "raster" not in layer:  # it could not be read, and its problems say why
            lines += [f"  {layer['name']}", *("  " + line for line in warnings(layer, language))]
            continue
        crs = layer["crs"]["code"] or "–"
        if "raster" in layer:
            lines.append(phrase("said.inspect_raster", language, **layer["raster"], name=layer["name"], crs=crs))
        else:
            geometry = layer["geometry"] or "–"
            named = sentences(language)["geometry_words"].get(geometry, geometry)
            facts = {"count": f"{layer['count']:,}", "crs": crs, "geometry": named}
            encoding = (layer["encoding"] or "–").upper()
            lines.append(phrase("said.inspect", language, **{**layer, **facts, "encoding": encoding}))
        lines.append("    " + layer["crs"]["why"])
        for field in layer["fields"]:
            type_words = wording(Problem(f"kind.{field['type']}"), language)[0]
            lines.append("    " + phrase("said.inspect_field", language, name=field["name"], type=type_words))
        lines += ["  " + line for line in warnings(layer, language)]
    return "\n".join(lines)


def _service(result: Result, language: str) -> str:
    if "service" not in result:
        return phrase("said.service_removed", language, **result["removed"])
    department = named_groups()["departments"][result["service"]["department"]][language]
    return phrase("said.service", language, **{**result["service"], "department": department})


def _layers(result: Result, language: str) -> str:
    """The layers by title, each version with its number of features; then the services."""
    rows = [["", *column_heads(("layer", "code", "version", "features"), language), ""]]
    for layer in result["layers"]:
        for version in layer["versions"]:
            mark = "●" if version["in_force"] else "○"
            title = layer["title"].get(language) or layer["code"]
            lost = phrase("reason.unreadable", language) if version["unreadable"] else ""
            rows.append([mark, title, layer["code"], version["label"], f"{version['count']:,}", lost])
    named = table_lines(rows, {4}, indent="") if len(rows) > 1 else [phrase("said.no_layers", language)]
    departments = named_groups()["departments"]
    services = [
        ["~", one["name"], one["type"], departments[one["department"]][language]] for one in result.get("services", ())
    ]
    return "\n".join([f"{result['name']} · {result['crs']}", *named, *table_lines(services, indent="")])


_MOST_CHANGED = 50  # parcels that somebody reads one by one


def _check(result: Result, language: str) -> str:
    run = result["run"]
    facts = {"parcels": f"{result['parcels']:,}", "seconds": f"{result['seconds']:,.1f}", "run": run["id"]}
    lines = [phrase("said.check", language, **facts), *verdict_lines(result["verdicts"], language)]
    assumed = sorted(layer["code"] for layer in run["layers"] if layer["coverage"] == "extent")
    if assumed:
        lines.append(phrase("said.assumed", language, layers=", ".join(assumed)))
    if result.get("set_aside"):
        code = "said.parcels_aside" if result["bad_table"] else "said.parcels_aside_unwritten"
        lines.append(phrase(code, language, count=result["set_aside"], table=result["bad_table"]))
    lines += unasked_lines(result["rules"], result["unasked"], language)
    if not run["recorded"]:
        lines.append(phrase("said.not_recorded", language))
    if "changed" in result:
        lines += _changed_parcels(result, language)
    return "\n".join(lines + _outs(result, language))


def _changed_parcels(result: Result, language: str) -> list[str]:
    """The parcels whose verdict differs from an earlier run's: those of both runs first, by which rules in words."""
    changed, titles = result["changed"], result.get("rule_titles", {})
    counts = {
        "turned": sum(bool(one["from"] and one["to"]) for one in changed),
        "added": sum(not one["from"] for one in changed),
        "gone": sum(not one["to"] for one in changed),
    }
    lines = [phrase("said.changed_parcels", language, **counts)]
    for one in sorted(changed, key=lambda one: not (one["from"] and one["to"]))[:_MOST_CHANGED]:
        sides = [phrase(f"verdict.{one[side]}" if one[side] else "said.not_among", language) for side in ("from", "to")]
        rules = phrase("said.semicolon", language).join(titles.get(rule, rule) for rule in one["rules"])
        turn = f"{sides[0]} → {sides[1]}"
        turn = phrase("said.changed_by", language, turn=turn, rules=rules) if rules else turn
        lines.append("  " + phrase("sheet.pair", language, name=one["parcel"], value=turn))
    if len(changed) > _MOST_CHANGED:
        lines.append(phrase("said.more_changed", language, count=len(changed) - _MOST_CHANGED))
    return lines


def _compare(result: Result, language: str) -> str:
    rows, asked = result["matrix"], result["run"]["parameters"]
    conflicts = [row for row in rows if row["type"] in ("03", "04", "05")]
    head = {
        **{side: _version_title(asked[side], result["titles"]) for side in "ab"},
        "spots": result["spots"],
        "area_ha": hectares_text(result["area_m2"]),
        "conflicts": sum(row["spots"] for row in conflicts),
        "conflict_ha": hectares_text(sum(row["area_m2"] for row in conflicts)),
        "run": result["run"]["id"],
    }
    lines = [phrase("said.compare", language, **head)]
    kinds = sorted({row["type"] for row in rows})
    areas = [sum(row["area_m2"] for row in rows if row["type"] == kind) for kind in kinds]
    table = [column_heads(("difference", "spots", "area_ha", "share"), language)]
    for kind, area in zip(kinds, areas, strict=True):
        same = [row for row in rows if row["type"] == kind]
        name, spots = phrase(f"difference.{kind}", language), sum(row["spots"] for row in same)
        share = share_text(sum(row["share"] for row in same))
        table.append([f"{kind} {name}", f"{spots:,}", hectares_text(area), share])
    lines += table_lines(table, {1, 2, 3})
    if "changed" in result:
        counts = {name: len(rows) for name, rows in result["changed"].items()}
        lines.append(phrase("said.compare_changed", language, **counts))
    if not result["run"]["recorded"]:
        lines.append(phrase("said.not_recorded", language))
    return "\n".join(lines + _outs(result, language))


def _version_title(named: str, titles: dict[str, str]) -> str:
    """CODE@label with the layer's title for its code."""
    code, _, label = named.partition("@")
    return f"{titles.get(code, code)} {label}".strip()


def _contradictions(result: Result, language: str) -> str:
    lines, titles = [phrase("said.contradictions", language, pairs=len(result["pairs"]))], result["titles"]
    rows = [column_heads(("plans", "conflict_ha", "spots", "compared_ha", "run", "matrix"), language)]
    without = []
    for row in sorted(result["pairs"], key=lambda row: -(row["conflict_ha"] or 0.0)):
        pair = f"{titles.get(row['a'], row['a'])} × {titles.get(row['b'], row['b'])}"
        if row["reason"]:
            without.append("  " + phrase("sheet.pair", language, name=pair, value=row["reason"]))
        else:
            areas = {name: f"{row[name]:,.4f}" for name in ("conflict_ha", "compared_ha")}
            spots = f"{row['conflicts']:,}"
            rows.append([pair, areas["conflict_ha"], spots, areas["compared_ha"], row["run"], row["title"]])
    lines += [*table_lines(rows, {1, 2, 3}), *without]
    return "\n".join(lines + _outs(result, language))


def _statistics(result: Result, language: str) -> str:
    return "\n".join(statistics_lines(result, language) + _outs(result, language))


def _indicators(result: Result, language: str) -> str:
    return "\n".join(indicator_lines(result, language) + _outs(result, language))


def _warning_list(result: Result, language: str) -> str:
    return "\n".join(kept_warning_lines(result["warnings"], language) + _outs(result, language))


def _warning_step(result: Result, language: str) -> str:
    return "\n".join(kept_warning_lines([result["warning"]], language))


def _warnings(result: Result, language: str) -> str:
    return "\n".join(warning_lines(result, language) + _outs(result, language))


def _themes(result: Result, language: str) -> str:
    return "\n".join(theme_lines(result, language))


def _readings(result: Result, language: str) -> str:
    return "\n".join(readings_lines(result, language) + _outs(result, language))


def _sheet(result: Result, language: str) -> str:
    has_pages = str(result["file"]).lower().endswith(".pdf")
    return phrase("said.sheet_pages" if has_pages else "said.sheet", language, **result)


def _transitions(result: Result, language: str) -> str:
    return "\n".join(transition_lines(result, language) + _outs(result, language))


def _outs(result: Result, language: str) -> list[str]:
    """Where the results lie, if they were written."""
    out = result.get("out")
    if not out:
        return []
    return [phrase("said.out", language, out=out if isinstance(out, str) else ", ".join(out))]


def _decide(result: Result, language: str) -> str:
    facts = {"count": len(result["spots"]), "area_ha": hectares_text(result["area_m2"])}
    name = phrase(f"decision.{result['decision']}", language)
    return phrase("said.decide", language, **{**result, **facts, "decision": name})


def _atlas(result: Result, language: str) -> str:
    lines = [phrase("said.atlas", language, **result)]
    if result["left_out"]:
        facts = {**result, "area_ha": hectares_text(result["left_out_m2"])}
        lines.append(phrase("said.atlas_left_out", language, **facts))
    return "\n".join(lines)


def _comparison(result: Result, language: str) -> str:
    return phrase("said.comparison", language, **result)


def _remedy(result: Result, language: str) -> str:
    sums = {name: hectares_text(result[f"{name}_m2"]) for name in ("cut", "dropped")}
    lines = [phrase("said.remedy", language, **{**result, **sums, "run": result["run"]["id"]})]
    lines += remedy_lines(result, language)
    if not result["run"]["recorded"]:
        lines.append(phrase("said.not_recorded", language))
    return "\n".join(lines + _outs(result, language))


def _spots(result: Result, language: str) -> str:
    facts = {name: result[name] for name in ("code", "version", "spots", "kept_numbers", "carried", "run")}
    lines = [phrase("said.spots_kept", language, **facts)]
    lines += [phrase("said.report", language, report=result["report"])] if result.get("report") else []
    return "\n".join(lines)


def _sites(result: Result, language: str) -> str:
    if not result["sites"]:
        return phrase("said.no_sites", language)
    rows = [column_heads(("site", "verdict", "width_m", "clearance_m", "nearest"), language)]
    for row in result["sites"]:
        verdict = phrase(f"verdict.{row['verdict']}", language)
        sizes = (f"{row['width_m']:,.1f}", f"{row['clearance_m']:,.1f}")
        rows.append([row["site"], verdict, *sizes, row["nearest_title"] or "–"])
    lines = [phrase("said.sites", language, count=len(result["sites"])), *table_lines(rows, {2, 3})]
    return "\n".join(lines + _outs(result, language))


def _redline(result: Result, language: str) -> str:
    return phrase("said.redline", language, **{**result, "crs": result["crs"] or "–"})


def _sample(result: Result, language: str) -> str:
    return phrase("said.sample", language, **result)


def _runs(result: Result, language: str) -> str:
    if "removed" in result:
        return phrase("said.run_removed", language, run=result["removed"]["id"])
    if "named" in result:
        return phrase("said.run_named", language, run=result["named"]["id"], name=result["named"]["name"] or "–")
    if "runs" not in result and "verdicts" not in result:
        run = {**result["run"], "kind": phrase(f"run_kind.{result['run']['kind']}", language)}
        line = phrase("said.run_shown", language, **{**run, "started": moment_text(run["started"])})
        return "\n".join([line, *_outs(result, language)])
    if "runs" not in result:
        return _check(result | {"seconds": result["run"]["seconds"]}, language)
    rows = []
    for run in result["runs"]:
        counts = (run.get("verdicts") or {}).items()
        signs = " ".join(f"{phrase(f'sign.{verdict}', language)}{count}" for verdict, count in counts if count)
        held = "●" if run["held"] else " "
        name = run["name"] or run["parcels"] or "–"
        kind = phrase(f"run_kind.{run['kind']}", language)
        rows.append([held, run["id"], moment_text(run["started"]), kind, name, signs])
    return "\n".join([*table_lines(rows, indent=""), *warnings(result, language)]) or phrase("said.no_runs", language)


def _explain(result: Result, language: str) -> str:
    """The steps as a reviewer reads them; then, where they hide a code or a hash, as the machine took them."""
    plain = [(step["step"], step.get("said", step["value"])) for step in result["steps"]]
    exact = [
        (step["step"], step["value"]) for step in result["steps"] if step.get("said", step["value"]) != step["value"]
    ]
    pairs = [
        (name, " · ".join(map(moment_text, value.split(" · ")))) for name, value in plain if value not in (None, "–")
    ]
    lines = [phrase("sheet.pair", language, name=name, value=value) for name, value in pairs]
    if exact:
        lines += ["", phrase("sheet.technical", language)]
        lines += ["  " + phrase("sheet.pair", language, name=name, value=value) for name, value in exact]
    return "\n".join(lines)


def _verify(result: Result, language: str) -> str:
    whole = "said.log_whole" if result.get("unchecked") else "said.whole"
    return phrase(whole if result["ok"] else "said.damaged", language, count=len(result["problems"]))


def _keep(result: Result, language: str) -> str:
    return phrase("said.kept" if "kind" in result else "said.head_kept", language, **result)


def _upgrade(result: Result, language: str) -> str:
    return phrase("said.upgraded", language, **{**result, "cases": len(result["cases"])})


def _copy(result: Result, language: str) -> str:
    return phrase("said.copied", language, **result)


def _publish(result: Result, language: str) -> str:
    lines = [phrase("said.publish", language, project=result["project"], layers=len(result["layers"]))]
    for one in result["left_out"]:
        reason = phrase(f"reason.{one['reason']}", language)
        lines.append("  " + phrase("said.left_out", language, code=one["code"], reason=reason))
    # What whoever opens the project has to see to; what is wrong with a single layer has been said.
    lines += [problem["mend"] for problem in result["problems"] if not problem["layer"]]
    return "\n".join(lines)


def _laws(result: Result, language: str) -> str:
    """A page of Markdown: a line for each rule."""
    heads = [phrase(f"laws.{name}", language) for name in ("rule", "title", "basis", "department", "confidence")]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for rule in result["rules"]:
        basis = phrase("laws.between", language).join(_basis_line(entry, language) for entry in rule["basis"])
        department = rule["department_title"]
        sure = phrase(f"laws.{rule['confidence']}", language)
        name = rule["rule"]
        if rule["succeeds"]:
            name += phrase("laws.succeeds", language, names=phrase("said.comma", language).join(rule["succeeds"]))
        lines.append(f"| {' | '.join((name, rule['title'], basis, department, sure))} |")
    return "\n".join(lines)


def _basis_line(entry: dict[str, Any], language: str) -> str:
    words = [
        cited_law(entry["law"], language),
        f"({entry['edition']})" if entry["edition"] else "",
        entry["article"],
        entry["subject"],
    ]
    lapsed = "" if entry["in_force"] else phrase("laws.lapsed", language)
    return " ".join(filter(None, (*words, lapsed)))


def _words(result: Result, language: str) -> str:
    """The words of each subject in a table of its own."""
    groups = (items for items in result.values() if isinstance(items, dict))
    named = ([[code, name] for code, name in items.items() if isinstance(name, str)] for items in groups)
    return "\n\n".join("\n".join(table_lines(rows, indent="")) for rows in named if rows)


def _profile(result: Result, language: str) -> str:
    head = result["heads"]["lead"]
    shown = ("head_mark", "number_form", "addressed", "copies", "contact", "signatory", "printed_by")
    lines = [str(head[name]) for name in shown if head[name]]
    return "\n".join([result["file"], *(lines or [phrase("said.profile_empty", language)])])


def _facts(result: Result, language: str) -> str:
    lines = [
        phrase("said.facts_asked", language, **{**fact, "count": len(fact["rules"])}) for fact in result["parcels"]
    ]
    counts = {"waiting": len(result["waiting"]), "count": len(result["rules"])}
    return "\n".join([*lines, phrase("said.facts_waiting", language, **counts)])


_SPEAKERS: dict[str, Callable[[Result, str], str]] = {
    "new": _new,
    "add": _add,
    "inspect": _inspect,
    "layers": _layers,
    "service": _service,
    "check": _check,
    "explain": _explain,
    "runs": _runs,
    "verify": _verify,
    "keep": _keep,
    "copy": _copy,
    "upgrade": _upgrade,
    "publish": _publish,
    "words": _words,
    "laws": _laws,
    "profile": _profile,
    "facts": _facts,
    "compare": _compare,
    "contradictions": _contradictions,
    "sheet": _sheet,
    "readings": _readings,
    "statistics": _statistics,
    "transitions": _transitions,
    "indicators": _indicators,
    "warnings": _warnings,
    "warning list": _warning_list,
    "warning step": _warning_step,
    "themes": _themes,
    "decide": _decide,
    "atlas": _atlas,
    "comparison": _comparison,
    "remedy": _remedy,
    "sites": _sites,
    "identify": identify_text,
    "find": place_lines,
    "spots": _spots,
    "redline": _redline,
    "sample": _sample,
    **DELIVERY_SPEAKERS,
    **REVIEW_SPEAKERS,
}
