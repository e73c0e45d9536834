"""Work on many layers of the map in slices: between the slices QGIS reads keys and paints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from qgis.PyQt.QtCore import QObject

from onemap.plugin.connection.task import one_shot_timer

STEPS_AT_ONCE = 8  # about 0.1 s of work


class SlicedWork(QObject):
    """One piece of work at a time; new work replaces work that is not finished."""

    def __init__(self, parent: QObject | None = None, steps_at_once: int = STEPS_AT_ONCE) -> None:
        super().__init__(parent)
        self._steps_at_once = steps_at_once
        self._steps: Iterator[object] = iter(())
        self._on_done: Callable[[], None] | None = None
        self._timer = one_shot_timer(self, 0, self._go_on)

    def begin(self, steps: Iterator[object], on_done: Callable[[], None] | None = None, is_urgent: bool = True) -> None:
        """Do the first slice now if it is urgent, and the others in events of their own.

        steps: an iterator that does a part of the work each time it is advanced.
        """
        self._steps, self._on_done = steps, on_done
        if is_urgent:
            self._go_on()
        else:
            self._timer.start(0)

    def stop(self) -> None:
        """Leave the rest undone."""
        self._timer.stop()
        self._steps, self._on_done = iter(()), None

    def _go_on(self) -> None:
        self._timer.stop()
        steps = self._steps
        count = sum(1 for _step in islice(steps, self._steps_at_once))
        if self._steps is not steps:  # what was done has begun other work
            return
        if count == self._steps_at_once:
            self._timer.start(0)
            return
        on_done, self._on_done = self._on_done, None
        if on_done is not None:
            on_done()
