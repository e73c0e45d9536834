"""`--transform`: the change of datum that a user brings, as a PROJ pipeline or as a file of parameters."""

import re
from dataclasses import dataclass, field
from math import cos, radians, sin
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
from pyproj.exceptions import ProjError

from onemap.layers.crs.datum_parameters import Parameters, parameters_in
from onemap.layers.crs.systems import Transformation, crs_name, datum_family, transformation, two_dimensional
from onemap.layers.errors import OneMapError, require_value
from onemap.layers.library.library import sha256

_PIPELINE = re.compile(r"\s*(\+|proj=|\{|EPSG:|urn:)", re.IGNORECASE)

_OPPOSITE_M = 2e7  # what cannot be placed on the earth at all


@dataclass(frozen=True)
class DatumChange:
    """The change of datum of `--transform`. hash: SHA-256 of the pipeline or file; nothing else of it is recorded."""

    hash: str
    pipeline: str | None = field(default=None, repr=False)
    parameters: Parameters | None = None

    def transformation_between(self, source: pyproj.CRS, target: pyproj.CRS, **place: Any) -> Transformation:
        """Return the function that turns coordinates (east, north) of `source` into those of `target`.

        Raises OneMapError crs.transform if there is no pipeline, crs.parameters_other if the file is for other systems.
        """
        if self.parameters is None:
            try:
                pipeline = pyproj.Transformer.from_pipeline(self.pipeline or "")
            except ProjError:
                raise OneMapError("crs.transform", field="--transform", **place) from None
            return lambda x, y: pipeline.transform(x, y)
        parameters = self.parameters
        source, target = two_dimensional(source), two_dimensional(target)
        if not (_one_datum(source, parameters.source) and _one_datum(parameters.target, target)):
            stated_systems = {"stated_from": crs_name(parameters.source), "stated_to": crs_name(parameters.target)}
            facts = {"crs": crs_name(source), "target": crs_name(target), **stated_systems}
            raise OneMapError("crs.parameters_other", file=parameters.file, field="--transform", **facts)
        inner = (parameters.source, parameters.target)
        if parameters.are_seven:
            inner = (pyproj.CRS(source.geodetic_crs), pyproj.CRS(target.geodetic_crs))
        change = _in_space(parameters, *inner) if parameters.are_seven else _in_plane(parameters)
        there, back = transformation(source, inner[0], **place), transformation(inner[1], target, **place)

        def transform_points(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            for step in (there, change, back):
                if step is not None:
                    x, y = step(x, y)
            return x, y

        return transform_points


def given_change(text: str | None, folder: Path | None = None) -> DatumChange | None:
    """Return the change given as `--transform`, or None. folder: a folder in which a named file is also searched.

    Raises OneMapError source.missing if the file does not exist, source.denied, crs.transform, crs.parameters_….
    """
    if text is None:
        return None
    path = Path(text)
    if folder is not None and _is_file(folder / text):
        path = folder / text
    if not _PIPELINE.match(text) and (path.suffix.lower() in (".toml", ".txt") or _is_file(path)):
        try:
            content = path.read_bytes()
        except PermissionError:
            raise OneMapError("source.denied", file=path.name, field="--transform") from None
        except (OSError, ValueError):
            raise OneMapError("source.missing", file=str(path), field="--transform") from None
        return DatumChange(sha256(content), parameters=parameters_in(path, content))
    return DatumChange(sha256(text), pipeline=text)


def step_km(source: pyproj.CRS, target: pyproj.CRS, before: np.ndarray, after: np.ndarray) -> float:
    """Return the largest distance in kilometres by which a change of datum moves points (n, 2) on the ground.

    Two datums differ by a few hundred metres at most: a larger distance means a wrong unit, sign or zone.
    """
    ends = []
    for crs, points in ((source, before), (target, after)):
        flat = two_dimensional(crs)
        degrees = pyproj.Transformer.from_crs(flat, flat.geodetic_crs, always_xy=True)
        ends += [*degrees.transform(points[:, 0], points[:, 1])]
    _, _, metres = pyproj.Geod(ellps="GRS80").inv(*ends)
    return float(np.nan_to_num(np.max(metres, initial=0.0), nan=_OPPOSITE_M)) / 1000


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _one_datum(one: pyproj.CRS, other: pyproj.CRS) -> bool:
    """Whether two systems have the same datum; WGS 84 is not CGCS2000 here, since the file says which it means."""
    family = datum_family(one)
    if family is not None:
        return family == datum_family(other)
    first, second = one.geodetic_crs, other.geodetic_crs
    return first is not None and second is not None and first.equals(second, ignore_axis_order=True)


def _in_plane(parameters: Parameters) -> Transformation:
    """Return a transformation that rotates clockwise, scales, and shifts."""
    east_shift, north_shift = parameters.shift_m
    angle, scale = radians(parameters.turn_arcsec[0] / 3600), 1 + parameters.scale_ppm * 1e-6
    along, across = scale * cos(angle), scale * sin(angle)
    return lambda x, y: (east_shift + along * x + across * y, north_shift - across * x + along * y)


def _in_space(parameters: Parameters, source: pyproj.CRS, target: pyproj.CRS) -> Transformation:
    """Return a Bursa-Wolf transformation between the degrees of two datums by geocentric coordinates; heights are 0."""
    (x, y, z), (rx, ry, rz) = parameters.shift_m, parameters.turn_arcsec
    steps = (
        f"+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart {_figure(source)} "
        f"+step +proj=helmert +x={x!r} +y={y!r} +z={z!r} +rx={rx!r} +ry={ry!r} +rz={rz!r} +s={parameters.scale_ppm!r} "
        f"+convention=position_vector +step +inv +proj=cart {_figure(target)} "
        "+step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )
    change = pyproj.Transformer.from_pipeline(steps)
    # A height must travel along: without one PROJ would take two dimensions for three.
    return lambda lon, lat: change.transform(lon, lat, np.zeros_like(lon))[:2]


def _figure(crs: pyproj.CRS) -> str:
    ellipsoid = require_value(crs.ellipsoid, "the ellipsoid of a geodetic system")
    return f"+a={ellipsoid.semi_major_metre!r} +rf={ellipsoid.inverse_flattening!r}"
