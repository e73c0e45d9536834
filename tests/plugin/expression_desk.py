"""A dock with an open library, and the expression functions that use it."""

from contextlib import contextmanager

from qgis.gui import QgsMapCanvas

from onemap.plugin.qgis.expressions.expression_functions import ExpressionFunctions
from onemap.tests.plugin.small_town import open_in
from onemap.tests.plugin.windows import own_dock


@contextmanager
def answering_desk(library):
    """The dock and the functions, until the block ends."""
    with own_dock(QgsMapCanvas()) as dock:
        functions = ExpressionFunctions()
        functions.follow(dock.core, dock.library, dock.check_tab.rules, dock.expressions)
        open_in(dock, library)
        yield dock, functions
        functions.close_down()
