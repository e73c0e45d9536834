"""Which parcels' verdicts differ from those of a stored run, and which rules' findings changed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

import numpy as np
import pandas as pd

from onemap.layers.errors import Problem
from onemap.layers.library.library import Library
from onemap.layers.messages import LANGUAGES, first_names, list_text
from onemap.layers.reason import Reason
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.packs.pack import Pack, rules_of_run
from onemap.rules.judge.runs.arrow_blocks import Rows
from onemap.rules.judge.runs.run import Chunk, Run
from onemap.rules.judge.runs.run_store import stored_columns

RuleVerdicts = dict[str, dict[str, set[str]]]  # parcel → rule → the verdicts of its rows that count
# `from` is None for a parcel that was not judged before, `to` for one that is not judged now.
ChangedParcel = TypedDict("ChangedParcel", {"parcel": str, "from": str | None, "to": str | None, "rules": list[str]})
_COLUMNS = ("parcel", "rule", "verdict", "counted")


class VerdictChanges:
    """Compares a stored run with a new one whose rows come in parts."""

    def __init__(self, library: Library, identifier: str, asked_parcels: np.ndarray | None = None) -> None:
        """asked_parcels (k,): the parcels of the new run if it covers only some. Raises OneMapError run.damaged."""
        self._library, self._identifier = library, identifier
        parcels = list(stored_columns(library, identifier, "parcels", ("parcel", "verdict")))
        names, self._before = (
            np.concatenate([[], *(rows.values(name) for rows in parcels)]) for name in ("parcel", "verdict")
        )
        self._places = pd.Index(names, dtype=object)
        self._is_changed = np.ones(len(names), dtype=bool)  # what does not come again is changed too
        if asked_parcels is not None:
            self._is_changed = self._places.isin(asked_parcels)
        self._after: dict[str, str] = {}
        self._rule_verdicts: RuleVerdicts = {}

    def append(self, chunk: Chunk) -> None:
        """Take the next rows of the new run: parcels, and their findings."""
        if "parcels" not in chunk.tables:
            return
        names, verdicts = (chunk.tables["parcels"].values(name) for name in ("parcel", "verdict"))
        place = self._places.get_indexer(names)
        is_same = (place >= 0) & (np.r_[self._before, None][place] == verdicts)
        self._is_changed[place[is_same]] = False
        new_verdicts = dict(zip(names[~is_same], verdicts[~is_same], strict=True))
        self._after |= new_verdicts
        if new_verdicts:
            _collect(self._rule_verdicts, chunk.tables["findings"], new_verdicts)

    def changed_parcels(self) -> list[ChangedParcel]:
        """Each changed parcel: old and new verdict, and the rules that changed, those of the stored run first."""
        pairs = zip(self._places[self._is_changed], self._before[self._is_changed], strict=True)
        before, rules_before = dict(pairs), RuleVerdicts()
        verdicts = {**before, **self._after}
        for rows in stored_columns(self._library, self._identifier, "findings", _COLUMNS) if verdicts else ():
            _collect(rules_before, rows, verdicts)
        result: list[ChangedParcel] = []
        for parcel in verdicts:
            first, second = (side.get(parcel, {}) for side in (rules_before, self._rule_verdicts))
            rules = [rule for rule in {**first, **second} if first.get(rule) != second.get(rule)]
            result.append({"parcel": parcel, "from": before.get(parcel), "to": self._after.get(parcel), "rules": rules})
        return result


def changed_verdicts(
    library: Library, identifier: str, run: Run, asked_parcels: np.ndarray | None = None
) -> list[ChangedParcel]:
    """The parcels whose verdict differs from that of a stored run, with the rules whose findings changed.

    asked_parcels (k,): the parcels of the new run if it covers only some.
    """
    changes = VerdictChanges(library, identifier, asked_parcels)
    for chunk in run.chunks():
        changes.append(chunk)
    return changes.changed_parcels()


def _collect(verdicts: RuleVerdicts, findings: Rows | Table, parcels: Iterable[str]) -> None:
    """Add the verdicts of findings that count, of some parcels."""
    rows = np.flatnonzero(pd.Series(findings.values("parcel")).isin(list(parcels)))
    for parcel, rule, verdict, is_counted in zip(*(findings.values(name)[rows] for name in _COLUMNS), strict=True):
        if is_counted:
            verdicts.setdefault(parcel, {}).setdefault(rule, set()).add(verdict)


def turned_table(changed_parcels: Sequence[ChangedParcel]) -> Table:
    """The changed parcels as a table: parcel, from, to, and the ids of rules joined with commas."""
    rows = [(one["parcel"], one["from"], one["to"], ",".join(one["rules"])) for one in changed_parcels]
    return Table(pd.DataFrame(rows, columns=["parcel", "from", "to", "rules"], dtype=object))


def unasked_problems(
    changed_parcels: Sequence[ChangedParcel], packs: Sequence[Pack], record: Mapping[str, Any]
) -> list[Problem]:
    """A remark if verdicts turned by rules that the new run was not to ask: nobody looked whether they still apply.

    A rule whose law has ended is no such rule, nor one whose matter another rule judges now. packs, record: the new
    run's own.
    """
    omitted_rules = {item["rule"] for item in record["skipped"] if item["reason"] == Reason.ONLY}
    rules_now = rules_of_run(packs, record)
    titles = {rule.id: rule.title for rule in rules_now}
    asked_rules = {
        name for rule in rules_now if rule.id not in omitted_rules for name in (rule.id, rule.replaces, *rule.succeeds)
    }
    turned_parcels = [
        one for one in changed_parcels if one["to"] is not None and not asked_rules.issuperset(one["rules"])
    ]
    if not turned_parcels:
        return []
    rules = sorted({rule for one in turned_parcels for rule in one["rules"]} - asked_rules)
    names = {
        language: list_text(first_names([titles.get(rule, {}).get(language, rule) for rule in rules]), language)
        for language in LANGUAGES
    }
    facts = {"count": len(turned_parcels), "rules": names, "feature": turned_parcels[0]["parcel"], "field": "--against"}
    return [Problem("against.unasked", facts)]


def titles_of_changed(changed_parcels: Sequence[ChangedParcel], titles: Mapping[str, str]) -> dict[str, str]:
    """The titles of the rules that changed verdicts, by id."""
    rules = {rule for one in changed_parcels for rule in one["rules"]}
    return {rule: titles[rule] for rule in sorted(rules & set(titles))}
