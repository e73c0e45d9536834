"""The tables of the tab Compare in the narrowest dock: nothing scrolls sideways, and nothing is lost."""

from types import SimpleNamespace

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QApplication, QTableView

from onemap.plugin.rooms.compare.column_fit import ColumnFit
from onemap.plugin.rooms.compare.compare_matrix import MatrixTree
from onemap.plugin.rooms.compare.compare_results import Spot
from onemap.plugin.rooms.compare.compare_spots import SpotsModel
from onemap.plugin.rooms.compare.sort_button import SortButton
from onemap.plugin.words import core_words

NARROW_PX, WIDE_PX = 300, 1600
ACROSS = Qt.Orientation.Horizontal


def matrix_row(name, square_metres, about, below=()):
    amounts = [(square_metres / 10_000, "ha"), (0.1, "share"), (1, "count")]
    values = [{"value": value, "measure": measure} for value, measure in amounts]
    row = {"name": name, "values": values, "hint": "", "about": about, "sign": about["type"], "is_open": True}
    return {**row, "rows": list(below)}


def uses(kind, use_a, use_b):
    return {"type": kind, "use_a": use_a, "use_b": use_b}


ONLY_A, ONLY_B = uses("98", "construction", ""), uses("98", "", "other")
NAME_04 = "04 construction in plan B only, and nothing is known of plan A"
VIEW = [
    {
        "columns": [
            {"title": title, "unit": unit, "is_number": bool(unit)}
            for title, unit in (("difference", ""), ("area", "ha"), ("share", ""), ("spots", ""))
        ],
        "rows": [
            matrix_row(NAME_04, 11_300, uses("04", "other", "construction")),
            matrix_row(
                "98 one plan",
                1_397_700,
                {"type": "98"},
                [matrix_row("A", 997_700, ONLY_A), matrix_row("B", 400_000, ONLY_B)],
            ),
        ],
    }
]


@pytest.fixture
def learn_words():
    """Takes words as the core sends them; afterwards none are known."""
    yield core_words.learn
    core_words.learn({})


def show_table(table, width):
    table.resize(width, 400)
    table.show()
    QApplication.processEvents()
    return table


