"""The rules of a check that were not asked, and why: every verdict is shown with the number of rules behind it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from onemap.layers.catalogue.catalogue import layer_title
from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.library.library import Library
from onemap.layers.library.own_files import department_names
from onemap.layers.records import Record
from onemap.rules.judge.findings.citations import basis_citations
from onemap.rules.judge.findings.table import Table, typed_columns
from onemap.rules.judge.inputs.check_record import CheckRecord
from onemap.rules.judge.kinds.reasons import reason_word
from onemap.rules.judge.packs.pack import Pack, rules_of_run
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.runs.run_store import check_record, stored_packs

UNASKED_COLUMNS = ("department", "rule", "title", "layer", "layer_title", "reason")


def unasked_rules(
    library: Library, packs: Sequence[Pack], record: Mapping[str, Any], language: str
) -> list[dict[str, str]]:
    """Each judging rule that was not asked, by department and then in the order of the packs.

    Columns: `UNASKED_COLUMNS`; department_title: the department's name in the library; said: the reason in words.
    packs, record: the run's own.
    """
    skipped = {item["rule"]: item for item in record["skipped"]}
    if not skipped:
        return []
    catalogue, names = library.catalogue(), department_names(library)
    rows = []
    for rule in judging_rules(packs, record):
        if rule.id not in skipped:
            continue
        layer, reason = skipped[rule.id]["layer"], skipped[rule.id]["reason"]
        rows.append(
            {
                "department": rule.department,
                "department_title": names[rule.department][language],
                "rule": rule.id,
                "title": rule.title.get(language, rule.id),
                "layer": layer,
                "layer_title": layer_title(layer, catalogue, language),
                "reason": reason,
                "said": reason_word(reason, language),
            }
        )
    return sorted(rows, key=lambda row: DEPARTMENTS.index(row["department"]))


def judging_rules(packs: Sequence[Pack], record: Mapping[str, Any]) -> list[Rule]:
    """The rules of a run that judge, asked or not: only these are counted, by department and in all.

    A rule without findings, such as one on what the ground consists of, clears no parcel. packs, record: the run's own.
    """
    return [rule for rule in rules_of_run(packs, record) if rule.finds]


def asked_answer(
    packs: Sequence[Pack], record: CheckRecord, unasked_list: Sequence[Mapping[str, str]], language: str
) -> Record:
    """The rules of a check for its answer: `rules`, how many judge; `unasked`, those not asked; `citations`.

    citations: the text of each basis by its form in tables, only where the two differ.
    """
    rules = judging_rules(packs, record)
    cited = basis_citations(rules, language)
    citations = {basis: text for basis, text in cited.items() if text != basis}
    return {"rules": len(rules), "unasked": list(unasked_list), "citations": citations}


NO_RULES = {"rules": 0, "unasked": (), "citations": {}, "layers": ()}  # of a round whose run cannot be read


def rules_of_round(library: Library, packs: Sequence[Pack], record: CheckRecord, language: str) -> Record:
    """The rules of a round's check, as in `asked_answer`, and `layers`: the versions that they were asked of.

    packs, record: the run's own.
    """
    answer = asked_answer(packs, record, unasked_rules(library, packs, record, language), language)
    return {**answer, "layers": [dict(layer) for layer in record["layers"]]}


def unasked_table(rows: Sequence[Mapping[str, str]]) -> Table:
    """The rules that were not asked as a table of a run, `UNASKED_COLUMNS`."""
    columns = {name: np.array([row[name] for row in rows], dtype=object) for name in UNASKED_COLUMNS}
    return Table(typed_columns(columns, UNASKED_COLUMNS))


def rules_of_stored_run(library: Library, run: str, language: str) -> Record:
    """The rules of a stored check, as in `asked_answer`: how many judge, and which were not asked.

    Raises OneMapError run.unknown, run.incomplete, run.damaged.
    """
    packs, record = stored_packs(library, run), check_record(library, run)
    unasked_list = unasked_rules(library, packs, record, language)
    return asked_answer(packs, record, unasked_list, language)
