"""The page in QGIS's options: language, unit, rules and templates; the core's Python and the folder of wheels."""

from __future__ import annotations

from collections.abc import Callable

from qgis.gui import QgsFileWidget, QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtWidgets import QComboBox, QFormLayout, QWidget

from onemap.plugin.connection.core_session import core_python, missing_python_message
from onemap.plugin.desk.guide.help_key import equip_window
from onemap.plugin.profile import settings
from onemap.plugin.widgets.buttons import push_button, wrapped_label
from onemap.plugin.widgets.icons import icon
from onemap.plugin.words.number_format import HECTARE, MU, SQUARE_METRE
from onemap.plugin.words.translation import tr

PAGE_KEY = "onemap"
ProfileOpener = Callable[[QWidget], None]  # of a widget over which the form is shown


class OptionsPage(QgsOptionsPageWidget):
    """The plugin's settings."""

    def __init__(self, open_profile: ProfileOpener | None = None, parent: QWidget | None = None) -> None:
        """Take what opens the profile of the open library; None where no library is open."""
        super().__init__(parent)
        self.python = QgsFileWidget()
        self.python.setFilePath(settings.get("core_python"))
        self.python.lineEdit().setPlaceholderText(tr("found by the plugin"))
        self.wheels = _folder_field("wheels_folder", tr("from the Python Package Index"))
        self.language = QComboBox()
        for text, code in ((tr("As QGIS"), ""), ("中文", "zh"), ("English", "en")):
            self.language.addItem(text, code)
        self.language.setCurrentIndex(max(0, self.language.findData(settings.get("language"))))
        self.unit = QComboBox()
        units = (
            (tr("m², and mu beside"), SQUARE_METRE),
            (tr("mu, and m² beside"), MU),
            (tr("ha, and mu beside"), HECTARE),
        )
        for text, code in units:
            self.unit.addItem(text, code)
        self.unit.setCurrentIndex(max(0, self.unit.findData(settings.get("area_unit"))))
        self.pack = QgsFileWidget()
        self.pack.setFilter(tr("Rule pack (*.toml)"))
        self.pack.setFilePath(settings.get("pack"))
        self.pack.lineEdit().setPlaceholderText(tr("the library's own"))
        self.templates = _folder_field("templates", tr("the plugin's own"))
        layout = QFormLayout(self)
        layout.addRow(tr("Language"), self.language)
        layout.addRow(tr("Areas in the panel"), self.unit)
        layout.addRow(tr("Rules that a check begins with"), self.pack)
        layout.addRow(tr("Templates of documents"), self.templates)
        self.profile_button = push_button(
            tr("The bureau's profile…"),
            sign="bureau",
            hint=tr("Who issues the documents of the open library, to whom, under what head"),
        )
        self.profile_button.setEnabled(open_profile is not None)
        if open_profile is not None:
            self.profile_button.clicked.connect(lambda _checked: open_profile(self))
        layout.addRow(tr("Head of documents"), self.profile_button)
        layout.addRow(tr("Python of the core"), self.python)
        layout.addRow(tr("Folder of wheels"), self.wheels)
        for text in (_python_in_use(), tr("Another language is used from the next start of QGIS on.")):
            label = wrapped_label(text)
            layout.addRow(label)
        equip_window(self)

    def apply(self) -> None:
        """Store the chosen settings."""
        settings.put("core_python", self.python.filePath().strip())
        settings.put("wheels_folder", self.wheels.filePath().strip())
        settings.put("language", self.language.currentData())
        settings.put("area_unit", self.unit.currentData())
        settings.put("pack", self.pack.filePath().strip())
        settings.put("templates", self.templates.filePath().strip())


class OptionsFactory(QgsOptionsWidgetFactory):
    """Creates the page for QGIS."""

    def __init__(self, profile_opener: Callable[[], ProfileOpener | None]) -> None:
        """Take how to come by what opens the profile of the open library, if one is open."""
        super().__init__("One Map", icon("onemap"), PAGE_KEY)
        self._profile_opener = profile_opener

    def createWidget(self, parent: QWidget | None = None) -> OptionsPage:
        """A new page."""
        return OptionsPage(self._profile_opener(), parent)


def _folder_field(name: str, hint: str) -> QgsFileWidget:
    """The field of a setting that is a folder, with a hint at what holds without one."""
    field = QgsFileWidget()
    field.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
    field.setFilePath(settings.get(name))
    field.lineEdit().setPlaceholderText(hint)
    return field


def _python_in_use() -> str:
    python = core_python()
    if python is None:
        text = tr("The core is not set up; the One Map panel offers it.")
    else:
        text = tr("The core runs in {python}").format(python=python.path)
    return "\n".join(part for part in (missing_python_message(), text) if part)
