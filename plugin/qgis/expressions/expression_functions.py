"""The expression functions `onemap_verdict` and `onemap_findings`: the verdict of any polygon in the open library."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
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
    QgsProject,
    QgsReadWriteContext,
    QgsReferencedGeometry,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QObject, QThreadPool
from qgis.PyQt.QtXml import QDomDocument

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.connection.server_logins import entry_of, login_environment
from onemap.plugin.connection.task import one_shot_timer
from onemap.plugin.desk.results.results import CheckedParcel
from onemap.plugin.profile import settings
from onemap.plugin.qgis.expressions.expression_answers import AnswerCache
from onemap.plugin.qgis.expressions.expression_client import BlockingCore
from onemap.plugin.qgis.expressions.expression_request import CheckQuestion, Shape, evaluation_error, shape_of
from onemap.plugin.qgis.expressions.prefetch import FeaturePrefetch
from onemap.plugin.words.number_format import value_or_none
from onemap.plugin.words.translation import name_list, tr

if TYPE_CHECKING:  # qgis_process has no window
    from onemap.plugin.connection.core_session import Core
    from onemap.plugin.desk.library.open_library import OpenLibrary
    from onemap.plugin.desk.parcels.rules_choice import RulesChoice
    from onemap.plugin.qgis.expressions.expression_row import ExpressionRow

GROUP = "One Map"
LATER_MS = 50  # a library that is opened changes its day and its rules in one go
DRAWN_PARTS = (
    QgsMapLayer.StyleCategory.Symbology | QgsMapLayer.StyleCategory.Labeling | QgsMapLayer.StyleCategory.Diagrams
)
DRAWING_LIMIT_S, POLL_INTERVAL_S = 5.0, 0.02
FINDING_NAMES = ("rule", "verdict", "layer", "version", "area_m2", "title", "basis", "department", "counted", "reason")


class CheckFunction(QgsExpressionFunction):
    """One function of a polygon, and of the parcel's attributes if rules use them."""

    def __init__(
        self, name: str, help_text: str, functions: ExpressionFunctions, value: Callable[[CheckedParcel], Any]
    ) -> None:
        parameters = [self.Parameter("geometry"), self.Parameter("attributes", True)]
        super().__init__(name, parameters, GROUP, help_text)
        self._functions, self._value = functions, value

    def func(
        self,
        values: list[Any],
        context: QgsExpressionContext | None,
        parent: QgsExpression,
        node: QgsExpressionNodeFunction,
    ) -> Any:
        """The value; None for a null or empty geometry, and if the evaluation fails, with the reason as its error."""
        try:
            shape = _shape_of(values, context)
            if shape is None:
                return None
            is_cancelled = _cancel_of(context)

            def prefetch(max_count: int, is_known: Callable[[Shape], bool]) -> list[Shape]:
                if context is None or not context.hasFeature():
                    return []
                call_arguments = _CallArguments(node, context)
                return self._functions.prefetch.shapes(
                    context, node, call_arguments.shape, max_count, is_known, is_cancelled
                )

            return self._value(self._functions.answers.check(shape, prefetch, is_cancelled))
        except Refusal as refusal:
            parent.setEvalErrorString(evaluation_error(refusal))
            return None

    def usesGeometry(self, _node: QgsExpressionNodeFunction) -> bool:
        """Features must come with their geometry."""
        return True

    def referencedColumns(self, _node: QgsExpressionNodeFunction) -> set[str]:
        """No fields besides those of the arguments."""
        return set()

    def isStatic(
        self, _node: QgsExpressionNodeFunction, _parent: QgsExpression, _context: QgsExpressionContext
    ) -> bool:
        """Always False, because the value may change with the library."""
        return False


