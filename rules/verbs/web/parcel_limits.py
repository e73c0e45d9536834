"""The limits on the number and the area of parcels in one question of another system."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from onemap.layers.errors import OneMapError

_M2_PER_KM2 = 1e6


@dataclass(frozen=True)
class Limits:
    """The limits of one question. area_km2: of all its parcels; bytes: of the request; seconds: of work."""

    parcels: int = 1000
    area_km2: float = 500.0
    bytes: int = 5_000_000
    seconds: float = 120.0


def check_limits(parcels: Mapping[str, Any], limits: Limits) -> None:
    """Refuse parcels beyond the limits. Raises OneMapError web.too_many, web.too_large."""
    features = parcels.get("features") if parcels.get("type") == "FeatureCollection" else [parcels]
    if not isinstance(features, list):
        return  # it is no GeoJSON, of which its reader tells
    if len(features) > limits.parcels:
        raise OneMapError("web.too_many", count=f"{len(features):,}", most=f"{limits.parcels:,}")
    area = sum(map(_area_km2, features))
    if area > limits.area_km2:
        raise OneMapError("web.too_large", area_km2=f"{area:,.1f}", most=f"{limits.area_km2:,.0f}")


def _area_km2(feature: Any) -> float:
    """The area of a feature in square kilometres; 0 if it is no polygon. Numbers that may be degrees count as such."""
    import pyproj
    import shapely

    geometry = feature.get("geometry", feature) if isinstance(feature, dict) else None
    try:
        shape = shapely.from_geojson(json.dumps(geometry))
    except (shapely.errors.GEOSException, ValueError, TypeError):
        return 0.0
    if shape is None or shape.is_empty:
        return 0.0
    west, south, east, north = shape.bounds
    if west >= -180 and east <= 180 and south >= -90 and north <= 90:
        return float(abs(pyproj.Geod(ellps="GRS80").geometry_area_perimeter(shape)[0])) / _M2_PER_KM2
    return float(shape.area) / _M2_PER_KM2
