"""The expression functions `onemap_verdict` and `onemap_findings`: what the open library says of any polygon."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionFunction,
    QgsGeometry,
    QgsMapLayer,
    QgsReferencedGeometry,
)

from onemap.plugin.connection import Core
from onemap.plugin.dock import OneMapDock
from onemap.plugin.expression_answers import Answers, Asked, evaluation_error
from onemap.plugin.expression_client import BlockingCore
from onemap.plugin.figures import plain
from onemap.plugin.refusals import Refusal
from onemap.plugin.results import CheckedParcel
from onemap.plugin.server_logins import entry_of, login_environment
from onemap.plugin.translation import tr

GROUP = "One Map"
TOLD = ("rule", "verdict", "layer", "version", "area_m2", "title", "basis", "department", "counted", "reason")


class CheckFunction(QgsExpressionFunction):
    """One function of a polygon, and of the parcel's attributes where rules ask for them."""

    def __init__(self, name: str, help_text: str, answers: Answers, value: Callable[[CheckedParcel], Any]) -> None:
        given = [self.Parameter("geometry"), self.Parameter("attributes", True)]
        super().__init__(name, given, GROUP, help_text)
        self._answers, self._value = answers, value

    def func(self, values, context, parent, _node):  # noqa: ANN001, ANN201 - as QGIS calls it
        """The value; None of a null or empty geometry, and where the evaluation error says why there is none."""
        geometry = values[0]
        try:
            if not isinstance(geometry, QgsGeometry):
                raise Refusal(tr("The first argument must be a geometry, such as @geometry."))
            if geometry.isNull() or geometry.isEmpty():
                return None
            if geometry.type() != Qgis.GeometryType.Polygon:
                raise Refusal(tr("Only polygons have a verdict. Hand over a polygon, such as buffer(@geometry, 10)."))
            attributes = plain(values[1]) if len(values) > 1 else None
            if not isinstance(attributes, (dict, type(None))):
                raise Refusal(tr("The second argument must be a map, such as attributes()."))
            told = {name: plain(value) for name, value in (attributes or {}).items()}
            crs = _crs_of(geometry, context)
            return self._value(self._answers.check(geometry, crs, told, _cancel_of(context)))
        except Refusal as refusal:
            parent.setEvalErrorString(evaluation_error(refusal))
            return None

    def usesGeometry(self, _node) -> bool:  # noqa: ANN001, N802 - QGIS's name
        """Whether features must come with their shape."""
        return True

    def referencedColumns(self, _node) -> set[str]:  # noqa: ANN001, N802 - QGIS's name
        """The fields that are needed besides those of the arguments: none."""
        return set()

    def isStatic(self, _node, _parent, _context) -> bool:  # noqa: ANN001, N802 - QGIS's name
        """Whether it is the same for all features: never, for a library may change."""
        return False


class ExpressionFunctions:
    """Both functions, registered until they are closed down; they answer for what the dock has open."""

    def __init__(self, core: Core, dock: OneMapDock) -> None:
        self._dock = dock
        self.core = BlockingCore()
        self.answers = Answers(self.core)
        # QGIS keeps no reference of ours.
        self._functions = [
            CheckFunction("onemap_verdict", _verdict_help(), self.answers, lambda checked: checked.verdict),
            CheckFunction("onemap_findings", _findings_help(), self.answers, findings_of),
        ]
        for function in self._functions:
            QgsExpression.registerFunction(function)
        dock.library.loading.connect(self._follow)
        dock.library.listed.connect(self._follow)
        dock.check_room.rules.box.currentIndexChanged.connect(self._follow)
        core.stopping.connect(self.core.stop)
        self._follow()

    def close_down(self) -> None:
        """Take the functions away and end their core; more than once does no harm."""
        self.core.close()
        for function in self._functions:
            QgsExpression.unregisterFunction(function.name())
        self._functions = []

    def _follow(self, *_said: object) -> None:
        library = self._dock.library
        packs, login, refusal = tuple(self._dock.check_room.rules.packs or ()), {}, None
        try:
            login = login_environment(entry_of(library.path))  # here, for only the main thread may ask for a password
        except Refusal as why:
            refusal = why
        self.answers.follow(Asked(library.path, library.day, packs, login, refusal))


