"""The declaration of a verb and its parameters, and the conversion of a request's values."""

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

from onemap.layers.errors import OneMapError, Problem, UsageError
from onemap.layers.files.plain_file import check_plain
from onemap.layers.library.rehearsals import REHEARSAL, noting_rehearsals
from onemap.layers.progress import Progress, settling
from onemap.layers.records import Record
from onemap.layers.secret_words import has_misspelled_secret
from onemap.resources.sample_city import FEWEST_PARCELS, MOST_PARCELS

Values = Mapping[str, Any]
Result = dict[str, Any]
Value = TypeVar("Value")
_MOST, MOST_DAYS = 2**31 - 1, 3_650
MOST_LAND_M = 10_000  # no route's land is wider
_WIDEST_MM = 2000  # the longer side of A0 is 1189
# A file's name need not be text.
_PATHS = {
    *("LIBRARY", "SOURCE", "PARCELS", "FILE", "FILE.toml", "FILE.xlsx", "FILE|NAME", "FOLDER", "PATH", "TARGET"),
    *("PROJECT.qgz", "TARGET.pdf", "TARGET.zip", "FILE.json", "A", "B", "T", "CODE=FILE", "district|extent|FILE"),
}
_MAY_BE_PATH = re.compile(r"FILE|PATH|FOLDER|SOURCE|PARCELS|TARGET|LIBRARY|OLD|NEW|PROJECT\.|^[ABT]$")
_FILES = {
    *_PATHS,
    *("FILE.html", "FILE.html|pdf|docx", "NAME|FILE", "HASH|FILE", "CODE|FILE", "local|ADDRESS"),
    *("TARGET.docx|pdf|html", "TARGET.pdf|docx", "district|extent|features|FILE"),
}
# Where a table of a database may be named in place of a file.
_TABLES = {"LIBRARY", "SOURCE", "PARCELS", "CODE=FILE", "district|extent|FILE", "district|extent|features|FILE"}
WRITTEN = ("out", "page", "report", "findings", "target", "project")  # the parameters that name what a verb writes


@dataclass(frozen=True)
class Parameter:
    """One parameter of a verb. `name` is the option without dashes, with underscores; values come as text.

    optional: a positional parameter that may be left out. words: texts with a meaning of their own, for whoever lists
    them. forms: the possible endings of a file that the verb writes; empty stands for a folder.
    """

    name: str
    metavar: str = ""
    positional: bool = False
    optional: bool = False
    repeated: bool = False
    flag: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    convert: Callable[[str], Any] | None = None

    @property
    def option(self) -> str:
        """The option as it is typed."""
        return "--" + self.name.replace("_", "-")

    @property
    def is_required(self) -> bool:
        """Whether a request must give it."""
        return self.required or (self.positional and not self.optional)

    @property
    def may_be_path(self) -> bool:
        """Whether its value may name a file or a folder of the machine on which the verb runs."""
        return bool(_MAY_BE_PATH.search(self.metavar))


@dataclass(frozen=True)
class Verb:
    """One verb, of one word or two, and its parameters. Verbs that make data are Processing algorithms too.

    work: the module of rules/verbs/work with the verb's function, named as the verb, `review_open` for two words.
    for_others: whether other systems may ask it (`mcp`, `web`): it answers, and changes no layer and no case.
    """

    name: str
    parameters: tuple[Parameter, ...]
    makes_data: bool
    work: str
    for_others: bool

    def run(self, values: Values, context: "VerbContext") -> Result:
        """Do the work, which cannot be cancelled once it has returned. Mark a result from a rehearsal's library."""
        work = importlib.import_module(f"onemap.rules.verbs.work.{self.work}")
        with noting_rehearsals() as rehearsals, settling(context.progress):
            result: Result = getattr(work, self.name.replace(" ", "_").replace("-", "_"))(values, context)
        context.progress.finish()
        return {**result, REHEARSAL: True} if rehearsals else result


def declare_verb(
    name: str, *parameters: Parameter, makes_data: bool = False, work: str = "library_work", for_others: bool = False
) -> Verb:
    """A verb with its parameters, in the order in which help and reference list them."""
    return Verb(name, parameters, makes_data, work, for_others)


@dataclass(frozen=True)
class VerbContext:
    """The context of a verb: its language, and how it reports progress.

    session: what one session of `serve` remembers, None for a single verb; left: objects that the verb no longer needs
    and that take time to release.
    """

    language: str
    progress: Progress
    session: dict[Any, Any] | None = None
    left: list[Any] = field(default_factory=list)


class FormError(ValueError):
    """A value does not have the form that its parameter needs. form: the words for that form."""

    def __init__(self, form: Problem) -> None:
        super().__init__(form.code)
        self.form = form


