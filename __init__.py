"""One Map: one map of a city's plans, and the judge of what may be built where."""


def classFactory(iface):  # noqa: N802, ANN001, ANN201 - the name and the shape that QGIS calls
    """Make the plugin for QGIS; imported here so that the core never sees QGIS."""
    from onemap.plugin.main import OneMapPlugin

    return OneMapPlugin(iface)