def findings_of(checked: CheckedParcel) -> list[dict[str, Any]]:
    """The findings as maps, those that count first, by severity and then by area."""
    return [{name: getattr(found, name) for name in TOLD} for found in checked.findings]


def _crs_of(geometry: QgsGeometry, context: QgsExpressionContext | None) -> QgsCoordinateReferenceSystem:
    """The geometry's own system, else that of the context's layer, else of the project. Raises Refusal without one."""
    if isinstance(geometry, QgsReferencedGeometry) and geometry.crs().isValid():
        return geometry.crs()
    crs = QgsCoordinateReferenceSystem()
    if context is not None:
        of_layer = context.hasVariable("layer_crs")
        text = plain(context.variable("layer_crs" if of_layer else "project_crs"))
        crs = QgsCoordinateReferenceSystem(str(text or ""))
        layer = context.variable("layer") if of_layer else None
        if not crs.isValid() and isinstance(layer, QgsMapLayer):  # one of the user's own, without a number
            crs = QgsCoordinateReferenceSystem(layer.crs())
    if not crs.isValid():
        said = tr("The shape has no coordinate system. Choose one in the properties of its layer, or of the project.")
        raise Refusal(said)
    return crs


def _cancel_of(context: QgsExpressionContext | None) -> Callable[[], bool]:
    feedback = context.feedback() if context is not None else None
    return feedback.isCanceled if feedback is not None else lambda: False


def _verdict_help() -> str:
    what = tr(
        "Checks a polygon against the library that is open in the One Map panel and returns its verdict: prohibited, "
        "restricted, unknown, consult, notice or clear."
    )
    use = tr("Categorise a layer by this expression, or put it into a virtual field, and every parcel has its verdict.")
    return _help(
        "onemap_verdict",
        [what, use],
        [
            ("onemap_verdict(@geometry)", "'prohibited'"),
            ("onemap_verdict(@geometry, attributes())", "'consult'"),
            ("onemap_verdict(buffer(@geometry, 10)) IN ('prohibited', 'restricted')", "true"),
        ],
    )


def _findings_help() -> str:
    what = tr(
        "Checks a polygon against the library that is open in the One Map panel and returns what stands against it: an "
        "array of maps, those that count first, the gravest first."
    )
    parts = tr("Each map says: {names}.").format(names=", ".join(TOLD))
    return _help(
        "onemap_findings",
        [what, parts],
        [
            ("array_length(onemap_findings(@geometry))", "2"),
            ("onemap_findings(@geometry)[0]['area_m2']", "8260.4"),
            (
                "array_to_string(array_foreach(onemap_findings(@geometry, attributes()), @element['title']))",
                "'…'",
            ),
        ],
    )


def _help(name: str, said: list[str], examples: list[tuple[str, str]]) -> str:
    """The text of QGIS's expression dialog, HTML."""
    arguments = (
        ("geometry", tr("a polygon, in the coordinate system of the layer, else of the project")),
        (
            "attributes",
            tr("what is known of the parcel, by field, such as attributes(); rules may ask for its proposed use"),
        ),
    )
    notes = (
        tr("A null or empty geometry gives NULL. Where there is no answer the expression's error says why."),
        tr("Such checks leave no run in the library; to keep one press Check in the One Map panel."),
    )
    return "".join(
        [
            f"<h3>{name}</h3>",
            *(f"<p>{text}</p>" for text in said),
            f"<h4>{tr('Syntax')}</h4><p><code>{name}(<i>geometry</i>[, <i>attributes</i>])</code></p>",
            f"<h4>{tr('Arguments')}</h4>",
            *(f"<p><code>{argument}</code> – {text}</p>" for argument, text in arguments),
            f"<h4>{tr('Examples')}</h4><ul>",
            *(f"<li><code>{code}</code> → <code>{value}</code></li>" for code, value in examples),
            "</ul>",
            *(f"<p>{text}</p>" for text in notes),
        ]
    )
