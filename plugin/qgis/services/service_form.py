"""The form of a service: its address and kind, its layer, its department, and its date."""

from __future__ import annotations

import json
from typing import Any

from qgis.gui import QgsAuthConfigSelect
from qgis.PyQt.QtCore import QDate, QSignalBlocker, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QFormLayout, QLineEdit, QSizePolicy, QWidget

from onemap.plugin.desk.add.add_form import search_box
from onemap.plugin.desk.library.layer_list import DEPARTMENTS, LIBRARIES, CatalogueLayer, title_of
from onemap.plugin.desk.library.service_list import FEATURES, NAMES, PICTURES, Service
from onemap.plugin.profile.paths import RESOURCES
from onemap.plugin.qgis.services.service_offers import Offer
from onemap.plugin.widgets.buttons import push_button, tool_button
from onemap.plugin.widgets.form_fields import choice_box, date_box, day_text, fill_form, shrink
from onemap.plugin.widgets.rows_and_columns import row_of
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import tr

TEMPLATES = RESOURCES / "services" / "templates.json"


class ServiceForm(QWidget):
    """The facts of a service that the register stores."""

    changed = pyqtSignal()
    ask_pressed = pyqtSignal()
    keep_pressed = pyqtSignal(str)  # a key, to be put into the authentication store

    def __init__(self) -> None:
        super().__init__()
        self._options: dict[str, str] = {}
        self._kind = ""  # of a registered service; a new one has that of its layer, or of such services
        templates = json.loads(TEMPLATES.read_text(encoding="utf-8"))["templates"]
        titles = ((title_of(one["title"], one["layer"]), one) for one in templates)
        self.template = choice_box([(tr("none"), None), *titles])
        self.template.activated.connect(lambda _index: self._use_template(self.template.currentData()))
        self.type = choice_box([(NAMES[name], name) for name in (*FEATURES, *PICTURES)])
        self.type.currentIndexChanged.connect(lambda _index: self._change_type())
        self.url = QLineEdit(placeholderText="https://…", textChanged=self.changed)
        self.auth = QgsAuthConfigSelect()
        self.auth.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)  # else it takes all room
        self.key = QLineEdit()
        self.key.setEchoMode(QLineEdit.EchoMode.Password)
        self.key.setPlaceholderText(tr("Key of Tianditu (tk), kept in QGIS's store only"))
        self.keep = tool_button(
            "keep",
            tr("Put the key into QGIS's authentication store"),
            action=lambda: self.keep_pressed.emit(self.key.text().strip()),
        )
        self.layer = QComboBox(editable=True)
        self.layer.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.layer.lineEdit().setPlaceholderText(tr("its name on the server"))
        self.layer.activated.connect(lambda _index: self._use_offer(self.layer.currentData()))
        self.layer.editTextChanged.connect(self.changed)
        self.ask = push_button(tr("Ask the server"), sign="inspect", action=self.ask_pressed, autoDefault=False)
        self._make_owner_fields()
        for box in (self.template, self.type, self.layer, self.code, self.department, self.library):
            shrink(box)
        self._build()
        self._change_type()

    def _make_owner_fields(self) -> None:
        self.name = QLineEdit(textChanged=self.changed)
        self.code = search_box()
        self.code.lineEdit().setPlaceholderText(tr("no layer of the one map"))
        self.code.currentIndexChanged.connect(lambda _index: self._use_layer(self.code.currentData()))
        self.department = choice_box(
            [(tr("choose it"), ""), *((word("departments", code), code) for code in DEPARTMENTS)]
        )
        self.department.currentIndexChanged.connect(lambda _index: self.changed.emit())
        self.library = choice_box([(tr("the usual one"), ""), *((word("libraries", code), code) for code in LIBRARIES)])
        self.dated = date_box(tr("not stated"))
        self.note = QLineEdit()

    @property
    def chosen_layer(self) -> str:
        """The layer's name on the server, chosen or typed."""
        index = self.layer.currentIndex()
        is_chosen = index >= 0 and self.layer.currentText() == self.layer.itemText(index)
        offer = self.layer.itemData(index) if is_chosen else None
        return offer.name if offer is not None else self.layer.currentText().strip()

    @property
    def service(self) -> Service:
        """The service as filled in."""
        return Service(
            name=self.name.text().strip(),
            type=self.type.currentData(),
            url=self.url.text().strip(),
            layer=self.chosen_layer if self.type.currentData() != "xyz" else "",
            department=self.department.currentData() or "",
            library=self.library.currentData() or "",
            kind=self._kind,
            code=self.code.currentData().code if self.code.currentData() is not None else "",
            dated=day_text(self.dated),
            authcfg=self.auth.configId(),
            options=dict(self._options),
            note=self.note.text().strip(),
        )

    def show_layers(self, layers: list[CatalogueLayer]) -> None:
        """List the layers of the library that a service may show or feed."""
        with QSignalBlocker(self.code):
            self.code.clear()
            for entry in sorted(layers, key=lambda entry: entry.place[:2]):
                self.code.addItem(f"{entry.title} · {entry.code}", entry)
            self.code.setCurrentIndex(-1)

    def show_service(self, service: Service) -> None:
        """Fill in a registered service, to change it."""
        _choose(self.type, service.type)
        self.url.setText(service.url)
        self.auth.setConfigId(service.authcfg)
        self.layer.setEditText(service.layer)
        self.name.setText(service.name)
        for index in range(self.code.count()):
            if self.code.itemData(index).code == service.code:
                self.code.setCurrentIndex(index)
        _choose(self.department, service.department)
        _choose(self.library, service.library)
        if service.dated:
            self.dated.setDate(QDate.fromString(service.dated, Qt.DateFormat.ISODate))
        self.note.setText(service.note)
        self._options, self._kind = dict(service.options), service.kind

    def show_offers(self, offers: list[Offer]) -> None:
        """List the layers that the server offers; the chosen one stays if it is among them."""
        chosen_layer = self.chosen_layer
        with QSignalBlocker(self.layer):
            self.layer.clear()
            for offer in offers:
                self.layer.addItem(offer.title if offer.name in offer.title else f"{offer.title} · {offer.name}", offer)
            names = [offer.name for offer in offers]
            self.layer.setCurrentIndex(
                names.index(chosen_layer) if chosen_layer in names else 0 if len(offers) == 1 else -1
            )
            if self.layer.currentIndex() < 0:
                self.layer.setEditText(chosen_layer)
        self._use_offer(self.layer.currentData() if self.layer.currentIndex() >= 0 else None)

    def _build(self) -> None:
        self.rows = fill_form(
            QFormLayout(self),
            (tr("Template"), self.template),
            (tr("Kind of service"), self.type),
            (tr("Address"), self.url),
            (tr("Key"), row_of((self.key, 1), self.keep)),
            (tr("Authentication"), self.auth),
            (tr("Layer on it"), row_of((self.layer, 1), self.ask)),
            (tr("Name"), self.name),
            (tr("Layer it serves"), self.code),
            (tr("Department"), self.department),
            (tr("Group on the map"), self.library),
            (tr("Date of the data"), self.dated),
            (tr("Note"), self.note),
            is_tight=True,
            is_wide=True,
            is_wrapping=True,
        )

    def _use_template(self, template: dict[str, Any] | None) -> None:
        if template is None:
            return
        _choose(self.type, template["type"])
        self.url.setText(template["url"])
        self.layer.clear()
        self.layer.setEditText(template["layer"])
        self._options = dict(template["options"])
        self.name.setText(self.template.currentText())
        self.key.setFocus()

    def _use_offer(self, offer: Offer | None) -> None:
        if offer is not None:
            self._options = dict(offer.options)
            if not self.name.text():
                self.name.setText(offer.title.split(" · ")[0])
        for line in (self.layer.lineEdit(), self.name, self.url):
            line.setCursorPosition(0)  # names begin with what tells them apart
        self.changed.emit()

    def _use_layer(self, entry: CatalogueLayer | None) -> None:
        self._kind = ""
        if entry is not None:
            _choose(self.department, entry.department)
            _choose(self.library, entry.library)
            if not self.name.text():
                self.name.setText(entry.title)
        self.changed.emit()

    def _change_type(self) -> None:
        self._options, self._kind = {}, ""
        is_xyz = self.type.currentData() == "xyz"
        self.layer.setEnabled(not is_xyz)
        self.ask.setEnabled(not is_xyz)
        self.changed.emit()


def service_controls() -> dict[str, str]:
    """The controls of this form, by the option of `service` that each sets."""
    return {
        "--type": tr("Kind of service"),
        "--url": tr("Address"),
        "--layer": tr("Layer on it"),
        "--department": tr("Department"),
        "--as": tr("Layer it serves"),
        "--into": tr("Group on the map"),
        "--dated": tr("Date of the data"),
        "--authcfg": tr("Authentication"),
        "--note": tr("Note"),
        "--overwrite": tr("Change what is registered…"),
    }


def _choose(box: QComboBox, data: str) -> None:
    index = box.findData(data)
    if index >= 0:
        box.setCurrentIndex(index)
