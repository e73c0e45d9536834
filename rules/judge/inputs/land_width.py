"""The land of lines and points: the ground that a route or a mast takes, with the width that somebody states."""

import contextlib
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import shapely

from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.frames.fields import text_value
from onemap.layers.geometry.shape_column import ShapeColumn
from onemap.layers.ingest.placing import PlacedShapes
from onemap.rules.judge.inputs.line_land import ground_along

LAND_REMARK = "parcel.land"
_POLYGON, _POINT = 2, 0


@dataclass(frozen=True)
class LandWidth:
    """The width of the land of lines and points: metres, a field with metres, or nothing where nobody states it."""

    text: str = ""

    @property
    def metres(self) -> float | None:
        """The width if it is the same for all; None where a field holds it."""
        try:
            return float(self.text)
        except ValueError:
            return None

    def land_of(
        self, placement: PlacedShapes, attributes: pd.DataFrame, names: np.ndarray, place: ProblemPlace
    ) -> tuple[PlacedShapes, list[Problem], list[Problem]]:
        """The shapes (n,) with lines and points as the land along or around them, the remark that there are any, and
        the problems of those whose width is none, which stay lines and points.

        names: of the parcels (n,), for problems.
        A line's land has half of the width at both sides and ends where the line ends; a point's is a square with the
        width as its side, its sides north and east. Polygons stay. Widths are metres of the library's plane.
        Raises OneMapError field.missing.
        """
        if not self.text or isinstance(placement.shapes, ShapeColumn):  # which is of polygons alone
            return placement, [], []
        shapes = placement.shapes.copy()
        dimensions = shapely.get_dimensions(shapes)
        rows = np.flatnonzero((dimensions >= _POINT) & (dimensions < _POLYGON))
        if len(rows) == 0:
            return placement, [], []
        widths, wrong = self._widths(attributes, rows, names, place)
        good = widths > 0
        shapes[rows[good]] = ground_along(shapes[rows[good]], widths[good] / 2)
        return replace(placement, shapes=shapes, valid=None), self.remarks(place) if good.any() else [], wrong

    def remarks(self, place: ProblemPlace) -> list[Problem]:
        """The remark that lines and points among the parcels count as land of a stated width."""
        width = self.text if self.metres is None else f"{self.metres:g} m"
        return [Problem(LAND_REMARK, {**place, "width": width})] if self.text else []

    def _widths(
        self, attributes: pd.DataFrame, rows: np.ndarray, names: np.ndarray, place: ProblemPlace
    ) -> tuple[np.ndarray, list[Problem]]:
        """The widths of some rows (k,) in metres, 0 where there is none, and problems for these.

        Raises OneMapError field.missing.
        """
        if self.metres is not None:
            return np.full(len(rows), self.metres), []
        columns = list(map(str, attributes.columns))
        matches = [column for column in columns if column.lower() == self.text.lower()]
        if len(matches) != 1:
            raise OneMapError("field.missing", field=self.text, option="--land-width", names=columns, **place)
        values = attributes[matches[0]].tolist()
        widths, problems = np.zeros(len(rows)), []
        for at, row in enumerate(rows.tolist()):
            text = text_value(values[row])
            with contextlib.suppress(ValueError):
                widths[at] = float(text or "")
            if not 0 < widths[at] < np.inf:
                row_facts = {"feature": str(names[row]), "row": row + 1, "field": matches[0], "value": text or "–"}
                problems.append(Problem("parcel.width", {**place, **row_facts}))
                widths[at] = 0
        return widths, problems


NO_LAND = LandWidth()
