"""The rooms behind build.py: the Pythons, QGIS, the checks, the demo and the plugin's zip."""
