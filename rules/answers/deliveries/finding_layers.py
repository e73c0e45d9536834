"""The findings of a proof as layers of a GeoPackage, with styles that QGIS applies when opening them."""

from pathlib import Path
from typing import Any

import geopandas
import pandas as pd
import pyogrio
import shapely

from onemap.layers.catalogue.style_table import OTHER_COLOUR
from onemap.layers.files.atomic_output import atomic_output
from onemap.layers.messages import phrase
from onemap.layers.publishing.project_symbols import renderer_of
from onemap.layers.publishing.xml_text import add_text, clean
from onemap.layers.stores.geopackage import LOOKS
from onemap.layers.xml_elements import Element, SubElement, tostring
from onemap.rules.answers.deliveries.check_kinds import FATAL, MAJOR, MINOR, SIGNS
from onemap.rules.answers.deliveries.delivery_proof import Proof
from onemap.rules.display.maps.symbols import verdict_symbol

FORMS = (".gpkg",)
_TABLES = {  # by the dimension of the ground
    0: ("finding_points", "point", "MultiPoint"),
    1: ("finding_lines", "line", "MultiLineString"),
    2: ("finding_areas", "polygon", "MultiPolygon"),
}
_FIELDS = ("code", "severity", "check", "path", "layer", "feature", "field", "message", "mend", "area_m2", "hash")
_SHAPES = {FATAL: "square", MAJOR: "triangle", MINOR: "circle"}  # of points, as the signs of verdicts
_TIP = '<b>[% "number" %] · [% "feature" %]</b><br>[% "message" %]<br><i>[% "mend" %]</i>'


def write_findings(path: Path, proof: Proof, language: str, overwrite: bool) -> None:
    """Write the findings that have a place as layers of a new GeoPackage in the proof's plane: areas, lines, points.

    number: the position of each among all problems of the report, from 1. Raises OneMapError out.….
    """
    with atomic_output(path, overwrite, "--findings") as new_file:
        for dimension, (name, _, kind) in _TABLES.items():
            _frame(proof, dimension, language).to_file(
                new_file,
                layer=name,
                driver="GPKG",
                engine="pyogrio",
                geometry_type=kind,
                promote_to_multi=True,
                **({} if dimension else {"dataset_options": {"VERSION": "1.3"}}),
            )
        pyogrio.write_dataframe(_looks(language), new_file, layer=LOOKS, driver="GPKG")


def _frame(proof: Proof, dimension: int, language: str) -> geopandas.GeoDataFrame:
    own = [
        (number, one, one.record(language))
        for number, one in enumerate(proof.standing, start=1)
        if one.ground is not None and int(shapely.get_dimensions(one.ground)) == dimension
    ]
    columns: dict[str, Any] = {"number": pd.array([number for number, _, _ in own], dtype="int64")}
    columns |= {name: [row[name] for _, _, row in own] for name in _FIELDS}
    shapes = geopandas.GeoSeries([one.ground for _, one, _ in own], crs=proof.plane)
    return geopandas.GeoDataFrame(columns, geometry=shapes).astype({"area_m2": "float64"})


def _looks(language: str) -> pd.DataFrame:
    """The table from which QGIS reads the style of a layer."""
    rows = [
        {
            "f_table_catalog": "",
            "f_table_schema": "",
            "f_table_name": table,
            "f_geometry_column": "geom",
            "styleName": phrase("proof_words.problems", language),
            "styleQML": _look(geometry, language),
            "styleSLD": "",
            "useAsDefault": True,
            "description": "",
            "owner": "",
            "ui": "",
            "update_time": pd.Timestamp.now("UTC"),
        }
        for table, geometry, _ in _TABLES.values()
    ]
    return pd.DataFrame(rows)


def _look(geometry: str, language: str) -> str:
    """The style of one of the layers: by severity, like verdicts, each with shape, colour and hatch."""
    looks = {}
    for severity, shape in _SHAPES.items():
        symbol = verdict_symbol(SIGNS[severity], language)
        title = {language: phrase(f"proof_words.{severity}", language)}
        look: dict[str, Any] = {"title": title, "stroke": symbol.stroke, "stroke_mm": symbol.stroke_mm, "shape": shape}
        if symbol.hatch is not None:
            angle, distance_mm, width_mm = symbol.hatch
            look["hatch"] = {"angle": angle, "distance_mm": distance_mm, "width_mm": width_mm}
        looks[severity] = {**look, "size_mm": 3.2, "edge": "#FFFFFF"}
    style = {"field": "severity", "stroke": OTHER_COLOUR, "values": looks}
    root = Element("qgis", version="3.40.0", labelsEnabled="0")
    root.append(renderer_of(style, geometry, ["severity"], language, phrase("published.other", language)))
    aliases = SubElement(root, "aliases")
    for name in ("number", *_FIELDS):
        SubElement(aliases, "alias", field=name, name=phrase(f"proof_words.{name}", language))
    add_text(root, "previewExpression", '"feature"')
    add_text(root, "mapTip", _TIP, enabled="1")
    clean(root)
    text: str = tostring(root, encoding="unicode")
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + text


def layer_places(proof: Proof) -> list[dict[str, str]]:
    """The files of the proved layers; none for an archive, which is unpacked only for the proof."""
    root = proof.root
    if root is None:
        return []
    return [
        {"code": source.code, "name": source.name, "file": str(root / source.path)}
        for source in proof.sources
        if source.code is not None
    ]
