"""Open the dock with a library. `build.py run` gives it to QGIS: qgis --code qgis_opening.py --py-args LIBRARY."""

import sys

from qgis.utils import plugins

if "onemap" in plugins:
    dock = plugins["onemap"].dock
    dock.setUserVisible(True)
    dock.map_tab.show_map_of(sys.argv[1])
    dock.open_library(sys.argv[1])
