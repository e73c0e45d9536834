"""The user guide, shown inside QGIS without network or browser."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import QDialog, QTextBrowser, QVBoxLayout, QWidget

from onemap.plugin.profile.paths import GUIDES
from onemap.plugin.profile.settings import language
from onemap.plugin.words.translation import tr

SIZE_PX = (720, 640)


class Guide(QDialog):
    """The guide in the user's language."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("One Map: user guide"))
        self.resize(*SIZE_PX)
        self.page = QTextBrowser()
        self.page.setAccessibleName(self.windowTitle())
        self.page.setOpenExternalLinks(True)
        self.page.setSearchPaths([str(GUIDES)])
        self.page.setMarkdown((GUIDES / f"{language()}.md").read_text(encoding="utf-8"))
        layout = QVBoxLayout(self)
        layout.addWidget(self.page)
