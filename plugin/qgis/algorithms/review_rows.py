"""The review as algorithms: open a case on parcels, show it to the public, write its documents."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingParameterString

from onemap.plugin.profile import settings
from onemap.plugin.qgis.algorithms.parameter_kinds import ParameterKind, choice, codes, file, files, folder
from onemap.plugin.qgis.algorithms.verb_algorithm import Output, VerbRow
from onemap.plugin.words.file_forms import file_filters
from onemap.plugin.words.translation import tr


def _review_open() -> VerbRow:
    return VerbRow(
        "review open",
        tr("Open a review case"),
        tr(
            "Checks parcels and opens a case on them: the ten departments' opinions are drafted in the wording of the "
            "rules. The case goes on in the panel's room Review. What the project says of itself stands in a file of "
            "facts; what it does not say is unknown."
        ),
        first="library parcels id project data by",
        advanced="attach pack code_system only layer crs transform encoding repair land_width as_of known_at on "
        "against fail_on workers out overwrite",
        titles={
            "project": tr("Project"),
            "by": tr("Who opens it"),
            "attach": tr("Files to keep with the case (semicolons between)"),
        },
        kinds={"by": _name(), "attach": files("")},
        outputs=(
            Output("CASE", tr("Case"), "case"),
            Output("STATE", tr("State"), "state"),
            Output("VERDICT", tr("Most severe verdict"), "verdict"),
        ),
    )


def _review_export() -> VerbRow:
    return VerbRow(
        "review export",
        tr("Write a document of a review case"),
        tr(
            "Writes the report, the consolidated statement, one department's opinion or its reply form as Word, PDF, "
            "a page or JSON, by the ending of the file's name."
        ),
        first="library case target document department",
        advanced="annexes templates overwrite",
        titles={
            "target": tr("Document"),
            "document": tr("Which document"),
            "annexes": tr("Annexes (all, none, or names with commas between)"),
            "templates": tr("Templates of documents"),
        },
        kinds={
            "target": file(file_filters([".pdf", ".docx", ".html", ".json"])),
            "document": choice("documents"),
            "department": codes("departments"),
            "templates": folder(),
            "annexes": codes("annexes", ","),
        },
    )


def _review_notice() -> VerbRow:
    return VerbRow(
        "review notice",
        tr("Open a public notice"),
        tr(
            "Shows a case to the public for some days: its project, its parcels and, once consolidated, its opinions, "
            "but for what is left out. Until the notice is closed the case cannot be issued, revised or withdrawn."
        ),
        first="library case days withhold reason by",
        advanced="on expect",
        titles={
            "days": tr("Days"),
            "withhold": tr("Leave out (codes, semicolons between)"),
            "reason": tr("Remark on the notice"),
            "by": tr("Who takes the step"),
            "expect": tr("Revision of the case that was seen"),
        },
        kinds={"by": _name(), "withhold": codes("withheld", ";")},
        outputs=(Output("STATE", tr("State"), "state"),),
    )


def _name() -> ParameterKind:
    """A person's name; by default the name known in the panel."""

    def make(name: str, title: str, _declared: Any) -> QgsProcessingParameterString:
        own_name = settings.get("review_name") or None
        return QgsProcessingParameterString(name, title, defaultValue=own_name, optional=True)

    return ParameterKind(make, lambda run, name: run.algorithm.parameterAsString(run.parameters, name, run.context))


REVIEW_ROWS = (_review_open, _review_notice, _review_export)  # in the order of the toolbox
