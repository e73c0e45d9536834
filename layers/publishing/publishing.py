"""`onemap publish`: the one map as a QGIS project, for QGIS desktop and QGIS Server; the library is only read."""

import io
import zipfile
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from onemap.layers.errors import OneMapError, Problem, UsageError
from onemap.layers.files.atomic_output import atomic_output, check_place
from onemap.layers.library.library import Library
from onemap.layers.library.log_heads import head_variables
from onemap.layers.library.own_files import department_names
from onemap.layers.library.services import is_entry
from onemap.layers.messages import phrase, problem_record
from onemap.layers.publishing.layer_choice import PublishedLayer, choose_layers, map_bounds
from onemap.layers.publishing.layer_locations import from_project, table_source
from onemap.layers.publishing.layer_xml import title_of
from onemap.layers.publishing.project import ProjectFacts, project_text
from onemap.layers.records import Record
from onemap.layers.server_address import is_server

SUFFIX = ".qgz"
_SAME_TIME = (1980, 1, 1, 0, 0, 0)  # the first that a zip can hold: the same library gives the same bytes


@dataclass(frozen=True)
class PublishOptions:
    """The options of `publish`: the day (None: the library's today), the layers (None: all), and a server's login."""

    as_of: date | None
    known_at: datetime | None = None
    only: tuple[str, ...] | None = None
    overwrite: bool = False
    authcfg: str | None = None


def check_project(location: str, project: Path, options: PublishOptions) -> None:
    """Refuse a place before any work.

    Raises UsageError usage.alone, OneMapError publish.suffix, publish.authcfg, out.exists, out.folder.
    """
    if project.suffix.lower() != SUFFIX:
        raise OneMapError("publish.suffix", file=project.name)
    if options.authcfg and not is_entry(options.authcfg):
        raise OneMapError("publish.authcfg", field="--authcfg")
    if options.authcfg and not is_server(location):
        raise UsageError("usage.alone", field="--authcfg", other="postgresql://…, service=…")
    check_place(project, options.overwrite)


def publish(library: Library, location: str, project: Path, options: PublishOptions, language: str) -> Record:
    """Write the project, whole or not at all; return its content, what was left out, and what a server needs.

    location: the library's, of which only the place is kept.
    Raises UsageError layer.unknown, OneMapError publish.empty, out.….
    """
    with library.reading():
        variables, departments = head_variables(library), department_names(library)
        day = options.as_of or library.today()
        layers, omitted = choose_layers(library, day, options.known_at, options.only)
        bounds = map_bounds(library, layers)
        sources = {
            layer.version.table: (
                from_project(layer.picture.path, project)
                if layer.picture is not None
                else table_source(
                    library, location, layer.version.table, layer.entry.geometry, project, options.authcfg
                )
            )
            for layer in layers
        }
    dated = phrase("published.dated", language, day=day.isoformat())
    if options.known_at is not None:
        moment = options.known_at.isoformat(timespec="seconds")
        dated += phrase("published.known_at", language, moment=moment)
    abstract = dated + phrase("published.beyond", language)
    facts = ProjectFacts(
        library.shown_name,
        abstract,
        dated,
        legend=phrase("map.legend", language),
        crs=library.crs,
        bounds=bounds,
        language=language,
        variables=variables,
        departments={code: names[language] for code, names in departments.items()},
    )
    text = project_text(facts, layers, sources)
    with atomic_output(project, options.overwrite) as part:
        part.write_bytes(_pack_project(text, f"{project.stem}.qgs"))
    problems = _needs(library, project, options, layers)
    return {
        "ok": True,
        "project": str(project),
        "layers": [_record(layer, language) for layer in layers],
        "left_out": [asdict(one) for one in omitted],
        "problems": [problem_record(problem, language) for problem in problems],
    }


def _record(layer: PublishedLayer, language: str) -> dict[str, Any]:
    version = layer.version
    return {
        "code": version.code,
        "version": version.number,
        "label": version.label,
        "table": version.table,
        "title": title_of(layer, language),
        "count": version.count,
        "coverage": version.coverage_kind,
        "shown": layer.shown,
    }


def _needs(library: Library, project: Path, options: PublishOptions, layers: list[PublishedLayer]) -> list[Problem]:
    """Return remarks for people who open the project."""
    remarks = []
    if library.path is None and not options.authcfg:
        remarks.append(Problem("publish.login", {"file": library.label}))
    if library.path is not None and not _is_below(library.path, project):
        remarks.append(Problem("publish.elsewhere", {"file": library.label}))
    for layer in layers:
        if layer.picture is not None and not _is_below(layer.picture.path, project):
            facts = {"layer": layer.entry.code, "file": from_project(layer.picture.path, project)}
            remarks.append(Problem("publish.picture_elsewhere", facts))
    return remarks


def _is_below(path: Path, project: Path) -> bool:
    """Whether a file lies in the project's folder, so that both move together."""
    return from_project(path, project).startswith("./")


def _pack_project(text: bytes, name: str) -> bytes:
    """The project as QGIS packs it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        entry = zipfile.ZipInfo(name, _SAME_TIME)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.create_system, entry.external_attr = 3, 0o644 << 16  # as on every platform
        archive.writestr(entry, text)
    return content.getvalue()
