"""The wording of a draft: each rule's own sentence with its measures, in both languages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from onemap.layers.area_units import hectares_text, mu_text
from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.messages import phrase
from onemap.layers.reason import column_of_reasons, reasons_in
from onemap.rules.contract.verdict import RANK, Verdict
from onemap.rules.display.maps.document_areas import square_metres_text, total_m2
from onemap.rules.judge.findings.table import open_ground
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.cross import of_parcels
from onemap.rules.judge.kinds.finding_figures import sentence_figures
from onemap.rules.judge.kinds.reasons import reasons_text
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.review.cases.case import ChecklistItem, Override

_DASH = "–"
_MOST_PARCELS = 10  # named in one sentence; the table of findings has them all


@dataclass(frozen=True)
class DraftedFinding:
    """One counted finding with its rule, the verdict that holds, and the override that set it, if any.

    wants_fact: the applicant has left out a fact of the parcel without which the rule cannot judge.
    """

    rule: Rule
    row: Mapping[str, Any]
    verdict: str
    override: Override | None
    wants_fact: bool = False


class _Measures(dict[str, str]):
    """The measures of a sentence; one that a pack names but nobody measured reads as a dash."""

    def __missing__(self, name: str) -> str:
        return _DASH


def drafted_text(
    findings: Sequence[DraftedFinding], items: Sequence[ChecklistItem], language: str, is_one: bool = True
) -> str:
    """The text of one department's draft: a sentence for each rule, the gravest first.

    The checklist's items are left out: a signature under them would claim that each was looked at.
    is_one: the case has one parcel, which need not be named.
    """
    if not findings:
        return phrase(_no_finding_phrase(items), language)
    groups: dict[tuple[str, str, bool, bool], list[DraftedFinding]] = {}
    for one in findings:
        group = (one.verdict, one.rule.id, one.row["verdict"] == Verdict.UNKNOWN, one.wants_fact)
        groups.setdefault(group, []).append(one)
    ordered = [group for _, group in sorted(groups.items(), key=lambda item: RANK[item[0][0]])]
    lines = [_sentence(alike, language) + ("" if is_one else _parcels(alike[0], language)) for alike in _alike(ordered)]
    if len(lines) > 1:
        lines = [f"{number}. {line}" for number, line in enumerate(lines, start=1)]
    return "\n".join(lines)


def _alike(groups: Sequence[list[DraftedFinding]]) -> list[list[list[DraftedFinding]]]:
    """Group the findings of rules that leave the same ground of one layer open for the same reason."""
    groups_by_ground: dict[Any, list[list[DraftedFinding]]] = {}
    for number, group in enumerate(groups):
        first = group[0]
        is_unknown = first.row["verdict"] == Verdict.UNKNOWN
        is_open = is_unknown and not first.wants_fact and not any(one.override for one in group)
        ground = tuple(open_ground(one.row) for one in group)
        groups_by_ground.setdefault((first.row["layer"], ground) if is_open else number, []).append(group)
    return list(groups_by_ground.values())


def _no_finding_phrase(items: Sequence[ChecklistItem]) -> str:
    """The phrase that says that there is no finding; if a layer could not be checked, it must not read as all clear."""
    if any(item.rule is not None for item in items):
        return "draft.nothing_known"
    return "draft.nothing_found" if items else "draft.not_involved"


def _sentence(alike: Sequence[Sequence[DraftedFinding]], language: str) -> str:
    """One rule's sentence over all its parcels, with any override and its reason; or one for rules left open alike."""
    group = alike[0]
    first = group[0]
    rule = first.rule
    titles = [one[0].rule.title.get(language) or one[0].rule.id for one in alike]
    title = titles[0]
    measures = _measures([one.row for one in group], language, KINDS[rule.kind].value_places)
    if first.row["verdict"] == Verdict.UNKNOWN:
        reasons = dict.fromkeys(reason for one in group for reason in reasons_in(one.row["reason"]))
        words = reasons_text(column_of_reasons(reasons), language)
        key = "draft.unknown_fact" if first.wants_fact else "draft.unknown"
        key = "draft.unknown_layer" if len(alike) > 1 else key
        several = phrase("said.comma", language).join(titles)
        text = phrase(key, language, title=title, titles=several, reasons=words or _DASH, **measures)
    else:
        wording = rule.draft.get(language)
        usual = KINDS[rule.kind].drafted.get(language)
        verdict = phrase(f"verdict.{first.row['verdict']}", language)
        if wording:
            text = wording.format_map(measures)
        elif usual:
            text = usual.format_map(_Measures(measures, title=title, verdict=verdict))
        else:
            amount = _amount([one.row for one in group], rule, language)
            key = "draft.counted" if amount else "draft.finding"
            text = phrase(key, language, title=title, verdict=verdict, amount=amount, **measures)
    overrides = dict.fromkeys(one.override for one in group if one.override)
    for override in overrides:
        facts = {
            "before": phrase(f"verdict.{override.before}", language),
            "verdict": phrase(f"verdict.{override.verdict}", language),
        }
        text += phrase(
            "draft.overridden", language, parcel=override.parcel, by=override.by, reason=override.reason, **facts
        )
    return text


