"""The plan of a department's delivery: which layer of which file becomes which layer of the catalogue.

A name decides, never the fields alone: a layer whose name is unknown is shown with the suggestions from its fields, and
waits for a person.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from onemap.layers.catalogue.layer_names import layers_by_name
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.delivery.known_transform import needs_change, offered_change
from onemap.layers.delivery.remembered_answers import (
    COVERS,
    CRS,
    ENCODING,
    FIELDS,
    TRANSFORM,
    LayerAnswers,
    layer_answers,
    version_answers,
)
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.frames.fields import fitting_sources
from onemap.layers.ingest.datum_change import DatumChange
from onemap.layers.ingest.inspection import RASTERS, inspect
from onemap.layers.ingest.likely_layers import (
    YEAR,
    are_same_file,
    fitting_layers,
    layers_by_fields,
    meant_layers,
    other_matter,
)
from onemap.layers.ingest.unit_keys import DIVISION_CODE
from onemap.layers.library.library import Library
from onemap.layers.library.versions import last_version, source_report, versions
from onemap.layers.messages import problem_record
from onemap.layers.progress import Progress
from onemap.layers.records import fields_of
from onemap.layers.sources import formats
from onemap.layers.sources.archive import check_driver, lost_paths, whole_of
from onemap.layers.value_groups import groups_of

MATCHED, UNSURE, UNMATCHED, UNREADABLE, LEFT_OUT = "matched", "unsure", "unmatched", "unreadable", "left_out"
NOTE = "note"  # a letter, a table or a picture that comes with the data
SEVERAL, OTHER_MATTER = "several", "other_matter"  # why a person must say what a row becomes
FROM_FILE = "plan"  # why a row is what it is, where a person has seen it in a plan file
_FEATURES_IN_JSON, _HEAD = (b'"FeatureCollection"', b'"Topology"', b'"coordinates"'), 1 << 16
_MAY_BE_NOTES = {".txt", ".csv", ".xlsx", ".xls", ".dbf"}
_OF_OTHER_FILES = {
    *(".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qmd", ".xml", ".dat", ".id", ".map", ".ind", ".ovr"),
    *(".tfw", ".jgw", ".pgw", ".toml", ".gpkg-wal", ".gpkg-shm", ".part"),
}  # they are read with another file, or are nobody's data
_PAPERS = {
    *(".doc", ".docx", ".wps", ".pdf", ".ofd", ".rtf", ".md", ".htm", ".html", ".ppt", ".pptx", ".et", ".eml", ".msg"),
    *(".bmp", ".gif", ".emf", ".svg", ".mp4", ".mxd", ".aprx", ".lyr", ".lyrx", ".qgs", ".qgz", ".qlr", ".qml", ".sld"),
    *(".log", ".bak", ".tmp", ".lock", ".ini", ".sha256", ".md5"),
}  # they may be called like a layer, and are none
# What tells apart the files of one layer: the code of a division; the number of a map sheet, by GB/T 13989 or by the
# kilometres of its corner; and the name of the place.
_DIVISION = re.compile(
    DIVISION_CODE
    + r"|(?<![A-Za-z0-9])[A-N]\d{2}[B-K]\d{6}(?:\d{2})?(?![A-Za-z0-9])"
    + r"|(?<![\d.])\d{1,4}\.\d{1,2}-\d{1,4}\.\d{1,2}(?!\d)"
)
_PLACE_NAME = re.compile(r"[^\W\d_]{1,6}?(?:区|县|市|旗|镇|乡|街道)(?=[\W\d_]|$)")


@dataclass(frozen=True)
class PlanRow:
    """One layer of a delivery, and the layer of the catalogue that it becomes.

    source: its file, relative to the delivery's folder; code: the layer of the catalogue, None if unknown; why: how it
    was matched; suggested: the codes that its fields or name suggest; the other values are `add`'s options;
    transform_hash: the hash that the named change of datum must have, or that of the whole delivery if none is named;
    remembered: the options that the layer's last version was added with; problems: what prevents adding it; geometry,
    count: its content, as `inspect` names it, "raster" for a raster; version: the one it has become; declares: what the
    file says of its crs and encoding; samples: some values of each of its fields.
    """

    source: str
    layer: str | None
    code: str | None
    status: str
    why: str = ""
    suggested: tuple[str, ...] = ()
    crs: str | None = None
    encoding: str | None = None
    transform: str | None = None
    transform_hash: str | None = None
    covers: str | None = None
    accept: str | None = None
    label: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    repair: bool = False
    keep_bad: bool = False
    sure: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    remembered: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    geometry: str | None = None
    count: int | None = None
    version: str | None = None
    declares: Mapping[str, str] = field(default_factory=dict)
    samples: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def record(self, language: str) -> dict[str, Any]:
        """The row as the contract's JSON object."""
        facts = fields_of(self, "source", "layer", "code", "status", "why", "label", "crs", "encoding", "covers")
        facts |= fields_of(
            self, "valid_from", "valid_to", "transform", "transform_hash", "version", "geometry", "count"
        )
        facts |= {
            "samples": dict(self.samples),
            **fields_of(self, "suggested", "remembered"),
            "fields": dict(self.fields),
        }
        return {**facts, "problems": [problem_record(problem, language) for problem in self.problems]}


