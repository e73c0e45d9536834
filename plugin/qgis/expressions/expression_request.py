"""One request to the core about several shapes, and its answer for each."""

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
from onemap.plugin.desk.results.results import CheckedParcel, read_results
from onemap.plugin.qgis.expressions.expression_client import BlockingCore
from onemap.plugin.words.option_names import dock_controls, name_controls
from onemap.plugin.words.translation import tr

PARCEL = "parcel"  # the first field in which the core looks for a parcel's id
SHAPE_CODE_PREFIX = "geometry."  # how the codes of such refusals begin
KINDS = {
    bool: QMetaType.Type.Bool,
    int: QMetaType.Type.LongLong,
    float: QMetaType.Type.Double,
}


@dataclass(frozen=True)
class CheckQuestion:
    """The parts of a check's question besides its shapes.

    login: variables for the core's environment.
    refusal: the reason why nothing can be asked.
    """

    library: str = ""
    as_of: str = ""
    packs: tuple[str, ...] = ()
    login: dict[str, str] = field(default_factory=dict, repr=False)
    refusal: Refusal | None = None


@dataclass(frozen=True)
class Shape:
    """A polygon to check.

    attributes: of the parcel.
    key: equal for shapes with the same answer.
    """

    geometry: QgsGeometry
    crs: QgsCoordinateReferenceSystem
    attributes: dict[str, Any]
    key: tuple[bytes, str, str]


def shape_of(geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem, attributes: dict[str, Any]) -> Shape:
    """A shape with its key."""
    attributes_text = json.dumps(attributes, sort_keys=True, default=str)
    key = (hashlib.sha256(bytes(geometry.asWkb())).digest(), crs_text(crs), attributes_text)
    return Shape(geometry, crs, attributes, key)


def fitting_shapes(first: Shape, others: Iterable[Shape]) -> list[Shape]:
    """The first shape, and the others that fit into one table with it without changing their values."""
    kinds: dict[str, QMetaType.Type | None] = dict.fromkeys(_sent_attributes(first))
    same_shapes: list[Shape] = []
    for shape in (first, *others):
        shape_kinds = {name: _kind(value) for name, value in _sent_attributes(shape).items()}
        if (
            shape_kinds.keys() != kinds.keys()
            or shape.geometry.wkbType() != first.geometry.wkbType()
            or shape.key[1] != first.key[1]
            or any(kind is not None and kinds[name] not in (None, kind) for name, kind in shape_kinds.items())
        ):
            continue
        kinds.update({name: kind for name, kind in shape_kinds.items() if kind is not None})
        same_shapes.append(shape)
    return same_shapes


def check_shapes(
    core: BlockingCore, question: CheckQuestion, shapes: Sequence[Shape], folder: str, is_cancelled: Callable[[], bool]
) -> dict[tuple, CheckedParcel | Refusal]:
    """The core's answers for the shapes of one file, by their keys; a Refusal if it would come again.

    Shapes that the core refuses get the answer that each would get alone, and the others are sent once more. Raises
    Refusal.
    """
    answers: dict[tuple, CheckedParcel | Refusal] = {}
    open_shapes = dict(enumerate(shapes, start=1))
    while open_shapes:
        try:
            parcels = _ask(core, question, open_shapes, folder, is_cancelled)
        except Refusal as refusal:
            shape_refusals = _by_shape(refusal, open_shapes)
            if not shape_refusals:
                raise
            for number, shape_refusal in shape_refusals.items():
                answers[open_shapes.pop(number).key] = shape_refusal
        else:
            answers.update({open_shapes[number].key: parcel for number, parcel in parcels.items()})
            break
    return answers


def _ask(
    core: BlockingCore, question: CheckQuestion, shapes: dict[int, Shape], folder: str, is_cancelled: Callable[[], bool]
) -> dict[int, CheckedParcel]:
    request_folder = tempfile.mkdtemp(prefix="expression-", dir=folder)
    target = str(Path(request_folder) / "run.gpkg")
    try:
        first = next(iter(shapes.values()))
        fields, parcels = _features(shapes)
        source = write_source(request_folder, PARCEL, fields, first.geometry.wkbType(), first.crs, parcels)
        params = {
            "library": question.library,
            "as_of": question.as_of,
            "pack": list(question.packs),
            "parcels": source.path,
            "layer": source.layer,
            "out": target,
            "unrecorded": True,
        }
        answer = core.ask("check", params, question.login, is_cancelled)
        return {int(parcel.parcel): parcel for parcel in read_results(target, answer)}
    finally:
        shutil.rmtree(request_folder, ignore_errors=True)


def _by_shape(refusal: Refusal, shapes: dict[int, Shape]) -> dict[int, Refusal]:
    """The refusals of single shapes; none if something else was refused."""
    of_shapes = [problem for problem in refusal.problems if str(problem.get("code")).startswith(SHAPE_CODE_PREFIX)]
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


def _sent_attributes(shape: Shape) -> dict[str, Any]:
    """The attributes to send for a shape, without its id."""
    return {name: value for name, value in shape.attributes.items() if name.lower() != PARCEL}


def _kind(value: Any) -> QMetaType.Type | None:
    return None if value is None else KINDS.get(type(value), QMetaType.Type.QString)


def _features(shapes: dict[int, Shape]) -> tuple[QgsFields, list[QgsFeature]]:
    """The shapes as parcels with ids of their own."""
    values_by_shape = {number: _sent_attributes(shape) for number, shape in shapes.items()}
    fields = QgsFields()
    fields.append(QgsField(PARCEL, QMetaType.Type.QString))
    names = list(next(iter(values_by_shape.values())))
    for name in names:
        kinds = (_kind(values[name]) for values in values_by_shape.values())
        fields.append(QgsField(name, next((kind for kind in kinds if kind is not None), QMetaType.Type.QString)))
    features = []
    for number, shape in shapes.items():
        values = (values_by_shape[number][name] for name in names)
        feature = QgsFeature(fields)
        feature.setAttributes(
            [str(number), *(str(value) if _kind(value) == QMetaType.Type.QString else value for value in values)]
        )
        feature.setGeometry(shape.geometry)
        features.append(feature)
    return fields, features


def evaluation_error(refusal: Refusal) -> str:
    """The error text of an expression, without files and options, which the user does not know."""
    lines = []
    for problem in refusal.problems:
        parts = {name: problem.get(name) for name in ("field", "code", "message", "mend")}
        if str(problem.get("code")).startswith(SHAPE_CODE_PREFIX):
            parts["mend"] = tr("Correct the shape, or pass make_valid(…) of it.")
        elif problem.get("code") in LIBRARY_MISSING:
            parts["mend"] = tr("Open another library in the One Map panel.")
        lines.append(problem_line(parts))
    return name_controls("\n".join(lines) or refusal.message, dock_controls())
