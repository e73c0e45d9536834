"""The picture book's script: pictures of one room and of the map, as everybody sees them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from qgis.PyQt.QtGui import QImage

from onemap.resources.workshop.colour_vision import DEFICIENCIES
from onemap.resources.workshop.pictures import dock_pictures
from onemap.tests.plugin.small_town import CRS

pytestmark = pytest.mark.slow
SIZE = (320, 640)


def colours(picture):
    """The number of colours in a picture, at every third pixel."""
    return len({picture.pixel(x, y) for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 3)})


def test_the_pictures_of_a_room_are_there_and_show_it(library, town, tmp_path):
    order = tmp_path / "request.json"
    look = {"language": "en", "theme": "dark", "points": 9.0, "size": SIZE, "begin": str(tmp_path / "one")}
    asked = {"library": str(library), "parcels": str(town / "parcels.gpkg"), "crs": CRS, "rooms": ["map"]}
    order.write_text(json.dumps({**asked, **look, "visions": True}), encoding="utf-8")
    profile = {**os.environ, "QGIS_CUSTOM_CONFIG_PATH": str(tmp_path / "profile"), "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, dock_pictures.__file__, str(order)]
    done = subprocess.run(command, env=profile, capture_output=True, encoding="utf-8", errors="replace")
    assert done.returncode == 0, done.stderr[-3000:]
    room = QImage(str(tmp_path / "one-map.png"))
    assert (room.width(), room.height()) == SIZE
    assert colours(room) > 20
    assert room.pixelColor(4, 620).lightness() < 100  # the dark theme
    ground = QImage(str(tmp_path / "one-ground-first.png"))
    assert colours(ground) > 3 and ground.pixelColor(5, 5).name() == "#ffffff"
    for seen in (*DEFICIENCIES, "grey"):
        picture = QImage(str(tmp_path / f"one-ground-first-{seen}.png"))
        assert picture.size() == ground.size() and picture != ground
        assert picture.pixelColor(5, 5).name() == "#ffffff"
    assert not Path(tmp_path / "one-check.png").exists()  # only the room that was asked for
