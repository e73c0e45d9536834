"""What a screen reader calls each control: its label in the form, else its hint, where nobody has named it."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QDockWidget,
    QFormLayout,
    QHeaderView,
    QLabel,
    QLayout,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from onemap.plugin.widgets.form_rows import FormRows
from onemap.plugin.words.translation import tr

PARTS = (QHeaderView,)  # of a list, which says itself what it is
CONTROLS = (QAbstractButton, QAbstractItemView, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit)


def name_accessibly(root: QWidget) -> None:
    """Name every control inside that has neither a text nor a name yet."""
    for form in root.findChildren(QFormLayout):
        for row in range(form.rowCount()):
            label, field = (
                form.itemAt(row, role) for role in (QFormLayout.ItemRole.LabelRole, QFormLayout.ItemRole.FieldRole)
            )
            if label is not None and field is not None and isinstance(label.widget(), QLabel):
                _name_row(label.widget().text(), _controls_of(field.widget(), field.layout()))
        for away, widget in form.rows_out if isinstance(form, FormRows) else ():
            if isinstance(away, QLabel):
                _name_row(away.text(), _controls_of(widget, None))
    for control in root.findChildren(QWidget):
        if isinstance(control, CONTROLS):
            _name(control, _hint_of(control))
    if isinstance(root, QDockWidget):
        _name_frame(root)


def _name_frame(dock: QDockWidget) -> None:
    """Name the buttons of a dock's own frame, which Qt names in English where it has no translation at hand."""
    for part, name in (("qt_dockwidget_closebutton", tr("Close")), ("qt_dockwidget_floatbutton", tr("Float"))):
        button = dock.findChild(QAbstractButton, part)
        if button is not None:
            button.setAccessibleName(name)
            button.setToolTip(name)


def _name_row(label: str, controls: list[QWidget]) -> None:
    """Name what stands beside a label: one field by the label alone, several by their hints too, buttons by theirs."""
    fields = [control for control in controls if not isinstance(control, QAbstractButton)]
    for control in controls:
        hint = _hint_of(control)
        if hint and isinstance(control, QAbstractButton):
            _name(control, hint)
        else:
            _name(control, f"{label}: {hint}" if hint and len(fields) > 1 else label)


def nameless_controls(root: QWidget) -> list[QWidget]:
    """The controls that a screen reader could only call by their kind; parts of Qt's own widgets are passed over."""
    return [
        control
        for control in root.findChildren(QWidget)
        if isinstance(control, CONTROLS)
        and not isinstance(control, PARTS)
        and not isinstance(control.parent(), CONTROLS)
        and not control.accessibleName()
        and not _text_of(control)
    ]


def _controls_of(widget: QWidget | None, layout: QLayout | None) -> list[QWidget]:
    if isinstance(widget, CONTROLS):
        return [widget]
    if widget is not None:
        return [child for child in widget.findChildren(QWidget) if isinstance(child, CONTROLS)]
    items = [layout.itemAt(index) for index in range(layout.count())] if layout is not None else []
    return [control for item in items for control in _controls_of(item.widget(), item.layout())]


def _name(control: QWidget, name: str) -> None:
    if name and not control.accessibleName() and not _text_of(control):
        control.setAccessibleName(name)


def _text_of(control: QWidget) -> str:
    """What a button says of itself; a sign such as ⋮ says nothing."""
    text = control.text() if isinstance(control, QAbstractButton) else ""
    return text if any(map(str.isalnum, text)) else ""


def _hint_of(control: QWidget) -> str:
    return control.toolTip() or (control.placeholderText() if isinstance(control, QLineEdit) else "")
