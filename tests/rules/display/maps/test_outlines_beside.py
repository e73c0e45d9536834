"""Outlines under a parcel's red line are drawn beside it; names stay away from the map's frame."""

import re

import numpy as np
import pytest
import shapely
from shapely import Polygon, box

from onemap.rules.display.maps.labels import Label, labels_svg
from onemap.rules.display.maps.layers_on_sheet import Sheet
from onemap.rules.display.maps.map_source import Piece
from onemap.rules.display.maps.svg_paths import View
from onemap.rules.display.maps.symbols import PARCEL

PLOT = box(40, 40, 60, 60)  # metres; on paper as many millimetres


def drawn_outline(piece: Polygon, verdict: str, parcel: Polygon = PLOT) -> Polygon:
    """The piece's outline as the map draws it, in mm on paper."""
    view = View(0.0, 0.0, 100.0, 100.0, (50.0, 50.0), 1000)
    sheet = Sheet(view, "zh", "p")
    sheet.show_beside(np.array([parcel], dtype=object))
    sheet.pieces([Piece("A", "r", verdict, True, piece)], {})
    (data,) = set(re.findall(r' d="([^"]+)"', "".join(sheet.body)))
    (ring,) = re.findall(r"M([^l]+)l([^z]+)z", data)  # one start, then steps
    first, steps = (np.array(re.findall(r"-?[\d.]+", part), dtype=float).reshape(-1, 2) for part in ring)
    return Polygon(np.cumsum(np.vstack([first, steps]), axis=0))


def test_a_notice_on_the_whole_parcel_is_seen_inside_its_red_line():
    found = drawn_outline(PLOT, "notice").bounds
    away = PARCEL.stroke_mm / 2 + 0.4 / 2 + 0.2
    assert found == pytest.approx((40 + away, 40 + away, 60 - away, 60 - away), abs=0.02)


@pytest.mark.parametrize(
    ("piece", "verdict"),
    [(box(45, 45, 55, 55), "notice"), (PLOT, "prohibited"), (box(40, 40, 40.5, 60), "notice")],
    ids=["inside the parcel", "a hatch is seen anyway", "too narrow to be drawn smaller"],
)
def test_what_is_seen_anyway_stays_where_it_is(piece, verdict):
    west, south, east, north = piece.bounds
    assert drawn_outline(piece, verdict).bounds == pytest.approx((west, 100 - north, east, 100 - south), abs=0.02)


def test_a_name_that_would_touch_the_frame_is_left_out():
    frame = (0.0, 0.0, 100.0, 100.0)
    nothing = np.array([], dtype=object)
    at_edge = Label("东营村", shapely.Point(50, 1.5), 2.4, inside=False)
    svg = labels_svg([at_edge], frame, nothing)
    assert all(float(y) > 2.5 + 2.4 * 0.5 for y in re.findall(r' y="([\d.]+)"', svg))
    wedged = labels_svg([Label("东营村", box(0, 0, 100, 4), 2.4, inside=True)], frame, nothing)
    assert wedged == "" and "东营村" in labels_svg(
        [Label("东营村", box(0, 0, 100, 12), 2.4, inside=True)], frame, nothing
    )


def test_no_name_of_ground_lies_on_the_red_line_of_a_parcel():
    frame, ground = (0.0, 0.0, 100.0, 100.0), Label("05H1", box(0, 0, 100, 100), 2.4, inside=True, repeated=True)
    across, around = box(-20, -20, 50, 120), box(-20, -20, 120, 120)
    assert labels_svg([ground], frame, np.array([across], dtype=object)) == ""
    assert "05H1" in labels_svg([ground], frame, np.array([around], dtype=object))
