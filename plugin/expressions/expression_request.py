"""One question of the core about several shapes at once, and what it says of each."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsField, QgsFields, QgsGeometry
from qgis.PyQt.QtCore import QMetaType

from onemap.plugin.connection.layer_export import crs_text, write_source
from onemap.plugin.connection.refusals import LIBRARY_MISSING, Refusal, problem_line
from onemap.plugin.expressions.expression_client import BlockingCore
from onemap.plugin.results.results import CheckedParcel, read_results
from onemap.plugin.words.option_names import dock_controls, name_controls
from onemap.plugin.words.translation import tr

PARCEL = "parcel"  # the first field in which the core looks for a parcel's id
OF_THE_SHAPE = "geometry."  # how the codes of such refusals begin
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


@dataclass(frozen=True)
class Shape:
    """A polygon that is asked for. attributes: of the parcel; key: equal for shapes that are answered alike."""

    geometry: QgsGeometry
    crs: QgsCoordinateReferenceSystem
    attributes: dict[str, Any]
    key: tuple[bytes, str, str]


def shape_of(geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem, attributes: dict[str, Any]) -> Shape:
    """A shape with its key."""
    told = json.dumps(attributes, sort_keys=True, default=str)
    key = (hashlib.sha256(bytes(geometry.asWkb())).digest(), crs_text(crs), told)
    return Shape(geometry, crs, attributes, key)


def in_one_file(first: Shape, others: Iterable[Shape]) -> list[Shape]:
    """The first shape and those of the others that one table holds with it, each as it would be handed over alone."""
    kinds: dict[str, QMetaType.Type | None] = dict.fromkeys(_told(first))
    taken: list[Shape] = []
    for shape in (first, *others):
        own = {name: _kind(value) for name, value in _told(shape).items()}
        if (
            own.keys() != kinds.keys()
            or shape.geometry.wkbType() != first.geometry.wkbType()
            or shape.key[1] != first.key[1]
            or any(kind is not None and kinds[name] not in (None, kind) for name, kind in own.items())
        ):
            continue
        kinds.update({name: kind for name, kind in own.items() if kind is not None})
        taken.append(shape)
    return taken


def check_shapes(
    core: BlockingCore, asked: Asked, shapes: Sequence[Shape], folder: str, is_cancelled: Callable[[], bool]
) -> dict[tuple, CheckedParcel | Refusal]:
    """What the core says of shapes of one file, by their keys; a Refusal where it would say the same again.

    Shapes that it refuses are told as if each had come alone, and the others are asked once more. Raises Refusal.
    """
    answers: dict[tuple, CheckedParcel | Refusal] = {}
    left = dict(enumerate(shapes, start=1))
    while left:
        try:
            checked = _ask(core, asked, left, folder, is_cancelled)
        except Refusal as refusal:
            refused = _by_shape(refusal, left)
            if not refused:
                raise
            for number, why in refused.items():
                answers[left.pop(number).key] = why
        else:
            answers.update({left[number].key: found for number, found in checked.items()})
            break
    return answers


def _ask(
    core: BlockingCore, asked: Asked, shapes: dict[int, Shape], folder: str, is_cancelled: Callable[[], bool]
) -> dict[int, CheckedParcel]:
    own = tempfile.mkdtemp(prefix="expression-", dir=folder)
    target = str(Path(own) / "run.gpkg")
    try:
        first = next(iter(shapes.values()))
        fields, parcels = _features(shapes)
        source = write_source(own, PARCEL, fields, first.geometry.wkbType(), first.crs, parcels)
        params = {
            "library": asked.library,
            "as_of": asked.as_of,
            "pack": list(asked.packs),
            "parcels": source.path,
            "layer": source.layer,
            "out": target,
            "unrecorded": True,
        }
        core.ask("check", params, asked.login, is_cancelled)
        return {int(checked.parcel): checked for checked in read_results(target)}
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _by_shape(refusal: Refusal, shapes: dict[int, Shape]) -> dict[int, Refusal]:
    """The refusals of single shapes; none where something else was refused."""
    of_shapes = [one for one in refusal.problems if str(one.get("code")).startswith(OF_THE_SHAPE)]
    if len(shapes) == 1:
        (number,) = shapes
        return {number: Refusal(refusal.message, refusal.problems, refusal.exit_code)} if of_shapes else {}
    by_number: dict[int, list[dict[str, Any]]] = {}
    for problem in of_shapes:
        name = str(problem.get("feature") or "")
        by_number.setdefault(int(name) if name.isdecimal() else 0, []).append(problem)
    return {
        number: Refusal(refusal.message, problems, refusal.exit_code)
        for number, problems in by_number.items()
        if number in shapes
    }


def _told(shape: Shape) -> dict[str, Any]:
    """What is handed over of a shape besides its id."""
    return {name: value for name, value in shape.attributes.items() if name.lower() != PARCEL}


def _kind(value: Any) -> QMetaType.Type | None:
    return None if value is None else KINDS.get(type(value), QMetaType.Type.QString)


def _features(shapes: dict[int, Shape]) -> tuple[QgsFields, list[QgsFeature]]:
    """The shapes as parcels with ids of their own."""
    told = {number: _told(shape) for number, shape in shapes.items()}
    fields = QgsFields()
    fields.append(QgsField(PARCEL, QMetaType.Type.QString))
    names = list(next(iter(told.values())))
    for name in names:
        kinds = (_kind(values[name]) for values in told.values())
        fields.append(QgsField(name, next((kind for kind in kinds if kind is not None), QMetaType.Type.QString)))
    features = []
    for number, shape in shapes.items():
        values = (told[number][name] for name in names)
        feature = QgsFeature(fields)
        feature.setAttributes(
            [str(number), *(str(value) if _kind(value) == QMetaType.Type.QString else value for value in values)]
        )
        feature.setGeometry(shape.geometry)
        features.append(feature)
    return fields, features


def evaluation_error(refusal: Refusal) -> str:
    """What an expression says where there is no answer: its file is ours and its options are the dock's."""
    lines = []
    for problem in refusal.problems:
        said = {name: problem.get(name) for name in ("field", "code", "message", "mend")}
        if str(problem.get("code")).startswith(OF_THE_SHAPE):
            said["mend"] = tr("Mend the shape, or hand over make_valid(…) of it.")
        elif problem.get("code") in LIBRARY_MISSING:
            said["mend"] = tr("Open another library in the One Map panel.")
        lines.append(problem_line(said))
    return name_controls("\n".join(lines) or refusal.message, dock_controls())
