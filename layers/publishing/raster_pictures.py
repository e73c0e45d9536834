"""Rasters in a project: the picture that a version's row names, and how QGIS paints its numbers."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyproj

from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, read_version
from onemap.layers.publishing.xml_text import add_text
from onemap.layers.rasters.raster_reference import reference_of
from onemap.layers.rasters.rasters import checked_raster, raster_crs
from onemap.layers.xml_elements import Element, SubElement

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

_SAMPLE = 500  # cells on a side, from which the range of numbers is estimated
_COLOURS = ("red", "green", "blue")
_CUT = (2.0, 98.0)  # percentiles between which several bands of large numbers are stretched


@dataclass(frozen=True)
class Band:
    """How one band is drawn: its number from 1, its range, and whether the range is stretched."""

    number: int
    low: float
    high: float
    stretched: bool


@dataclass(frozen=True)
class Picture:
    """A raster's file, its system, and its bands: red, green, blue, or one painted in grey or in its own colours.

    colours: (value, red, green, blue, opacity) each; alpha: the band of opacity, -1 for none.
    """

    path: Path
    crs: pyproj.CRS
    bands: tuple[Band, ...]
    colours: tuple[tuple[int, int, int, int, int], ...] = ()
    alpha: int = -1


def picture_of(library: Library, version: Version) -> Picture:
    """The raster of a version. Raises OneMapError version.unreadable if it is gone, or not what was added."""
    reference = reference_of(read_version(library, version, None).attributes.iloc[0], library.path)
    with checked_raster(reference) as dataset:
        crs = raster_crs(dataset, reference.given_crs)
        colours: tuple[tuple[int, int, int, int, int], ...] = ()
        numbers, alpha = [1], -1
        if dataset.count > 2 or (dataset.count == 2 and dataset.colorinterp[0].name != "palette"):
            numbers, alpha = _colour_bands(dataset)
        elif dataset.colorinterp[0].name == "palette":
            colour_table = sorted(dataset.colormap(1).items())
            colours = tuple((value, red, green, blue, opacity) for value, (red, green, blue, opacity) in colour_table)
        bands = tuple(_band(dataset, number, len(numbers) == 1) for number in numbers)
    return Picture(reference.path.resolve(), crs, bands, colours, alpha)


def _colour_bands(dataset: "DatasetReader") -> tuple[list[int], int]:
    """Return the bands of red, green and blue that the file names, else the first ones; and that of opacity."""
    names = [interpretation.name for interpretation in dataset.colorinterp]
    numbers = [names.index(name) + 1 if name in names else at for at, name in enumerate(_COLOURS, 1)]
    return [number for number in numbers if number <= dataset.count], names.index(
        "alpha"
    ) + 1 if "alpha" in names else -1


def _band(dataset: "DatasetReader", number: int, alone: bool) -> Band:
    """Return a band with its range from a sample; bytes of a coloured picture are painted unchanged."""
    shape = min(dataset.height, _SAMPLE), min(dataset.width, _SAMPLE)
    numbers = dataset.read(number, out_shape=shape, masked=True)
    valid = numbers.compressed()
    valid = valid[np.isfinite(valid)]
    stretched = alone or dataset.dtypes[number - 1] != "uint8"
    if not len(valid):
        return Band(number, 0.0, 1.0, stretched)
    low, high = (valid.min(), valid.max()) if alone or not stretched else np.percentile(valid, _CUT)
    return Band(number, float(low), float(high), stretched)


def pipe_of(picture: Picture) -> Element:
    """How QGIS paints a raster."""
    pipe = Element("pipe")
    common = {"opacity": "1", "alphaBand": str(picture.alpha), "nodataColor": ""}
    if picture.colours:
        painted = str(picture.bands[0].number)
        renderer = SubElement(pipe, "rasterrenderer", {"type": "paletted", "band": painted, **common})
        palette = SubElement(renderer, "colorPalette")
        for value, red, green, blue, opacity in picture.colours:
            colour = f"#{red:02x}{green:02x}{blue:02x}"
            SubElement(palette, "paletteEntry", value=str(value), color=colour, alpha=str(opacity), label=str(value))
    elif len(picture.bands) == 1:
        grey = {"type": "singlebandgray", "grayBand": str(picture.bands[0].number), "gradient": "BlackToWhite"}
        renderer = SubElement(pipe, "rasterrenderer", {**grey, **common})
        _add_contrast(renderer, "contrastEnhancement", picture.bands[0])
    else:
        numbers = {f"{name}Band": "-1" for name in _COLOURS}  # where there are two
        numbers |= {f"{name}Band": str(band.number) for name, band in zip(_COLOURS, picture.bands, strict=False)}
        renderer = SubElement(pipe, "rasterrenderer", {"type": "multibandcolor", **numbers, **common})
        for name, band in zip(_COLOURS, picture.bands, strict=False):
            _add_contrast(renderer, f"{name}ContrastEnhancement", band)
    return pipe


def _add_contrast(renderer: Element, tag: str, band: Band) -> None:
    contrast = SubElement(renderer, tag)
    add_text(contrast, "minValue", f"{band.low:.14g}")
    add_text(contrast, "maxValue", f"{band.high:.14g}")
    add_text(contrast, "algorithm", "StretchToMinimumMaximum" if band.stretched else "NoEnhancement")
