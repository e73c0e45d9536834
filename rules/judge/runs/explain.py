"""The explanation of a finding, step by step, from the stored run."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onemap.layers.catalogue.catalogue import layer_title
from onemap.layers.catalogue.code_systems import CODE_SYSTEMS
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import OneMapError
from onemap.layers.frames.fields import text_value
from onemap.layers.library.library import Library
from onemap.layers.messages import phrase
from onemap.layers.reason import Reason
from onemap.layers.records import Record
from onemap.rules.contract.verdict import Verdict
from onemap.rules.judge.findings.citations import cited_basis
from onemap.rules.judge.findings.findings import OFFICIAL_LAYER
from onemap.rules.judge.inputs.check_record import CheckRecord
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.finding_figures import EXACT, PLAIN, FindingFigures
from onemap.rules.judge.kinds.permitted_uses import PermitTable
from onemap.rules.judge.kinds.reasons import reason_word, reasons_text
from onemap.rules.judge.packs.asked_facts import fact_title, rule_needs
from onemap.rules.judge.packs.excuse_text import excuse_text
from onemap.rules.judge.packs.library_packs import packs_of
from onemap.rules.judge.packs.pack import Pack, joined_rules, rules_of_run, successors
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.runs.run_store import GIVEN, stored_columns, stored_packs, stored_rows, whole_check

_AS_IT_IS = object()  # a step reads the same to everybody


@dataclass(frozen=True)
class ExplainedRun:
    """A run to be explained. rows: reads rows of a table with given values, as `table, parcel=…, rule=…`.

    facts_of: reads what a parcel states, by its fields; None where only the tables of the run are at hand.
    """

    record: CheckRecord
    packs: Sequence[Pack]
    rows: Callable[..., Sequence[Mapping[str, Any]]]
    facts_of: Callable[[str], Mapping[str, Any]] | None = None

    @property
    def id(self) -> str:
        """The run's id."""
        return str(self.record["id"])


def explain(library: Library, identifier: str, parcel: str, rule_id: str, language: str) -> Record:
    """`explain_run` for a run that the library stores.

    Raises OneMapError run.unknown, run.parcel, run.rule, run.incomplete, run.damaged, library.altered.
    """

    def rows(name: str, **conditions: str) -> list[Mapping[str, Any]]:
        return [row.values for row in stored_rows(library, identifier, name, **conditions)]

    def facts_of(name: str) -> Mapping[str, Any]:
        return next((parcel_row["attributes"] for parcel_row in rows(GIVEN, id=name)), {})

    run = ExplainedRun(whole_check(library, identifier), stored_packs(library, identifier), rows, facts_of)
    whole = rows("parcels", parcel=parcel)
    if not whole and any(
        parcel in parcel_row.values("id") for parcel_row in stored_columns(library, identifier, GIVEN, ["id"])
    ):
        raise OneMapError("run.damaged", file=library.label, run=identifier, layer="parcels")
    # To those who may not read the log the parcel's own row tells that the last block of findings is gone.
    counted_rows = sum(1 for row in rows("findings", parcel=parcel) if row["counted"])
    if whole and whole[0]["findings"] != counted_rows:
        raise OneMapError("run.damaged", file=library.label, run=identifier, layer="findings")
    return explain_run(library, run, parcel, rule_id, language)