class DrawnVerdicts(QObject):
    """Repaints the layers whose symbols, labels, diagrams or virtual fields call certain functions.

    names: of the functions.
    """

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__()
        self._names = tuple(names)
        self._later = one_shot_timer(self, LATER_MS, self._repaint)

    def draw_again(self) -> None:
        """Draw the layers again soon; several calls in a row draw them once."""
        self._later.start()

    def close_down(self) -> None:
        """Draw nothing again any more."""
        self._later.stop()

    def _repaint(self) -> None:
        layers = [one for one in QgsProject.instance().mapLayers().values() if isinstance(one, QgsVectorLayer)]
        callers = {layer.id() for layer in layers if self._names_a_function(layer)}
        for layer in layers:
            if layer.id() in callers or any(join.joinLayerId() in callers for join in layer.vectorJoins()):
                layer.triggerRepaint()  # which also forgets its picture in the canvas's cache

    def _names_a_function(self, layer: QgsVectorLayer) -> bool:
        style = QDomDocument()
        layer.exportNamedStyle(style, QgsReadWriteContext(), DRAWN_PARTS)
        texts = [style.toString(), *(layer.expressionField(index) for index in range(layer.fields().count()))]
        return any(name in text.lower() for text in texts for name in self._names)


class ExpressionFunctions:
    """The functions for expressions, registered until they are closed down.

    They answer for the dock's open library; without a dock, as in qgis_process, for the library that was open last.
    """

    def __init__(self) -> None:
        self.core = BlockingCore()
        self._answers = AnswerCache(self.core)
        self.prefetch = FeaturePrefetch()
        self._library: OpenLibrary | None = None
        self._rules: RulesChoice | None = None
        self._has_question = False
        # QGIS keeps no reference of ours.
        self._functions = [
            CheckFunction("onemap_verdict", _verdict_help(), self, lambda parcel: parcel.verdict),
            CheckFunction("onemap_findings", _findings_help(), self, findings_of),
        ]
        for function in self._functions:
            QgsExpression.registerFunction(function)
        self._drawn_verdicts = DrawnVerdicts(function.name() for function in self._functions)

    @property
    def answers(self) -> AnswerCache:
        """The cache that answers."""
        if not self._has_question:
            self._has_question = True
            self._answers.follow(_question_for(settings.get("library"), "", ()))
        return self._answers

    def follow(self, core: Core, library: OpenLibrary, rules: RulesChoice, row: ExpressionRow) -> None:
        """Answer for the open library and the chosen rules from now on; `row` shows the progress."""
        self._library, self._rules, self._has_question = library, rules, True
        library.loading.connect(self._update_question)
        library.listed.connect(self._update_question)
        rules.box.currentIndexChanged.connect(self._update_question)
        core.stopping.connect(self.core.stop)
        self.prefetch.progressed.connect(row.show_progress)
        self._update_question()

    def close_down(self) -> None:
        """Unregister the functions and end their core; more than once does no harm.

        QGIS finds a function by its place in a list, so a drawing that goes on would find another function there, or
        none.
        """
        self._drawn_verdicts.close_down()
        self.prefetch.close()
        self.core.close()  # from here on all that is asked fails at once
        ends_at = time.monotonic() + DRAWING_LIMIT_S
        while self._functions and QThreadPool.globalInstance().activeThreadCount() and time.monotonic() < ends_at:
            time.sleep(POLL_INTERVAL_S)  # in which those who draw go on
        for function in self._functions:
            QgsExpression.unregisterFunction(function.name())
        self._functions = []

    def _update_question(self, *_args: object) -> None:
        packs = tuple(self._rules.packs or ())
        self._answers.follow(_question_for(self._library.path, self._library.day, packs))
        self._drawn_verdicts.draw_again()


def _question_for(library: str, day: str, packs: tuple[str, ...]) -> CheckQuestion:
    """The question for a library, with its login; for the main thread, as QGIS may ask for its master password."""
    try:
        return CheckQuestion(library, day, packs, login_environment(entry_of(library)))
    except Refusal as refusal:
        return CheckQuestion(library, day, packs, refusal=refusal)


class _CallArguments:
    """The arguments of a function call, evaluated for other features."""

    def __init__(self, node: QgsExpressionNodeFunction, context: QgsExpressionContext) -> None:
        # Of their own: an error must not become one of the expression that is evaluated.
        self._arguments = [QgsExpression(argument.dump()) for argument in node.args().list()]
        for argument in self._arguments:
            argument.prepare(context)

    def shape(self, context: QgsExpressionContext) -> Shape | None:
        """The shape for the context's feature; None if there is none to check."""
        values = [argument.evaluate(context) for argument in self._arguments]
        try:
            is_known = not any(argument.hasEvalError() for argument in self._arguments)
            return _shape_of(values, context) if is_known else None
        except Refusal:
            return None


