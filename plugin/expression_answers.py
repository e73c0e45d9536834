"""What expressions are answered: a shape checked against the open library once, and remembered while that stands."""

from __future__ import annotations

import datetime
import hashlib
import json
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsProcessingUtils,
)
from qgis.PyQt.QtCore import QMetaType

from onemap.plugin import settings
from onemap.plugin.dock import NO_LIBRARY
from onemap.plugin.expression_client import POLL_S, BlockingCore
from onemap.plugin.handover import crs_text, write_source
from onemap.plugin.option_names import dock_controls, in_controls
from onemap.plugin.refusals import CANCELLED_CODE, Refusal, problem_line
from onemap.plugin.results import CheckedParcel, read_results
from onemap.plugin.server_location import is_server
from onemap.plugin.translation import tr

MOST_KEPT = 20_000  # answers, of some kilobytes at most
SERVER_LOOK_S = 10.0  # how long a library on a server may have changed unseen; a file's change is seen at once
PARCEL = "parcel"  # the first field in which the core looks for a parcel's id
OF_THE_SHAPE = "geometry."  # how the codes of such refusals begin
QUESTION_PARTS = 4  # of a look; the rest is how the library's files look
KINDS = {
    bool: QMetaType.Type.Bool,
    int: QMetaType.Type.LongLong,
    float: QMetaType.Type.Double,
}


@dataclass(frozen=True)
class Asked:
    """What the dock would ask now. login: for the core's environment; refusal: why nothing can be asked."""

    library: str = ""
    as_of: str = ""
    packs: tuple[str, ...] = ()
    login: dict[str, str] = field(default_factory=dict, repr=False)
    refusal: Refusal | None = None


class Answers:
    """Asked from any thread; one question at a time goes to the core, all else is remembered."""

    def __init__(self, core: BlockingCore) -> None:
        self._core = core
        self._asked = Asked()
        self._turn = threading.Lock()  # who holds it may ask the core
        self._guard = threading.Lock()  # of what is remembered, for a moment only
        self._kept: OrderedDict = OrderedDict()  # shape → CheckedParcel, or a Refusal of the shape
        self._seen: tuple[Any, str] = (None, "")  # how the library looked last, and the state it was in
        self._folder = QgsProcessingUtils.tempFolder()  # QGIS empties it at its end

    @property
    def count(self) -> int:
        """How many answers are remembered."""
        return len(self._kept)

    def follow(self, asked: Asked) -> None:
        """From now on answer for another library, day or rules; or look at the same library anew."""
        with self._guard:
            self._asked = asked
            self._seen = (None, self._seen[1])

    def check(
        self,
        geometry: QgsGeometry,
        crs: QgsCoordinateReferenceSystem,
        attributes: dict[str, Any],
        is_cancelled: Callable[[], bool],
    ) -> CheckedParcel:
        """The verdict of a polygon and its findings. attributes: of the parcel, by the names of its fields.

        Raises Refusal: no library, no core, the core's own, or a cancel.
        """
        asked = self._asked
        if asked.refusal is not None:
            raise _anew(asked.refusal)
        if not asked.library:
            raise Refusal(tr("No library is open. Open one in the One Map panel."))
        told = json.dumps(attributes, sort_keys=True, default=str)
        shape = (hashlib.sha256(bytes(geometry.asWkb())).digest(), crs_text(crs), told)
        found = self._remembered(_look(asked), shape)
        if found is None:
            with self._my_turn(is_cancelled):
                look = _look(asked)
                self._see(asked, look, is_cancelled)
                found = self._remembered(look, shape)
                if found is None:
                    found = self._ask(asked, geometry, crs, attributes, is_cancelled)
                    self._remember(asked, shape, found)
        if isinstance(found, Refusal):
            raise _anew(found)
        return found

    def _remembered(self, look: tuple, shape: tuple) -> CheckedParcel | Refusal | None:
        with self._guard:
            if self._seen[0] != look or shape not in self._kept:
                return None
            self._kept.move_to_end(shape)
            return self._kept[shape]

    def _remember(self, asked: Asked, shape: tuple, found: CheckedParcel | Refusal) -> None:
        with self._guard:
            if asked == self._asked:  # else it is of a library that is no longer open
                self._kept[shape] = found
                while len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)

    @contextmanager
    def _my_turn(self, is_cancelled: Callable[[], bool]) -> Iterator[None]:
        """Wait until nobody else asks the core."""
        while not self._turn.acquire(timeout=POLL_S):
            if is_cancelled():
                raise Refusal(tr("Cancelled."), exit_code=CANCELLED_CODE)
        try:
            yield
        finally:
            self._turn.release()

    def _see(self, asked: Asked, look: tuple, is_cancelled: Callable[[], bool]) -> None:
        """Forget all answers unless the library is in the state in which they were given.

        A run or an opinion that is written changes the file, but no verdict: the core says what layers there are.
        """
        if self._seen[0] == look:
            return
        params = {"library": asked.library, "as_of": asked.as_of}
        listed = self._core.ask("layers", params, asked.login, is_cancelled)
        said = json.dumps([listed, look[:QUESTION_PARTS]], sort_keys=True, default=str)
        state = hashlib.sha256(said.encode("utf-8")).hexdigest()
        with self._guard:
            if state != self._seen[1]:
                self._kept.clear()
            # Another library may have been opened meanwhile; then whoever asks next looks again.
            self._seen = (look if asked == self._asked else None, state)

    def _ask(
        self,
        asked: Asked,
        geometry: QgsGeometry,
        crs: QgsCoordinateReferenceSystem,
        attributes: dict[str, Any],
        is_cancelled: Callable[[], bool],
    ) -> CheckedParcel | Refusal:
        """Have the core check a shape; a Refusal comes back where it would say the same again."""
        folder = tempfile.mkdtemp(prefix="expression-", dir=self._folder)
        target = str(Path(folder) / "run.gpkg")
        try:
            parcel = _feature(geometry, attributes)
            source = write_source(folder, PARCEL, parcel.fields(), geometry.wkbType(), crs, [parcel])
            params = {
                "library": asked.library,
                "as_of": asked.as_of,
                "pack": list(asked.packs),
                "parcels": source.path,
                "layer": source.layer,
                "out": target,
                "unrecorded": True,
            }
            self._core.ask("check", params, asked.login, is_cancelled)
            (checked,) = read_results(target)
        except Refusal as refusal:
            if not any(str(one.get("code")).startswith(OF_THE_SHAPE) for one in refusal.problems):
                raise
            return _anew(refusal)
        else:
            return checked
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _anew(refusal: Refusal) -> Refusal:
    """The same once more: one that is raised again and again would keep whatever it was raised through."""
    return Refusal(refusal.message, refusal.problems, refusal.exit_code)