def texts(model):
    return [
        [model.data(model.index(row, column)) for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def test_the_uses_stand_below_their_type_and_a_type_is_all_of_its_uses():
    tree = show_table(MatrixTree(), NARROW_PX)
    chosen = []
    tree.chosen.connect(chosen.append)
    tree.show_view(VIEW)
    assert tree.horizontalScrollBar().maximum() == 0
    one, several = tree.topLevelItem(0), tree.topLevelItem(1)
    below = [several.child(at) for at in range(several.childCount())]
    assert [item.text(1) for item in (one, several, *below)] == ["1.1300", "139.7700", "99.7700", "40.0000"]
    tree.setCurrentItem(below[0])
    assert chosen[-1] == {("98", "construction", "")}
    tree.setCurrentItem(several)
    assert chosen[-1] == {("98", "construction", ""), ("98", "", "other")}
    assert [tree.isColumnHidden(column) for column in range(4)] == [False, False, True, True]
    assert several.toolTip(0) == "98 one plan\nShare: 10.0 %\nSpots: 1"
    show_table(tree, WIDE_PX)
    assert several.toolTip(0) == "98 one plan"
    assert not any(map(tree.isColumnHidden, range(4))) and tree.horizontalScrollBar().maximum() == 0


def test_the_name_of_a_type_wraps_in_the_matrix():
    tree = show_table(MatrixTree(), NARROW_PX)
    tree.show_view(VIEW)
    QApplication.processEvents()
    line = tree.fontMetrics().height()
    first, second = (tree.visualItemRect(tree.topLevelItem(at)).height() for at in (0, 1))
    assert first >= 2 * line > second
    show_table(tree, WIDE_PX)
    assert tree.visualItemRect(tree.topLevelItem(0)).height() < 2 * line


def spot(name, area_m2, shift_m):
    values = dict.fromkeys(Spot.__dataclass_fields__, "")
    measures = {"area_m2": area_m2, "mean_width_m": 5.0, "shift_m": shift_m, "line_distance_m": None}
    return Spot(**{**values, "name": name, "kind": "04", **measures, "compactness": 0.5})


@pytest.fixture
def spots():
    model, table = SpotsModel(), QTableView()
    table.setModel(model)
    table.setSortingEnabled(True)
    table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
    fit = ColumnFit(table)
    model.set_spots([spot("a", 30.0, 1.0), spot("b", 20.0, 3.0), spot("c", 10.0, 2.0)])
    return SimpleNamespace(model=model, table=table, fit=fit, sort=SortButton(table, model.number_columns))


def visible(table):
    count = table.model().columnCount()
    return [column for column in range(count) if not table.isColumnHidden(column)]


def test_a_list_shows_the_first_columns_that_fit_and_fills_its_width(spots):
    table = show_table(spots.table, NARROW_PX)
    since_then = frozenset({spots.model.columnCount() - 1})
    spots.fit.measure(since_then)
    QApplication.processEvents()
    few = visible(table)
    assert few == list(range(len(few))) and 2 <= len(few) < 6
    assert sum(table.columnWidth(column) for column in few) == table.viewport().width()
    assert table.horizontalScrollBar().maximum() == 0
    show_table(table, WIDE_PX)
    assert visible(table) == list(range(spots.model.columnCount() - 1))
    assert sum(map(table.columnWidth, visible(table))) == table.viewport().width()


def test_a_type_is_called_in_the_list_as_in_the_matrix_its_number_first(spots, learn_words):
    words = {"differences": {"04": "construction in plan B only"}}
    learn_words(words)
    table = show_table(spots.table, NARROW_PX)
    spots.fit.measure()
    titles = [str(spots.model.headerData(column, ACROSS)) for column in visible(table)]
    assert titles[:2] == ["Type", "Area"]
    assert texts(spots.model)[0][0] == "04 construction in plan B only"
    assert spots.model.data(spots.model.index(0, 0), Qt.ItemDataRole.ToolTipRole) == "04 construction in plan B only"
    show_table(table, 2 * NARROW_PX)
    assert visible(table)[:3] == [0, 1, 2]
    for column in visible(table):
        assert table.columnWidth(column) >= table.sizeHintForColumn(column)


def test_a_name_that_does_not_fit_wraps_and_a_measure_is_never_cut(spots, learn_words):
    name = "construction in plan B only, and nothing is known of plan A"
    learn_words({"differences": {"04": name}})
    table = show_table(spots.table, NARROW_PX)
    line = table.fontMetrics().height()
    spots.fit.measure()
    QApplication.processEvents()
    assert visible(table) == [0, 1] and table.columnWidth(1) >= table.sizeHintForColumn(1)
    assert 2 * line <= table.rowHeight(0) == table.rowHeight(2)
    assert table.sizeHintForRow(0) <= table.rowHeight(0)
    show_table(table, WIDE_PX)
    assert table.rowHeight(0) < 2 * line


def test_a_decided_spot_is_marked_before_its_type_where_the_decision_has_no_room(spots, learn_words):
    words = {"differences": {"04": "construction in plan B only"}, "decisions": {"keep_a": "keep as in A"}}
    learn_words(words)
    table = show_table(spots.table, 240)
    spots.fit.measure()
    spots.model.store_decision(["a"], "keep_a", "")
    first = spots.model.index(0, 0)
    assert visible(table) == [0, 1] and first.data() == "✓ 04 construction in plan B only"
    assert first.data(Qt.ItemDataRole.ToolTipRole) == "✓ 04 construction in plan B only\nkeep as in A"
    assert spots.model.index(0, 2).data() == "keep as in A"


def test_a_list_that_is_measured_again_shows_no_column_for_which_there_is_no_room(spots):
    table = show_table(spots.table, NARROW_PX)
    spots.fit.measure()
    QApplication.processEvents()
    few = visible(table)
    spots.fit.measure_again()
    assert visible(table) == few
    for column in few:
        assert table.columnWidth(column) >= table.horizontalHeader().sectionSizeHint(column)


def test_a_list_is_sorted_by_a_measure_that_has_no_room(spots):
    table = show_table(spots.table, NARROW_PX)
    spots.fit.measure()
    titles = [str(spots.model.headerData(column, ACROSS)) for column in range(spots.model.columnCount())]
    hidden = titles.index("Shift")
    assert table.isColumnHidden(hidden)
    actions = {action.text(): action for action in spots.sort.list_columns().actions()}
    assert actions["By type, then by area"].isChecked()
    actions["Shift"].trigger()
    assert [one.name for one in spots.model.filtered_spots] == ["b", "c", "a"]
    assert "Shift" in spots.sort.toolTip()
    {action.text(): action for action in spots.sort.list_columns().actions()}["By type, then by area"].trigger()
    assert [one.name for one in spots.model.filtered_spots] == ["a", "b", "c"]
