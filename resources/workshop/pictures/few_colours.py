"""A picture in 256 colours of its own, less than half as large: python few_colours.py PICTURE.png TARGET.png."""

from __future__ import annotations

import sys

from osgeo import gdal
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor, QImage

COLOURS = 256


def main(picture: str, target: str) -> int:
    """Write the picture with the colours that stand for it best; returns the exit code."""
    gdal.UseExceptions()
    source = gdal.Open(picture)
    table = gdal.ColorTable()
    gdal.ComputeMedianCutPCT(*(source.GetRasterBand(band) for band in (1, 2, 3)), COLOURS, table)
    colours = [QColor(*table.GetColorEntry(entry)[:3]).rgb() for entry in range(table.GetCount())]
    # Without dots for the colours between: letters stay clear, and the file small.
    flags = Qt.ImageConversionFlag.AvoidDither
    small = QImage(picture).convertToFormat(QImage.Format.Format_Indexed8, colours, flags)
    return 0 if small.save(target) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
