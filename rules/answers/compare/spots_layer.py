"""Add the spots of a stored comparison as a version of the layer of difference spots, in the integrated library."""

from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.catalogue.coverage_names import FILE
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.frames.fields import are_none
from onemap.layers.frames.frames import RawFrame
from onemap.layers.geometry.parts import multi, shift_geometries, shift_polygons
from onemap.layers.ingest.adding import Intake
from onemap.layers.ingest.arrival import AddOptions
from onemap.layers.ingest.coverage import Coverage
from onemap.layers.library.library import Library, sha256
from onemap.layers.library.version_writing import free_label
from onemap.layers.library.versions import StoredFeatures, Version, coverage_of, layer_in_force, read_version, versions
from onemap.layers.messages import phrase
from onemap.layers.records import Record
from onemap.rules.answers.compare.comparison_record import KIND, pair_of
from onemap.rules.answers.compare.decisions import decisions_of, standing_decisions
from onemap.rules.answers.compare.earlier_comparison import EarlierComparison, earlier_comparison
from onemap.rules.answers.compare.plans import common_ground
from onemap.rules.answers.compare.spot_fields import FIELDS, LAYER, plain_pair, spot_fields
from onemap.rules.answers.compare.spot_numbers import numbers_of_spots
from onemap.rules.answers.compare.spots import Spots
from onemap.rules.answers.compare.townships import main_townships, township_source
from onemap.rules.judge.inputs.layer_sources import Sources
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.overlay.whole_grounds import union_of_all
from onemap.rules.judge.packs.library_packs import required_fields
from onemap.rules.judge.runs.run_store import run_record, stored_rows

# Of the work: when the program is loaded, the spots read, what is decided of them known, and the layer made
# that is then added as any other.
_BEGUN, _READ, _DECIDED, _MADE = 0.1, 0.5, 0.7, 0.75


@dataclass(frozen=True)
class SpotsOptions:
    """Which spots to add, and the label of the version.

    types: of spots; decided: only spots with a decision; region: six digits, for spots in no township.
    overwrite: replace an existing report.
    """

    types: tuple[str, ...]
    decided: bool = False
    region: str | None = None
    label: str | None = None
    valid_from: date | None = None
    report: str | None = None
    overwrite: bool = False


def add_spots(library: Library, run: str, options: SpotsOptions, who: str, language: str, whole: Threads) -> Record:
    """Add the spots of a comparison as a new version, like any layer; return what `add` returns, and more.

    Spots of other pairs of plans in the version in force are carried over; a known spot keeps its number. Raises
    OneMapError run.unknown, run.kind, spots.none, spots.region, and as `add`.
    """
    whole.progress.at(0.0, phrase("progress.reading", language))
    record = run_record(library, run, KIND)
    whole.progress.at(_BEGUN)
    earlier = earlier_comparison(library, run, pair_of(record))
    origin = (float(record["origin"][0]), float(record["origin"][1]))
    columns = _spots_with_decisions(library, record, earlier, origin, whole.part(_READ, _DECIDED))
    threads = whole.part(_DECIDED, _MADE)
    threads.progress.at(0.0)
    is_wanted = columns["type"].isin(options.types)
    rows = np.flatnonzero(is_wanted & columns["decision"].notna() if options.decided else is_wanted)
    if len(rows) == 0:
        raise OneMapError("spots.none", file=library.label, run=run, field="RUN", types=", ".join(options.types))
    columns, local = columns.iloc[rows].reset_index(drop=True), earlier.geometries[rows]
    grounds = multi(shift_polygons(local, origin), "polygon")
    attributes = spot_fields(library, record, columns, grounds)
    regions = _regions(library, record, local, origin, options.region, threads)
    attributes["XZQDM"] = regions
    before = layer_in_force(versions(library), LAYER, date.fromisoformat(record["parameters"]["as_of"]))
    had = read_version(library, before, None) if before is not None else None
    year = record["parameters"]["as_of"][:4]
    attributes["CYTBBH"], kept_numbers = numbers_of_spots(
        library, before, had, attributes, grounds, regions, year, threads
    )
    carried = _carried_spots(library, before, had, attributes["BDGH"].iloc[0])
    source_hash = sha256("\n".join([run, *columns["spot"], *columns["decision"].fillna("")]))
    raw = _layer_to_add(library, run, attributes, grounds, carried, source_hash)
    add_options = _add_options(library, record, options, carried)
    intake = Intake(library, partial(required_fields, library), who, language)
    new_version = intake.add_frame(raw, add_options, whole.progress.part(_MADE, 1.0))
    return {
        **new_version,
        "run": run,
        "spots": len(rows),
        "kept_numbers": kept_numbers,
        "carried": len(carried.geometries),
    }


