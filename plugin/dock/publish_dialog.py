"""The dialog that publishes the one map as a QGIS project: a list of layers to tick, and where the project goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.gui import QgsAuthConfigSelect, QgsFileWidget
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QFormLayout, QHeaderView, QLabel, QTreeWidget, QTreeWidgetItem, QWidget

from onemap.plugin.connection.refusals import Refusal, problem_lines
from onemap.plugin.connection.server_location import is_server, short_name
from onemap.plugin.desk.answers.answer_tree import below, tops_of
from onemap.plugin.desk.answers.name_delegate import fit_columns, wrap_names
from onemap.plugin.desk.guide.help_key import equip_window
from onemap.plugin.desk.library.dialog_library import DialogLibrary
from onemap.plugin.desk.library.layer_list import CatalogueLayer
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.library.state_delegate import CELL_MARGIN_PX
from onemap.plugin.dock.layer_name_delegate import LayerNameDelegate
from onemap.plugin.profile.paths import documents_folder, free_path
from onemap.plugin.widgets.buttons import close_button, push_button, show_text, wrapped_label
from onemap.plugin.widgets.form_fields import fill_form
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.scroll_area import resize_on_screen
from onemap.plugin.widgets.working_dialog import WorkingDialog
from onemap.plugin.words.contrast import quiet_brush
from onemap.plugin.words.core_words import layer_name, word
from onemap.plugin.words.option_names import add_controls, name_controls
from onemap.plugin.words.translation import Count, tr

SIZE_PX = (460, 560)
TITLE, STATE = 0, 1
USUAL_LABEL = "2026-12-31"
ROLE_CODE = Qt.ItemDataRole.UserRole


class PublishDialog(WorkingDialog):
    """The layers by department, as of the dock's day; all are ticked except those that the catalogue withholds."""

    published = pyqtSignal(str)  # what to say of it

    def __init__(self, library: OpenLibrary, parent: QWidget | None = None) -> None:
        super().__init__(library.core, tr("Publish the one map as a project"), parent)
        self._library = library
        self._home = DialogLibrary(library, self, self._enable, is_writing=False)
        self.tree = QTreeWidget(accessibleName=tr("Layers to publish"))
        self.tree.setHeaderLabels([tr("Layer"), tr("Version")])
        self.tree.setIndentation(12)
        fit_columns(self.tree)
        header = self.tree.header()
        header.setSectionResizeMode(STATE, QHeaderView.ResizeMode.Interactive)
        usual = f"{USUAL_LABEL} · {tr('withheld')}"  # what is longer goes on in the next line
        header.resizeSection(STATE, self.tree.fontMetrics().horizontalAdvance(usual) + CELL_MARGIN_PX)
        wrap_names(self.tree, column=STATE)
        wrap_names(self.tree, LayerNameDelegate(self.tree))
        self.project = QgsFileWidget()
        self.project.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.project.setConfirmOverwrite(False)  # it is asked when the core finds the file there
        self.project.setFilter(tr("QGIS project (*.qgz)"))
        folder = Path(documents_folder()) if is_server(library.path) else Path(library.path).parent
        self.project.setFilePath(str(free_path(folder, short_name(library.path), ".qgz")))
        self.project.fileChanged.connect(lambda _path: self._enable())
        self.login = QgsAuthConfigSelect(self, "postgres") if is_server(library.path) else None
        self._build()
        self._fill()
        self.tree.itemChanged.connect(lambda _item, _column: self._enable())
        equip_window(self)
        self._enable()

    @property
    def chosen_codes(self) -> list[str]:
        """The codes of the layers that are ticked."""
        return [
            item.data(TITLE, ROLE_CODE)
            for item in self._layer_items()
            if item.checkState(TITLE) == Qt.CheckState.Checked
        ]

    def tick(self, code: str, is_on: bool) -> None:
        """Tick a layer, or take its tick away."""
        state = Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked
        for item in self._layer_items():
            if item.data(TITLE, ROLE_CODE) == code:
                item.setCheckState(TITLE, state)

    def publish(self, overwrite: bool = False) -> None:
        """Ask the core to write the project. overwrite: whether it may replace an existing one."""
        if not self.publish_button.isEnabled():
            return
        self.notice.hide()
        params: dict[str, Any] = {
            "library": self._home.path,
            "project": self.project.filePath().strip(),
            "as_of": self._home.day,
            "only": "" if self.chosen_codes == self._offered_codes else ",".join(self.chosen_codes),
            "authcfg": self.login.configId() if self.login is not None else "",
            "overwrite": overwrite,
        }
        title = tr("Publish the one map as a project")
        self._ask_core("publish", params, lambda answer: self._show_published(params["project"], answer), title, title)

    def _build(self) -> None:
        day = self._home.day or tr("today")
        head = wrapped_label(tr("The versions in force, as of {day}. The library is only read.").format(day=day))
        form = fill_form(QFormLayout(), (tr("QGIS project"), self.project), is_wide=True)
        if self.login is not None:
            form.addRow(tr("Authentication for a server"), self.login)
        self.publish_button = push_button(tr("Publish"), sign="publish", action=lambda _checked: self.publish())
        self.publish_button.setDefault(True)
        self.count = QLabel()
        self.hint = wrapped_label()
        buttons = row_of((self.count, 1), self.publish_button, close_button(self))
        column_of(head, (self.tree, 1), form, self.notice, self.work, self.hint, buttons, inside=self)
        resize_on_screen(self, *SIZE_PX)

    def _fill(self) -> None:
        groups: dict[str, QTreeWidgetItem] = {}
        for entry in sorted(self._library.layers, key=lambda entry: entry.place):
            if not entry.versions:
                continue
            if entry.department not in groups:
                group = QTreeWidgetItem(self.tree, [word("departments", entry.department)])
                group.setFlags(group.flags() | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsAutoTristate)
                group.setFirstColumnSpanned(True)
                groups[entry.department] = group
            groups[entry.department].addChild(self._item(entry))
        self.tree.expandAll()
        self._offered_codes = self.chosen_codes

    def _item(self, entry: CatalogueLayer) -> QTreeWidgetItem:
        version = entry.in_force
        item = QTreeWidgetItem([entry.title, version.label if version is not None else tr("not in force")])
        item.setData(TITLE, ROLE_CODE, entry.code)
        item.setToolTip(STATE, item.text(STATE))
        if version is None:
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            brush = quiet_brush(self.tree.palette())
            for column in (TITLE, STATE):
                item.setForeground(column, brush)
            return item
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(TITLE, Qt.CheckState.Unchecked if entry.withheld else Qt.CheckState.Checked)
        if entry.withheld:
            item.setText(STATE, f"{version.label} · {tr('withheld')}")
            item.setToolTip(TITLE, tr("The catalogue keeps it out of projects unless someone asks for it."))
        return item

    def _layer_items(self) -> list[QTreeWidgetItem]:
        return [item for group in tops_of(self.tree) for item in below(group)]

    def _show_published(self, project: str, answer: dict[str, Any]) -> None:
        count = len(answer["layers"]) if isinstance(answer["layers"], list) else answer["layers"]
        lines = [tr("The project has {count:# layer|# layers}: {path}").format(count=Count(count), path=project)]
        lines += [problem.text for problem in problem_lines(answer.get("problems") or [])]
        lines += [
            tr("Left out, {reason}: {layer}").format(
                layer=layer_name(one["code"]), reason=word("reasons", one["reason"])
            )
            for one in answer["left_out"]
        ]
        text = name_controls("\n".join(lines), add_controls())
        self.notice.say(text)
        self.published.emit(self._home.say(text))

    def refuse(self, refusal: Refusal) -> None:
        """Show a refusal; where the project exists already, offer to replace it."""
        if refusal.is_about("out.exists"):
            refusal.mend = (tr("Replace it"), lambda: self.publish(overwrite=True))
            refusal.mend_option = "--overwrite"
        self.notice.refuse(refusal)

    def _enable(self) -> None:
        count = len(self.chosen_codes)
        self.count.setText(tr("Layers: {count}").format(count=count))
        show_text(self.hint, self._home.obstacle)
        is_ready = not self.is_working and not self.hint.text() and count > 0
        self.publish_button.setEnabled(is_ready and bool(self.project.filePath().strip()))