def delivery_plan(
    library: Library,
    folder: Path,
    department: str | None,
    language: str,
    progress: Progress,
    change: DatumChange | None = None,
    near: Sequence[Path] = (),
    chosen_paths: Sequence[Path] = (),
    name: str | None = None,
) -> list[PlanRow]:
    """Return the plan rows of every file of a folder. department: only layers of this department; None for all.

    change: of datum, for the layers that need one; near: further folders in which the file of a known one may lie;
    chosen_paths: only these files and folders are examined, empty for all; name: what the user calls the folder, if it
    is an unpacked archive. A folder in it that may not be read has a row of its own, and so has a link whose data is
    gone. Raises OneMapError source.nothing_inside, source.denied.
    """
    catalogue = [entry for entry in library.catalogue().values() if department in (None, entry.department)]
    files, lost_files = (
        _files(folder, chosen_paths),
        [path for top in chosen_paths or [folder] for path in lost_paths(top)],
    )
    if folder in lost_files:
        raise OneMapError("source.denied", file=str(folder))
    if not files and not lost_files:
        raise OneMapError("source.nothing_inside", file=name or folder.name)
    rows = [_row_of_lost(path, path.relative_to(folder).as_posix()) for path in lost_files]
    for path, part in zip(files, progress.parts([1] * len(files)), strict=True):
        rows += _rows_of_file(path, folder, catalogue, language)
        part.at(1.0)
    return [_with_memory(library, row, change, folder, near) for row in _without_clashes(library, rows)]


def _files(folder: Path, chosen_paths: Sequence[Path]) -> list[Path]:
    """Return every independent file in the folder, or in what was chosen of it; folders that are formats count as one.

    A part is listed alone if the file it belongs to does not come with it: then it is reported, and read as it is. This
    holds for the table of a shapefile without its .shp, and for a table that never had one.
    """
    places = {path for one in chosen_paths or [folder] for path in ([one] if _is_one(one) else one.rglob("*"))}
    files = [
        path
        for path in sorted(places)
        if _is_one(path)
        and not any(parent.suffix.lower() in formats.FOLDERS for parent in path.relative_to(folder).parents)
        and not path.name.startswith(("._", "~$", "."))
    ]
    own = [path for path in files if path.suffix.lower() not in _OF_OTHER_FILES]
    stems = {(path.parent, path.stem) for path in own}
    alone = [
        path
        for path in files
        if path not in own
        and (path in chosen_paths or path.suffix.lower() == ".dbf")
        and not any(place == path.parent and path.name.startswith(f"{stem}.") for place, stem in stems)
    ]
    return sorted([*own, *alone])


def _row_of_lost(path: Path, source: str) -> PlanRow:
    code = "source.missing" if path.is_symlink() else "source.denied"
    return PlanRow(source, None, None, UNREADABLE, problems=(Problem(code, {"file": source}),))


def _is_one(path: Path) -> bool:
    """Whether a path is a file, or a folder that is a format."""
    return path.is_file() or path.suffix.lower() in formats.FOLDERS


def _rows_of_file(path: Path, folder: Path, catalogue: Sequence[LayerEntry], language: str) -> list[PlanRow]:
    source, suffix = path.relative_to(folder).as_posix(), path.suffix.lower()
    if suffix not in {*formats.READABLE, *formats.ARCHIVES, *formats.NO_DRIVER, *formats.FOLDERS, *RASTERS}:
        if suffix in _PAPERS or not _is_named_like_a_layer(path.stem, catalogue):
            return [PlanRow(source, None, None, NOTE)]
        unknown = Problem("format.unknown", {"file": source, "known": formats.KNOWN})
        return [PlanRow(source, None, None, UNREADABLE, problems=(unknown,))]
    if suffix in formats.NO_DRIVER and whole_of(path) is not None:
        return [PlanRow(source, None, None, NOTE)]
    try:
        check_driver(path)
        file_layers = inspect(str(path), None, None, language)["layers"]
    except OneMapError as error:
        status = NOTE if _is_other_text(path, error, catalogue) else UNREADABLE
        return [PlanRow(source, None, None, status, problems=error.problems)]
    several = len(file_layers) > 1
    rows = [_row_of_layer(source, path.stem, layer, several, catalogue) for layer in file_layers]
    return [replace(row, status=NOTE) if row.status == UNMATCHED and suffix in _MAY_BE_NOTES else row for row in rows]