def _shape_of(values: Sequence[Any], context: QgsExpressionContext | None) -> Shape | None:
    """The shape in a function's arguments; None for a null or empty geometry. Raises Refusal if it is no polygon."""
    geometry = values[0]
    if not isinstance(geometry, QgsGeometry):
        raise Refusal(tr("The first argument must be a geometry, such as @geometry."))
    if geometry.isNull() or geometry.isEmpty():
        return None
    if geometry.type() != Qgis.GeometryType.Polygon:
        raise Refusal(tr("Only polygons have a verdict. Pass a polygon, such as buffer(@geometry, 10)."))
    attributes = value_or_none(values[1]) if len(values) > 1 else None
    if not isinstance(attributes, (dict, type(None))):
        raise Refusal(tr("The second argument must be a map, such as attributes()."))
    values_by_name = {name: value_or_none(value) for name, value in (attributes or {}).items()}
    return shape_of(geometry, _crs_of(geometry, context), values_by_name)


def findings_of(parcel: CheckedParcel) -> list[dict[str, Any]]:
    """The findings as maps, counted ones first, by severity and then by area."""
    return [{name: getattr(finding, name) for name in FINDING_NAMES} for finding in parcel.findings]


def _crs_of(geometry: QgsGeometry, context: QgsExpressionContext | None) -> QgsCoordinateReferenceSystem:
    """The geometry's own system, else the layer's, else the project's. Raises Refusal if there is none."""
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
        message = tr(
            "The shape has no coordinate system. Choose one in the properties of its layer, or of the project."
        )
        raise Refusal(message)
    return crs


def _cancel_of(context: QgsExpressionContext | None) -> Callable[[], bool]:
    feedback = context.feedback() if context is not None else None
    return feedback.isCanceled if feedback is not None else lambda: False


def _verdict_help() -> str:
    description = tr(
        "Checks a polygon against the library that is open in the One Map panel and returns its verdict: prohibited, "
        "restricted, unknown, consult, notice or clear."
    )
    usage = tr(
        "Categorise a layer by this expression, or put it into a virtual field, and every parcel has its verdict."
    )
    return _help(
        "onemap_verdict",
        [description, usage],
        [
            ("onemap_verdict(@geometry)", "'prohibited'"),
            ("onemap_verdict(@geometry, attributes())", "'consult'"),
            ("onemap_verdict(buffer(@geometry, 10)) IN ('prohibited', 'restricted')", "true"),
        ],
    )


def _findings_help() -> str:
    description = tr(
        "Checks a polygon against the library that is open in the One Map panel and returns what stands against it: an "
        "array of maps, those that count first, the gravest first."
    )
    names_text = tr("Each map says: {names}.").format(names=name_list(FINDING_NAMES))
    return _help(
        "onemap_findings",
        [description, names_text],
        [
            ("array_length(onemap_findings(@geometry))", "2"),
            ("onemap_findings(@geometry)[0]['area_m2']", "8260.4"),
            (
                "array_to_string(array_foreach(onemap_findings(@geometry, attributes()), @element['title']))",
                "'…'",
            ),
        ],
    )


def _help(name: str, paragraphs: list[str], examples: list[tuple[str, str]]) -> str:
    """The help text of a function for QGIS's expression dialog, as HTML."""
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
            *(f"<p>{text}</p>" for text in paragraphs),
            f"<h4>{tr('Syntax')}</h4><p><code>{name}(<i>geometry</i>[, <i>attributes</i>])</code></p>",
            f"<h4>{tr('Arguments')}</h4>",
            *(f"<p><code>{argument}</code> – {text}</p>" for argument, text in arguments),
            f"<h4>{tr('Examples')}</h4><ul>",
            *(f"<li><code>{code}</code> → <code>{value}</code></li>" for code, value in examples),
            "</ul>",
            *(f"<p>{text}</p>" for text in notes),
        ]
    )
