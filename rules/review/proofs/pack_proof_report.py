"""The report of a proof: each rule with what its cases show, the cases that fail, the errors that no case detects."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from onemap.layers.files.atomic_output import atomic_output
from onemap.layers.messages import phrase
from onemap.rules.contract.declaration import Values, VerbContext
from onemap.rules.judge.findings.table import Row
from onemap.rules.review.proofs.proof import Proof
from onemap.rules.review.proofs.rule_coverage import CLAUSES

FORMS = (".xlsx", ".html", ".json")
_CASE_COLUMNS = ("case", "title", "article", "expected", "verdict", "rule", "state")
_MUTANT_COLUMNS = ("rule", "title", "change", "state", "case")
_MOST_ROWS = 500  # of a page that somebody reads
_NONE = "–"  # of what a rule cannot have


def write_reports(
    values: Values, tables: Mapping[str, Sequence[Row]], answer: Mapping[str, Any], context: VerbContext
) -> list[str]:
    """Write the report to each target, and return the paths. tables: its rows; answer: as the verb returns it.

    Raises OneMapError out.….
    """
    places, overwrite = [*map(Path, values.get("report") or ())], bool(values.get("overwrite"))
    if not places:
        return []
    for path in places:
        if path.suffix.lower() == ".xlsx":
            _write_sheets(path, overwrite, tables, context.language)
        elif path.suffix.lower() == ".json":
            content = {**answer, "coverage": tables["proof_rules"]}
            with atomic_output(path, overwrite, "--report") as new_file:
                new_file.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        else:
            _write_page(path, overwrite, tables, answer, context)
    return [str(path) for path in places]


def proof_tables(proof: Proof, answer: Mapping[str, Any], language: str) -> dict[str, list[Row]]:
    """The rows of each table of the report, worded in a language."""
    titles = {rule.id: rule.title.get(language, rule.id) for rule in proof.rules}
    failed = {one["case"]: one for one in answer["failed"]}
    cases = [
        {
            "case": one.case.id,
            "title": one.case.title,
            "article": one.case.article,
            "expected": failed[one.case.id]["expected"] if one.case.id in failed else _verdicts(one.case, language),
            "verdict": phrase(f"verdict.{one.outcome.verdict}", language),
            "rule": ", ".join(sorted(one.outcome.decides)),
            "state": phrase(f"proof_state.{'passes' if one.passes else 'fails'}", language),
        }
        for one in sorted(proof.results, key=lambda result: result.passes)
    ]
    mutants = [
        {
            "rule": one.rule,
            "title": titles[one.rule],
            "change": one.change,
            "state": one.equal or phrase(f"proof_state.{'noticed' if one.killer else 'survived'}", language),
            "case": one.killer,
        }
        for one in sorted(proof.mutants or (), key=lambda mutant: (mutant.killer is not None, mutant.equal is not None))
    ]
    rules = [
        {"rule": name, "title": titles[name], **{clause: clauses.count(clause) for clause in CLAUSES}}
        for name, clauses in proof.coverage.items()
    ]
    tables = {"proof_rules": rules, "proof_cases": cases}
    return {**tables, "proof_mutants": mutants} if proof.mutants is not None else tables


def _verdicts(case: Any, language: str) -> str:
    verdicts = dict.fromkeys((case.least, case.most))
    return "–".join(phrase(f"verdict.{one}", language) for one in verdicts)


def _columns(name: str) -> Sequence[str]:
    of_table = {"proof_rules": ("rule", "title", *CLAUSES), "proof_cases": _CASE_COLUMNS}
    return of_table.get(name, _MUTANT_COLUMNS)


def _write_sheets(path: Path, overwrite: bool, tables: Mapping[str, Sequence[Row]], language: str) -> None:
    import pandas as pd
    import pyproj

    from onemap.rules.display.outputs.outputs import tables_written
    from onemap.rules.judge.findings.table import Table

    sheets = {
        name: Table(pd.DataFrame(rows, columns=list(_columns(name)), dtype=object)) for name, rows in tables.items()
    }
    with tables_written(sheets, pyproj.CRS("EPSG:4490"), str(path), overwrite, language):
        pass


def _write_page(
    path: Path, overwrite: bool, tables: Mapping[str, Sequence[Row]], answer: Mapping[str, Any], context: VerbContext
) -> None:
    from onemap.rules.display.documents.blocks import section_of, table_under
    from onemap.rules.display.documents.document_files import write_pages

    language, blocks = context.language, list[Any]()
    for name, rows in tables.items():
        cells = [[_text(row[column]) for column in _columns(name)] for row in rows]
        heading = phrase(f"sheet.{name}", language)
        blocks += table_under(heading, _page_columns(name, language), cells, language, most=_MOST_ROWS)
    facts = {**answer, "rules": len(answer["rules"]), "uncovered": len(answer["uncovered"])}
    lead = phrase("said.prove", language, **facts)
    section = section_of(phrase("proof_state.title", language), [], *blocks, lead=lead)
    foot = phrase("proof_state.foot", language, day=date.today().isoformat())
    write_pages({"page": str(path), "overwrite": overwrite}, [section], context, foot=foot)


def _page_columns(name: str, language: str) -> tuple[Any, ...]:
    from onemap.rules.display.documents.blocks import columns

    widths = {column: 4.0 if column in ("title", "change", "article") else 2.0 for column in _columns(name)}
    return columns("proof_column", language, widths, CLAUSES)


def _text(value: Any) -> str:
    return _NONE if value is None else str(value)
