"""`onemap add`: a source becomes a new version of a layer, whole or not at all."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely

from onemap.layers.catalogue import LayerEntry, defined_entry
from onemap.layers.errors import OneMapError
from onemap.layers.frames import CleanFrame, RawFrame
from onemap.layers.library import Library, log, sha256
from onemap.layers.messages import problem_record
from onemap.layers.normalise import normalise
from onemap.layers.placing import Wishes, in_crs
from onemap.layers.rasters import raster_copy, raster_frame
from onemap.layers.soundness import checked_geometries
from onemap.layers.sources.reading import read_source
from onemap.layers.version_writing import VersionFacts, add_version

Report = Callable[[float, str], None]


@dataclass(frozen=True)
class AddWishes:
    """The options of `add` besides library and source."""

    code: str
    layer: str | None = None
    encoding: str | None = None
    define: str | None = None
    label: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    covers: str | None = None
    accuracy_m: float | None = None
    copy: bool = False
    normalising: Wishes = field(default_factory=Wishes)


def read_polygons(source: str, target: pyproj.CRS, crs: str | None = None) -> np.ndarray:
    """The polygons (n,) of a file such as a district or a coverage, in `target`; invalid ones are refused."""
    raw = read_source(source, None, None)
    place = {"file": raw.path.name, "layer": raw.layer}
    geometries, _ = in_crs(raw.geometries, raw, Wishes(crs=crs), target)
    names = np.array([str(row) for row in range(1, len(geometries) + 1)], dtype=object)
    return checked_geometries(geometries, "polygon", names, False, place)[0]


def layer_entry(library: Library, wishes: AddWishes) -> tuple[LayerEntry, bool]:
    """The catalogue entry of a code, and whether `--define` has just made it.

    Raises OneMapError layer.unknown, layer.defined, layer.not_addable, define.….
    """
    catalogue = library.catalogue()
    entry = catalogue.get(wishes.code)
    if entry is None and wishes.define is None:
        near = [code for code in catalogue if code.lower() == wishes.code.lower()]
        raise OneMapError("layer.unknown", layer=wishes.code, field="--as", near=near or None)
    if entry is None:
        clash = [code for code in catalogue if code.lower() == wishes.code.lower()]
        if clash:
            raise OneMapError("layer.clash", layer=wishes.code, field="--as", other=clash[0])
        entry, is_new = defined_entry(wishes.code, wishes.define or ""), True
    else:
        is_new = False
        if wishes.define is not None and defined_entry(wishes.code, wishes.define) != entry:
            raise OneMapError("layer.defined", layer=wishes.code, field="--define")
    if entry.geometry == "table":
        raise OneMapError("layer.not_addable", layer=entry.code, geometry=entry.geometry)
    return entry, is_new


def _coverage(library: Library, frame: CleanFrame, covers: str | None, place: dict[str, Any]) -> tuple[Any, str]:
    district = library.district()
    if covers is None and district is None:
        raise OneMapError("coverage.missing", field="--covers", **place)
    if covers == "district" and district is None:
        raise OneMapError("coverage.no_district", field="--covers", **place)
    if covers in (None, "district"):
        return district, "district"
    if covers == "extent":
        box = shapely.box(*shapely.total_bounds(frame.geometries))
        # A single point, or points in one row, speak for no ground.
        return box if box.is_valid else shapely.Polygon(), "extent"
    return shapely.union_all(read_polygons(covers, library.crs)), "file"


def add(
    library: Library,
    source: str,
    wishes: AddWishes,
    required_fields: Callable[[str], Sequence[str]],
    who: str,
    language: str,
    report: Report,
) -> dict[str, Any]:
    """Read, normalise, check and add a source as a new version; returns the contract's record of it.

    required_fields: the fields of a layer that the library's rules use. Raises OneMapError for every refusal.
    """
    place = {"file": Path(source).name, "layer": wishes.layer}
    if wishes.valid_from and wishes.valid_to and wishes.valid_to < wishes.valid_from:
        raise OneMapError("version.dates", field="--valid-to", **place)
    entry, is_new = layer_entry(library, wishes)
    report(0.0, "reading")
    if entry.geometry == "raster":
        with raster_copy(library.path, entry.code, wishes.copy) as copy_to:
            frame = raster_frame(source, wishes.normalising.crs, library.crs, copy_to)
            return _added(library, entry, is_new, frame, None, source, wishes, who, language, report)
    raw = read_source(source, wishes.layer, wishes.encoding)
    report(0.35, "checking")
    frame = normalise(raw, entry, library.crs, wishes.normalising, required_fields(entry.code))
    return _added(library, entry, is_new, frame, raw, source, wishes, who, language, report)


def _added(
    library: Library,
    entry: LayerEntry,
    is_new: bool,
    frame: CleanFrame,
    raw: RawFrame | None,
    source: str,
    wishes: AddWishes,
    who: str,
    language: str,
    report: Report,
) -> dict[str, Any]:
    """Write a clean frame as a new version in one transaction, and tell of it."""
    place = {"file": Path(source).name, "layer": wishes.layer}
    coverage, coverage_kind = _coverage(library, frame, wishes.covers, place)
    report(0.6, "writing")
    facts = VersionFacts(
        label=wishes.label,
        valid_from=wishes.valid_from,
        valid_to=wishes.valid_to,
        coverage=coverage,
        coverage_kind=coverage_kind,
        source=Path(source).name,
        source_hash=raw.source_hash if raw else frame.attributes["sha256"].iloc[0],
        accuracy_m=wishes.accuracy_m,
        who=who,
    )
    problems = [problem_record(problem, language) for problem in frame.problems]
    declared = raw.crs.to_string() if raw and raw.crs else None
    kept = {
        "encoding": raw.encoding if raw else None,
        "crs": wishes.normalising.crs or declared,
        # Parameters of a datum are secret in law: that they were used can be proved, what they were not.
        "transform_hash": sha256(wishes.normalising.transform) if wishes.normalising.transform else None,
        "fields": dict(wishes.normalising.fields),
        "problems": [{"code": p.code, "facts": {k: str(v) for k, v in p.facts.items()}} for p in frame.problems],
    }
    with library.writing() as connection:
        if is_new:
            connection.execute(
                "INSERT INTO onemap_catalogue VALUES (?,?,?,?,?,?,?)",
                (
                    entry.code,
                    json.dumps(entry.title, ensure_ascii=False),
                    entry.department,
                    entry.library,
                    entry.kind,
                    entry.geometry,
                    entry.key,
                ),
            )
            log(connection, who, "define", entry.code, {"title": entry.title})
        version = add_version(
            library, connection, entry, frame, facts, kept, lambda share: report(0.6 + 0.35 * share, "writing")
        )
    report(1.0, "done")
    return {
        "code": entry.code,
        "version": version.label,
        "table": version.table,
        "features": version.count,
        "repaired": frame.repaired,
        "area_changed_m2": frame.area_changed_m2,
        "coverage_m2": version.coverage_m2,
        "coverage": version.coverage_kind,
        "hash": version.hash,
        "encoding": kept["encoding"],
        "problems": problems,
    }
