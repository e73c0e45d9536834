"""The use of the parcels: the system of their use codes, and the use of a drawn parcel."""

from __future__ import annotations

from functools import lru_cache

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal

from onemap.plugin.desk.parcels.parcel_choice import Choice, ParcelChoice
from onemap.plugin.desk.parcels.use_choice import SYSTEM_FIELD, USE_FIELD, USUAL_SYSTEM, UseChoice
from onemap.plugin.profile.paths import file_state
from onemap.plugin.widgets.form_fields import TightForm
from onemap.plugin.widgets.wrapped_choice import WrappedChoice
from onemap.plugin.words.core_words import all_words
from onemap.plugin.words.translation import tr


class CodeSystemChoice(WrappedChoice):
    """A list of the systems of use codes; the first entry leaves the choice to the rules."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Codes of the parcels' use"))
        self.setToolTip(tr("By which codes the parcels name their use, where they do not say it themselves"))
        self.addItem(tr("as the rules say"), "")
        self.refresh()

    @property
    def system(self) -> str:
        """The chosen system; empty if it is left to the rules."""
        return str(self.currentData() or "")

    def refresh(self) -> None:
        """List the systems that the core names, once it has named them."""
        for code, title in all_words("code_systems").items():
            if self.findData(code) < 0:
                self.addItem(title, code)


class ParcelUse(QObject):
    """Two rows of the check's form, each shown only where it matters."""

    changed = pyqtSignal()  # what a parcel is for, or by which codes, was stated anew

    def __init__(self, parcels: ParcelChoice, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parcels = parcels
        self.use = UseChoice()
        self.use.chosen.connect(self._state_use)
        self.systems = CodeSystemChoice()
        self.systems.currentIndexChanged.connect(lambda _index: self._change_system())
        self._form: TightForm | None = None
        self._is_asked = True
        parcels.changed.connect(self.show_rows)

    def add_to(self, form: TightForm) -> None:
        """Add the rows to a form."""
        form.addRow(tr("Use"), self.use)
        form.addRow(tr("Use classes"), self.systems)
        self._form = form
        self.show_rows()

    def ask(self, is_asked: bool) -> None:
        """Show the rows where they matter, or neither of them."""
        self._is_asked = is_asked
        self.show_rows()

    @property
    def system(self) -> str | None:
        """The system of use codes for a check; None if the parcels or the rules state it."""
        is_asked = _names_use(self._parcels.choice) and not self._is_drawn
        return self.systems.system or None if is_asked else None

    def show_rows(self) -> None:
        """Ask for the use of the parcel drawn last, or for the system of codes if the parcels state their use.

        Rules exempt some uses, and are stricter with others.
        """
        if self._form is None:
            return
        self.systems.refresh()
        if self._is_drawn:
            code, system = self._parcels.drawn.use_of(*self.last_drawn)
            self.use.set_system(system or self.use.system)
            self.use.refresh()
            if self.use.code != code:
                self.use.choose(code)
        names_use = self._is_drawn or _names_use(self._parcels.choice)
        for control, matters in ((self.use, self._is_drawn), (self.systems, names_use)):
            self._form.show_row(control, self._is_asked and matters)

    @property
    def last_drawn(self) -> tuple[QgsVectorLayer, int] | None:
        """The parcel drawn last, as layer and id; None if it is gone."""
        return self._parcels.drawn.last

    @property
    def _is_drawn(self) -> bool:
        choice, last_drawn = self._parcels.choice, self.last_drawn
        return last_drawn is not None and choice is not None and choice.layer == last_drawn[0].id()

    @property
    def stated(self) -> dict[int, tuple[str, str]]:
        """The use, and its system, that each drawn parcel states; empty unless drawn parcels are chosen."""
        layer = self.last_drawn[0] if self._is_drawn else None
        return {one.id(): self._parcels.drawn.use_of(layer, one.id()) for one in layer.getFeatures()} if layer else {}

    def _change_system(self) -> None:
        """Show the uses of the chosen system, and drop a stated use of another system."""
        before = self.use.code
        self.use.set_system(self.systems.system or USUAL_SYSTEM)
        if before and self._is_drawn:
            self._state_use("")
        else:
            self.changed.emit()

    def _state_use(self, code: str) -> None:
        last_drawn = self.last_drawn
        if last_drawn is not None and self._parcels.drawn.use_of(*last_drawn)[0] != code:
            self._parcels.drawn.state_use(*last_drawn, code, self.use.system)
            self.changed.emit()


def fields_of(choice: Choice | None) -> list[str]:
    """The names of the parcels' fields; empty if there are none, or if QGIS cannot read them."""
    if choice is None:
        return []
    if choice.path:
        return _fields_of_file(choice, file_state(choice.path))
    return [field.name() for field in choice.map_layer.fields()] if choice.map_layer is not None else []


def _names_use(choice: Choice | None) -> bool:
    """Whether the parcels state a use but not the system of its codes; True if QGIS cannot tell."""
    if choice is None:
        return False
    fields = fields_of(choice)
    return not fields or (USE_FIELD in fields and SYSTEM_FIELD not in fields)


@lru_cache(maxsize=64)
def _fields_of_file(choice: Choice, _state: tuple[int, int]) -> list[str]:
    """The fields of a file of parcels; empty if QGIS cannot read it. _state: makes the cache miss after a change."""
    layer = QgsVectorLayer(choice.file_uri, "", "ogr")
    return [field.name() for field in layer.fields()] if layer.isValid() else []
