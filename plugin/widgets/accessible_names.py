"""Names of controls for screen readers: the label in the form, else the hint, for controls without a name."""

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
    QLayoutItem,
    QLineEdit,
    QPlainTextEdit,
    QSlider,
    QTextEdit,
    QWidget,
)

from onemap.plugin.widgets.form_fields import TightForm
from onemap.plugin.words.translation import tr

PARTS = (QHeaderView,)  # of a list, which says itself what it is
CONTROLS = (QAbstractButton, QAbstractItemView, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit)


def name_accessibly(root: QWidget) -> None:
    """Name every control inside that has neither a text nor a name yet."""
    for form in root.findChildren(QFormLayout):
        for label, field in _rows_of(form):
            if isinstance(label, QLabel):
                _name_row(label.text(), _controls_of(field))
    for control in root.findChildren(QWidget):
        if isinstance(control, CONTROLS):
            _name(control, _hint_of(control))
    if isinstance(root, QDockWidget):
        _name_frame(root)


def _rows_of(form: QFormLayout) -> list[tuple[QWidget | None, QWidget | QLayout]]:
    """Each label with its field, including rows that a form with optional rows does not show now."""
    if isinstance(form, TightForm):
        return form.rows()
    roles = QFormLayout.ItemRole.LabelRole, QFormLayout.ItemRole.FieldRole
    items = [[form.itemAt(row, role) for role in roles] for row in range(form.rowCount())]
    rows = [(label, field) for label, field in items if label is not None and field is not None]
    return [(label.widget(), _field_in(field)) for label, field in rows]


def _name_frame(dock: QDockWidget) -> None:
    """Name the buttons of a dock's own frame, which Qt names in English if it has no translation."""
    for part, name in (("qt_dockwidget_closebutton", tr("Close")), ("qt_dockwidget_floatbutton", tr("Float"))):
        button = dock.findChild(QAbstractButton, part)
        if button is not None:
            button.setAccessibleName(name)
            button.setToolTip(name)


def _name_row(label: str, controls: list[QWidget]) -> None:
    """Name the controls of a row: one field by its label, several fields by their hints too, buttons by their hints."""
    fields = [control for control in controls if not isinstance(control, QAbstractButton)]
    for control in controls:
        hint = _hint_of(control)
        if hint and isinstance(control, QAbstractButton):
            _name(control, hint)
        else:
            _name(control, f"{label}: {hint}" if hint and len(fields) > 1 else label)


def nameless_controls(root: QWidget) -> list[QWidget]:
    """The controls without a name for screen readers; parts of Qt's own widgets are left out."""
    return [
        control
        for control in root.findChildren(QWidget)
        if isinstance(control, CONTROLS)
        and not isinstance(control, PARTS)
        and not isinstance(control.parent(), CONTROLS)
        and not control.accessibleName()
        and not _text_of(control)
    ]


def _field_in(item: QLayoutItem) -> QWidget | QLayout | None:
    return item.widget() if item.widget() is not None else item.layout()  # an empty list is as false as None


def focus_controls(row: QWidget) -> list[QWidget]:
    """The controls of a row that take the focus, in the order in which they were added."""
    controls = [row, *row.findChildren(QWidget)]
    return [one for one in controls if isinstance(one, (*CONTROLS, QSlider)) and not isinstance(one.parent(), CONTROLS)]


def _controls_of(field: QWidget | QLayout | None) -> list[QWidget]:
    """The controls in a field, which may be a control itself; none for None."""
    if isinstance(field, CONTROLS):
        return [field]
    if isinstance(field, QLayout):
        items = [field.itemAt(index) for index in range(field.count())]
        return [control for item in items for control in _controls_of(_field_in(item))]
    return [child for child in field.findChildren(QWidget) if isinstance(child, CONTROLS)] if field is not None else []


def _name(control: QWidget, name: str) -> None:
    if name and not control.accessibleName() and not _text_of(control):
        control.setAccessibleName(name)


def _text_of(control: QWidget) -> str:
    """The text of a button; a sign such as ⋮ is none."""
    text = control.text() if isinstance(control, QAbstractButton) else ""
    return text if any(map(str.isalnum, text)) else ""


def _hint_of(control: QWidget) -> str:
    return control.toolTip() or (control.placeholderText() if isinstance(control, QLineEdit) else "")
