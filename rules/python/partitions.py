"""A check of a frame of dask-geopandas: its tables are such frames again, judged where and when they are computed."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pyproj

from onemap.layers.errors import OneMapError, ProblemPlace, UsageError
from onemap.rules.contract.check_parameters import CHECK_PARAMETERS
from onemap.rules.contract.declaration import Verb
from onemap.rules.judge.distributed.geodataframes import PARCELS, check_frame, refuse_unplaced
from onemap.rules.judge.findings.run_tables import ROW_TABLES
from onemap.rules.judge.inputs.parcels import id_field_of
from onemap.rules.python.verb_call import plain_values

_CHECK = Verb("check", CHECK_PARAMETERS)


def is_partitioned(parcels: object) -> bool:
    """Whether it is a frame of dask-geopandas; nothing is imported to find out."""
    kind = type(parcels)
    return kind.__module__.partition(".")[0] == "dask_geopandas" and kind.__name__ == "GeoDataFrame"


class PartitionedTables:
    """The tables of a check of a partitioned frame, none of them computed; nothing is recorded in the library."""

    def __init__(
        self, parcels: Any, library: str, crs: pyproj.CRS, today: date, language: str, wishes: Mapping[str, Any]
    ) -> None:
        """Take the options; crs, today: the library's; wishes: packs, only, as_of and id as `check` has them.

        Raises UsageError usage.…, OneMapError python.geometry, crs.missing, crs.no_transformation, field.missing.
        """
        values = plain_values(_CHECK, wishes)
        if parcels._meta._geometry_column_name not in parcels.columns:
            raise OneMapError("python.geometry", field=PARCELS)
        refuse_unplaced(parcels, crs)
        place = ProblemPlace(file=PARCELS, layer=None)
        field = id_field_of(list(map(str, parcels.columns)), values.get("id"), place)
        if field is None:
            raise UsageError("usage.required", field="id", verb="check")
        self._parcels, self._library = parcels, library
        self._how: dict[str, Any] = {
            "id_field": field,
            "packs": values.get("pack") or (),
            "only": values.get("only") or (),
        }
        self.as_of: date = values.get("as_of") or today
        self._how |= {"as_of": self.as_of, "language": language}

    @property
    def names(self) -> list[str]:
        """The names of all tables."""
        return [PARCELS, *ROW_TABLES]

    def read(self, name: str) -> Any:
        """A frame of dask-geopandas, not yet computed."""
        return check_frame(self._parcels, self._library, table=name, **self._how)


def refuse_other_wishes(**wishes: Any) -> None:
    """Raise UsageError usage.apart for what a check of partitions does not know."""
    for name, value in wishes.items():
        if value not in (None, False):
            raise UsageError("usage.apart", field=name, other="dask_geopandas.GeoDataFrame")
