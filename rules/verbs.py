"""Every verb of the core, declared once with its parameters, for command line, serve and reference.

This module must stay cheap to import: what a verb needs is imported when it runs.
"""

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from onemap.layers.errors import UsageError

Report = Callable[[float, str], None]
Values = Mapping[str, Any]
Result = dict[str, Any]
VERDICT_CHOICES = ("prohibited", "restricted", "unknown", "consult", "notice", "clear")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a verb. `name` is the option without dashes, with underscores; values come as text."""

    name: str
    metavar: str = ""
    positional: bool = False
    repeated: bool = False
    flag: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()
    convert: Callable[[str], Any] | None = None

    @property
    def option(self) -> str:
        """The option as it is typed."""
        return "--" + self.name.replace("_", "-")


@dataclass(frozen=True)
class Verb:
    """One verb and its parameters; those that make data are Processing algorithms too."""

    name: str
    parameters: tuple[Parameter, ...]
    makes_data: bool = False

    def run(self, values: Values, asked: "Asked") -> Result:
        """Do it: the function of the same name in `verb_work`."""
        work = importlib.import_module("onemap.rules.verb_work")
        result: Result = getattr(work, self.name)(values, asked)
        return result


@dataclass(frozen=True)
class Asked:
    """In which language a verb is asked, how it tells of its progress, and what `serve` keeps warm for it."""

    language: str
    report: Report
    warm: Any = None


def _date(text: str) -> date:
    return date.fromisoformat(text)


def _moment(text: str) -> datetime:
    """A moment; a bare date means its end, so that what was recorded on that day is known."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}|\d{8}", text):
        return datetime.combine(date.fromisoformat(text), time.max).astimezone()
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.astimezone()


def _metres(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def _seed(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError(text)
    return value


def _town_size(text: str) -> int:
    value = int(text)
    if not 40 <= value <= 20_000:  # what the maker of the sample city can fill with streets
        raise ValueError(text)
    return value


def _codes(text: str) -> tuple[str, ...]:
    return tuple(code.strip() for code in text.split(",") if code.strip())


def _pairs(text: str) -> dict[str, str]:
    pairs = {}
    for part in filter(None, (part.strip() for part in re.split("[,，]", text))):
        target, equals, source = part.partition("=")
        if not equals or not target.strip() or not source.strip():
            raise ValueError(part)
        pairs[target.strip()] = source.strip()
    return pairs


_LIBRARY = Parameter("library", "LIBRARY", positional=True)
_LAYER = Parameter("layer", "N")
_CRS = Parameter("crs", "C")
_ENCODING = Parameter("encoding", "E")
_TRANSFORM = Parameter("transform", "T")
_AS_OF = Parameter("as_of", "D", convert=_date)
_REPAIR = Parameter("repair", flag=True)


VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            "new",
            (
                _LIBRARY,
                Parameter("crs", "EPSG:4547", required=True),
                Parameter("name", "N"),
                Parameter("district", "FILE"),
                Parameter("pack", "NAME", repeated=True),
            ),
            makes_data=True,
        ),
        Verb("inspect", (Parameter("source", "SOURCE", positional=True), _LAYER, _ENCODING)),
        Verb(
            "add",
            (
                _LIBRARY,
                Parameter("source", "SOURCE", positional=True),
                Parameter("as", "CODE", required=True),
                _LAYER,
                _CRS,
                _TRANSFORM,
                _ENCODING,
                Parameter("fields", "target=source,…", convert=_pairs),
                Parameter("label", "L"),
                Parameter("valid_from", "D", convert=_date),
                Parameter("valid_to", "D", convert=_date),
                Parameter("covers", "district|extent|FILE"),
                Parameter("accuracy", "M", convert=_metres),
                _REPAIR,
                Parameter("keep_bad", flag=True),
                Parameter("report", "FILE.xlsx"),
                Parameter("copy", flag=True),
                Parameter("define", "name=…,department=…,library=…,kind=…,geometry=…[,key=…]"),
            ),
            makes_data=True,
        ),
        Verb("layers", (_LIBRARY, _AS_OF)),
        Verb(
            "check",
            (
                _LIBRARY,
                Parameter("parcels", "PARCELS", positional=True),
                _LAYER,
                Parameter("id", "FIELD"),
                _CRS,
                _TRANSFORM,
                _ENCODING,
                _REPAIR,
                Parameter("pack", "FILE|NAME", repeated=True),
                Parameter("only", "CODE,…", convert=_codes),
                _AS_OF,
                Parameter("known_at", "T", convert=_moment),
                Parameter("out", "PATH", repeated=True),
                Parameter("overwrite", flag=True),
                Parameter("replace", "CODE=FILE", repeated=True),
                Parameter("against", "RUN"),
                Parameter("workers", "N", convert=_count),
                Parameter("fail_on", "V", choices=VERDICT_CHOICES),
            ),
            makes_data=True,
        ),
        Verb(
            "redline",
            (
                Parameter("source", "SOURCE", positional=True),
                Parameter("target", "TARGET", positional=True),
                _LAYER,
                _CRS,
                _ENCODING,
                Parameter("overwrite", flag=True),
            ),
            makes_data=True,
        ),
        Verb(
            "explain",
            (
                _LIBRARY,
                Parameter("run", "RUN", positional=True),
                Parameter("parcel", "PARCEL", positional=True),
                Parameter("rule", "RULE", positional=True),
            ),
        ),
        Verb("verify", (_LIBRARY, Parameter("run", "ID"))),
        Verb("words", ()),
        Verb(
            "sample",
            (
                Parameter("folder", "FOLDER", positional=True),
                Parameter("seed", "N", convert=_seed),
                Parameter("parcels", "N", convert=_town_size),
            ),
        ),
    )
}


def checked_values(verb: Verb, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a request, converted; lists and tables may come as such, or as text.

    Raises UsageError usage.parameter, usage.value, usage.required.
    """
    known = {parameter.name: parameter for parameter in verb.parameters}
    values: dict[str, Any] = {}
    for name, value in given.items():
        parameter = known.get(name)
        if parameter is None:
            raise UsageError("usage.parameter", field=name, verb=verb.name, known=list(known))
        if value is not None:
            values[name] = _converted(parameter, value)
    for parameter in verb.parameters:
        if (parameter.positional or parameter.required) and values.get(parameter.name) in (None, ""):
            raise UsageError("usage.required", field=_shown_name(parameter), verb=verb.name)
    return values


def _shown_name(parameter: Parameter) -> str:
    return parameter.metavar if parameter.positional else parameter.option


def _converted(parameter: Parameter, value: Any) -> Any:
    if parameter.flag:
        if not isinstance(value, bool):
            raise UsageError("usage.value", field=_shown_name(parameter), value=value)
        return value
    if parameter.repeated:
        items = value if isinstance(value, (list, tuple)) else [value]
        return [str(item) for item in items]
    if isinstance(value, (list, tuple)):
        value = ",".join(map(str, value))
    if isinstance(value, dict):
        value = ",".join(f"{key}={item}" for key, item in value.items())
    text = str(value)
    if parameter.choices and text not in parameter.choices:
        raise UsageError("usage.choice", field=_shown_name(parameter), value=text, allowed=list(parameter.choices))
    if parameter.convert is None:
        return text
    try:
        return parameter.convert(text)
    except ValueError:
        raise UsageError("usage.value", field=_shown_name(parameter), value=text) from None
