"""The verbs of deliveries as algorithms: their texts, and the facts that only Processing needs."""

from __future__ import annotations

from onemap.plugin.qgis.algorithms.parameter_kinds import choice, codes, file, files, folder, input_file
from onemap.plugin.qgis.algorithms.sinks import VECTOR, Sink
from onemap.plugin.qgis.algorithms.verb_algorithm import Output, VerbRow
from onemap.plugin.words.file_forms import file_filters
from onemap.plugin.words.translation import tr


def _ingest() -> VerbRow:
    return VerbRow(
        "ingest",
        tr("Add a whole delivery"),
        tr(
            "Holds every layer of every file in a folder against the catalogue, and adds all of them in one go, or "
            "layer by layer. What no name tells waits for a person: have the plan written, give the codes there, and "
            "run the algorithm again with the same plan."
        ),
        first="library folder plan each",
        advanced="sure file department covers transform template exceptions report overwrite",
        titles={
            "folder": tr("Folder (or .zip, .7z)"),
            "plan": tr("Plan (*.toml)"),
            "each": tr("Layer by layer"),
            "transform": tr("Change of datum (a file of parameters)"),
            "report": tr("Reports to send back"),
            "covers": tr("Ground that the layers cover"),
            "file": tr("Only these files and folders of it (semicolons between)"),
        },
        kinds={
            "folder": folder(),
            "plan": input_file(file_filters([".toml"])),
            "transform": input_file(""),
            "file": files(""),
        },
        outputs=(
            Output("ADDED", tr("Layers added"), "added", is_number=True),
            Output("REFUSED", tr("Layers refused"), "refused", is_number=True),
        ),
    )


def _validate() -> VerbRow:
    return VerbRow(
        "validate",
        tr("Prove a delivery"),
        tr(
            "Holds a delivery (folder, archive or database) against a template before anything of it enters a library: "
            "files, layers, fields, topology, sums. Tells each problem with its place and how to mend it, a score and "
            "a grade."
        ),
        first="source template report findings",
        advanced="exceptions grant withdraw reason by again profile fail_on overwrite",
        titles={
            "again": tr("What was proved before (*.json): only what has changed is proved again"),
            "grant": tr("Grant an exception for the problems of these hashes (semicolons between)"),
            "withdraw": tr("Withdraw the exceptions of these hashes (semicolons between)"),
            "reason": tr("Why the exception is granted"),
            "by": tr("Who grants it"),
            "profile": tr("The bureau's profile"),
            "source": tr("Folder of the delivery (or .zip, .gdb, .gpkg)"),
            "report": tr("Reports (*.xlsx, *.docx, *.html, *.pdf, *.json)"),
            "findings": tr("Findings as layers (*.gpkg)"),
            "fail_on": tr("Fail where a problem is as severe as"),
        },
        kinds={
            "source": folder(),
            "profile": input_file("TOML (*.toml)"),
            "fail_on": choice("severities"),
            "again": file("JSON (*.json)"),
            "findings": file("GeoPackage (*.gpkg)"),
        },
        outputs=(
            Output("SCORE", tr("Score"), "score"),
            Output("GRADE", tr("Grade"), "grade"),
            Output("PROBLEMS", tr("Problems"), "problems", is_number=True),
        ),
    )


def _changes() -> VerbRow:
    return VerbRow(
        "changes",
        tr("Changes between two versions of a layer"),
        tr(
            "Tells feature by feature what was added, is gone, has moved or has other attributes, and how much ground "
            "is of another class now."
        ),
        first="library code old new by open run page",
        advanced="out overwrite workers",
        titles={
            "open": tr("Open cases whose conclusion would change"),
            "run": tr("Kept checks whose verdicts would change (ids, semicolons between)"),
            "old": tr("Label of the older version"),
            "new": tr("Label of the newer version"),
            "by": tr("Field of the class"),
        },
        kinds={
            "code": codes("layers"),
            "old": codes("labels", beside="code"),
            "new": codes("labels", beside="code"),
            "by": codes("fields", beside="code"),
            "run": codes("checks", ";"),
        },
        sinks=(
            Sink("CHANGES", tr("Features that changed"), "changes"),
            Sink("TRANSITIONS", tr("Classes that changed"), "transitions", VECTOR),
        ),
        outputs=tuple(
            Output(name.upper(), title, name, is_number=True)
            for name, title in (
                ("added", tr("Features added")),
                ("removed", tr("Features removed")),
                ("moved", tr("Features moved")),
                ("changed", tr("Features changed")),
                ("unchanged", tr("Features unchanged")),
            )
        ),
    )


def _deliver() -> VerbRow:
    return VerbRow(
        "deliver",
        tr("Deliver layers as a package"),
        tr(
            "Packs chosen layers for another department or level: data, metadata and hashes in one file, whole or only "
            "what changed since a version. The library's log keeps what went where."
        ),
        first="library target layers since unit to",
        advanced="as_of secrecy gdb template code name files overwrite",
        titles={
            "target": tr("Package (*.zip)"),
            "layers": tr("Layers (codes, commas between)"),
            "since": tr("Only changes since (label)"),
            "unit": tr("Only one area unit (CODE=VALUE)"),
            "to": tr("Receiver"),
            "secrecy": tr("Secrecy class"),
            "template": tr("Template of a plan database's delivery (name or *.toml)"),
            "code": tr("Division code in the names of the delivery"),
            "name": tr("Division name in the names of the delivery"),
            "files": tr("Folder of the documents that go with it"),
            "gdb": tr("Also a FileGDB"),
        },
        kinds={
            "target": file(tr("Package (*.zip)")),
            "layers": codes("layers", ","),
            "since": codes("labels", beside="layers"),
            "unit": codes("layers", ending="="),
            "files": folder(),
        },
        outputs=(
            Output("PACKAGE", tr("Package"), "package"),
            Output("SHA256", tr("SHA-256"), "sha256"),
        ),
    )


def _receive() -> VerbRow:
    return VerbRow(
        "receive",
        tr("Receive a package"),
        tr(
            "Takes in a package as new versions, all or none, proved by its hashes, and writes the receipt; or takes "
            "in the receipt of a package that this library has delivered."
        ),
        first="library file plan",
        advanced="sure receipt rasters",
        titles={
            "file": tr("Package or receipt"),
            "plan": tr("Only show what would become of it"),
            "receipt": tr("Receipt (*.json)"),
            "rasters": tr("Folder for the rasters of the package"),
        },
        kinds={"file": input_file(tr("Package or receipt (*.zip *.json)")), "rasters": folder()},
        outputs=(
            Output("ADDED", tr("Layers added"), "added", is_number=True),
            Output("RECEIPT", tr("Receipt"), "receipt"),
        ),
    )


DELIVERY_ROWS = (_ingest, _validate, _changes, _deliver, _receive)  # in the order of the toolbox
