"""Forms and their fields: optional rows, days, numbers with separators, narrow lists, two fields in one row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Union

from qgis.gui import QgsDateEdit
from qgis.PyQt.QtCore import QLocale, QSize, QStringListModel, Qt
from qgis.PyQt.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QCompleter,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QSizePolicy,
    QStyle,
    QStyleOptionSpinBox,
    QToolButton,
    QWidget,
)

from onemap.plugin.widgets.buttons import tool_button
from onemap.plugin.widgets.rows_and_columns import Item, row_of

FEW_LETTERS = 6  # that a list asks room for
FormRow = Union[tuple[Union[str, QWidget], Item], Item]
CURSOR = " "  # the room that Qt leaves behind a text for it


class TightForm(QFormLayout):
    """A form without gaps for rows that are not shown: in Qt 5 a row that is only hidden leaves a gap."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fields: list[QWidget | QLayout] = []  # of all rows, from above
        self._labels: dict[QWidget, QLabel | None] = {}  # of the rows that are not shown

    def addRow(self, title: str, field: QWidget | QLayout) -> None:
        """Add a row below the others; without a title it has no label."""
        super().addRow(title, field)
        self._fields.append(field)

    def rows(self) -> list[tuple[QLabel | None, QWidget | QLayout]]:
        """Each label with its field, for all rows, shown or not."""
        return [
            (self._labels[field] if field in self._labels else self.labelForField(field), field)
            for field in self._fields
        ]

    def show_row(self, field: QWidget, is_shown: bool) -> None:
        """Show the row of a field in its place, or take it out."""
        label = self.labelForField(field)
        if is_shown and field in self._labels:
            above = self._fields[: self._fields.index(field)]
            label = self._labels.pop(field)
            self.insertRow(sum(one not in self._labels for one in above), label or "", field)
        elif not is_shown and field not in self._labels:
            self._labels[field] = label
            self.takeRow(field)
        field.setVisible(is_shown)
        if label is not None:
            label.setVisible(is_shown)


def fill_form(
    form: QFormLayout, *rows: FormRow, is_tight: bool = False, is_wide: bool = False, is_wrapping: bool = False
) -> QFormLayout:
    """Lay out a form, each row a title with its field, or a field alone.

    is_tight: without margins; is_wide: every field fills the width, not only those that ask for it; is_wrapping: the
    field of a long title is placed below the title.
    """
    growth = QFormLayout.FieldGrowthPolicy
    form.setFieldGrowthPolicy(growth.AllNonFixedFieldsGrow if is_wide else growth.ExpandingFieldsGrow)
    if is_tight:
        form.setContentsMargins(0, 0, 0, 0)
    if is_wrapping:
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
    for row in rows:
        form.addRow(*row if isinstance(row, tuple) else (row,))
    return form


def separate_thousands(box: QAbstractSpinBox) -> None:
    """Show separators of thousands, which QGIS removes from Qt's locale unless its own settings want them."""
    locale = box.locale()
    locale.setNumberOptions(locale.numberOptions() & ~QLocale.NumberOption.OmitGroupSeparator)
    box.setLocale(locale)
    box.setGroupSeparatorShown(True)


def number_box(maximum: float, decimals: int, unit: str, hint: str) -> QDoubleSpinBox:
    """A field for a number from 0, as wide as there is room.

    unit: written after the number, with the space before it.
    hint: the tooltip.
    """
    box = QDoubleSpinBox()
    box.setRange(0.0, maximum)
    box.setDecimals(decimals)
    box.setSuffix(unit)
    separate_thousands(box)
    box.setToolTip(hint)
    box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return box


def date_box(no_day: str = "") -> QgsDateEdit:
    """A field for a day. no_day: the text for no day, which can then be chosen and is chosen first."""
    box = QgsDateEdit()
    box.setAllowNull(bool(no_day))
    box.setNullRepresentation(no_day)
    box.setDisplayFormat("yyyy-MM-dd")
    box.setCalendarPopup(True)
    if no_day:
        box.clear()
    return box


def day_text(box: QgsDateEdit) -> str:
    """The chosen day as the core takes it; empty for none."""
    return "" if box.isNull() else box.date().toString(Qt.DateFormat.ISODate)


def hold_text(box: QAbstractSpinBox, text: str) -> None:
    """Keep a field just wide enough for one of its texts, instead of its largest value."""
    option = QStyleOptionSpinBox()
    option.initFrom(box)
    option.subControls = QStyle.SubControl.SC_All
    inner = QSize(box.fontMetrics().horizontalAdvance(f"{text}{CURSOR}"), box.fontMetrics().height())
    whole = box.style().sizeFromContents(QStyle.ContentsType.CT_SpinBox, option, inner, box)
    box.setMinimumWidth(whole.width())


def fold_button(form: QWidget, hint: str) -> QToolButton:
    """A button that shows and hides a form; pressed while the form is shown."""
    return tool_button("settings", hint, checkable=True, checked=True, autoRaise=True, toggled=form.setVisible)


def choice_box(entries: Iterable[tuple[str, Any]], chosen_value: Any = None) -> QComboBox:
    """A list of titles, each with its value. chosen_value: the value selected at first, else the first one."""
    box = QComboBox()
    for title, value in entries:
        box.addItem(title, value)
    box.setCurrentIndex(max(0, box.findData(chosen_value)))
    return box


def shrink(box: QComboBox, letters: int = FEW_LETTERS) -> None:
    """Allow a list to be narrower than its longest name. letters: the number of letters it asks room for."""
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(letters)


def search_by_part(box: QComboBox) -> None:
    """Let typed text find names in a list by any part of them; names that begin with it come first."""
    matches = QStringListModel(box)
    completer = QCompleter(matches, box)
    completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
    box.setCompleter(completer)

    def find(text: str) -> None:
        sought = text.strip().lower()
        names = [name for name in map(box.itemText, range(box.count())) if name and sought in name.lower()]
        matches.setStringList(sorted(names, key=lambda name: not name.lower().startswith(sought)))

    box.lineEdit().textEdited.connect(find)


def field_row(first: QWidget, second: QWidget, stretch: int = 0) -> QHBoxLayout:
    """Two fields in one row of a form.

    stretch: the share of the width for the second field, where the first has 1.
    """
    return row_of((first, 1), (second, stretch), spacing=4)


def set_tab_order(first: QWidget, others: Iterable[QWidget]) -> None:
    """Make Tab go from a widget through others, in whichever order they were created."""
    for other in others:
        QWidget.setTabOrder(first, other)
        first = other