def _look(asked: Asked) -> tuple:
    """The question, and how its files look: what is unlike an earlier look may be another library."""
    day = asked.as_of or datetime.date.today().isoformat()
    packs = tuple((path, *_looks_of(path)) for path in asked.packs)
    question = (asked.library, day, packs, settings.language())
    if is_server(asked.library):
        return (*question, int(time.monotonic() / SERVER_LOOK_S))
    return (*question, _looks_of(asked.library), _looks_of(asked.library + "-wal"))


def _looks_of(path: str) -> tuple[int, int]:
    """When a file was written last, and its size; nothing of one that is empty or not there."""
    try:
        found = Path(path).stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size) if found.st_size else (0, 0)


def _feature(geometry: QgsGeometry, attributes: dict[str, Any]) -> QgsFeature:
    """The shape as a parcel with an id of its own."""
    told = {name: value for name, value in attributes.items() if name.lower() != PARCEL}
    fields = QgsFields()
    fields.append(QgsField(PARCEL, QMetaType.Type.QString))
    values: list[Any] = ["1"]
    for name, value in told.items():
        kind = KINDS.get(type(value), QMetaType.Type.QString)
        fields.append(QgsField(name, kind))
        values.append(value if value is None or kind != QMetaType.Type.QString else str(value))
    feature = QgsFeature(fields)
    feature.setAttributes(values)
    feature.setGeometry(geometry)
    return feature


def evaluation_error(refusal: Refusal) -> str:
    """What an expression says where there is no answer: its file is ours and its options are the dock's."""
    lines = []
    for problem in refusal.problems:
        said = {name: problem.get(name) for name in ("field", "code", "message", "mend")}
        if str(problem.get("code")).startswith(OF_THE_SHAPE):
            said["mend"] = tr("Mend the shape, or hand over make_valid(…) of it.")
        elif problem.get("code") in NO_LIBRARY:
            said["mend"] = tr("Open another library in the One Map panel.")
        lines.append(problem_line(said))
    return in_controls("\n".join(lines) or refusal.message, dock_controls())
