"""Reduce a picture to 256 colours, less than half its size: python few_colours.py PICTURE.png TARGET.png."""

from __future__ import annotations

import sys
from array import array
from collections import Counter

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QImage

COLOURS = 256
APART = 14  # of 255, by which a colour differs from each more frequent one in red, green or blue


def main(picture: str, target: str) -> int:
    """Write the picture in its most frequent colours, unchanged; return the exit code."""
    whole = QImage(picture).convertToFormat(QImage.Format.Format_RGB32)
    # Without dots for the colours between: letters stay clear, and the file small.
    flags = Qt.ImageConversionFlag.AvoidDither
    small = whole.convertToFormat(QImage.Format.Format_Indexed8, frequent_colours(whole), flags)
    return 0 if small.save(target) else 1


def frequent_colours(picture: QImage) -> list[int]:
    """The most frequent distinct colours: signs and paper keep theirs, edges of letters get the nearest."""
    data = picture.constBits()
    data.setsize(picture.sizeInBytes())
    colours: list[tuple[int, int, int]] = []
    for pixel, _count in Counter(array("I", bytes(data))).most_common():
        one = (pixel >> 16 & 0xFF, pixel >> 8 & 0xFF, pixel & 0xFF)
        if all(max(abs(a - b) for a, b in zip(one, other)) >= APART for other in colours):
            colours.append(one)
            if len(colours) == COLOURS:
                break
    return [0xFF000000 | red << 16 | green << 8 | blue for red, green, blue in colours]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
