"""One question of another system to a verb: the arguments it may use, and the values for the core."""

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from onemap.layers.errors import OneMapError, UsageError
from onemap.layers.files.text_encodings import is_text
from onemap.layers.messages import ProblemRecord
from onemap.rules.contract.argument_names import problem_of_inputs
from onemap.rules.contract.declaration import WRITTEN, Parameter, Verb
from onemap.rules.contract.value_schema import value_schema
from onemap.rules.contract.verb_help import help_text
from onemap.rules.verbs.web.serve_child import VerbAnswer, refusal_of
from onemap.rules.verbs.web.verb_evidence import evidence_of

LIBRARY, PARCELS, TARGET = "library", "parcels", "target"
SHEET_FORMS = ("json", "pdf", "docx", "html")
TABLES = "tables"  # the folder of the tables that an answer comes with
# What is the server's own matter: where results lie, and by how many threads or machines they are made.
_NOT_ASKED = {LIBRARY, "overwrite", "workers", "scheduler", "shared"}
_GEOJSON = {"FeatureCollection", "Feature", "Polygon", "MultiPolygon"}
_PLAIN_WORD = re.compile(r"[\w-]+")
ToCore = Callable[[str, Mapping[str, Any]], VerbAnswer]


@dataclass(frozen=True)
class Asker:
    """The sender of a question. names_files: whether it may name files here, like a program of the same user."""

    library: str
    language: str
    names_files: bool


def verbs_for_others(verbs: Mapping[str, Verb]) -> dict[str, Verb]:
    """The verbs that other systems may ask, by name."""
    return {name: verb for name, verb in verbs.items() if verb.for_others}


def offered_parameters(verb: Verb, asker: Asker) -> list[Parameter]:
    """The parameters that an asker can give, in order."""
    return [one for one in verb.parameters if _is_offered(one, asker)]


def _is_offered(parameter: Parameter, asker: Asker) -> bool:
    if parameter.name in _NOT_ASKED or (parameter.name in WRITTEN and parameter.name != TARGET):
        return False
    return (
        asker.names_files or not parameter.may_be_path or parameter.name in (PARCELS, TARGET) or _takes_word(parameter)
    )


def _takes_word(parameter: Parameter) -> bool:
    """Whether a value may be the name of a pack or of a layer instead of a file."""
    return bool({"NAME", "CODE"} & set(parameter.metavar.split("|")))


def question_schema(verb: Verb, asker: Asker) -> dict[str, Any]:
    """The JSON Schema of a verb's arguments, from its declaration."""
    offered = offered_parameters(verb, asker)
    properties = {one.name: parameter_schema(verb, one, asker) for one in offered}
    required = [one.name for one in offered if one.is_required and one.name != TARGET]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def parameter_schema(verb: Verb, parameter: Parameter, asker: Asker) -> dict[str, Any]:
    """The JSON Schema of one argument, with its description."""
    described = {"description": help_text(verb.name, parameter.name, asker.language)}
    if parameter.name == TARGET:
        return {"type": "string", "enum": list(SHEET_FORMS), "default": SHEET_FORMS[0], **described}
    if parameter.name != PARCELS:
        return {**value_schema(parameter), **described}
    shapes = {"type": "object", "required": ["type"], "properties": {"type": {"enum": sorted(_GEOJSON)}}}
    return {"anyOf": [shapes, {"type": "string"}] if asker.names_files else [shapes], **described}


def ask_core(verb: Verb, question: Mapping[str, Any], asker: Asker, folder: Path, to_core: ToCore) -> VerbAnswer:
    """Ask the core, and add the evidence to its answer. folder: an empty folder for the answer's tables and files.

    Raises UsageError usage.parameter, usage.value, OneMapError web.parcels for arguments that are not allowed.
    """
    values = core_values(verb, question, asker, folder)
    answer = to_core(verb.name, {**values, "lang": asker.language})
    if answer.result is None:
        return replace(answer, problems=[_without_folder(problem, folder) for problem in answer.problems])
    result = {name: value for name, value in answer.result.items() if name not in ("out", "page")}
    if TARGET in values:
        place = Path(values[TARGET])
        result["file"] = place.name
        if place.suffix == ".json":
            result["sheet"] = json.loads(place.read_text(encoding="utf-8"))
    return replace(answer, result={**result, "evidence": evidence_of(verb.name, question, result, folder / TABLES)})


