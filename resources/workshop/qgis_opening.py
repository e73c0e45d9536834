"""Opens the dock on a library. Given to QGIS by `build.py run`, as: qgis --code qgis_opening.py --py-args LIBRARY."""

import sys

from qgis.utils import plugins

if "onemap" in plugins:
    dock = plugins["onemap"].dock
    dock.setUserVisible(True)
    dock.map_tab.show_map_of(sys.argv[1])
    dock.open_library(sys.argv[1])
