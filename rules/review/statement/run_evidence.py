"""The stored tables of a run, read once for all parts of a document."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from onemap.layers.catalogue.bureau_profile import Profile
from onemap.layers.catalogue.catalogue import LayerEntry, layer_title
from onemap.layers.geometry.wkb_reading import geometries_of_wkb
from onemap.layers.library.library import Library
from onemap.layers.library.own_files import profile_of
from onemap.layers.shipped_files import shipped_table
from onemap.rules.judge.inputs.check_record import CheckRecord
from onemap.rules.judge.packs.pack import Pack, rules_of_run
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.question.question import Question
from onemap.rules.judge.runs.run_store import stored_question, stored_rows, whole_check
from onemap.rules.review.cases.staleness import input_title


@dataclass(frozen=True)
class Evidence:
    """A run's question, record, rules and rows, with the titles of rules, layers and departments.

    parcels, findings, classes: rows by column; grounds: (n,) the parcels in the run's order, in the
    library's CRS.
    """

    question: Question
    record: CheckRecord
    packs: tuple[Pack, ...]
    rules: dict[str, Rule]
    parcels: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    classes: list[dict[str, Any]]
    grounds: np.ndarray
    catalogue: dict[str, LayerEntry]
    profile: Profile
    language: str

    def layer_title(self, code: str) -> str:
        """A layer's name in the document's language."""
        return layer_title(code, self.catalogue, self.language)

    def input_title(self, name: str) -> str:
        """The name of a layer, pack or rule, by the code or id under which it stands behind opinions."""
        return input_title(name, self.record, self.catalogue, self.language, self.rules)

    def rule_title(self, identifier: str) -> str:
        """A rule's title in the document's language."""
        rule = self.rules.get(identifier)
        return (rule.title.get(self.language) if rule else None) or identifier

    def department_title(self, department: str) -> str:
        """The name of a department."""
        return self.profile.department_title(department, self.language)

    def department_unit(self, department: str) -> str:
        """The office that signs for a department: the profile's unit, else the profile's name of the department."""
        sender = self.profile.departments.get(department)
        own = sender.unit if sender and sender.unit else self.profile.own_names.get(department)
        return str((own or shipped_table("catalogue/departments.toml")[department]["unit"])[self.language])

    def version(self, code: str) -> Mapping[str, Any]:
        """The record of the version of a layer that the run used; empty if it used none."""
        return next((item for item in self.record["layers"] if item["code"] == code), {})


def evidence_of(library: Library, run: str, language: str) -> Evidence:
    """Read everything that a run stored in the library. Raises OneMapError run.unknown, run.incomplete, profile.…."""
    question = stored_question(library, run)
    parcels = stored_rows(library, run, "parcels")
    record = whole_check(library, run)
    return Evidence(
        question=question,
        record=record,
        packs=question.packs,
        rules={rule.id: rule for rule in rules_of_run(question.packs, record)},
        parcels=[row.values for row in parcels],
        findings=[row.values for row in stored_rows(library, run, "findings")],
        classes=[row.values for row in stored_rows(library, run, "land_classes")],
        grounds=geometries_of_wkb(np.array([row.wkb for row in parcels], dtype=object)),
        catalogue=library.catalogue(),
        profile=profile_of(library),
        language=language,
    )
