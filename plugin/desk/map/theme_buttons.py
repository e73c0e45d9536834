"""A button for each theme, and a menu for the themes of departments."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from onemap.plugin.desk.library.layer_list import MapTheme
from onemap.plugin.desk.map.map_themes import theme_title
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.words.mnemonics import as_written
from onemap.plugin.words.translation import tr

WIDTH_PX = 280  # of the narrowest dock, less its margins and a scroll bar
GAP_PX = 2


class ThemeButtons(QWidget):
    """The themes of a library; hidden while it has none."""

    theme_chosen = pyqtSignal(object)  # MapTheme

    def __init__(self) -> None:
        super().__init__()
        self.buttons: dict[str, QToolButton] = {}
        self.order_of_keys: list[QToolButton] = []  # in which Tab goes through them
        self.department_menu = QMenu(self)
        self._layout = column_of(inside=self, is_tight=True, spacing=GAP_PX)
        self.hide()

    def show_themes(self, themes: list[MapTheme]) -> None:
        """Show a button for each theme; themes of departments go into a menu."""
        self._clear()
        self.department_menu.clear()
        self.buttons = {}
        for theme in themes:
            if theme.department:
                title = as_written(theme_title(theme))
                self.department_menu.addAction(title, lambda chosen_theme=theme: self.theme_chosen.emit(chosen_theme))
                continue
            hint = tr("Show this map: its layers, and of the library no others; pressed again, the map before it")
            button = self._button(theme_title(theme), hint)
            button.clicked.connect(lambda _checked=False, chosen_theme=theme: self.theme_chosen.emit(chosen_theme))
            self.buttons[theme.id] = button
        buttons = list(self.buttons.values())
        if not self.department_menu.isEmpty():
            button = self._button(tr("Department"), tr("Show the layers of one department"))
            button.setMenu(self.department_menu)
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
            buttons.append(button)
        self._place(buttons)
        self.setVisible(bool(buttons))
        self.order_of_keys = buttons

    def _place(self, buttons: list[QToolButton]) -> None:
        """Arrange the buttons in rows, as many in each as fit into the narrowest dock."""
        row, used_width = QHBoxLayout(), 0
        for button in buttons:
            width = button.sizeHint().width() + GAP_PX
            if used_width and used_width + width > WIDTH_PX:
                self._layout.addLayout(row)
                row, used_width = QHBoxLayout(), 0
            row.setSpacing(GAP_PX)
            row.addWidget(button)
            used_width += width
        self._layout.addLayout(row)

    def _clear(self) -> None:
        while self._layout.count():
            row = self._layout.takeAt(0).layout()
            while row is not None and row.count():
                widget = row.takeAt(0).widget()
                if widget is not None:
                    widget.hide()
                    widget.deleteLater()

    def _button(self, text: str, hint: str) -> QToolButton:
        button = QToolButton(
            self, text=as_written(text), toolTip=hint, accessibleName=tr("Map: {theme}").format(theme=text)
        )
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return button
