"""The steps of build.py: the Pythons, QGIS, the checks, the demo and the plugin's zip."""
