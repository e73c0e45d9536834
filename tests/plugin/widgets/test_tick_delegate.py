"""The boxes of a list are visible in a light and in a dark theme, ticked or not."""

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor, QPalette
from qgis.PyQt.QtWidgets import QStyleFactory, QTreeWidget, QTreeWidgetItem

from onemap.plugin.widgets.tick_delegate import TickDelegate
from onemap.plugin.words.contrast import contrast
from onemap.resources.workshop.pictures.dock_camera import palette_of

SIGN = 3.0  # WCAG 2.2, AA: 1.4.11
FIRST_COLUMNS_PX = 24  # where the box is, before the title


@pytest.fixture(params=["light", "dark"])
def tree(request, application):
    """A list of one layer that is not ticked, in a theme."""
    made = QTreeWidget()
    made.setStyle(QStyleFactory.create("Fusion"))
    made.setPalette(palette_of(request.param))
    made.setHeaderHidden(True)
    made.setRootIsDecorated(False)
    made.setItemDelegateForColumn(0, TickDelegate(made))
    item = QTreeWidgetItem(["x"])
    item.setCheckState(0, Qt.CheckState.Unchecked)
    made.addTopLevelItem(item)
    made.resize(200, 60)
    return made


def strongest(tree):
    """The highest contrast against the list of what is drawn before the title."""
    picture = tree.viewport().grab().toImage()
    ground = tree.palette().color(QPalette.ColorRole.Base)
    rows = range(tree.visualItemRect(tree.topLevelItem(0)).height())
    return max(contrast(QColor(picture.pixel(x, y)), ground) for x in range(FIRST_COLUMNS_PX) for y in rows)


def test_a_box_that_is_not_ticked_stands_out_from_the_list(tree):
    tree.topLevelItem(0).setText(0, "")
    assert strongest(tree) >= SIGN
    tree.setItemDelegateForColumn(0, None)
    assert strongest(tree) < SIGN  # the style alone hides it
