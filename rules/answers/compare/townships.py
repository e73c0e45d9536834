"""Statistics by township and type: the table on which reports are based."""

from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
import pandas as pd
import shapely

from onemap.layers.area_units import M2_PER_HECTARE
from onemap.layers.frames.fields import object_array, text_value
from onemap.layers.library.library import Library
from onemap.layers.library.versions import layer_in_force, versions
from onemap.layers.messages import phrase
from onemap.rules.answers.compare.plans import refuse
from onemap.rules.answers.compare.self_overlap import first_row_wins
from onemap.rules.answers.compare.spots import Spots
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.inputs.layer_sources import LayerSource, Sources
from onemap.rules.judge.kinds.conditions import column_named
from onemap.rules.judge.overlay.candidate_pairs import shared_areas
from onemap.rules.judge.overlay.overlay import ARITHMETIC_M2
from onemap.rules.judge.overlay.threads import Threads

LAYER = "XZQ"
_CODE, _NAME = "XZQDM", "XZQMC"
COLUMNS = ["township_code", "township", "type", "spots", "area_m2", "share", "area_ha", "title"]


def township_source(
    library: Library, sources: Sources, bounds: Sequence[float], as_of: date, known_at: datetime | None
) -> LayerSource | None:
    """The townships near the compared ground, if the library has a readable version in force."""
    version = layer_in_force(versions(library, known_at), LAYER, as_of)
    source = sources.of_version(version, bounds) if version is not None else None
    return source if source is not None and source.stored is not None and len(source.features.fids) else None


def township_statistics(spots: Spots, source: LayerSource | None, threads: Threads, language: str) -> Table:
    """Spots and area by township and type; the township is null outside all townships, or if there are none.

    A spot counts in every township that it touches. share: of the township's compared ground; title: the type's name in
    the language. Raises OneMapError compare.arithmetic.
    """
    types = spots.columns["type"].to_numpy(dtype=object)
    area = spots.columns["area_m2"].to_numpy(dtype=float)
    blocks = []
    inside: np.ndarray = np.zeros(len(types))
    if source is not None and source.stored is not None and len(types):
        spot, rows, pieces = _shares(spots.geometries, source, threads)
        inside = np.bincount(spot, pieces, minlength=len(types))
        code, name = _texts(source, _CODE)[rows], _texts(source, _NAME)[rows]
        blocks.append(_block(code, name, types[spot], spot, pieces))
    rest = np.maximum(area - inside, 0.0)
    outside = np.flatnonzero(rest > 1e-6 * area)
    nobody = np.full(len(outside), None, dtype=object)
    blocks.append(_block(nobody, nobody, types[outside], outside, rest[outside]))
    rows_of_all = pd.concat(blocks, ignore_index=True)
    keys = ["township_code", "township", "type"]
    table = rows_of_all.groupby(keys, dropna=False, sort=True).agg(
        spots=("spot", "nunique"), area_m2=("area_m2", "sum")
    )
    table = table.reset_index()
    whole = table.groupby(keys[:2], dropna=False)["area_m2"].transform("sum")
    table["share"] = table["area_m2"] / whole
    table["area_ha"] = table["area_m2"] / M2_PER_HECTARE
    table["title"] = [phrase(f"difference.{kind}", language) for kind in table["type"]]
    for name in [*keys, "title"]:
        table[name] = table[name].astype(object).where(table[name].notna(), None)
    table["spots"] = table["spots"].astype("int64")
    return Table(table[COLUMNS])


def main_townships(geometries: np.ndarray, source: LayerSource, threads: Threads) -> np.ndarray:
    """The code of the township with most of each polygon (n,), None outside all townships.

    Raises OneMapError compare.arithmetic.
    """
    result = np.full(len(geometries), None, dtype=object)
    spot, row, pieces = _shares(geometries, source, threads)
    order = np.lexsort((-row, pieces, spot))
    last = np.flatnonzero(np.r_[np.diff(spot[order]) != 0, np.ones(min(len(order), 1), dtype=bool)])
    result[spot[order][last]] = _texts(source, _CODE)[row[order][last]]
    return result


def _shares(geometries: np.ndarray, source: LayerSource, threads: Threads) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The area of each polygon in each township: polygon, the township's row, m², (k,) each.

    Raises OneMapError compare.arithmetic.
    """
    grounds, _, failed = first_row_wins(source.features.geometries, threads)
    refuse(source, failed)
    present = np.flatnonzero(~shapely.is_missing(grounds))
    polygon, row, area_m2 = shared_areas(geometries, grounds[present], ARITHMETIC_M2, threads)
    return polygon, present[row], area_m2


def _block(code: np.ndarray, name: np.ndarray, types: np.ndarray, spot: np.ndarray, area: np.ndarray) -> pd.DataFrame:
    texts = {"township_code": code, "township": name, "type": types}
    columns = {key: pd.Series(values, dtype=object) for key, values in texts.items()}
    return pd.DataFrame({**columns, "spot": spot, "area_m2": area.astype(float)})


def _texts(source: LayerSource, name: str) -> np.ndarray:
    """A field as text, null if the version does not have the field."""
    try:
        values = column_named(source.features.attributes, name)
    except KeyError:
        values = np.full(len(source.features.fids), None, dtype=object)
    return object_array(map(text_value, values))
