"""A snapshot of a service: QGIS's own provider reads all features, in the background, into a file for the core.

If a server stops midway, or gives fewer features than it announced, there is no snapshot. A check never depends on a
live server.
"""

from __future__ import annotations

import json
import shutil
import traceback
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsFeature,
    QgsFeatureRequest,
    QgsFeedback,
    QgsField,
    QgsFields,
    QgsNetworkAccessManager,
    QgsNetworkReplyContent,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QMetaType, QObject, pyqtSignal
from qgis.PyQt.QtNetwork import QNetworkReply, QNetworkRequest

from onemap.plugin.connection.layer_export import SourceFile, count_refusal, write_source
from onemap.plugin.connection.refusals import Refusal, cancel_refusal
from onemap.plugin.connection.task import BackgroundTask, Cancelled, refusal_of
from onemap.plugin.desk.library.service_list import NAMES, Service
from onemap.plugin.desk.library.service_uris import source_of
from onemap.plugin.profile.paths import temporary_folder
from onemap.plugin.words.number_format import moment_text
from onemap.plugin.words.translation import tr

REPORT_EVERY = 10  # features, between two looks at whether someone has cancelled
NESTED_TYPES = (QMetaType.Type.QVariantMap, QMetaType.Type.QVariantList, QMetaType.Type.QStringList)
# A server may refuse to say which methods it has; QGIS asks, and goes on.
HARMLESS_ERRORS = (
    QNetworkReply.NetworkError.NoError,
    QNetworkReply.NetworkError.ContentOperationNotPermittedError,
    QNetworkReply.NetworkError.OperationNotImplementedError,
)


class Snapshot(QObject):
    """One reading of one service. As with a Request, either `answered` or `refused` is emitted."""

    progressed = pyqtSignal(float, str)
    answered = pyqtSignal(object)  # SourceFile
    refused = pyqtSignal(object)  # Refusal
    _opened = pyqtSignal()  # from the thread: the layer is there, and features are read from now on

    def __init__(self, service: Service) -> None:
        # Without a parent: it must outlive the dialog as long as its thread runs.
        super().__init__()
        self._service = service
        self._feedback = QgsFeedback()
        self._network_errors = _NetworkErrors(service, self)
        self._is_over = False
        title = tr("Snapshot of {service}").format(service=service.name)
        self._task: BackgroundTask | None = BackgroundTask(title, self._read, self._end, None, self._feedback)
        self._opened.connect(self._network_errors.start_counting)

    def start(self) -> None:
        """Start reading."""
        self._network_errors.connect_signals()
        self._task.start()

    def cancel(self) -> None:
        """Stop for the caller at once; a thread that waits for a server ends when QGIS gives up on the server."""
        if self._is_over:
            return
        self._is_over = True
        self._network_errors.disconnect_signals()
        self._task.cancel()
        self.refused.emit(cancel_refusal())

    let_go = cancel

    def _read(self, progress: Callable[..., None]) -> tuple[SourceFile, int, int]:
        """Read in the thread; return the file, the number of its features, and the server's number (0 if none)."""
        taken_at = datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
        provider, uri = source_of(self._service)
        layer = QgsVectorLayer(uri, self._service.name, provider)
        if not layer.isValid():
            reason = layer.error().summary() or layer.dataProvider().error().summary() or "–"
            del layer  # here, in its own thread, and not with the refusal's frames
            raise Refusal(tr("“{service}” cannot be read: {reason}").format(service=self._service.name, reason=reason))
        expected = max(0, layer.dataProvider().featureCount())
        self._opened.emit()
        progress(0.0)
        folder = temporary_folder("snapshot")
        request = QgsFeatureRequest()
        request.setFeedback(self._feedback)
        is_nested = any(field.type() in NESTED_TYPES for field in layer.fields())

        def report_progress(fraction: float, step: str) -> None:
            progress(fraction)
            self.progressed.emit(fraction, step)  # to the main thread, also where only the step is another

        reader = _FeatureReader(layer.getFeatures(request), expected, is_nested, self._feedback, report_progress)
        features = iter(reader)
        try:
            fields = plain_fields(layer.fields())
            file = write_source(str(folder), self._service.name, fields, layer.wkbType(), layer.crs(), features)
        except BaseException as error:
            # What the error's frames hold, a layer of this thread and an open file, must not leave with it.
            del layer, features, reader
            traceback.clear_frames(error.__traceback__)
            shutil.rmtree(folder, ignore_errors=True)
            raise
        text = tr("A snapshot of “{service}” ({kind}) of {moment}.")
        kind, moment = NAMES[self._service.type], moment_text(taken_at)
        notes = [text.format(service=self._service.name, kind=kind, moment=moment)]
        if not expected:
            notes.append(tr("The server does not say how many features it has; nothing failed while they were read."))
        snapshot_file = SourceFile(file.path, file.layer, file.crs, self._service.name, taken_at, " ".join(notes))
        return snapshot_file, reader.count, expected

    def _end(self, result: tuple[SourceFile, int, int] | None, error: Exception | None) -> None:
        self._task = None
        if self._is_over:  # cancelled, and the thread came to its end all the same
            if result is not None:
                shutil.rmtree(Path(result[0].path).parent, ignore_errors=True)
            return
        self._is_over = True
        self._network_errors.disconnect_signals()
        if error is None:
            error = incomplete_refusal(self._service.name, result[1], result[2], self._network_errors.errors)
            if error is not None:
                shutil.rmtree(Path(result[0].path).parent, ignore_errors=True)
        if error is None:
            self.answered.emit(result[0])
        else:
            self.refused.emit(refusal_of(error))


