"""The evidence of a round: its run's tables, its ground for a map, the parcels of each verdict, repeated signers."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from onemap.layers.area_units import M2_PER_HECTARE, hectares_text
from onemap.layers.errors import Problem
from onemap.layers.library.library import Library
from onemap.layers.messages import phrase
from onemap.layers.person_names import same_person
from onemap.layers.records import Record
from onemap.layers.sources.redline.redline_text import number_of
from onemap.rules.answers.remedy.remedy_storage import remedy_tables
from onemap.rules.contract.verdict import RANK, Verdict, verdict_counts
from onemap.rules.display.maps.document_areas import total_m2
from onemap.rules.display.outputs.outputs import tables_written
from onemap.rules.display.outputs.sheet_titles import titles_of_check
from onemap.rules.judge.findings.run_tables import run_table
from onemap.rules.judge.runs.run_store import check_record, stored_packs, stored_rows, stored_values
from onemap.rules.judge.runs.stored_rows import GIVEN, row_counts
from onemap.rules.judge.runs.stored_tables import ground_records, stored_tables
from onemap.rules.judge.runs.unasked_rules import unasked_table
from onemap.rules.review.cases.case import SPOKEN, Case, Conclusion, Opinion, Round, Terms
from onemap.rules.review.cases.round_facts import parcel_verdicts

_TEXT_FIELD = "DKMJ"  # of a parcel in a coordinate text, in hectares
_UNITS = (("days", 86_400), ("hours", 3600), ("minutes", 60), ("seconds", 1))
_LEAST = 2  # the least count of a unit in which a time is given


def write_evidence(
    library: Library,
    current: Round,
    unasked_rules: Sequence[Mapping[str, str]],
    out: str,
    overwrite: bool,
    language: str,
) -> Sequence[Problem]:
    """Write the tables of a round's run as `check --out` does, with the machine's own verdicts, titled in the language.

    unasked_rules: rules that were not run, written as a table of their own.
    Returns remarks on what the file format could not hold. Raises OneMapError run.unknown, out.….
    """
    record = check_record(library, current.run)
    tables = stored_tables(library, current.run, language)
    tables |= remedy_tables(library, current.remedies[-1].run) if current.remedies else {}
    tables |= {"run": run_table(record), "unasked_rules": unasked_table(unasked_rules)}
    titles = titles_of_check(library, stored_packs(library, current.run), record, language)
    with tables_written(tables, library.crs, out, overwrite, language, titles=titles) as target:
        return target.remarks


def area_problems(library: Library, run: str, data: Mapping[str, Any], terms: Terms) -> list[Problem]:
    """Remarks where a declared area differs from the parcels' area by more than the packs allow.

    run: of the round; data: the project's facts. A coordinate text declares its parcels' hectares too (DKMJ). Areas of
    parcels are ellipsoidal, as in every document.
    """
    declared_areas = {"area_ha": data.get("area_ha"), _TEXT_FIELD: _hectares_of_text(library, run)}
    site_m2 = total_m2(area for (area,) in stored_values(library, run, "parcels", ("area_ellipsoidal_m2",)))
    site_ha = site_m2 / M2_PER_HECTARE
    problems = []
    for field, area_ha in declared_areas.items():
        share = 0.0 if area_ha is None else abs(area_ha - site_ha) / site_ha
        if area_ha is not None and share > terms.area_share:
            facts = {"declared": f"{area_ha:,.4f}", "found": hectares_text(site_m2)}
            facts |= {"share": f"{100 * share:.1f} %", "allowed": f"{100 * terms.area_share:g} %"}
            problems.append(Problem("review.area", {"field": field, **facts}))
    return problems


def _hectares_of_text(library: Library, run: str) -> float | None:
    """The sum of areas that a coordinate text states; None for another source, or if it leaves one out."""
    if not str(check_record(library, run)["parameters"]["parcels"]).lower().endswith(".txt"):
        return None
    texts = [row.values["attributes"].get(_TEXT_FIELD) for row in stored_rows(library, run, "given")]
    numbers = [number_of(str(value or "")) for value in texts]
    known_numbers = [number for number in numbers if number is not None]
    return sum(known_numbers) if len(known_numbers) == len(numbers) else None


def counts_of_round(library: Library, case: Case) -> dict[str, int]:
    """How many parcels of a case's round have each of the six verdicts, with overrides applied.

    If the run cannot be read, all its parcels, at least one, count as unknown.
    """
    current = case.current
    if case.damage is not None:
        return {**verdict_counts(()), Verdict.UNKNOWN: max(1, row_counts(library, current.run).get(GIVEN, 0))}
    return verdict_counts(_verdicts_of_round(library, current).values())


def _verdicts_of_round(library: Library, current: Round) -> dict[str, str]:
    """The verdict of each parcel of a round, with overrides applied."""
    verdicts = parcel_verdicts(library, current.run)
    if current.overrides:
        verdicts = dict.fromkeys(verdicts, Verdict.CLEAR)
        columns = ("parcel", "rule", "verdict", "counted")
        for parcel, rule, machine, is_counted in stored_values(library, current.run, "findings", columns):
            if is_counted:
                verdict = current.verdict_of(parcel, rule, machine)
                verdicts[parcel] = min(verdict, verdicts[parcel], key=RANK.__getitem__)
    return verdicts


def ground_of_round(library: Library, current: Round, language: str) -> dict[str, list[Record]]:
    """Findings and parcels of a round for a map, as by `ground_records`, with overrides applied."""
    ground, verdicts = ground_records(library, current.run, language), _verdicts_of_round(library, current)
    findings = [
        {**one, "verdict": current.verdict_of(one["parcel"], one["rule"], one["verdict"])} for one in ground["findings"]
    ]
    return {
        "findings": findings,
        "parcels": [{**one, "verdict": verdicts[one["parcel"]]} for one in ground["parcels"]],
    }


def said_against(
    round_: Round, opinion: Opinion, findings: Iterable[Mapping[str, Any]], department: str, language: str
) -> list[str]:
    """A remark if a department agrees, or is deemed to, although a finding of its rules forbids or could not be judged.

    findings: of the round; department: its name.
    """
    if opinion.state not in SPOKEN or opinion.conclusion not in (Conclusion.AGREE, Conclusion.NOT_INVOLVED):
        return []
    own = (row for row in findings if row["counted"] and row["department"] == opinion.department)
    verdicts = {round_.verdict_of(row["parcel"], row["rule"], row["verdict"]) for row in own}
    against = next((verdict for verdict in (Verdict.PROHIBITED, Verdict.UNKNOWN) if verdict in verdicts), None)
    if against is None:
        return []
    name = phrase(f"verdict.{against}", language)
    return [phrase(f"review_said.{opinion.state}_against", language, department=department, verdict=name)]


@dataclass(frozen=True)
class SameHand:
    """One name under several opinions of a round.

    unchanged: how many are as the machine drafted them; seconds: between the first and the last signature.
    """

    by: str
    opinions: int
    unchanged: int
    seconds: int

    def sentence(self, language: str) -> str:
        """The remark on such a name for readers of the case or its statement."""
        unit, length = next((unit, size) for unit, size in _UNITS if self.seconds >= size * _LEAST or size == 1)
        time = phrase(f"review_said.within_{unit}", language, count=max(1, math.ceil(self.seconds / length)))
        facts = {"name": self.by, "count": self.opinions, "unchanged": self.unchanged, "time": time}
        return phrase("review_said.same_hand", language, **facts)


def same_hands(case: Case) -> list[SameHand]:
    """The names under which more than one opinion of the current round is signed, the most opinions first."""
    at = {entry.department: entry.at for entry in case.entries if (entry.action, entry.round) == ("sign", case.round)}
    hands: list[list[Opinion]] = []
    for opinion in case.opinions:
        if opinion.state == "signed" and opinion.department in at:
            hand = next((hand for hand in hands if same_person(str(hand[0].signed_by), str(opinion.signed_by))), [])
            hands += [] if hand else [hand]
            hand.append(opinion)
    remarks = [_same_hand(hand, at) for hand in hands if len(hand) > 1]
    return sorted(remarks, key=lambda one: -one.opinions)


def _same_hand(hand: Sequence[Opinion], at: Mapping[str | None, str]) -> SameHand:
    """Count the opinions of one name. at: when each department's opinion was signed."""
    moments = [datetime.fromisoformat(at[opinion.department]) for opinion in hand]
    seconds = math.ceil((max(moments) - min(moments)).total_seconds())
    return SameHand(str(hand[0].signed_by), len(hand), sum(opinion.by_machine for opinion in hand), seconds)
