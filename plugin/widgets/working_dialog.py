"""A dialog that sends the core one request at a time, with progress, cancel, and the answer or the refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from qgis.PyQt.QtWidgets import QDialog, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.core_session import Core
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.widgets.notice import Notice
from onemap.plugin.widgets.work_row import WorkRow
from onemap.plugin.words.option_names import dock_controls


class WorkingDialog(QDialog):
    """A subclass adds `_enable`, which is called whenever work begins or ends.

    A dialog belongs to the library for which it was opened; `DialogLibrary` holds this library if the dock stays usable
    meanwhile. The dialog ends with `close_down`, and any answer before that is shown.
    """

    def __init__(
        self,
        core: Core,
        title: str,
        parent: QWidget | None = None,
        controls: Mapping[str, str] | None = None,
        is_writing: bool = False,
    ) -> None:
        """Make the dialog. controls: as for `Notice`, by default the dock's; is_writing: as for `Asking`."""
        super().__init__(parent, windowTitle=title)
        self.notice = Notice(dock_controls() if controls is None else controls)
        self.asking = Asking(core, self, is_writing=is_writing)
        self.asking.busy_changed.connect(lambda _is_busy: self._enable())
        self.asking.refused.connect(self.refuse)
        self.work = WorkRow()
        self.work.follow(self.asking)

    @property
    def is_working(self) -> bool:
        """Whether an answer is waited for."""
        return self.asking.is_busy

    def close_down(self) -> None:
        """Stop waiting for answers and close, before the dialog is deleted."""
        for asking in self.findChildren(Asking):
            asking.forget()
        self.close()

    def refuse(self, refusal: Refusal) -> None:
        """Show a refusal."""
        self.notice.refuse(refusal)

    def _enable(self) -> None:
        raise NotImplementedError

    def _ask_core(
        self, verb: str, params: dict[str, Any], show: Callable[[Any], None], step: str, title: str = ""
    ) -> None:
        """Send a verb. step: the step to show until the core reports one."""
        self.asking.ask(verb, params, show, title)
        self.work.begin(step)


def end_dialog(dialog: Any) -> None:
    """Close a dialog for good, where there is one."""
    if dialog is not None:
        dialog.close_down()
        dialog.deleteLater()
