"""The button that hides the layers without data, and shows their number."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import QToolButton

from onemap.plugin.profile import settings
from onemap.plugin.words.translation import tr

SETTING = "hide_empty_layers"


class EmptyLayersButton(QToolButton):
    """Pressed while the layers are hidden; the state is remembered."""

    def __init__(self) -> None:
        super().__init__(checkable=True, checked=settings.get(SETTING))
        self.toggled.connect(lambda is_on: settings.put(SETTING, is_on))

    def show_count(self, count: int) -> None:
        """Show how many layers have no data, with the sign that these layers have in the list."""
        self.setText(f"○ {count:,}")
        hint = tr("Hide layers without data ({count})").format(count=f"{count:,}")
        self.setToolTip(hint)
        self.setAccessibleName(hint)
        self.setVisible(count > 0)