def explain_run(library: Library, run: ExplainedRun, parcel: str, rule_id: str, language: str) -> Record:
    """The steps from versions, filter and features to area, thresholds, verdict and basis.

    Each step has its name, its key, its value with every code and digit, and `said`: the same in words for a reviewer,
    None where only a technician needs it. A layer version and a feature also have their ids in `about`. Raises
    OneMapError run.parcel, run.rule.
    """
    record, identifier = run.record, run.id
    parcels = run.rows("parcels", parcel=parcel)
    if not parcels:
        raise OneMapError("run.parcel", file=library.label, run=identifier, parcel=parcel)
    rules = {rule.id: rule for rule in rules_of_run(run.packs, record)}
    rule = _rule_named(library, identifier, rule_id, rules)
    asked_name, rule_id = rule_id, rule.id
    steps: list[dict[str, Any]] = []

    def step(name: str, value: Any, words: Any = _AS_IT_IS, **about: Any) -> None:
        plain = value if words is _AS_IT_IS else words
        one = {"step": phrase(f"explain.{name}", language), "key": name, "value": value, "said": plain}
        steps.append({**one, "about": about or None})

    step("run", f"{identifier} · {record['started']} · {record['who']}", f"{record['started']} · {record['who']}")
    whole = parcels[0]
    name, ellipsoidal_m2 = record["parameters"]["parcels"], whole.get("area_ellipsoidal_m2")
    sides = EXACT.area(whole["area_m2"]), PLAIN.area(ellipsoidal_m2 or whole["area_m2"])
    step("parcel", *(f"{parcel} · {area} · {name}" for area in sides))
    title = rule.title.get(language, rule.id)
    pack = next(pack for pack in record["packs"] if pack["id"] == rule.pack)
    kind = _with_word(KINDS[rule.kind].title[language], rule.kind, language)
    step("rule", " · ".join((rule.id, rule.title.get(language, ""), kind, f"{pack['id']} {pack['version']}")), title)
    if asked_name != rule_id:
        step("succeeds", asked_name)
    _explain_options(rule, library.catalogue(), language, step)
    if rule.replaced:
        step("replaced", rule.replaced.summary(language), rule.replaced.title.get(language, rule.replaced.id))
    skipped = next((item for item in record["skipped"] if item["rule"] == rule_id), None)
    if skipped:
        step("skipped", reason_word(skipped["reason"], language))
        return {"steps": steps}
    _explain_version(library, rule, record, language, step)
    _explain_conditions(rule, rules, language, step)
    _explain_findings(library, run, parcel, rule, language, step)
    reasons = [str(row["reason"]).split(",") for row in run.rows("findings", parcel=parcel, rule=rule.id)]
    if run.facts_of and any(Reason.NO_FACT in some for some in reasons):
        _explain_missing_facts(rule, run.facts_of(parcel), language, step)
    step("basis", rule.basis_text, cited_basis(rule.basis_text, language))
    step("verdict", phrase(f"verdict.{_verdict(run, parcel, rule_id)}", language))
    return {"steps": steps}


def _explain_options(rule: Rule, catalogue: Mapping[str, LayerEntry], language: str, step: Any) -> None:
    """The limits and keys of the rule, as the pack writes them and in words."""
    options = [_option(rule, key, value, language) for key, value in rule.options.items()]
    plain = [option_said(rule, key, value, catalogue, language) for key, value in rule.options.items()]
    step("options", " · ".join(options) or "–", " · ".join(plain) or None)


def _explain_version(library: Library, rule: Rule, record: CheckRecord, language: str, step: Any) -> None:
    """The version of its layer by which the rule judged; in words by its title, without code and hash."""
    code, title = rule.layer, layer_title(rule.layer, library.catalogue(), language)
    layer = next((item for item in record["layers"] if item["code"] == code), None)
    if layer is None or layer["label"] is None:
        reason = str(layer["reason"]) if layer else Reason.LAYER_MISSING
        missing = f"{reason_word(reason, language)} · {record['parameters']['as_of']}"
        step("version", f"{code} · {missing}", f"{title} · {missing}", code=code, version=None)
        return
    label, kind = layer["label"], layer["coverage"]
    days, hash_ = f"{layer['valid_from'] or ''}…{layer['valid_to'] or ''}", str(layer["hash"])[:12]
    # A district may have changed since the version was added.
    coverage = phrase("explain.of_district" if kind == "district" else f"coverage.{kind}", language)
    whole = " · ".join((code, label, days, hash_, coverage))
    step("version", whole, " · ".join((title, label, coverage)), code=code, version=label)


def _explain_conditions(rule: Rule, rules: Mapping[str, Rule], language: str, step: Any) -> None:
    """The projects and features to which the rule applies, and related rules. rules: all rules by id."""
    if rule.when:
        step("when", rule.when, None)
    for name in ("unless", "only"):
        classes = [item.title.get(language, item.name) for item in getattr(rule, name)]
        if classes:
            step(name, phrase("said.comma", language).join(classes))
    for name, others in (("milder_of", [severe.id for severe in rule.milder_of]), ("under", rule.under)):
        if any(others):
            rule_titles = [
                rules[other].title.get(language, other) if other in rules else other for other in others if other
            ]
            step(name, ", ".join(filter(None, others)), phrase("said.comma", language).join(rule_titles))
    step("where", rule.where or "–", None)


