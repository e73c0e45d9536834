"""The verbs of data on its way between departments and levels; libraries are imported only when a verb runs."""

from pathlib import Path

from onemap.layers.errors import OneMapError, UsageError
from onemap.rules.verb.declaration import Result, Values, VerbContext
from onemap.rules.work.table_targets import target_answer, write_tables


def deliver(values: Values, context: VerbContext) -> Result:
    """Write chosen layers into a package for another department or level, or a template's folders."""
    from onemap.layers.delivery.package_writing import DeliveryOptions
    from onemap.layers.delivery.package_writing import deliver as deliver_package
    from onemap.layers.library.library import open_library

    if values.get("template"):
        return _deliver_folders(values, context)
    if not values.get("layers"):
        raise UsageError("usage.required", field="--layers", verb="deliver")
    for name in ("code", "name", "files"):
        if values.get(name):
            raise UsageError("usage.required", field="--template", verb=f"deliver --{name}")
    unit = list((values.get("unit") or {}).items())
    if len(unit) > 1:
        raise UsageError("usage.value", field="--unit", value=",".join(f"{code}={name}" for code, name in unit))
    with open_library(values["library"]) as library:
        options = DeliveryOptions(
            layers=tuple(values["layers"]),
            as_of=values.get("as_of") or library.today(),
            since=values.get("since"),
            unit=unit[0] if unit else None,
            recipient=values.get("to"),
            secrecy=values.get("secrecy"),
            geodatabase=bool(values.get("gdb")),
            overwrite=bool(values.get("overwrite")),
        )
        return deliver_package(library, Path(values["target"]), options, library.person(), context.progress)


def _deliver_folders(values: Values, context: VerbContext) -> Result:
    """A plan's database by a template: its own layers, in its own folders."""
    from onemap.layers.delivery.folder_delivery import FolderWish, deliver_folders
    from onemap.layers.delivery.folder_template import folder_template, is_file_name
    from onemap.layers.delivery.package_writing import DeliveryOptions
    from onemap.layers.library.library import open_library
    from onemap.rules.packs.pack import pack_text

    for name in ("layers", "since", "unit", "gdb"):
        if values.get(name):
            raise UsageError("usage.apart", field="--template", other=f"--{name}")
    for name in ("code", "name"):
        if not values.get(name):
            raise UsageError("usage.required", field=f"--{name}", verb="deliver --template")
        if not is_file_name(values[name]):
            raise UsageError("usage.value", field=f"--{name}", value=values[name])
    text, source = pack_text(values["template"], "deliveries", "template.unknown")
    files = Path(values["files"]) if values.get("files") else None
    if files is not None and not files.is_dir():
        raise OneMapError("source.missing", file=str(files), field="--files")
    with open_library(values["library"]) as library:
        template = folder_template(text, source, library.catalogue())
        options = DeliveryOptions(
            layers=template.layers,
            as_of=values.get("as_of") or library.today(),
            recipient=values.get("to"),
            secrecy=values.get("secrecy"),
            overwrite=bool(values.get("overwrite")),
        )
        wish = FolderWish(values["code"], values["name"], files)
        place = Path(values["target"])
        return deliver_folders(library, place, template, wish, options, library.person(), context.progress)


def receive(values: Values, context: VerbContext) -> Result:
    """Take in a package, or the receipt of one that this library has delivered."""
    from onemap.layers.delivery.package_reading import Reception, receive_package
    from onemap.layers.delivery.receipt import is_receipt, take_in_receipt
    from onemap.layers.library.library import open_library
    from onemap.rules.question.question import packs_of, required_fields

    path = Path(values["file"])
    with open_library(values["library"]) as library:
        if is_receipt(path):
            taken = take_in_receipt(library, path, library.person())
            return {"package": taken["package"], "added": [], "receipt": str(path), "received": taken}
        reception = Reception(
            required_fields=lambda code: required_fields(packs_of(library, ()), code),
            who=library.person(),
            language=context.language,
            plan_only=bool(values.get("plan")),
            receipt=Path(values["receipt"]) if values.get("receipt") else None,
            rasters=Path(values["rasters"]) if values.get("rasters") else None,
        )
        return receive_package(library, path, reception, context.progress)


def ingest(values: Values, context: VerbContext) -> Result:
    """Plan a department's whole delivery, or carry its plan out."""
    from onemap.layers.delivery.ingest import IngestOptions
    from onemap.layers.delivery.ingest import ingest as ingest_delivery
    from onemap.layers.library.library import open_library
    from onemap.rules.question.question import packs_of, required_fields

    with open_library(values["library"]) as library:
        options = IngestOptions(
            required_fields=lambda code: required_fields(packs_of(library, ()), code),
            who=library.person(),
            language=context.language,
            plan=Path(values["plan"]) if values.get("plan") else None,
            each=bool(values.get("each")),
            department=values.get("department"),
            covers=values.get("covers"),
        )
        return ingest_delivery(library, Path(values["folder"]), options, context.progress)


def changes(values: Values, context: VerbContext) -> Result:
    """One version of a layer against another, feature by feature."""
    from onemap.layers.library.library import open_library
    from onemap.layers.messages import problem_record
    from onemap.rules.outputs.outputs import check_targets
    from onemap.rules.overlay.threads import Threads
    from onemap.rules.statistics.version_changes import version_changes

    check_targets(values.get("out") or [], bool(values.get("overwrite")), [values["library"]])
    labels = values["code"], values["old"], values["new"]
    with open_library(values["library"]) as library:
        threads = Threads.of(None, context.progress)
        found = version_changes(library, *labels, values.get("by"), library.today(), threads)
        crs = library.crs
    problems = [problem_record(problem, context.language) for problem in found.problems]
    problems += write_tables(found.tables, crs, values, context.language)
    context.progress.at(1.0)
    return {
        **found.counts,
        "transitions": found.transitions,
        "versions": found.layers,
        "problems": problems,
        **target_answer(values),
    }
