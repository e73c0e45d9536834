"""The titles, as the core writes them, of the columns of a run's tables and of their codes, on a layer."""

from __future__ import annotations

from collections.abc import Mapping

from osgeo import gdal
from qgis.core import QgsEditorWidgetSetup, QgsVectorLayer

from onemap.plugin.words.core_words import all_words

# The words for what stands in a column.
SUBJECTS = {
    "verdict": "verdicts",
    "known_verdict": "verdicts",
    "department": "departments",
    "decision": "decisions",
    "cause": "causes",
    "conclusion": "conclusions",
}
# Of tables whose columns have the names of others, and other codes.
SUBJECTS_OF_TABLES = {
    "findings": {"reason": "reasons"},
    "spots": {"type": "differences"},
    "warnings": {"kind": "warning_kinds", "status": "indicator_statuses", "state": "warning_states"},
    "indicators": {"status": "indicator_statuses", "reason": "indicator_reasons"},
}


def column_names(path: str, table: str) -> dict[str, str]:
    """The titles of a table's columns in a GeoPackage, by column; read here because GDAL before 3.7 ignores them."""
    source = gdal.OpenEx(path, gdal.OF_VECTOR | gdal.OF_READONLY)
    if source is None:
        return {}
    column_table = source.ExecuteSQL("SELECT 1 FROM sqlite_master WHERE name = 'gpkg_data_columns'")
    is_named = column_table is not None and column_table.GetFeatureCount() > 0
    source.ReleaseResultSet(column_table)
    if not is_named:
        return {}
    rows = source.ExecuteSQL("SELECT table_name, column_name, title FROM gpkg_data_columns")
    names = {row.GetField(1): row.GetField(2) for row in rows if row.GetField(0) == table}
    source.ReleaseResultSet(rows)
    return names


def name_fields(layer: QgsVectorLayer, table: str, names: Mapping[str, str]) -> None:
    """Give a layer titles for its columns and words for their codes; its data keep the codes.

    names: by column, as from `column_names`.
    """
    subjects = {**SUBJECTS, **SUBJECTS_OF_TABLES.get(table, {})}
    for index, field in enumerate(layer.fields()):
        if field.name() in names:
            layer.setFieldAlias(index, names[field.name()])
        words = all_words(subjects.get(field.name(), ""))
        if words:
            pairs = [{str(text): code} for code, text in words.items()]
            layer.setEditorWidgetSetup(index, QgsEditorWidgetSetup("ValueMap", {"map": pairs}))