def _spots_with_decisions(
    library: Library, record: dict[str, Any], earlier: EarlierComparison, origin: tuple[float, float], threads: Threads
) -> pd.DataFrame:
    """The columns of a comparison's spots (n,), with the decision on each, and its cause."""
    threads.progress.at(0.0)
    spots = Spots(earlier.geometries, earlier.columns, float(earlier.columns["area_m2"].sum()))
    decided = standing_decisions(decisions_of(library, pair_of(record)), spots, origin, threads)
    columns = pd.concat([earlier.columns, decided], axis=1)
    columns["cause"] = [row.values["cause"] for row in stored_rows(library, record["id"], "spots")]
    return columns


def _layer_to_add(
    library: Library, run: str, attributes: pd.DataFrame, grounds: np.ndarray, carried: "CarriedSpots", source_hash: str
) -> RawFrame:
    """The new spots (n,) and those carried over, as a source that can be added."""
    frame = pd.concat([attributes[list(FIELDS)], carried.attributes], ignore_index=True).astype(object)
    frame = frame.where(frame.notna(), None)
    return RawFrame(
        path=Path(f"compare {run}"),
        layer="spots",
        format="onemap",
        shapes=np.r_[grounds, carried.geometries],
        attributes=frame,
        crs=library.crs,
        encoding=None,
        problems=carried.problems,
        source_hash=source_hash,
    )


def _add_options(
    library: Library, record: dict[str, Any], options: SpotsOptions, carried: "CarriedSpots"
) -> AddOptions:
    """The label, first day and ground of the version; the ground is that of both plans and of carried spots."""
    by_table = {version.table: version for version in versions(library)}
    ground = common_ground(library, *(by_table[layer["table"]] for layer in record["layers"]))
    day = options.valid_from or date.fromisoformat(record["parameters"]["as_of"])
    return AddOptions(
        code=LAYER,
        label=options.label or free_label(library.connection, LAYER, day.isoformat()),
        valid_from=day,
        coverage=Coverage(union_of_all(np.array([ground, carried.coverage], dtype=object), Threads()), FILE),
        report=options.report,
        overwrite=options.overwrite,
    )


def _regions(
    library: Library,
    record: dict[str, Any],
    local: np.ndarray,
    origin: tuple[float, float],
    region: str | None,
    threads: Threads,
) -> np.ndarray:
    """The six digits of the division that has most of each spot's (n,) ground.

    Raises OneMapError spots.region for spots in no township, if no region is given.
    """
    as_of = date.fromisoformat(record["parameters"]["as_of"])
    sources = Sources(library, (), as_of, {}, {}, origin)
    west, south, east, north = shapely.total_bounds(shift_geometries(local, origin)).tolist()
    source = township_source(library, sources, (west, south, east, north), as_of, None)
    codes = main_townships(local, source, threads) if source else np.full(len(local), None, dtype=object)
    region_codes = np.full(len(local), region, dtype=object)
    for row, code in enumerate(codes):
        if code is not None and code[:6].isdigit() and len(code) >= len("130100"):
            region_codes[row] = code[:6]
    nowhere = sum(value is None for value in region_codes)
    if nowhere:
        raise OneMapError("spots.region", file=library.label, layer="XZQ", field="--region", count=nowhere)
    return region_codes


@dataclass(frozen=True)
class CarriedSpots:
    """Spots of other pairs of plans in the previous version: fields, ground and coverage (None if there are none).

    problems: spots not carried over, since no comparison of this library made them.
    """

    attributes: pd.DataFrame
    geometries: np.ndarray
    coverage: shapely.Geometry | None
    problems: tuple[Problem, ...]


def _carried_spots(
    library: Library, before: Version | None, features: StoredFeatures | None, plans: str
) -> CarriedSpots:
    """The spots to carry over from the previous version. plans: the pair with new spots, as in the field BDGH."""
    nothing = pd.DataFrame({name: pd.Series(dtype=object) for name in FIELDS})
    if before is None or features is None:
        return CarriedSpots(nothing, np.empty(0, dtype=object), None, ())
    had = features.attributes.reindex(columns=list(FIELDS))
    pairs = np.array([plain_pair(value) for value in had["BDGH"]], dtype=object)
    other = ~are_none(pairs) & (pairs != plain_pair(plans))
    foreign = int(are_none(pairs).sum())
    problems = (
        (Problem("spots.not_carried", {"layer": before.table, "features": foreign, "field": "BDGH"}),)
        if foreign
        else ()
    )
    rows = np.flatnonzero(other)
    coverage = coverage_of(library, before) if len(rows) else None
    return CarriedSpots(had.iloc[rows].reset_index(drop=True), features.geometries[rows], coverage, problems)
