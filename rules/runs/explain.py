"""How a finding came about, step by step, from what the run kept."""

from typing import Any

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library
from onemap.layers.messages import phrase, sentences
from onemap.rules.packs.pack import joined_rules
from onemap.rules.packs.rule import Rule
from onemap.rules.runs.run_store import GIVEN, StoredRow, run_record, stored_columns, stored_packs, stored_rows


def explain(library: Library, identifier: str, parcel: str, rule_id: str, language: str) -> dict[str, Any]:
    """The steps from versions, filter and features to area, thresholds, verdict and basis.

    Raises OneMapError run.unknown, run.parcel, run.rule, run.incomplete, run.damaged.
    """
    record = run_record(library, identifier)
    packs = stored_packs(library, identifier)
    parcels = stored_rows(library, identifier, "parcels", parcel=parcel)
    if not parcels:
        if any(parcel in given.values("id") for given in stored_columns(library, identifier, GIVEN, ["id"])):
            raise OneMapError("run.damaged", file=library.label, run=identifier, layer="parcels")
        raise OneMapError("run.parcel", file=library.label, run=identifier, parcel=parcel)
    rules = {rule.id: rule for rule in joined_rules(packs)}
    if rule_id not in rules:
        raise OneMapError("run.rule", file=library.label, run=identifier, rule=rule_id, known=sorted(rules))
    rule = rules[rule_id]
    steps: list[dict[str, Any]] = []

    def step(name: str, value: Any) -> None:
        steps.append({"step": phrase(f"explain.{name}", language), "key": name, "value": value})

    step("run", f"{identifier} · {record['started']} · {record['who']}")
    whole = parcels[0].values
    step("parcel", f"{parcel} · {_area(whole['area_m2'])} · {record['parameters']['parcels']}")
    pack = next(pack for pack in record["packs"] if pack["id"] == rule.pack)
    said = (rule.id, rule.title.get(language, ""), _named("rule_kind", rule.kind, language))
    step("rule", " · ".join((*said, f"{pack['id']} {pack['version']}")))
    step("options", " · ".join(_option(key, value, language) for key, value in rule.options.items()) or "–")
    if rule.replaced:
        step("replaced", rule.replaced.spoken(language))
    skipped = next((item for item in record["skipped"] if item["rule"] == rule_id), None)
    if skipped:
        step("skipped", phrase(f"reason.{skipped['reason']}", language))
        return {"steps": steps}
    layer = next((item for item in record["layers"] if item["code"] == rule.layer), None)
    step("version", _version(rule, layer, record["parameters"]["as_of"], language))
    if rule.when:
        step("when", rule.when)
    step("where", rule.where or "–")
    _found(library, identifier, parcel, rule, language, step)
    step("basis", rule.basis_text)
    step("verdict", phrase(f"verdict.{_verdict(library, identifier, parcel, rule_id)}", language))
    return {"steps": steps}


def _named(group: str, code: str, language: str) -> str:
    """A code with its word before it; the code alone where there is none."""
    word = sentences(language)[group].get(code)
    return phrase("explain.named", language, word=word, code=code) if word else code


def _option(key: str, value: Any, language: str) -> str:
    return f"{_named('rule_option', key, language)} = {_plain(value)}"


def _plain(value: Any) -> str:
    """A value of a rule's option without the signs of JSON."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _version(rule: Rule, layer: dict[str, Any] | None, as_of: str, language: str) -> str:
    if layer is None or layer["label"] is None:
        reason = layer["reason"] if layer else "layer_missing"
        return f"{rule.layer} · {phrase(f'reason.{reason}', language)} · {as_of}"
    parts = (rule.layer, layer["label"], f"{layer['valid_from'] or ''}…{layer['valid_to'] or ''}", layer["hash"][:12])
    return " · ".join((*parts, phrase(f"coverage.{layer['coverage']}", language)))


def _found(library: Library, identifier: str, parcel: str, rule: Rule, language: str, step: Any) -> None:
    """Features, conflict, thresholds and the unknown, as far as there are any."""
    pieces: list[StoredRow] = []
    for table in ("overlaps", "overlaps_line", "overlaps_point"):
        pieces += stored_rows(library, identifier, table, parcel=parcel, rule=rule.id)
    for piece in pieces:
        row = piece.values
        measure = _area(row["area_m2"]) if row["area_m2"] is not None else _length(row["length_m"])
        reason = _reasons(row["reason"], language)
        apart = _length(row["distance_m"])
        distance = phrase("explain.distance", language, distance=apart) if apart else ""
        step("feature", " · ".join(filter(None, (row["feature"], measure, distance, reason))))
    findings = stored_rows(library, identifier, "findings", parcel=parcel, rule=rule.id)
    for finding in (row.values for row in findings):
        name = "unknown" if finding["verdict"] == "unknown" else "conflict"
        parts = [_area(finding["area_m2"]), _share(finding["share"]), _length(finding["length_m"])]
        step(name, " · ".join(filter(None, (*parts, _reasons(finding["reason"], language)))) or "–")
        counted = phrase("explain.counts" if finding["counted"] else "explain.not_counted", language)
        limits = [f"≥ {value} {unit}" for value, unit in ((rule.min_area_m2, "m²"), (rule.min_width_m, "m")) if value]
        step("thresholds", " · ".join(filter(None, (*limits, _area(finding["counted_area_m2"]), counted))))
        if finding["area_check_m2"] is not None:
            differs = phrase("explain.differs" if finding["check_differs"] else "explain.agrees", language)
            step("check", f"{_area(finding['area_check_m2'])} · {differs}")
        if finding["area_low_m2"] is not None:
            within = phrase("explain.within_error", language) if finding["within_error"] else ""
            span = f"{_area(finding['area_low_m2'])} … {_area(finding['area_high_m2'])}"
            step("range", " · ".join(filter(None, (span, within))))
    if not findings:
        step("conflict", phrase("verdict.clear", language))


def _verdict(library: Library, identifier: str, parcel: str, rule_id: str) -> str:
    rows = [row.values for row in stored_rows(library, identifier, "findings", parcel=parcel, rule=rule_id)]
    counted = [row["verdict"] for row in rows if row["counted"]]
    known = [verdict for verdict in counted if verdict != "unknown"]
    return (known or counted or ["clear"])[0]


def _area(value: float | None) -> str:
    return "" if value is None else f"{value:,.3f} m²"


def _length(value: float | None) -> str:
    return "" if value is None else f"{value:,.3f} m"


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.2f} %"


def _reasons(text: str | None, language: str) -> str:
    if not text:
        return ""
    return phrase("said.comma", language).join(phrase(f"reason.{reason}", language) for reason in text.split(","))
