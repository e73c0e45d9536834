"""The table that matches the fields of a layer with those of a file."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QAbstractItemView, QComboBox, QHeaderView, QTableWidget, QTableWidgetItem

from onemap.plugin.desk.add.field_matches import match_fields
from onemap.plugin.desk.library.layer_list import SchemaField
from onemap.plugin.widgets.alignment import lay_headings_left
from onemap.plugin.widgets.form_fields import set_tab_order, shrink
from onemap.plugin.words.translation import name_list, tr

TARGET, SOURCE, VALUES = range(3)


class FieldsTable(QTableWidget):
    """One row for each field of the schema, required ones first."""

    changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__(0, 3)
        self._schema: list[SchemaField] = []
        self._sources: list[str] = []
        self._samples: dict[str, tuple[str, ...]] = {}
        self._boxes: dict[str, QComboBox] = {}
        self.setHorizontalHeaderLabels([tr("Field of the layer"), tr("Field of the file"), tr("Values in it")])
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setTabKeyNavigation(False)
        self.setAccessibleName(tr("Fields"))
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        lay_headings_left(header)
        for column in (TARGET, SOURCE, VALUES):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)  # long values wrap

    def show_fields(
        self,
        schema: tuple[SchemaField, ...],
        samples: dict[str, tuple[str, ...]],
        earlier_matches: dict[str, str],
    ) -> None:
        """Show the fields of another layer or source, matched by name.

        schema: if empty, the source's own fields are listed. samples: some values of each field of the source.
        """
        sources, self._samples = list(samples), samples
        self._schema = sorted(schema, key=lambda field: not field.required)
        self._sources = sources
        self._fill(match_fields(schema, sources, earlier_matches))

    def require(self, names: list[str]) -> None:
        """Add fields that the core requires."""
        fields_by_name = {field.name: field for field in self._schema}
        required = [
            SchemaField(name, fields_by_name[name].title if name in fields_by_name else "", required=True)
            for name in dict.fromkeys(names)
        ]
        self._schema = required + [field for field in self._schema if field.name not in names]
        self._fill(self.matches)

    @property
    def has_schema(self) -> bool:
        """Whether it is known what the source becomes."""
        return bool(self._schema)

    @property
    def matches(self) -> dict[str, str]:
        """Field of the schema → field of the source, as chosen."""
        return {name: box.currentData() for name, box in self._boxes.items() if box.currentData()}

    @property
    def missing_fields(self) -> list[str]:
        """Required fields without a source field."""
        matches = self.matches
        return [field.name for field in self._schema if field.required and field.name not in matches]

    def choose(self, target: str, source: str) -> None:
        """Choose the field of the file for a field of the layer."""
        box = self._boxes[target]
        box.setCurrentIndex(box.findData(source))

    def _fill(self, matches: dict[str, str]) -> None:
        self._boxes = {}
        self.setRowCount(0)
        if not self._schema:
            self._list_sources()
            return
        self.setRowCount(len(self._schema))
        for row, field in enumerate(self._schema):
            name = f"{field.name} {field.title}".strip()
            item = QTableWidgetItem(f"{name} *" if field.required else name)
            item.setToolTip(tr("Required: without it the file is refused") if field.required else name)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.setItem(row, TARGET, item)
            box = QComboBox()
            shrink(box)
            box.setAccessibleName(name)
            if field.name not in self._sources:  # one of the same name is taken in any case
                box.addItem("–", "")
            for source in self._sources:
                box.addItem(source, source)
                box.setItemData(box.count() - 1, self._values_of(source), Qt.ItemDataRole.ToolTipRole)
            box.setCurrentIndex(max(0, box.findData(matches.get(field.name, ""))))
            box.currentIndexChanged.connect(lambda _index: self._show_changed())
            self._boxes[field.name] = box
            self.setCellWidget(row, SOURCE, box)
            values = QTableWidgetItem()
            values.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.setItem(row, VALUES, values)
        set_tab_order(self, self._boxes.values())
        self._show_changed()

    def _list_sources(self) -> None:
        """List the source's own fields with their values, while the target layer is not known."""
        self.setRowCount(len(self._sources))
        for row, source in enumerate(self._sources):
            for column, text in ((TARGET, "–"), (SOURCE, source), (VALUES, self._values_of(source))):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                item.setFlags(Qt.ItemFlag.ItemIsEnabled)
                self.setItem(row, column, item)

    def _values_of(self, source: str) -> str:
        return name_list(self._samples.get(source, ()))

    def _show_changed(self) -> None:
        """Show some values of each chosen field beside it, so that a wrong match is noticed."""
        for row, box in enumerate(self._boxes.values()):
            text = self._values_of(box.currentData() or "")
            self.item(row, VALUES).setText(text)
            self.item(row, VALUES).setToolTip(text)
        self.changed.emit()