def answer_or_refusal(ask: Callable[[], VerbAnswer], language: str) -> VerbAnswer:
    """The answer, or a refusal for any error: a defect in one question must not end the others.

    Refusals and remarks name arguments, not options: whoever asks has no command line.
    """
    try:
        answer = ask()
    except OneMapError as error:
        answer = refusal_of(error, language)
    except Exception as error:  # noqa: BLE001 - told to whoever asked
        reason = f"{type(error).__name__}: {str(error)[:300]}"
        answer = refusal_of(OneMapError("defect.ours", reason=reason), language)
    result = answer.result
    if result is not None and "problems" in result:
        result = {**result, "problems": [*map(problem_of_inputs, result["problems"])]}
    return replace(answer, result=result, problems=[*map(problem_of_inputs, answer.problems)])


def _without_folder(problem: ProblemRecord, folder: Path) -> ProblemRecord:
    """A problem without the name of the temporary folder, which the asker does not know."""
    texts = {name: value.replace(f"{folder}/", "") for name, value in problem.items() if isinstance(value, str)}
    return cast(ProblemRecord, {**problem, **texts})


@contextmanager
def room_of_answer() -> Iterator[Path]:
    """A folder for the tables and files of one answer, removed with the block."""
    with tempfile.TemporaryDirectory(prefix="onemap-answer-") as folder:
        yield Path(folder)


def core_values(verb: Verb, question: Mapping[str, Any], asker: Asker, folder: Path) -> dict[str, Any]:
    """The values for the core. Raises UsageError usage.parameter, usage.value, OneMapError web.parcels."""
    for name, value in question.items():
        is_geojson = name == PARCELS and isinstance(value, dict)  # whose reader tells
        if not is_geojson and not is_text(json.dumps([name, value], ensure_ascii=False)):  # half of a pair of UTF-16
            raise UsageError("usage.value", field=json.dumps(name)[1:-1], value=json.dumps(value)[:80])
    offered = {one.name: one for one in offered_parameters(verb, asker)}
    for name in question:
        if name not in offered:
            raise UsageError("usage.parameter", field=name, verb=verb.name, known=list(offered))
    values: dict[str, Any] = {LIBRARY: asker.library}
    for name, parameter in offered.items():
        value = question.get(name)
        if name == TARGET:
            values[name] = str(folder / f"sheet.{_sheet_form(value)}")
        elif value is None:
            continue
        elif name == PARCELS and isinstance(value, dict):
            values[name] = str(_written_parcels(value, folder))
        elif parameter.may_be_path and not asker.names_files:
            values[name] = _plain_words(parameter, value)
        else:
            values[name] = value
    if any(one.name == "out" for one in verb.parameters) and PARCELS in offered:
        values["out"] = [str(folder / TABLES)]
    return values


def _sheet_form(value: Any) -> str:
    if value is not None and value not in SHEET_FORMS:
        raise UsageError("usage.choice", field=TARGET, value=str(value), allowed=list(SHEET_FORMS))
    return str(value or SHEET_FORMS[0])


def _written_parcels(value: Mapping[str, Any], folder: Path) -> Path:
    """Write GeoJSON to a file, which is then read like any file. Raises OneMapError web.parcels."""
    if value.get("type") not in _GEOJSON:
        raise OneMapError("web.parcels", field=PARCELS)
    path = folder / f"{PARCELS}.geojson"
    path.write_text(json.dumps(value, allow_nan=False), encoding="utf-8")
    return path


def _plain_words(parameter: Parameter, value: Any) -> Any:
    """The names of packs or layers, but not paths. Raises UsageError usage.value, OneMapError web.parcels."""
    if parameter.name == PARCELS:
        raise OneMapError("web.parcels", field=PARCELS)
    words: Sequence[Any] = value if isinstance(value, list) else [value]
    for word in words:
        if not isinstance(word, str) or not _PLAIN_WORD.fullmatch(word):
            raise UsageError("usage.value", field=parameter.name, value=str(word)[:80])
    return value