class _FeatureReader:
    """An iterator over features that counts them, and stops after a cancel."""

    def __init__(
        self,
        features: Iterable[QgsFeature],
        expected: int,
        is_nested: bool,
        feedback: QgsFeedback,
        progress: Callable[[float, str], None],
    ) -> None:
        self._features, self._expected, self._is_nested = features, expected, is_nested
        self._feedback, self._progress = feedback, progress
        self.count = 0

    def __iter__(self) -> Iterator[QgsFeature]:
        for feature in self._features:
            self.count += 1
            if self._is_nested:
                feature.setAttributes([_plain_value(value) for value in feature.attributes()])
            yield feature
            if self.count % REPORT_EVERY == 0:
                text = tr("{count} features").format(count=f"{self.count:,}")
                # Where the number is unknown the bar stays in its middle.
                self._progress(min(0.99, self.count / (self._expected or 2 * self.count)), text)
        if self._feedback.isCanceled():
            raise Cancelled


class _NetworkErrors(QObject):
    """The network errors that QGIS reports while features are read; the object lives in the main thread."""

    def __init__(self, service: Service, parent: QObject) -> None:
        super().__init__(parent)
        self._service = service
        self._is_reading = False
        self.errors: list[str] = []

    def connect_signals(self) -> None:
        """Connect to QGIS's messages."""
        QgsNetworkAccessManager.instance().finished[QgsNetworkReplyContent].connect(self._reply)
        QgsApplication.messageLog().messageReceived[str, str, Qgis.MessageLevel].connect(self._message)

    def start_counting(self) -> None:
        """Count every error from now on: the layer is open, and features are read."""
        self._is_reading = True

    def disconnect_signals(self) -> None:
        """Disconnect from QGIS's messages."""
        QgsNetworkAccessManager.instance().finished[QgsNetworkReplyContent].disconnect(self._reply)
        QgsApplication.messageLog().messageReceived[str, str, Qgis.MessageLevel].disconnect(self._message)

    def _reply(self, reply: QgsNetworkReplyContent) -> None:
        is_ours = reply.request().url().toString().startswith(self._service.url.split("?")[0].rstrip("/"))
        is_asking = not reply.request().attribute(QNetworkRequest.Attribute.CustomVerbAttribute)
        if self._is_reading and is_ours and is_asking and reply.error() not in HARMLESS_ERRORS:
            self.errors.append(reply.errorString())

    def _message(self, text: str, tag: str, level: Qgis.MessageLevel) -> None:
        if self._is_reading and level != Qgis.MessageLevel.Info and tag.upper() in ("WFS", "OAPIF", "SENSORTHINGS"):
            self.errors.append(text)


def plain_fields(fields: QgsFields) -> QgsFields:
    """The fields, with text in place of types that a file cannot store, such as SensorThings' tables of properties."""
    result = QgsFields()
    for field in fields:
        result.append(QgsField(field.name(), QMetaType.Type.QString) if field.type() in NESTED_TYPES else field)
    return result


def _plain_value(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (dict, list)) else value


def incomplete_refusal(name: str, count: int, expected: int, errors: list[str]) -> Refusal | None:
    """The refusal of an incomplete reading; None for a complete one.

    count: the number of features that were read.
    expected: the number that the server gave; 0 where it gave none.
    errors: the network errors while reading.

    If the numbers agree, an error that a retry solved does no harm; if the server gave no number, any error refuses.
    """
    reason = errors[-1].split("http")[0].strip(" :") if errors else ""
    if expected and count != expected:
        return count_refusal(name, count, expected, reason)
    if not expected and errors:
        text = tr("“{service}” broke off, and does not say how many features it has; nothing was taken. {reason}")
        return Refusal(text.format(service=name, reason=reason).strip())
    if count == 0:
        return Refusal(tr("“{service}” has no features.").format(service=name))
    return None