def _is_other_text(path: Path, error: OneMapError, catalogue: Sequence[LayerEntry]) -> bool:
    """Whether an unreadable text or JSON is no data: it has no coordinates, and no layer's name."""
    if path.suffix.lower() != ".json":
        return path.suffix.lower() == formats.TEXT and error.code == "format.unknown"
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    return not (any(word in head for word in _FEATURES_IN_JSON) or _is_named_like_a_layer(path.stem, catalogue))


def _is_named_like_a_layer(name: str, catalogue: Sequence[LayerEntry]) -> bool:
    return bool({"code", "title"} & {*layers_by_name(name, catalogue).values()})


def with_reason(row: PlanRow, folder: Path, catalogue: Sequence[LayerEntry], language: str) -> PlanRow:
    """Return an unreadable row of a plan file with the reason why it still cannot be read."""
    rows = _rows_of_file(folder / row.source, folder, catalogue, language)
    now = next((one for one in rows if one.layer == row.layer), rows[0])
    if now.status == UNREADABLE:
        return replace(row, problems=now.problems)
    return replace(row, status=UNMATCHED, problems=(Problem("ingest.readable_now", {"file": row.source}),))


def _row_of_layer(
    source: str, stem: str, layer: Mapping[str, Any], several: bool, catalogue: Sequence[LayerEntry]
) -> PlanRow:
    name = layer["name"]
    label = _year_of(name, stem, source)
    geometry = "raster" if "raster" in layer else layer["geometry"]
    row = PlanRow(
        *(source, name if several else None, None, UNMATCHED),
        label=label,
        geometry=geometry,
        count=layer["count"],
        declares=_sure_facts(layer),
        samples={item["name"]: item["samples"] for item in layer["fields"]},
    )
    if layer["count"] is None:
        return replace(row, status=UNREADABLE, problems=(Problem("ingest.unreadable", {"file": source}),))
    if layer["count"] == 0:
        return replace(row, problems=(Problem("source.empty", {"file": source, "layer": row.layer}),))
    reasons = meant_layers(layer, stem, several, catalogue)
    codes = tuple(reasons)
    entries = [entry for entry in catalogue if entry.code in codes]
    texts = (name, *Path(source).with_suffix("").parts)
    if any(other_matter(text, entry, in_latin=True) for text in texts for entry in entries):
        return replace(row, status=UNSURE, suggested=codes, why=OTHER_MATTER)
    if len(codes) == 1:
        return replace(row, code=codes[0], status=MATCHED, why=reasons[codes[0]])
    if codes:  # a file that says one thing and its layer another is no answer
        return replace(row, status=UNSURE, suggested=codes, why="name")
    likely = layers_by_fields([item["name"] for item in layer["fields"]], fitting_layers(layer, catalogue))
    return replace(row, status=UNSURE, suggested=likely, why="fields") if likely else row


def _sure_facts(layer: Mapping[str, Any]) -> dict[str, str]:
    """Return the facts that a file states beyond doubt: a declared CRS, and text in UTF-8, which is never mistaken."""
    crs, encoding = layer["crs"], layer.get("encoding") or ""
    crs_fact = {"crs": crs["code"] or ""} if crs["from"] == "declared" else {}
    return crs_fact | ({"encoding": encoding} if encoding.startswith("utf") else {})


def _without_clashes(library: Library, rows: Sequence[PlanRow]) -> list[PlanRow]:
    """Keep two layers for one code if their labels make them two versions, or their names parts of one version.

    Otherwise a person must say which it is.
    """
    groups = groups_of(((row.code, row.label), row) for row in rows if row.status == MATCHED)
    labels = Counter(code for code, _ in groups)
    plan_rows = [row for row in rows if row.status != MATCHED]
    for (code, label), group in groups.items():
        is_one_of_versions = label is None and labels[code] > 1
        if is_one_of_versions or (len(group) > 1 and not _are_files_of_one(library, code or "", group)):
            group = [replace(row, code=None, status=UNSURE, why=SEVERAL, suggested=(code or "",)) for row in group]
        plan_rows += group
    return sorted(plan_rows, key=lambda row: (row.source, row.label or "", row.layer or ""))


