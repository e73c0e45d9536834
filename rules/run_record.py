"""What a run is asked, and what it keeps of itself: inputs by name and hash, so that it can be repeated."""

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pandas as pd
import shapely

from onemap.layers.library import Library, sha256
from onemap.layers.placing import Wishes
from onemap.rules.layer_sources import LayerSource
from onemap.rules.parcels import Parcels
from onemap.rules.run_tables import Table


@dataclass(frozen=True)
class CheckWishes:
    """The options of `check` besides the library."""

    parcels: str
    layer: str | None = None
    id_field: str | None = None
    encoding: str | None = None
    packs: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    as_of: date | None = None
    known_at: datetime | None = None
    workers: int = 1
    normalising: Wishes = field(default_factory=Wishes)


def layer_record(code: str, source: LayerSource) -> dict[str, Any]:
    """The version of a layer that a run used, or the reason why there was none."""
    version = source.version
    if version is None:
        return {
            "code": code,
            "label": None,
            "table": None,
            "hash": None,
            "coverage": None,
            "reason": source.reason,
        }
    return {
        "code": code,
        "label": version.label,
        "table": version.table,
        "hash": version.hash,
        "valid_from": version.valid_from,
        "valid_to": version.valid_to,
        "recorded_at": version.recorded_at,
        "coverage": version.coverage_kind,
        "reason": source.reason,
    }


def parameters(library: Library, wishes: CheckWishes, parcels: Parcels, as_of: date, language: str) -> dict[str, Any]:
    """What was asked of a run, and of which parcels."""
    return {
        "library": library.name,
        "library_id": library.id,
        "parcels": parcels.source,
        "parcels_hash": parcels.source_hash,
        "parcels_ground": sha256(b"".join(shapely.to_wkb(parcels.geometries, byte_order=1))),
        "layer": wishes.layer,
        "id": parcels.id_field,
        "crs": wishes.normalising.crs,
        "encoding": wishes.encoding,
        "repair": wishes.normalising.repair,
        "only": list(wishes.only),
        "as_of": as_of.isoformat(),
        "known_at": wishes.known_at.isoformat() if wishes.known_at else None,
        "lang": language,
    }


def run_table(record: dict[str, Any]) -> Table:
    """The record as a table of one row; what is no text or number stands as JSON."""
    row = {
        name: [value if isinstance(value, (str, float)) else json.dumps(value, ensure_ascii=False)]
        for name, value in record.items()
    }
    return Table(pd.DataFrame(row))
