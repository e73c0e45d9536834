"""Three parcels of the sample city for one project.

Called as: python project_parcels.py PARCELS FINDINGS.gpkg OUT.gpkg

Run by `build.py demo` with the core's Python: it takes the first restricted parcel, and the two nearest to it on which
building is allowed, perhaps after consultation.
"""

from __future__ import annotations

import sys

import geopandas


def choose_parcels(parcels: str, findings: str, out: str) -> None:
    """Write the three parcels with the columns of the city's file."""
    verdicts = geopandas.read_file(findings, layer="parcels").sort_values("parcel").set_index("parcel")
    first = verdicts.index[verdicts["verdict"] == "restricted"][0]
    others = verdicts[verdicts["verdict"].isin(["consult", "notice"])]
    near = others.distance(verdicts.geometry[first]).sort_values(kind="stable").index[:2]
    city_parcels = geopandas.read_file(parcels)
    key = next(name for name in city_parcels.columns if set(verdicts.index) <= set(city_parcels[name].astype(str)))
    city_parcels[city_parcels[key].astype(str).isin([first, *near])].to_file(out)


if __name__ == "__main__":
    choose_parcels(*sys.argv[1:])