def _are_files_of_one(library: Library, code: str, rows: Sequence[PlanRow]) -> bool:
    """Whether files are evidently parts of one layer.

    Either each is named by the code of another division, or the last version was made of files with these names, except
    for the year.
    """
    names = [" · ".join(filter(None, (row.source, row.layer))) for row in rows]
    divisions = [tuple(_DIVISION.findall(name)) for name in names]
    alike = {_PLACE_NAME.sub("", _DIVISION.sub("", name)) for name in names}
    if all(divisions) and len(set(divisions)) == len(names) and len(alike) == 1:
        return True
    last = last_version(library, code)
    files = source_report(library, last).get("files") if last is not None else None
    earlier = [str(file.get("source")) for file in files or ()]
    return bool(earlier) and all(any(are_same_file(row.source, file) for file in earlier) for row in rows)


def lacking_parts(version: Sequence[PlanRow], rows: Sequence[PlanRow], entry: LayerEntry) -> list[PlanRow]:
    """Return the unreadable rows of a plan that are named like a part of a version.

    version: its rows; entry: its layer. A file with the same name beside one of them is the same in another form, one
    of another year belongs to another version, and what a person has seen in a plan file is left out knowingly.
    """
    own = {Path(row.source).with_suffix("") for row in version}
    kinds = {_without_place(row.source) for row in version}
    lacking_rows = []
    for row in rows:
        path = Path(row.source)
        if row.why == FROM_FILE or path.with_suffix("") in own or _year_of(path.stem, row.source) != version[0].label:
            continue
        is_kin = _without_place(row.source) in kinds
        is_named = is_kin or (_is_named_like_a_layer(path.stem, [entry]) and not other_matter(path.stem, entry))
        is_empty = row.status == UNMATCHED and not row.count
        is_rest = row.status == NOTE and path.suffix.lower() == ".dbf"  # what is left of a shapefile
        if (is_named and (row.status == UNREADABLE or is_empty)) or (is_kin and is_rest):
            lacking_rows.append(row)
    return lacking_rows


def _year_of(*texts: str) -> str | None:
    """The first year in the first text that has one."""
    return next((match[1] for text in texts if (match := YEAR.search(text))), None)


def _without_place(source: str) -> str:
    """Return a path without its suffix and without what distinguishes the places of files of one layer."""
    return _PLACE_NAME.sub("", _DIVISION.sub("", Path(source).with_suffix("").as_posix()))


def _with_memory(
    library: Library, row: PlanRow, change: DatumChange | None, folder: Path, near: Sequence[Path]
) -> PlanRow:
    """Return the row with the answers given before, where this file leaves them open.

    These are fields and coverage of its layer, and the CRS, encoding and change of datum that a person last had to
    name. If the library has a version with the row's label, that version's answers are used.
    """
    if row.status != MATCHED:
        return row
    answers = _answers_for(library, row)
    left_open = {name: answers.value(name) for name in (CRS, ENCODING) if name not in row.declares}
    fields = fitting_sources(answers.value(FIELDS) or {}, tuple(row.samples))
    facts = {FIELDS: fields, COVERS: answers.value(COVERS), **left_open}
    # A coverage that nobody changed is the last version's own ground, which may have come from a file.
    row = replace(row, fields=fields, covers=facts[COVERS] if answers.is_changed(COVERS) else None)
    row = replace(row, crs=left_open.get(CRS), encoding=left_open.get(ENCODING))
    row = replace(row, remembered=tuple(name for name, value in facts.items() if value))
    if row.geometry == "raster" or not needs_change(row.crs or row.declares.get("crs"), library.crs):
        return row
    at = ((folder / row.source).parent, *near)
    known_transform = answers.value(TRANSFORM)
    offered = offered_change(known_transform, change, folder, at, file=row.source, layer=row.code)
    if offered is None or (known_transform is None and not row.crs and not row.declares.get("crs")):
        return row
    if offered.problem is not None:
        return replace(row, status=UNSURE, problems=(*row.problems, offered.problem))
    remembered = (*row.remembered, TRANSFORM) if known_transform else row.remembered
    return replace(row, transform=offered.path or None, transform_hash=offered.hash, remembered=remembered)


def _answers_for(library: Library, row: PlanRow) -> LayerAnswers:
    code = row.code or ""
    same_versions = [version for version in versions(library) if (version.code, version.label) == (code, row.label)]
    return version_answers(library, same_versions[0]) if same_versions else layer_answers(library, code)