def _explain_missing_facts(rule: Rule, attributes: Mapping[str, Any], language: str, step: Any) -> None:
    """The facts that the rule needs and the parcel does not state."""
    stated_names = {name.lower() for name, value in attributes.items() if text_value(value) is not None}
    groups = [
        group for need in rule_needs([rule]) for group in need.any_of if stated_names.isdisjoint(map(str.lower, group))
    ]
    if groups:
        titles = [[fact_title(name, language) for name in group] for group in groups]
        step("no_fact", ", ".join(map("/".join, groups)), phrase("said.comma", language).join(map("/".join, titles)))


def _rule_named(library: Library, identifier: str, name: str, rules: Mapping[str, Rule]) -> Rule:
    """The rule of a run with a name, or the one that now judges the matter of a retired name.

    Raises OneMapError run.rule, which also says whether the library's packs have the name today.
    """
    own_rule = rules.get(name) or rules.get(successors(list(rules.values())).get(name, ""))
    if own_rule is None:
        today = next((rule for rule in joined_rules(packs_of(library, ())) if rule.id == name), None)
        older_names = [old for old in today.succeeds if old in rules] if today else []
        raise OneMapError("run.rule", file=library.label, run=identifier, rule=name, known=older_names or sorted(rules))
    return own_rule


def _with_word(word: str, code: str, language: str) -> str:
    """A code preceded by its word."""
    return phrase("explain.named", language, word=word, code=code)


def _option(rule: Rule, key: str, value: Any, language: str) -> str:
    return f"{_with_word(KINDS[rule.kind].keys[key].title[language], key, language)} = {plain_value(value)}"


def _explain_findings(library: Library, run: ExplainedRun, parcel: str, rule: Rule, language: str, step: Any) -> None:
    """Features, conflict, thresholds and unknown ground, as far as the finding has them."""
    kind = KINDS[rule.kind]
    findings = run.rows("findings", parcel=parcel, rule=rule.id)
    # The ground of hits stands before what is unknown.
    scale = next((_scale_in_print(finding) for finding in findings if finding["area_m2"]), 1.0)
    tables = ("overlaps", "overlaps_line", "overlaps_point")
    for piece in (row for table in tables for row in run.rows(table, parcel=parcel, rule=rule.id)):
        zones = json.loads(piece["attributes"]).get(OFFICIAL_LAYER)
        title = layer_title(zones, library.catalogue(), language) if zones else None
        exact, plain = (_piece(piece, language, *how) for how in ((EXACT, 1.0), (PLAIN, scale)))
        words = " · ".join(filter(None, (title, plain)))
        step("feature", " · ".join(filter(None, (zones, exact))), words, feature=piece["feature"])
    for finding in findings:
        name = "unknown" if finding["verdict"] == Verdict.UNKNOWN else "conflict"
        reason = reasons_text(finding["reason"], language)
        both = (finding, EXACT), (_finding_in_print(finding), PLAIN)
        sides = ((*kind.explained(one, language, figures), reason) for one, figures in both)
        step(name, *(" · ".join(filter(None, side)) or "–" for side in sides))
        count_words = phrase("explain.counts" if finding["counted"] else "explain.not_counted", language)
        limits, plane = kind.limits(rule.options), finding["counted_area_m2"]
        words = "" if plane is None else phrase("explain.in_plane", language, area=PLAIN.area(plane))
        step(
            "thresholds",
            *(" · ".join(filter(None, (*limits, area, count_words))) for area in (EXACT.area(plane), words)),
        )
        scale = _scale_in_print(finding)
        if finding["area_check_m2"] is not None:
            differs = phrase("explain.differs" if finding["check_differs"] else "explain.agrees", language)
            check_m2 = finding["area_check_m2"]
            step("check", *(f"{area} · {differs}" for area in (EXACT.area(check_m2), PLAIN.area(scale * check_m2))))
        if finding["area_low_m2"] is not None:
            within = phrase("explain.within_error", language) if finding["within_error"] else ""
            ends = finding["area_low_m2"], finding["area_high_m2"]
            spans = [EXACT.area(end) for end in ends], [PLAIN.area(scale * end) for end in ends]
            step("range", *(" · ".join(filter(None, (" … ".join(span), within))) for span in spans))
        if excuse := excuse_text(rule, finding.get("excused_by"), language):
            step("excused", excuse)
    if not findings:
        step("conflict", phrase("verdict.clear", language))


