"""The forms in which verbs write their tables, declared once for the core, for Python and for the plugin."""

from onemap.rules.contract.declaration import Parameter

TABLE_FORMS = (".gpkg", ".xlsx", "")  # endings; the empty one is a folder of GeoParquet
PARCEL_FORMS = (".geojson", ".fgb", ".csv", ".dxf")  # that hold the parcels of a check, and no other table
PAGE_FORM = ".pdf"  # the results of a check as pages to print
CHECK_FORMS = (*TABLE_FORMS, PAGE_FORM, *PARCEL_FORMS)


def out_parameter(forms: tuple[str, ...] = TABLE_FORMS, *, repeated: bool = True) -> Parameter:
    """The option `--out` of a verb that writes tables in these forms."""
    return Parameter("out", "PATH", repeated=repeated, forms=forms)
