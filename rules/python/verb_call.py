"""Run a verb from Python, by the same declaration and with the same work as on the command line.

A refusal names arguments instead of options, progress is a bar or a function of the caller, and frames have types.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from os import PathLike
from typing import Any, TypeAlias

import pandas as pd

from onemap.layers.each_text import texts_in
from onemap.layers.errors import OneMapError, Problem, UsageError
from onemap.layers.files.temporary_room import machine_refusal
from onemap.layers.gdal_limits import limits_for_a_while
from onemap.layers.messages import LANGUAGES, in_words
from onemap.layers.progress import SILENT, Progress
from onemap.layers.secret_words import withhold_secrets
from onemap.rules.contract.argument_names import as_arguments
from onemap.rules.contract.declaration import Verb, VerbContext, checked_values
from onemap.rules.contract.verdict import VERDICTS
from onemap.rules.verbs.commands.altered_library import naming_altered_rows
from onemap.rules.verbs.commands.command_line import system_language
from onemap.rules.verbs.commands.verbs import VERBS

Place: TypeAlias = str | PathLike[str]  # a file, a folder, an address
Day: TypeAlias = str | date  # "2026-11-20" or a date
Words: TypeAlias = str | Sequence[str]  # one or several
# None or False: nothing is said; True: a bar, if tqdm is there; else called with the share that is done and the step.
ProgressWish: TypeAlias = bool | Callable[[float, str], None] | None
_STEPS = 1000
VERDICT = pd.CategoricalDtype(list(reversed(VERDICTS)), ordered=True)  # so that the greatest is the most severe
_VERDICTS = ("verdict", "known_verdict", "verdict_before", "verdict_after")
_DAYS = ("valid_from", "valid_to", "as_of", "due", "opened_on", "received_on", "asked_on")
_MOMENTS = ("recorded_at", "started", "at")


@contextlib.contextmanager
def shown_progress(wish: ProgressWish) -> Iterator[Progress]:
    """The progress of a call in the form that its caller wants. Raises UsageError python.kind."""
    if wish is None or wish is False:
        yield SILENT
    elif wish is True:
        with _bar() as progress:
            yield progress
    elif callable(wish):
        yield Progress(wish)
    else:
        kind = type(wish).__name__
        raise UsageError("python.kind", field="progress", given=kind, wanted="True, None, function(share, step)")


@contextlib.contextmanager
def _bar() -> Iterator[Progress]:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        yield SILENT
        return
    with tqdm(total=_STEPS, bar_format="{l_bar}{bar}| {elapsed}", leave=False) as bar:
        yield Progress(_bar_mover(bar))


def _bar_mover(bar: Any) -> Callable[[float, str], None]:
    def move(share: float, step: str) -> None:
        bar.n = round(share * _STEPS)
        bar.set_description_str(step, refresh=False)
        bar.refresh()

    return move


def language_of(language: str | None) -> str:
    """The language of answers: zh or en, by default the system's. Raises UsageError usage.choice."""
    if language is None:
        return system_language()
    if language not in LANGUAGES:
        raise UsageError("usage.choice", field="language", value=language, allowed=list(LANGUAGES))
    return language


@contextlib.contextmanager
def refusals_in_words(language: str | None) -> Iterator[None]:
    """Let refusals within the block show their sentences, without a traceback through One Map's modules."""
    try:
        yield
    except OneMapError as error:
        refusal = error
    except OSError as error:
        of_machine = machine_refusal(error)
        if of_machine is None:
            raise
        refusal = of_machine
    else:
        return
    own_language = language if language in LANGUAGES else system_language()
    refusal.put_into_words(lambda problem: in_python_words(problem, own_language))
    raise refusal.with_traceback(None) from None


def answer_of(
    verb: str,
    values: Mapping[str, Any],
    language: str,
    progress: ProgressWish = None,
    session: dict[Any, Any] | None = None,
) -> dict[str, Any]:
    """Run a verb and return its JSON. Values that are None count as not given.

    session: what earlier answers have shown, so that a step on a case that somebody has changed meanwhile is refused.
    Raises OneMapError for every refusal.
    """
    with withhold_secrets(texts_in([verb, _plain(values)])):
        if verb not in VERBS:
            raise UsageError("usage.verb", verb=verb, known=list(VERBS))
        plain = plain_values(VERBS[verb], values)
        with limits_for_a_while(), shown_progress(progress) as progress_shown, naming_altered_rows(plain):
            answer: dict[str, Any] = _as_json(VERBS[verb].run(plain, VerbContext(language, progress_shown, session)))
            return answer


def _as_json(value: Any) -> Any:
    """An answer as readers of its JSON get it: states, verdicts, reasons and names are plain texts."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, dict):
        return {_as_json(name): _as_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    return tuple(map(_as_json, value)) if isinstance(value, tuple) else value


def plain_values(verb: Verb, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values from Python, including dates and lists, checked and converted like those of the command line.

    Raises UsageError usage.….
    """
    own_values = {name: value for name, value in values.items() if value is not None and value is not pd.NaT}
    return checked_values(verb, {name: _plain(value) for name, value in own_values.items()})


def _plain(value: Any) -> Any:
    """A value as the command line would have it."""
    if isinstance(value, datetime):  # a frame's Timestamp is one, too
        is_day = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0) and value.tzinfo is None
        return value.date().isoformat() if is_day else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, PathLike):
        return str(value)
    if isinstance(value, (list, tuple, set, pd.Index, pd.Series)):
        return [_plain(item) for item in value]
    return value


def in_python_words(problem: Problem, language: str) -> Problem:
    """A problem whose sentence names arguments instead of options: `crs=` for `--crs`, `repair=True` for `--repair`."""
    names = {name: in_python(str(problem.facts[name])) for name in ("field", "other") if problem.facts.get(name)}
    worded = in_words(replace(problem, facts={**problem.facts, **names}), language)
    return replace(worded, message=in_python(worded.message), mend=in_python(worded.mend))


def in_python(text: str) -> str:
    """A text of the command line with the names of options replaced by those of arguments."""
    return as_arguments(text, _flags())


@cache
def _flags() -> frozenset[str]:
    """The options that take no value."""
    every = (parameter for verb in VERBS.values() for parameter in verb.parameters)
    return frozenset(parameter.name for parameter in every if parameter.flag)


def with_frame_names(problem: Problem, frames: Mapping[str, str]) -> Problem:
    """A problem that names frames by their arguments. frames: the arguments, by the names of their files."""
    facts: dict[str, Any] = dict(problem.facts)
    if facts.get("file") in frames:
        name = frames[facts["file"]]
        facts |= {"file": name} | ({"layer": None} if facts.get("layer") == name else {})
    return replace(problem, facts=facts)


def typed_frame(frame: Any) -> Any:
    """A frame with verdicts as an ordered category, days as dates and moments in UTC, in columns with such names.

    A column of days with a value that is no day stays text. In a Dask frame only verdicts are typed.
    """
    verdicts = [name for name in _VERDICTS if name in frame.columns]
    frame_with_types = frame.astype(dict.fromkeys(verdicts, VERDICT)) if verdicts else frame
    if not isinstance(frame_with_types, pd.DataFrame):
        return frame_with_types
    columns = {
        name: _times(frame_with_types[name], is_moment=name in _MOMENTS)
        for name in (*_DAYS, *_MOMENTS)
        if name in frame_with_types
    }
    return frame_with_types.assign(**columns) if columns else frame_with_types


def _times(values: pd.Series, *, is_moment: bool) -> pd.Series:
    try:
        return pd.to_datetime(values, format="ISO8601", utc=is_moment)
    except (ValueError, TypeError):
        return values