def _piece(row: Mapping[str, Any], language: str, figures: FindingFigures, scale: float) -> str:
    """A feature of a finding with its measure, its distance, and why it does not count.

    A feature that meets the parcel has no distance, except where every digit is shown. scale: of areas.
    """
    area_m2 = None if row["area_m2"] is None else scale * row["area_m2"]
    measure = figures.area(area_m2) or figures.length(row["length_m"])
    is_told = row["distance_m"] is not None and (row["distance_m"] > 0 or figures is EXACT)
    distance = phrase("explain.distance", language, distance=figures.length(row["distance_m"])) if is_told else ""
    return " · ".join(filter(None, (row["feature"], measure, distance, reasons_text(row["reason"], language))))


def _scale_in_print(finding: Mapping[str, Any]) -> float:
    """The ratio of a finding's area on the ellipsoid, which is printed, to its area in the plane.

    Measures that exist in the plane alone (pieces, range within the boundary error, the second measurement) are
    multiplied by it, so that they can be compared with the printed area.
    """
    area_m2, ellipsoidal_m2 = finding["area_m2"], finding.get("area_ellipsoidal_m2")
    return ellipsoidal_m2 / area_m2 if area_m2 and ellipsoidal_m2 else 1.0


def _finding_in_print(finding: Mapping[str, Any]) -> Mapping[str, Any]:
    """A finding with its area on the ellipsoid, as lists and documents show it; older runs did not store it."""
    ellipsoidal_m2 = finding.get("area_ellipsoidal_m2")
    return finding if ellipsoidal_m2 is None else {**finding, "area_m2": ellipsoidal_m2}


def _verdict(run: ExplainedRun, parcel: str, rule_id: str) -> str:
    rows = run.rows("findings", parcel=parcel, rule=rule_id)
    counted_verdicts = [row["verdict"] for row in rows if row["counted"]]
    known_verdicts = [verdict for verdict in counted_verdicts if verdict != Verdict.UNKNOWN]
    return (known_verdicts or counted_verdicts or [Verdict.CLEAR])[0]


def option_said(rule: Rule, key: str, value: Any, catalogue: Mapping[str, LayerEntry], language: str) -> str:
    """An option in words: its title and its value."""
    option_key = KINDS[rule.kind].keys[key]
    titles = _field_titles(catalogue.get(rule.layer), language)
    if isinstance(value, PermitTable):
        words = f"{value.title.get(language, value.name)} {value.version}"
    elif isinstance(value, str) and value in option_key.choice_titles:
        words = option_key.choice_titles[value][language]
    elif option_key.layer_geometries and value in catalogue:
        words = layer_title(value, catalogue, language)
    elif isinstance(value, dict) and "field" in value:
        words = _by_field(value, titles, language)
    elif key.endswith("_share") and isinstance(value, (int, float)):
        words = f"{100 * value:.15g} %"
    elif value in CODE_SYSTEMS:
        words = phrase(f"code_system.{value}", language)
    else:
        words = titles.get(value, value) if isinstance(value, str) else plain_value(value)
    return phrase(
        "explain.option", language, option=option_key.title[language], value=f"{words} {option_key.unit}".rstrip()
    )


def _by_field(value: Mapping[str, Any], titles: Mapping[str, str], language: str) -> str:
    """A value that depends on one or several fields of a feature."""
    names = value["field"] if isinstance(value["field"], list) else [value["field"]]
    comma = phrase("said.comma", language)
    words = comma.join(titles.get(name, name) for name in names)
    cases = dict(value.get("values") or {})
    if "default" in value:
        cases[phrase("explain.else", language)] = value["default"]
    if not cases:
        return words
    case_texts = comma.join(f"{case} → {plain_value(one)}" for case, one in cases.items())
    return phrase("explain.by_field", language, field=words, values=case_texts)


def _field_titles(entry: LayerEntry | None, language: str) -> dict[str, str]:
    """The titles of a layer's fields, by their names and aliases, which a parcel's file may use, too."""
    titles: dict[str, str] = {}
    for field in entry.fields if entry else ():
        title = dict(field.title).get(language)
        for name in (field.name, *field.aliases) if title else ():
            titles.setdefault(name, str(title))
    return titles


def plain_value(value: Any) -> str:
    """A value without JSON's quotes and brackets."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {plain_value(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(plain_value, value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.15g}" if isinstance(value, float) else str(value)
