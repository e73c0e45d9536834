"""A verb of the command line as an algorithm, made from its declaration and from facts that only Processing needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputFile,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterPoint,
)
from qgis.PyQt.QtGui import QIcon

from onemap.plugin.connection.core_session import core_missing, core_python
from onemap.plugin.connection.layer_export import SourceFile, crs_text
from onemap.plugin.connection.refusals import Refusal, problem_lines
from onemap.plugin.connection.verb_runs import learn_words, run_verb
from onemap.plugin.qgis.algorithms.algorithm_run import AlgorithmRun, SourceOrigin, source_origin
from onemap.plugin.qgis.algorithms.choice_titles import titles_of
from onemap.plugin.qgis.algorithms.help_pages import help_url
from onemap.plugin.qgis.algorithms.parameter_kinds import (
    ParameterKind,
    advanced_parameter,
    kind_of_values,
    usual_kinds,
    usual_titles,
)
from onemap.plugin.qgis.algorithms.sinks import Sink, fill_sinks, outs_for, sink_parameters
from onemap.plugin.widgets.icons import icon
from onemap.plugin.words.core_words import word
from onemap.plugin.words.option_names import add_controls, name_algorithms, name_controls
from onemap.plugin.words.translation import tr
from onemap.plugin.words.verb_parameters import argument_names, verb_parameters

ANY_PATH = (QgsProcessingParameterFeatureSource, QgsProcessingParameterFile)
EXIT_THRESHOLD = 4
POINT = "POINT"
# The algorithms of each group of the toolbox.
_GROUPS = {
    "library": "new add inspect ingest publish",
    "parcels": "check remedy sites sheet identify prove",
    "review": "review_open review_notice review_export",
    "plans": "compare contradictions decide spots atlas comparison",
    "exchange": "validate changes deliver receive redline",
    "numbers": "statistics transitions indicators warnings readings",
}
# By which it is found beside its name, in both languages: what somebody types who knows the matter and not the tool.
_TAGS = {
    "library": "library,version,catalogue,资料库,入库,版本,一张图",
    "parcels": "parcel,conflict,rule,site,地块,冲突,规则,选址,用地预审",
    "review": "case,opinion,statement,notice,预审,意见,会审,并联,公示",
    "plans": "plan,difference,compare,规划,比对,差异图斑,两规,多规合一",
    "exchange": "package,delivery,coordinates,汇交,数据包,红线,界址点",
    "numbers": "indicator,area,sensor,指标,统计,面积,传感器,预警",
}
_ICONS = {  # of verbs that have none of their own
    "review open": "case",
    "review export": "document",
    "review notice": "send",
    "changes": "refresh",
    "comparison": "beside",
    "deliver": "export",
    "receive": "reply",
    "validate": "sign",
    "indicators": "overview",
    "readings": "live",
    "transitions": "exchange",
    "warnings": "today",
}


@dataclass(frozen=True)
class Output:
    """One value of the results. place: its path in the answer, such as `run.id`; for a list, a number is its length."""

    name: str
    title: str
    place: str = ""
    is_number: bool = False

    def value(self, answer: dict[str, Any]) -> Any:
        """The value in the answer; None if the answer lacks it."""
        value: Any = answer
        for part in self.place.split("."):
            value = (value or {}).get(part)
        return len(value) if self.is_number and isinstance(value, list) else value


@dataclass(frozen=True)
class Report:
    """A file made from the answer, for the parameter of a name.

    text: makes its content
    is_usual: whether it is written even if nobody names a file
    """

    name: str
    title: str
    filters: str
    text: Callable[[dict[str, Any]], str]
    is_usual: bool = False


@dataclass(frozen=True)
class VerbRow:
    """The facts of a verb for Processing beyond its declaration; all texts in the user's language.

    first, advanced: the names of the parameters in order; the advanced ones are folded away
    titles: titles of parameters that differ from the usual ones
    kinds: kinds of parameters that follow neither from their name nor from their declaration
    sinks: the tables of the core that become layers
    outputs: values of the results; those without a place in the answer are set by `finish`
    report: a file made from the answer
    point: the title of a point picked on the map instead of `x`, `y` and `crs`; empty for none
    finish: adds results that only this verb has, from the answer
    """

    verb: str
    title: str
    description: str
    first: str
    advanced: str = ""
    titles: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, ParameterKind] = field(default_factory=dict)
    sinks: tuple[Sink, ...] = ()
    outputs: tuple[Output, ...] = ()
    report: Report | None = None
    point: str = ""
    finish: Callable[[dict[str, Any], dict[str, Any]], None] | None = None


class VerbAlgorithm(QgsProcessingAlgorithm):
    """The algorithm of one verb: it asks for the verb's parameters, runs the verb, and passes on its texts."""

    def __init__(self, row: VerbRow) -> None:
        super().__init__()
        self._row = row
        self._origins: dict[str, SourceOrigin] = {}
        self._parameters_by_name = {parameter.name: parameter for parameter in verb_parameters(row.verb)}
        self._titles = {**usual_titles("parcels" in self._parameters_by_name), **row.titles}
        kinds = {**usual_kinds(), **row.kinds}
        self._kinds = {
            name: kinds.get(name) or kind_of_values(self._parameters_by_name[name]) for name in self._parameters_by_name
        }

    def name(self) -> str:
        """The verb, as one word."""
        return self._row.verb.replace(" ", "_")

    def displayName(self) -> str:
        """The verb for people."""
        return self._row.title

    def shortHelpString(self) -> str:
        """The help of the verb."""
        return self._row.description

    def helpUrl(self) -> str:
        """The address of the verb's section in the reference, in the user's language."""
        return help_url(self._row.verb)

    def group(self) -> str:
        """The title of its group."""
        titles = {
            "library": tr("Library"),
            "parcels": tr("Parcels"),
            "review": tr("Review"),
            "plans": tr("Compare"),
            "exchange": tr("Exchange"),
            "numbers": tr("Numbers"),
        }
        return titles[self.groupId()]

    def groupId(self) -> str:
        """The same, for scripts."""
        return next(group for group, names in _GROUPS.items() if self.name() in names.split())

    def tags(self) -> list[str]:
        """Further words that find it, in both languages."""
        return ["one map", *_TAGS[self.groupId()].split(",")]

    def icon(self) -> QIcon:
        """The sign of the action."""
        return icon(_ICONS.get(self._row.verb, self._row.verb))

    def createInstance(self) -> VerbAlgorithm:
        """A fresh one for each run."""
        return VerbAlgorithm(self._row)

    def canExecute(self) -> tuple[bool, str]:
        """Whether there is a core to run it."""
        return (True, "") if core_python() is not None else (False, str(core_missing()))

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Add the parameters, named as on the command line; sinks, the report and the point are QGIS's own."""
        for name in self._row.first.split():
            self._add(self._definition(name))
        if self._row.point:
            self.addParameter(QgsProcessingParameterPoint(POINT, self._row.point, optional=True))
        for name in self._row.advanced.split():
            self._add(advanced_parameter(self._definition(name)))
        for definition in sink_parameters(self._row.sinks):
            self.addParameter(definition)
        report = self._row.report
        if report is not None:
            self._add(
                QgsProcessingParameterFileDestination(
                    report.name,
                    report.title,
                    fileFilter=report.filters,
                    optional=True,
                    createByDefault=report.is_usual,
                )
            )
        for output in self._row.outputs:
            kind = QgsProcessingOutputNumber if output.is_number else QgsProcessingOutputString
            self.addOutput(kind(output.name, output.title))

    def _add(self, definition: QgsProcessingParameterDefinition) -> None:
        """Add a parameter; a file that it asks for gets a file output, even if it may be a page.

        With an output for a page, QGIS's batch dialog fails with an error of its own in every row (qgis/QGIS#47884).
        """
        is_file = isinstance(definition, QgsProcessingParameterFileDestination)
        name, title = definition.name(), definition.description()
        self.addParameter(definition, not is_file)
        if is_file:
            self.addOutput(QgsProcessingOutputFile(name, title))

    def _definition(self, name: str) -> QgsProcessingParameterDefinition:
        return self._kinds[name].make(name.upper(), self._titles[name], self._parameters_by_name[name])

    def checkParameterValues(self, parameters: dict[str, Any], context: QgsProcessingContext) -> tuple[bool, str]:
        """Check like QGIS, but allow any path: the core reads more formats than QGIS, and its refusals say more."""
        for definition in self.parameterDefinitions():
            value = parameters.get(definition.name())
            if isinstance(definition, ANY_PATH) and isinstance(value, str) and value:
                continue
            if not definition.checkValueIsAcceptable(value, context):
                return False, tr("Incorrect parameter value for {name}").format(name=definition.description())
        return True, ""

    def prepareAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """Find the files behind the sources, in the thread where layers may be used."""
        for definition in self.parameterDefinitions():
            value = parameters.get(definition.name())
            if isinstance(definition, QgsProcessingParameterFeatureSource) and value:
                are_unnamed = (
                    definition.name() == "PARCELS" and "id" in self._parameters_by_name and not parameters.get("ID")
                )
                self._origins[definition.name()] = source_origin(value, context, are_unnamed)
        return True

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run the verb, then fill the sinks from the GeoPackage that it wrote."""
        row, run = self._row, AlgorithmRun(self, parameters, context, feedback, self._origins)
        options = self._options(run)
        result_names = [name for name, kind in self._kinds.items() if kind.is_result and options[name]]
        results = {name.upper(): options[name] for name in result_names}
        tables = ""
        if row.sinks:
            options["out"], tables = outs_for(row.sinks, parameters, options["out"])
        answer, exit_code = self._run_core(options, feedback)
        results |= {output.name: output.value(answer) for output in row.outputs if output.place}
        if row.report is not None and parameters.get(row.report.name):
            path = results[row.report.name] = self.parameterAsFileOutput(parameters, row.report.name, context)
            Path(path).write_text(row.report.text(answer), encoding="utf-8")
        if row.finish is not None:
            row.finish(answer, results)
        results |= fill_sinks(run, row.sinks, tables)
        write_summary(_summary(answer, tables, results.get("OUT", "")), self._controls(), feedback)
        if exit_code == EXIT_THRESHOLD and "fail_on" in options:
            raise QgsProcessingException(_threshold_text(answer, options["fail_on"]))
        return results

    def _options(self, run: AlgorithmRun) -> dict[str, Any]:
        """The options of the command line; the source supplies layer and system if the verb takes them."""
        options = {name: kind.read(run, name.upper()) for name, kind in self._kinds.items()}
        for name, value in list(options.items()):
            if isinstance(value, SourceFile):
                options[name] = value.path
                # Of a verb that does not ask for the layer in the source, CRS is something else, too.
                if "layer" in options:
                    options["layer"] = options["layer"] or value.layer
                    if "crs" in options:
                        options["crs"] = options["crs"] or value.crs
        if self._row.point and run.parameters.get(POINT):
            options |= self._picked_place(options, run)
        return options

    def _picked_place(self, options: dict[str, Any], run: AlgorithmRun) -> dict[str, Any]:
        """The options for a point picked on the map. Raises QgsProcessingException if another place is given too."""
        if any(options[name] for name in ("x", "y", "line", "box")):
            raise QgsProcessingException(tr("Give one place only: a point on the map, numbers, a line or a box."))
        point = self.parameterAsPoint(run.parameters, POINT, run.context)
        system = self.parameterAsPointCrs(run.parameters, POINT, run.context)
        return {"x": repr(point.x()), "y": repr(point.y()), "crs": crs_text(system) or options["crs"]}

    def _run_core(self, options: dict[str, Any], feedback: QgsProcessingFeedback) -> tuple[dict[str, Any], int]:
        """Run the verb; a refusal becomes the exception that Processing shows, in the core's own words."""
        try:
            answer, exit_code = run_verb(self._row.verb, {**options, "summary": True}, feedback)
        except Refusal as refusal:
            refusal.problems = self._named_problems(refusal.problems)
            raise QgsProcessingException(dialog_words(str(refusal), self._controls())) from refusal
        write_problems(self._named_problems(answer.get("problems") or []), feedback, self._controls())
        return answer, exit_code

    def _named_problems(self, problems: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The problems, with arguments without dashes renamed to options, because the dialog titles both alike."""
        arguments = argument_names(self._row.verb)
        options = {word: f"--{name.replace('_', '-')}" for word, name in arguments.items()}
        return [{**problem, "field": options.get(problem.get("field"), problem.get("field"))} for problem in problems]

    def _controls(self) -> dict[str, str]:
        """The dialog's titles of the options in the core's texts, including those of `add`, which many texts name."""
        names = (*self._row.first.split(), *self._row.advanced.split())
        return {**add_controls(), **{f"--{name.replace('_', '-')}": self._titles[name] for name in names}}


def write_problems(
    problems: list[dict[str, Any]], feedback: QgsProcessingFeedback, controls: Mapping[str, str]
) -> None:
    """Write problems to Processing's log; a mere note is no warning. controls: as for `name_controls`."""
    for problem in problem_lines(problems):
        write = feedback.pushInfo if problem.level == "note" else feedback.pushWarning
        write(dialog_words(problem.text, controls))


def _threshold_text(answer: dict[str, Any], threshold: str) -> str:
    """The reason why a run fails that should fail from a severity on: its verdict, or a delivery's problems."""
    if "verdict" not in answer:
        text = tr("The delivery has problems that are at least: {threshold}.")
        return text.format(threshold=titles_of("severities")[threshold])
    learn_words()
    verdict, threshold = word("verdicts", str(answer["verdict"])), word("verdicts", threshold)
    text = tr("The most severe verdict is {verdict}: the threshold {threshold} is reached.")
    return text.format(verdict=verdict, threshold=threshold)


def _summary(answer: dict[str, Any], tables: str, out: str) -> str:
    """The summary for people, without files made only for the sinks. out: the file that the user asked for."""
    text = str(answer["summary"])
    if not tables or tables == out:
        return text
    lines = text.replace(f", {tables}", "").splitlines()
    return "\n".join(line for line in lines if tables not in line)


def write_summary(text: str, controls: Mapping[str, str], feedback: QgsProcessingFeedback) -> None:
    """Write a verb's summary, in the command line's words, to the end of Processing's log; columns stay aligned."""
    text = dialog_words(text, controls)
    feedback.pushFormattedMessage(f"<pre>{escape(text)}</pre>", text)


def dialog_words(text: str, controls: Mapping[str, str]) -> str:
    """A text of the core, with its verbs and options named as in Processing's dialogs."""
    return name_controls(name_algorithms(text), controls)
