"""The expression functions `onemap_verdict` and `onemap_findings`: what the open library says of any polygon."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionFunction,
    QgsExpressionNodeFunction,
    QgsGeometry,
    QgsMapLayer,
    QgsReferencedGeometry,
)
from qgis.PyQt.QtCore import QThreadPool

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.connection.server_logins import entry_of, login_environment
from onemap.plugin.expressions.expression_answers import Answers
from onemap.plugin.expressions.expression_client import BlockingCore
from onemap.plugin.expressions.expression_request import Asked, Shape, evaluation_error, shape_of
from onemap.plugin.expressions.prefetch import FeaturesAhead
from onemap.plugin.profile import settings
from onemap.plugin.results.results import CheckedParcel
from onemap.plugin.words.number_format import value_or_none
from onemap.plugin.words.translation import tr

if TYPE_CHECKING:  # qgis_process has no window
    from onemap.plugin.connection.core_session import Core
    from onemap.plugin.expressions.expression_row import ExpressionRow
    from onemap.plugin.library.open_library import OpenLibrary
    from onemap.plugin.parcels.rules_choice import RulesChoice

GROUP = "One Map"
DRAWN_WITHIN_S, LOOK_S = 5.0, 0.02
TOLD = ("rule", "verdict", "layer", "version", "area_m2", "title", "basis", "department", "counted", "reason")


class CheckFunction(QgsExpressionFunction):
    """One function of a polygon, and of the parcel's attributes where rules ask for them."""

    def __init__(
        self, name: str, help_text: str, functions: ExpressionFunctions, value: Callable[[CheckedParcel], Any]
    ) -> None:
        given = [self.Parameter("geometry"), self.Parameter("attributes", True)]
        super().__init__(name, given, GROUP, help_text)
        self._functions, self._value = functions, value

    def func(self, values, context, parent, node):  # noqa: ANN001, ANN201 - as QGIS calls it
        """The value; None of a null or empty geometry, and where the evaluation error says why there is none."""
        try:
            shape = _shape_of(values, context)
            if shape is None:
                return None
            is_cancelled = _cancel_of(context)

            def ahead(most: int, is_known: Callable[[Shape], bool]) -> list[Shape]:
                if context is None or not context.hasFeature():
                    return []
                others = _Others(node, context)
                return self._functions.ahead.shapes(context, node, others.shape, most, is_known, is_cancelled)

            return self._value(self._functions.answers.check(shape, ahead, is_cancelled))
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
    """Both functions, registered until they are closed down.

    They answer for what the dock has open; where there is none, as in qgis_process, for the library open last.
    """

    def __init__(self) -> None:
        self.core = BlockingCore()
        self._answers = Answers(self.core)
        self.ahead = FeaturesAhead()
        self._library: OpenLibrary | None = None
        self._rules: RulesChoice | None = None
        self._is_told = False
        # QGIS keeps no reference of ours.
        self._functions = [
            CheckFunction("onemap_verdict", _verdict_help(), self, lambda checked: checked.verdict),
            CheckFunction("onemap_findings", _findings_help(), self, findings_of),
        ]
        for function in self._functions:
            QgsExpression.registerFunction(function)

    @property
    def answers(self) -> Answers:
        """What is answered, and for which library."""
        if not self._is_told:
            self._is_told = True
            self._answers.follow(_asked_without_dock())
        return self._answers

    def follow(self, core: Core, library: OpenLibrary, rules: RulesChoice, row: ExpressionRow) -> None:
        """From now on answer for the library that is open and the rules that are chosen; `row` shows how far."""
        self._library, self._rules, self._is_told = library, rules, True
        library.loading.connect(self._follow)
        library.listed.connect(self._follow)
        rules.box.currentIndexChanged.connect(self._follow)
        core.stopping.connect(self.core.stop)
        self.ahead.told.connect(row.tell)
        self._follow()

    def close_down(self) -> None:
        """Take the functions away and end their core; more than once does no harm.

        QGIS finds a function by its place in a list: whoever still draws would find another one there, or none.
        """
        self.ahead.close()
        self.core.close()  # from here on all that is asked fails at once
        ends_at = time.monotonic() + DRAWN_WITHIN_S
        while self._functions and QThreadPool.globalInstance().activeThreadCount() and time.monotonic() < ends_at:
            time.sleep(LOOK_S)  # in which those who draw go on
        for function in self._functions:
            QgsExpression.unregisterFunction(function.name())
        self._functions = []

    def _follow(self, *_said: object) -> None:
        packs = tuple(self._rules.packs or ())
        self._answers.follow(_asked(self._library.path, self._library.day, packs))


def _asked_without_dock() -> Asked:
    return _asked(settings.get("library"), "", ())


def _asked(library: str, day: str, packs: tuple[str, ...]) -> Asked:
    """What is to be asked for; with a login, for which QGIS may ask for its master password: in the main thread."""
    try:
        return Asked(library, day, packs, login_environment(entry_of(library)))
    except Refusal as why:
        return Asked(library, day, packs, refusal=why)


class _Others:
    """What a call of a function would be given for other features."""

    def __init__(self, node: QgsExpressionNodeFunction, context: QgsExpressionContext) -> None:
        # Of their own: an error must not become one of the expression that is evaluated.
        self._arguments = [QgsExpression(argument.dump()) for argument in node.args().list()]
        for argument in self._arguments:
            argument.prepare(context)

    def shape(self, context: QgsExpressionContext) -> Shape | None:
        """The shape for the feature that the context has; None where there is none to ask for."""
        values = [argument.evaluate(context) for argument in self._arguments]
        try:
            is_known = not any(argument.hasEvalError() for argument in self._arguments)
            return _shape_of(values, context) if is_known else None
        except Refusal:
            return None


def _shape_of(values: Sequence[Any], context: QgsExpressionContext | None) -> Shape | None:
    """What a function is asked for; None of a null or empty geometry. Raises Refusal of what is no polygon."""
    geometry = values[0]
    if not isinstance(geometry, QgsGeometry):
        raise Refusal(tr("The first argument must be a geometry, such as @geometry."))
    if geometry.isNull() or geometry.isEmpty():
        return None
    if geometry.type() != Qgis.GeometryType.Polygon:
        raise Refusal(tr("Only polygons have a verdict. Hand over a polygon, such as buffer(@geometry, 10)."))
    attributes = value_or_none(values[1]) if len(values) > 1 else None
    if not isinstance(attributes, (dict, type(None))):
        raise Refusal(tr("The second argument must be a map, such as attributes()."))
    told = {name: value_or_none(value) for name, value in (attributes or {}).items()}
    return shape_of(geometry, _crs_of(geometry, context), told)


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
        text = value_or_none(context.variable("layer_crs" if of_layer else "project_crs"))
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
