"""What a screen reader calls each control: its label in the form, else its hint, where nobody has named it."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QFormLayout,
    QHeaderView,
    QLabel,
    QLayout,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

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
                for control in _controls_of(field.widget(), field.layout()):
                    _name(control, label.widget().text())
    for control in root.findChildren(QWidget):
        if isinstance(control, CONTROLS):
            _name(control, _hint_of(control))


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
    return control.text() if isinstance(control, QAbstractButton) else ""


def _hint_of(control: QWidget) -> str:
    return control.toolTip() or (control.placeholderText() if isinstance(control, QLineEdit) else "")
