"""A table of a result on an interactive map, for notebooks, by folium, which only they need."""

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from onemap.layers.errors import OneMapError
from onemap.rules.python.result_page import COLOURS

if TYPE_CHECKING:
    from folium import Map

_OTHER = "#1f4e79"
_LETTERS = 120


def result_map(frame: Any, name: str, tiles: str | None) -> "Map":
    """The rows of a table on a map, coloured by verdict, each with its values in a tooltip.

    Raises OneMapError python.not_installed, python.no_map.
    """
    try:
        import folium
    except ImportError as error:
        raise OneMapError("python.not_installed", field="explore", name="folium") from error
    rows_with_ground = (
        frame[~(frame.geometry.isna() | frame.geometry.is_empty)] if isinstance(frame, gpd.GeoDataFrame) else None
    )
    if rows_with_ground is None or len(rows_with_ground) == 0:
        raise OneMapError("python.no_map", layer=name)
    frame_in_degrees = rows_with_ground.to_crs("EPSG:4326")
    values = pd.DataFrame(frame_in_degrees.drop(columns=frame_in_degrees.geometry.name)).astype(object)
    words = values.where(values.notna(), "–").astype(str).apply(lambda column: column.str.slice(0, _LETTERS))
    rows = gpd.GeoDataFrame(words, geometry=frame_in_degrees.geometry)
    west, south, east, north = rows.total_bounds.tolist()
    web_map = folium.Map(tiles=tiles, control_scale=True)
    folium.GeoJson(
        rows.to_json(),
        name=name,
        style_function=_style,
        tooltip=folium.GeoJsonTooltip(list(words.columns)[:12]),
    ).add_to(web_map)
    web_map.fit_bounds([[south, west], [north, east]])
    return web_map


def _style(feature: dict[str, Any]) -> dict[str, Any]:
    colour = COLOURS.get(feature["properties"].get("verdict", ""), _OTHER)
    return {"color": colour, "fillColor": colour, "weight": 1.5, "fillOpacity": 0.35}
