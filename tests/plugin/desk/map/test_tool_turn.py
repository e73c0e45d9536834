"""Map tools take turns: each returns the map to QGIS's former tool, and its button shows the true state."""

import pytest
from qgis.gui import QgsMapTool, QgsMapToolPan
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QToolButton

from onemap.plugin.desk.map.tool_turn import ToolTurn


@pytest.fixture
def pan(canvas):
    tool = QgsMapToolPan(canvas)
    canvas.setMapTool(tool)
    yield tool
    canvas.unsetMapTool(tool)


@pytest.fixture
def turns(canvas):
    """Two buttons with their tools, as two rooms of the dock have them."""
    made = []
    for _ in range(2):
        button, tool = QToolButton(), QgsMapTool(canvas)
        button.setCheckable(True)
        turn = ToolTurn(canvas, tool, button)
        button.toggled.connect(turn.pass_to)
        made.append((button, tool, turn))
    yield [(button, tool) for button, tool, _ in made]
    for _, _, turn in made:
        turn.close_down()


def test_a_tool_has_the_map_while_its_button_is_pressed(canvas, pan, turns):
    button, tool = turns[0]
    button.click()
    assert canvas.mapTool() is tool
    button.click()
    assert canvas.mapTool() is pan
    button.click()
    canvas.setMapTool(pan)  # somebody presses QGIS's own button
    assert not button.isChecked()


def test_after_two_tools_in_a_row_the_map_is_qgis_s_again(canvas, pan, turns):
    (first, _), (second, last) = turns
    first.click()
    second.click()
    assert canvas.mapTool() is last and not first.isChecked()
    second.click()
    assert canvas.mapTool() is pan, "not the first tool, whose button is not pressed"


def test_without_a_tool_before_the_map_has_none_again(canvas, turns):
    (first, _), (second, _) = turns
    canvas.unsetMapTool(canvas.mapTool())
    for button in (first, second, second):
        button.click()
    assert canvas.mapTool() is None


def test_a_tool_before_that_its_plugin_has_deleted_leaves_the_map_without_one(canvas, turns):
    (button, _), _ = turns
    foreign = QgsMapTool(canvas)
    canvas.setMapTool(foreign)
    button.click()
    sip.delete(foreign)
    button.click()
    assert canvas.mapTool() is None
