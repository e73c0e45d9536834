"""Starts the core for Processing, whose QgsBlockingProcess cannot give a child an environment of its own.

python launch.py FOLDER/__main__.py VERB …: drops what belongs to QGIS's PROJ and GDAL, then becomes the core.
"""

import os
import runpy
import sys

if __name__ == "__main__":
    for name in [name for name in os.environ if name.startswith(("PROJ_", "GDAL_"))]:
        del os.environ[name]
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
