"""The tables of the tab Compare in the narrowest dock: nothing scrolls sideways, and nothing is lost by that."""

from types import SimpleNamespace

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QApplication, QTableView

from onemap.plugin.compare.column_fit import ColumnFit
from onemap.plugin.compare.compare_matrix import MatrixTable, use_name
from onemap.plugin.compare.compare_results import Spot
from onemap.plugin.compare.compare_spots import SpotsModel
from onemap.plugin.compare.contradictions_table import ContradictionsModel, contradictions_in
from onemap.plugin.compare.sort_button import SortButton
from onemap.plugin.words import core_words

NARROW_PX, WIDE_PX = 300, 1600
ACROSS = Qt.Orientation.Horizontal


def matrix_row(kind, use_a, use_b, area_m2):
    return {"type": kind, "use_a": use_a, "use_b": use_b, "area_m2": area_m2, "spots": 1, "share": 0.1}


ROWS = [
    matrix_row("04", "other", "construction", 11_300),
    matrix_row("98", "construction", None, 997_700),
    matrix_row("98", None, "other", 400_000),
    matrix_row("01", "construction", "construction", 5_000_000),
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


def test_the_uses_stand_below_their_type_where_they_do_not_fit_beside_it():
    table = show_table(MatrixTable(), NARROW_PX)
    chosen = []
    table.chosen.connect(chosen.append)
    table.show_rows(ROWS)
    assert table.horizontalScrollBar().maximum() == 0 and table.matrix.columnCount() == 2
    assert [row[1] for row in texts(table.matrix)] == ["1.13", "139.77", "99.77", "40.00", "500.00"]
    assert texts(table.matrix)[2][0].strip() == f"{use_name('construction')} | {use_name('')}"
    table.selectionModel().select(table.matrix.index(2, 1), table.selectionModel().SelectionFlag.ClearAndSelect)
    assert chosen[-1] == {("98", "construction", "")}
    show_table(table, WIDE_PX)
    assert table.matrix.columnCount() == 2 + 4 and table.matrix.rowCount() == 3
    assert chosen[-1] == frozenset()  # the chosen cell lies elsewhere now
    assert table.horizontalScrollBar().maximum() == 0


def test_the_name_of_a_type_wraps_in_the_matrix(learn_words):
    name = "construction in plan B only, and nothing is known of plan A"
    learn_words({"differences": {"04": name}})
    table = show_table(MatrixTable(), NARROW_PX)
    for rows in (ROWS[1:], ROWS):  # another matrix at the same width
        table.show_rows(rows)
        QApplication.processEvents()
    line = table.fontMetrics().height()
    assert table.rowHeight(0) >= 2 * line > table.rowHeight(1)
    for width in range(NARROW_PX, 3 * NARROW_PX, 20):
        show_table(table, width)
        assert table.sizeHintForRow(0) <= table.rowHeight(0), width
    show_table(table, WIDE_PX)
    assert table.rowHeight(0) < 2 * line


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


def test_plans_against_plans_become_a_list_of_pairs():
    def pair(a, b, hectares):
        return {"a": a, "b": b, "matrix": "m", "title": f"{a} and {b}", "conflicts": 1, "conflict_ha": hectares}

    layers = [
        SimpleNamespace(code=code, title=f"Plan {code}", place=place, department="land")
        for place, code in enumerate("ABC")
    ]
    model = ContradictionsModel()
    model.show_pairs(
        contradictions_in({"pairs": [pair("A", "B", 1.5), pair("A", "C", None), pair("B", "C", 2.0)]}), layers
    )
    assert texts(model) == [["1.50", "–"], [None, "2.00"]]
    model.set_list(True)
    pairs = [["Plan B\u00a0| Plan C", "2.00"], ["Plan A\u00a0| Plan B", "1.50"], ["Plan A\u00a0| Plan C", "–"]]
    assert texts(model) == pairs  # a line may end with the sign between the two, and never begins with it
    assert [model.headerData(column, ACROSS) for column in (0, 1)] == ["Plans", "ha"]
    assert model.cell_at(model.index(2, 0)).pairs[0].hectares is None
