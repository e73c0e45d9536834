"""Build, lay out and paint every widget of the plugin with Qt 6; plain widgets of Qt replace QGIS's own.

The arguments of a widget are made by the types that it names: a library that is not open, a canvas that shows nothing,
a core that is not started.
"""

import importlib
import inspect
import typing

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QStandardItemModel
from PyQt6.QtWidgets import (
    QApplication,
    QDateEdit,
    QDialog,
    QDockWidget,
    QGraphicsView,
    QLineEdit,
    QScrollArea,
    QTableView,
    QWidget,
)

SIZE = (420, 520)


def widgets_of_qgis(stand_in):
    """Name → class: QGIS's widgets that the plugin inherits from or puts into its own, each with what Qt knows of it.

    stand_in: what any other name of theirs gives, when it is called.
    """

    class OfQgis:
        def __init__(self, *words, **options):
            super().__init__(next((word for word in words if isinstance(word, QWidget)), None))

        def __getattr__(self, name):
            if name.startswith("_"):
                raise AttributeError(name)
            return stand_in()

    class QgsDockWidget(OfQgis, QDockWidget):
        opened, closed = pyqtSignal(), pyqtSignal()

    class QgsScrollArea(OfQgis, QScrollArea):
        pass

    class QgsOptionsPageWidget(OfQgis, QWidget):
        pass

    class QgsFileWidget(OfQgis, QWidget):
        fileChanged = pyqtSignal(str)

        class StorageMode:
            GetFile, GetDirectory, GetMultipleFiles, SaveFile = range(4)

        def filePath(self):
            return ""

        def lineEdit(self):
            return QLineEdit(self)

    class QgsProjectionSelectionWidget(OfQgis, QWidget):
        crsChanged = pyqtSignal(object)

        class CrsOption:
            Invalid, LayerCrs, ProjectCrs, CurrentCrs, DefaultCrs, RecentCrs, CrsNotSet = (1 << at for at in range(7))

    class QgsDateEdit(OfQgis, QDateEdit):
        def isNull(self):
            return True

    class QgsAuthConfigSelect(OfQgis, QWidget):
        selectedConfigIdChanged = pyqtSignal(str)

        def configId(self):
            return ""

    class QgsMapCanvas(OfQgis, QGraphicsView):
        mapToolSet, extentsChanged, renderComplete = pyqtSignal(object, object), pyqtSignal(), pyqtSignal(object)

    class QgsMapTool(OfQgis, QObject):
        activated, deactivated = pyqtSignal(), pyqtSignal()
        Flag = stand_in

    class QgsProjectionSelectionDialog(OfQgis, QDialog):
        pass

    return {name: kind for name, kind in locals().items() if name.startswith("Qgs")}


class Settings:
    """QgsSettings that begin empty."""

    values: typing.ClassVar[dict] = {}

    def value(self, key, default=None, type=None):
        return self.values.get(key, default)

    def setValue(self, key, value):
        self.values[key] = value

    def remove(self, key):
        self.values.pop(key, None)

    def contains(self, key):
        return key in self.values

    def allKeys(self):
        return list(self.values)

    childGroups = childKeys = allKeys

    def beginGroup(self, _name):
        pass

    endGroup = sync = lambda self: None


def kinds_of_widget(modules):
    """Every class of the plugin that is a widget."""
    for name in modules:
        module = importlib.import_module(name)
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, QWidget) and kind.__module__ == name:
                yield kind


# What the core tells of a field of a form, for widgets that are made of it.
DESCRIBED = {
    "field": {"name": "head", "kind": "text", "title": "Head"},
    "pack_value": {"place": "rule:a:min_area_m2", "form": "number", "title": "least area", "value": "1"},
    "fact": {"name": "depth", "kind": "number", "title": "Depth", "unit": "m"},
}


class Builder:
    """Makes what a widget's constructor takes, by the types that it names."""

    def __init__(self, stand_in, canvas):
        from onemap.plugin.connection.core_session import Core
        from onemap.plugin.desk.library.open_library import OpenLibrary
        from onemap.plugin.rooms.review.review_step_dialog import StepQuestion

        class SilentCore(Core):
            """A core that is never started, and never answers."""

            def _start(self):
                pass

            def _send(self, _message):
                pass

        from onemap.plugin.desk.results.results_model import ResultsModel

        self._stand_in = stand_in
        core = SilentCore()
        table = QTableView()
        table.setModel(QStandardItemModel(2, 2, table))
        self._known = {
            "Core": core,
            "OpenLibrary": OpenLibrary(core),
            "QgsMapCanvas": canvas(),
            "QTableView": table,
            "QAbstractScrollArea": table,
            "QAbstractItemModel": QStandardItemModel(2, 5, table),
            "ResultsModel": ResultsModel(table.palette(), table),
            "tuple[str, str]": (",", ""),
            "QgsProjectionSelectionWidget": importlib.import_module("qgis.gui").QgsProjectionSelectionWidget(),
            "StepQuestion": StepQuestion("Title", "Text", "Button", "Choice", (("a", "A"), ("b", "B")), "b", 5),
        }
        self._kinds = {}

    def add(self, kinds):
        """Widgets that others are built from."""
        self._kinds.update({kind.__name__: kind for kind in kinds})

    def build(self, kind):
        """A widget of a class, built with its required arguments only."""
        wanted = list(inspect.signature(kind.__init__).parameters.values())[1:]
        return kind(
            *[self._argument_for(one) for one in wanted if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
        )

    def _argument_for(self, parameter):
        annotation = str(parameter.annotation).strip("'\"")
        if parameter.default is not parameter.empty:
            return parameter.default
        if annotation == "float":
            return 1.0
        if annotation == "QWidget | None":
            return None
        if annotation == "QWidget":
            return self._known.setdefault(annotation, QWidget())
        if annotation in self._known:
            return self._known[annotation]
        if annotation in self._kinds:
            self._known[annotation] = self.build(self._kinds[annotation])
            return self._known[annotation]
        if annotation.startswith(("Mapping", "dict")):
            return DESCRIBED.get(parameter.name, {})
        if annotation == "str":
            return ""
        if annotation.startswith("Callable"):
            return lambda *_words: None
        return self._stand_in()


def paint_widget(widget):
    """Lay a widget out and paint it. Raises AssertionError where nothing came of it."""
    widget.resize(*SIZE)
    widget.ensurePolished()
    picture = widget.grab()
    QApplication.processEvents()
    if picture.isNull() or not picture.width() or not picture.height():
        raise AssertionError("nothing was painted")


def build_all(modules, stand_in, canvas):
    """The names of the widgets that were built and painted, and of those that were not, with the reason."""
    builder = Builder(stand_in, canvas)
    kinds = list(kinds_of_widget(modules))
    builder.add(kinds)
    done, left, kept = [], {}, []
    for kind in kinds:
        try:
            widget = builder.build(kind)
            kept.append(widget)
            paint_widget(widget)
        except Exception as error:  # noqa: BLE001 - every one of them is told
            left[kind.__name__] = f"{type(error).__name__}: {error}"
        else:
            done.append(kind.__name__)
    return done, left