def _parcels(group: Sequence[DraftedFinding], language: str) -> str:
    """The text that names a sentence's parcels, only the first ones if there are many."""
    names = list(dict.fromkeys(str(one.row["parcel"]) for one in group))
    text = phrase("said.comma", language).join(names[:_MOST_PARCELS])
    key = "draft.parcels" if len(names) <= _MOST_PARCELS else "draft.parcels_many"
    return phrase(key, language, parcels=text, count=len(names))


def _measures(rows: Sequence[Mapping[str, Any]], language: str, value_places: int) -> _Measures:
    """The measures of a sentence over all parcels of a rule: sums, the least distance, the share of a single parcel.

    Areas are ellipsoidal and rounded as in every document. value_places: decimals of `value`; if there are none,
    `value` counts objects, and the counts of all parcels are summed. An object near two parcels counts for each, which
    `features` says.
    """
    measures = _Measures(parcels=phrase("said.comma", language).join(str(row["parcel"]) for row in rows))
    entry = shipped_catalogue().get(str(rows[0].get("layer")))
    measures["layer"] = (entry.title.get(language) if entry is not None else None) or str(rows[0]["title"])
    area = _total(rows, "area_ellipsoidal_m2")
    if area is not None:
        measures |= {
            "area_m2": square_metres_text(area),
            "area_ha": hectares_text(area),
            "area_mu": mu_text(area),
        }
    length_m, features = (_total(rows, name) for name in ("length_m", "features"))
    if length_m is not None:
        measures["length_m"] = rounded_text(length_m, 1)
    values = [row["value"] for row in rows if row["value"] is not None]
    if features is not None:  # points inside parcels, which alone have a count as value, lie in one parcel each
        parcel_count = {"parcels": 1 if value_places == 0 and values else len({row["parcel"] for row in rows})}
        measures["features"] = of_parcels(rounded_text(features, 0), parcel_count, language)
    distances = [row["distance_m"] for row in rows if row["distance_m"] is not None]
    if distances:
        measures["distance_m"] = rounded_text(min(distances), 1)
    if values:
        measures["value"] = rounded_text(sum(values) if value_places == 0 else max(values), value_places)
    if len(rows) == 1 and rows[0]["share"] is not None:
        measures["share_percent"] = share_percent(rows[0]["share"])
    return measures


def _amount(rows: Sequence[Mapping[str, Any]], rule: Rule, language: str) -> str:
    """The amount that a counting rule found over all parcels; "" for a rule that finds ground."""
    totals = {name: _total(rows, name) for name in ("features", "length_m", "value")}
    distances = [row["distance_m"] for row in rows if row["distance_m"] is not None]
    totals |= {"distance_m": min(distances, default=None), "parcels": len({row["parcel"] for row in rows})}
    return KINDS[rule.kind].extent(totals, language, sentence_figures(language))


def _total(rows: Sequence[Mapping[str, Any]], name: str) -> float | None:
    numbers = [row[name] for row in rows if row[name] is not None]
    return total_m2(numbers) if numbers else None


def rounded_text(value: float, places: int) -> str:
    """A number with thousands separators, rounded half up as in documents (Python rounds half to even)."""
    return f"{Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,}"


def share_percent(share: float) -> str:
    """A share as per cent; a share above zero is never written as 0.0."""
    return "< 0.1" if 0 < share < 0.0005 else rounded_text(share * 100, 1)


def drafted_basis(findings: Sequence[DraftedFinding]) -> str:
    """The legal basis of the findings against the project, once for each rule, the gravest first."""
    grave = sorted(findings, key=lambda one: RANK[one.verdict])
    lines = dict.fromkeys(one.rule.basis_text for one in grave if one.verdict not in (Verdict.CLEAR, Verdict.UNKNOWN))
    return "\n".join(lines)
