"""The page in QGIS's options: language, unit, rules and templates; the core's Python and the folder of wheels."""

from __future__ import annotations

from collections.abc import Callable

from qgis.gui import QgsFileWidget, QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtWidgets import QFormLayout, QWidget

from onemap.plugin.connection.core_session import core_python, missing_python_message
from onemap.plugin.desk.guide.help_key import equip_window
from onemap.plugin.profile import settings
from onemap.plugin.widgets.buttons import push_button, wrapped_label
from onemap.plugin.widgets.form_fields import choice_box, fill_form
from onemap.plugin.widgets.icons import icon
from onemap.plugin.words.number_format import HECTARE, MU, SQUARE_METRE
from onemap.plugin.words.translation import tr

PAGE_KEY = "onemap"
ProfileOpener = Callable[[QWidget], None]  # of a widget over which the form is shown


class OptionsPage(QgsOptionsPageWidget):
    """The plugin's settings."""

    def __init__(self, open_profile: ProfileOpener | None = None, parent: QWidget | None = None) -> None:
        """Fill the page. open_profile: opens the profile of the open library; None where no library is open."""
        super().__init__(parent)
        self.python = _file_field("core_python", tr("found by the plugin"))
        self.wheels = _folder_field("wheels_folder", tr("from the Python Package Index"))
        languages = ((tr("As QGIS"), ""), ("中文", "zh"), ("English", "en"))
        self.language = choice_box(languages, settings.get("language"))
        units = (
            (tr("m², and mu beside"), SQUARE_METRE),
            (tr("mu, and m² beside"), MU),
            (tr("ha, and mu beside"), HECTARE),
        )
        self.unit = choice_box(units, settings.get("area_unit"))
        self.pack = _file_field("pack", tr("the library's own"))
        self.pack.setFilter(tr("Rule pack (*.toml)"))
        self.templates = _folder_field("templates", tr("the plugin's own"))
        hint = tr("Who issues the documents of the open library, to whom, under what head")
        self.profile_button = push_button(tr("The bureau's profile…"), sign="bureau", hint=hint)
        self.profile_button.setEnabled(open_profile is not None)
        if open_profile is not None:
            self.profile_button.clicked.connect(lambda _checked: open_profile(self))
        fill_form(
            QFormLayout(self),
            (tr("Language"), self.language),
            (tr("Areas in the panel"), self.unit),
            (tr("Rules that a check begins with"), self.pack),
            (tr("Templates of documents"), self.templates),
            (tr("Head of documents"), self.profile_button),
            (tr("Python of the core"), self.python),
            (tr("Folder of wheels"), self.wheels),
            wrapped_label(_python_in_use()),
            wrapped_label(tr("Another language is used from the next start of QGIS on.")),
            is_wide=True,
        )
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
        """Name the page. profile_opener: returns what opens the open library's profile; None without one."""
        super().__init__("One Map", icon("onemap"), PAGE_KEY)
        self._profile_opener = profile_opener

    def createWidget(self, parent: QWidget | None = None) -> OptionsPage:
        """A new page."""
        return OptionsPage(self._profile_opener(), parent)


def _folder_field(name: str, hint: str) -> QgsFileWidget:
    """The field of a setting that is a folder. hint: what is used while the field is empty."""
    field = _file_field(name, hint)
    field.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
    return field


def _file_field(name: str, hint: str) -> QgsFileWidget:
    field = QgsFileWidget()
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