def of_form(name: str, **facts: Any) -> Callable[[Callable[[str], Value]], Callable[[str], Value]]:
    """Let a converter that raises ValueError raise FormError. name: of the form in the messages, with its facts."""

    def wrap(convert: Callable[[str], Value]) -> Callable[[str], Value]:
        @wraps(convert)
        def convert_or_refuse(text: str) -> Value:
            try:
                return convert(text)
            except (ValueError, OverflowError):
                raise FormError(Problem(f"form.{name}", facts)) from None

        return convert_or_refuse

    return wrap


def _whole_number(least: int, most: int) -> Callable[[str], int]:
    """A converter of whole numbers in a range. It raises FormError."""

    @of_form("whole_number", least=least, most=most)
    def to_whole_number(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise ValueError(text)
        return value

    return to_whole_number


to_count = _whole_number(1, _MOST)
to_days = _whole_number(1, MOST_DAYS)
to_width_mm = _whole_number(1, _WIDEST_MM)
to_seed = _whole_number(0, _MOST)
to_port = _whole_number(0, 65_535)  # 0 stands for any port that is free
to_town_size = _whole_number(FEWEST_PARCELS, MOST_PARCELS)


@of_form("date")
def to_date(text: str) -> date:
    """A date. Raises ValueError."""
    return date.fromisoformat(text)


@of_form("moment")
def to_moment(text: str) -> datetime:
    """A moment; a bare date means the end of its day, so that it includes what was recorded on that day."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}|\d{8}", text):
        return datetime.combine(date.fromisoformat(text), time.max).astimezone()
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.astimezone()


@of_form("positive")
def to_metres(text: str) -> float:
    """A length, not negative. Raises ValueError."""
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return value


@of_form("land_width", most=MOST_LAND_M)
def to_land_width(text: str) -> str:
    """A length in metres, not zero and at most MOST_LAND_M; else the name of a field. Raises ValueError.

    A number with a unit is neither.
    """
    name = to_name(text)
    try:
        metres = float(name)
    except ValueError:
        if re.fullmatch(r"[\d.]+\s*(?:m|km|米|公里|千米)", name, re.IGNORECASE):
            raise
        return name
    if not 0 < metres <= MOST_LAND_M:
        raise ValueError(text)
    return name


@of_form("number")
def to_coordinate(text: str) -> float:
    """A finite number. Raises ValueError."""
    value = float(text)
    if not float("-inf") < value < float("inf"):
        raise ValueError(text)
    return value


@of_form("box")
def to_box(text: str) -> tuple[float, ...]:
    """West, south, east and north, separated by commas. Raises ValueError."""
    numbers = tuple(to_coordinate(part) for part in text.split(","))
    if len(numbers) != 4:
        raise ValueError(text)
    return numbers


@of_form("range", least=0, most=180)
def to_angle(text: str) -> float:
    """An angle in degrees, from 0 to 180. Raises ValueError."""
    value = float(text)
    if not 0 <= value <= 180:
        raise ValueError(text)
    return value


@of_form("zone")
def to_zone(text: str) -> timedelta:
    """The difference of a zone's clocks from UTC, such as +08:00. Raises ValueError."""
    offset = datetime.fromisoformat(f"2000-01-01T00:00:00{text}").utcoffset()
    if offset is None:
        raise ValueError(text)
    return offset


@of_form("scheduler")
def to_scheduler(text: str) -> str:
    """`local`, or the address of a Dask scheduler such as tcp://host:8786. Raises ValueError."""
    if text != "local" and not re.fullmatch(r"(tcp|tls|ws|wss)://\S+", text):
        raise ValueError(text)
    return text


@of_form("any_text")
def to_name(text: str) -> str:
    """A name or an identifier. Raises ValueError for an empty text, such as an unset variable of a shell gives."""
    if not text.strip():
        raise ValueError(text)
    return text


@of_form("codes")
def to_codes(text: str) -> tuple[str, ...]:
    """Codes separated by commas. Raises ValueError for an empty text, which would ask for everything."""
    codes = tuple(code.strip() for code in text.split(",") if code.strip())
    if not codes:
        raise ValueError(text)
    return codes


@of_form("pairs")
def to_pairs(text: str) -> dict[str, str]:
    """Pairs target=source, separated by commas. Raises ValueError, also if a target has two sources."""
    pairs = {}
    for part in filter(None, (part.strip() for part in re.split("[,，]", text))):
        target, equals, source = part.partition("=")
        if not equals or not target.strip() or not source.strip() or target.strip() in pairs:
            raise ValueError(part)
        pairs[target.strip()] = source.strip()
    return pairs


def checked_values(verb: Verb, request_values: Mapping[str, Any]) -> Record:
    """Convert the parameters of a request; lists and tables may come as such, or as text.

    Raises UsageError usage.parameter, usage.value, usage.required, OneMapError source.no_file, with a problem for each
    wrong value, and out.input if a result would replace a file that the verb reads.
    """
    parameters = {parameter.name: parameter for parameter in verb.parameters}
    values: dict[str, Any] = {}
    refusals: dict[str, OneMapError] = {}
    for name, value in request_values.items():
        parameter = parameters.get(name)
        try:
            if parameter is None:
                raise UsageError("usage.parameter", field=name, verb=verb.name, known=list(parameters))
            if value is not None:
                values[name] = _convert(parameter, value)
        except OneMapError as error:
            refusals[name] = error
    for parameter in verb.parameters:
        value = values.get(parameter.name)
        is_blank = parameter.may_be_path and _has_blank(value)
        if parameter.name in refusals:
            continue
        if parameter.is_required and (is_blank or value in (None, "", [])):
            refusals[parameter.name] = UsageError("usage.required", field=_shown_name(parameter), verb=verb.name)
        elif is_blank:
            refusals[parameter.name] = UsageError(
                "usage.value", field=_shown_name(parameter), value="", form=Problem("form.any_text")
            )
    if refusals:
        kind = UsageError if any(isinstance(error, UsageError) for error in refusals.values()) else OneMapError
        raise kind.of(problem for error in refusals.values() for problem in error.problems)
    if values.get("overwrite"):
        _keep_inputs(verb, values)
    return values


def _has_blank(value: Any) -> bool:
    """Whether a path is blank, such as an unset variable of a shell gives; the current folder would stand for it."""
    return any(isinstance(one, str) and not one.strip() for one in (value if isinstance(value, list) else [value]))


def _keep_inputs(verb: Verb, values: Values) -> None:
    """Refuse, for any verb, a result that would replace a file that the verb reads. Raises OneMapError out.input."""
    from onemap.layers.files.atomic_output import refuse_inputs

    files = [parameter for parameter in verb.parameters if parameter.may_be_path]
    read = [place for one in files if one.name not in WRITTEN for place in _places(one, values)]
    for parameter in files:
        for place in _places(parameter, values) if parameter.name in WRITTEN else ():
            refuse_inputs(Path(place), _shown_name(parameter), read)


def _places(parameter: Parameter, values: Values) -> list[str]:
    """The files or folders that a parameter may name."""
    place_values = values.get(parameter.name)
    texts = [
        one
        for one in (place_values if isinstance(place_values, list | tuple) else [place_values])
        if isinstance(one, str)
    ]
    return [text.partition("=")[2] for text in texts] if parameter.metavar == "CODE=FILE" else texts


def _shown_name(parameter: Parameter) -> str:
    return parameter.metavar if parameter.positional else parameter.option


def _convert(parameter: Parameter, value: Any) -> Any:
    if parameter.flag:
        if not isinstance(value, bool):
            raise UsageError("usage.value", field=_shown_name(parameter), value=value, form=Problem("form.flag"))
        return value
    if parameter.repeated:
        items = value if isinstance(value, (list, tuple)) else [value]
        return [_converted_value(parameter, _text(parameter, item)) for item in items]
    if isinstance(value, (list, tuple)):
        value = ",".join(map(str, value))
    if isinstance(value, dict):
        value = ",".join(f"{key}={item}" for key, item in value.items())
    return _converted_value(parameter, _text(parameter, value))


def _text(parameter: Parameter, value: Any) -> str:
    """A value as text; only a path may have surrogates, because other texts with them cannot be encoded.

    Raises UsageError usage.value, OneMapError source.no_file for the path of a pipe, a socket or a device.
    """
    text = str(value)
    _check_place(parameter, text)
    if parameter.may_be_path:
        check_plain(Path(text.partition("=")[2] if parameter.metavar == "CODE=FILE" else text))
    if parameter.metavar not in _PATHS and any("\ud800" <= sign <= "\udfff" for sign in text):
        raise UsageError("usage.value", field=_shown_name(parameter), value=text)
    return text


def _check_place(parameter: Parameter, text: str) -> None:
    """Refuse, before it is parsed, a misspelled address that contains a password.

    Raises UsageError usage.address, which does not repeat the address.
    """
    place = text.partition("=")[2] if parameter.metavar == "CODE=FILE" else text
    takes_server = parameter.metavar in _TABLES or parameter.name == "district"
    if parameter.metavar in _FILES and has_misspelled_secret(place, takes_server=takes_server):
        raise UsageError("usage.address", field=_shown_name(parameter))


def _converted_value(parameter: Parameter, text: str) -> Any:
    if parameter.choices and text not in parameter.choices:
        raise UsageError("usage.choice", field=_shown_name(parameter), value=text, allowed=list(parameter.choices))
    if parameter.convert is None:
        return text
    try:
        return parameter.convert(text)
    except FormError as error:
        raise UsageError("usage.value", field=_shown_name(parameter), value=text, form=error.form) from None
