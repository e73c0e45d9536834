"""A dock with a library open, and the expression functions that answer for it."""

from contextlib import contextmanager

from qgis.gui import QgsMapCanvas

from onemap.plugin.connection.core_session import Core
from onemap.plugin.dock.dock import OneMapDock
from onemap.plugin.expressions.expression_functions import ExpressionFunctions
from onemap.tests.plugin.small_town import wait_for


@contextmanager
def answering_desk(library):
    """The dock and the functions, until the block ends."""
    core = Core()
    dock = OneMapDock(core, QgsMapCanvas(), lambda *_: None, lambda: None, lambda: None)
    functions = ExpressionFunctions()
    functions.follow(core, dock.library, dock.check_tab.rules, dock.expressions)
    open_in(dock, library)
    yield dock, functions
    functions.close_down()
    dock.close_down()
    core.stop()
    dock.deleteLater()


def open_in(dock, path):
    """Open a library and wait until it is listed."""
    listed = []
    dock.library.listed.connect(lambda: listed.append(True))
    dock.open_library(str(path))
    wait_for(lambda: listed)
