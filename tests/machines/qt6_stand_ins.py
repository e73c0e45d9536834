"""Import every module of the plugin with PyQt6 itself, and stand-ins for QGIS's own classes: run as a program.

It prints one JSON object: how many modules were imported, what failed, which requested names of Qt are missing, and
which widgets were built and painted (qt6_widgets.py).
"""

import ast
import importlib
import importlib.util
import json
import os
import sys
import tempfile
import tomllib
import types
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import qt6_widgets  # noqa: E402
from PyQt6.QtWidgets import QApplication  # noqa: E402

ROOT = HERE.parents[1]
OF_QGIS = ("core", "gui", "utils", "server", "analysis", "_3d")
OF_PROCESSING = ("processing", "processing.gui", "processing.gui.wrappers")


class StandInType(type):
    """A class that has every name, and whose names are such classes; it may be called, inherited from and combined."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        made = StandInType(name, (StandIn,), {})
        setattr(cls, name, made)
        return made

    def __or__(cls, other):
        return cls

    __ror__ = __and__ = __or__

    def __iter__(cls):
        return iter(())


class StandIn(metaclass=StandInType):
    """The result of calling a stand-in."""

    def __init__(self, *words, **options):
        pass

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn()

    def __call__(self, *words, **options):
        return StandIn()

    def __iter__(self):
        return iter(())

    def __bool__(self):
        return False


class QgisModule(types.ModuleType):
    """A module of QGIS with the known classes that QGIS 4 has; other modules have any."""

    classes = None

    def __getattr__(self, name):
        if name.startswith("__") or (self.classes is not None and name not in self.classes):
            raise AttributeError(name)
        made = StandInType(name, (StandIn,), {})
        setattr(self, name, made)
        return made


def classes_of_qgis_4():
    """Room → its classes: those of QGIS 3.40 that the plugin names, each where QGIS 4 has it."""
    facts = tomllib.loads((HERE / "qgis4_names.toml").read_text(encoding="utf-8"))
    rooms = {}
    for line in (HERE / "qgis_names.txt").read_text(encoding="ascii").splitlines():
        whole = line.split()[0]
        room, _, name = whole.rpartition(".")
        rooms.setdefault(facts["moved"].get(whole, room), set()).add(name)
    return rooms


def stand_in_for_qgis():
    """Make `qgis.PyQt.*` PyQt6 itself, and everything else of QGIS, and GDAL's module, stand-ins."""
    import PyQt6

    sys.modules["qgis"] = types.ModuleType("qgis")
    sys.modules["qgis"].__path__ = []
    sys.modules["qgis.PyQt"] = PyQt6
    sys.modules["qgis"].PyQt = PyQt6
    names = ["QtCore", "QtGui", "QtNetwork", "QtPrintSupport", "QtSvg", "QtWidgets", "QtXml"]
    for name in names:
        module = importlib.import_module(f"PyQt6.{name}")
        sys.modules[f"qgis.PyQt.{name}"] = module
    classes = classes_of_qgis_4()
    for name in (*(f"qgis.{one}" for one in OF_QGIS), *OF_PROCESSING, "osgeo"):
        sys.modules[name] = QgisModule(name)
        sys.modules[name].classes = classes.get(name)
        if name.startswith("qgis."):
            setattr(sys.modules["qgis"], name.partition(".")[2], sys.modules[name])
    for name, kind in qt6_widgets.widgets_of_qgis(StandIn).items():
        setattr(sys.modules["qgis.gui"], name, kind)
    sys.modules["qgis.core"].QgsSettings = qt6_widgets.Settings
    application = sys.modules["qgis.core"].QgsApplication
    application.locale = staticmethod(lambda: "en")
    application.qgisSettingsDirPath = staticmethod(tempfile.gettempdir)
    system = sys.modules["qgis.core"].QgsCoordinateReferenceSystem
    system.userFriendlyIdentifier = system.authid = lambda _self: "EPSG:4547"


def register_package():
    """The checkout as the package `onemap`."""
    spec = importlib.util.spec_from_file_location(
        "onemap", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    sys.modules["onemap"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["onemap"])


def plugin_modules():
    """The names of the plugin's modules."""
    for path in sorted((ROOT / "plugin").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(["onemap", *(parts[:-1] if parts[-1] == "__init__" else parts)])


def names_of_qt_that_are_gone():
    """Places where the plugin writes a name such as `Qt.AlignmentFlag.AlignCenter` that PyQt6 lacks."""
    for path in sorted((ROOT / "plugin").rglob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        known = {
            alias.asname or alias.name: getattr(
                importlib.import_module(f"PyQt6.{node.module.split('.')[2]}"), alias.name
            )
            for node in nodes
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qgis.PyQt.")
            for alias in node.names
        }
        for node in nodes:
            words, root = [], node
            while isinstance(root, ast.Attribute):
                words, root = [root.attr, *words], root.value
            if words and isinstance(root, ast.Name) and root.id in known:
                found = known[root.id]
                for word in words:
                    if not hasattr(found, word):
                        yield f"{path.relative_to(ROOT).as_posix()}:{node.lineno}: {'.'.join([root.id, *words])}"
                        break
                    found = getattr(found, word)


def build_widgets():
    """Every widget of the plugin, built, laid out and painted: the names of those, and why others were not."""
    return qt6_widgets.build_all(list(plugin_modules()), StandIn, sys.modules["qgis.gui"].QgsMapCanvas)


def main():
    """Import all modules, build the widgets, and print the result."""
    application = QApplication([])
    stand_in_for_qgis()
    register_package()
    failed, modules = {}, list(plugin_modules())
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - every one of them is told
            failed[name] = f"{type(error).__name__}: {error}"
    answer = {
        "modules": len(modules),
        "failed": failed,
        "gone": sorted(set(names_of_qt_that_are_gone())),
    }
    answer["widgets"], answer["unpainted"] = build_widgets()
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()
    application.processEvents()
    os._exit(0)  # widgets that stand on stand-ins need not be taken down


if __name__ == "__main__":
    main()
