"""The verb `prove` as an algorithm: a pack compared with the cases beside it, for models and nightly runs."""

from __future__ import annotations

from onemap.plugin.qgis.algorithms.verb_algorithm import Output, VerbRow
from onemap.plugin.words.translation import tr


def prove_row() -> VerbRow:
    """The row of `prove`."""
    return VerbRow(
        "prove",
        tr("Prove rule packs"),
        tr(
            "Judges the cases beside a rule pack (NAME.cases.toml) and says which fail, which rules lack a hit, a miss "
            "or an unknown, and, with single errors made in every rule, which sentences of it no case protects."
        ),
        first="pack mutants report",
        advanced="new overwrite",
        titles={
            "pack": tr("Rule packs (names or *.toml)"),
            "mutants": tr("Also make single errors in every rule"),
            "report": tr("Reports (*.xlsx, *.html, *.json)"),
            "new": tr("Only draft the cases of this rule"),
        },
        outputs=(
            Output("CASES", tr("Cases"), "cases", is_number=True),
            Output("PASSED", tr("Cases as expected"), "passed", is_number=True),
            Output("UNCOVERED", tr("Rules not fully shown (JSON)"), "uncovered"),
        ),
    )
