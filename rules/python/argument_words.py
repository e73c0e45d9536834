"""Sentences of the command line as Python says them: arguments in place of options, frames by their names."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from onemap.layers.errors import Problem
from onemap.layers.messages import in_words
from onemap.rules.verbs.commands.verbs import VERBS

_HELP = re.compile(r"onemap(?: ([a-z][\w -]*?))? --help")
_FIELDS = re.compile(r"--fields (\S+)=NAME")
_OPTION = re.compile(r"(?<![\w-])--([a-z][a-z-]*)(?:(?P<after> )(?=[A-Z0-9]|extent|district))?")
_ARGUMENTS = {"pack": "packs", "as": "code", "unrecorded": "record=False", "scheduler": "client"}


def in_python_words(problem: Problem, language: str) -> Problem:
    """A problem with its sentence, in which options are arguments: `crs=` for `--crs`, `repair=True` for `--repair`."""
    names = {name: as_arguments(str(problem.facts[name])) for name in ("field", "other") if problem.facts.get(name)}
    worded = in_words(replace(problem, facts={**problem.facts, **names}), language)
    return replace(worded, message=as_arguments(worded.message), mend=as_arguments(worded.mend))


def as_arguments(text: str) -> str:
    """A text of the command line with the names of arguments in place of those of options."""
    text = _HELP.sub(lambda found: f"help(onemap.{'.'.join(['Library', *(found[1] or '').split()])})", text)
    return _OPTION.sub(_argument, _FIELDS.sub(r'fields={"\1": "NAME"}', text))


def _argument(found: re.Match[str]) -> str:
    name = found[1].replace("-", "_")
    if name in _ARGUMENTS and "=" in _ARGUMENTS[name]:
        return _ARGUMENTS[name]
    if name in _flags():
        return f"{name}=True{found['after'] or ''}"
    return f"{_ARGUMENTS.get(name, name)}="


@cache
def _flags() -> frozenset[str]:
    """The options that take no value."""
    every = (parameter for verb in VERBS.values() for parameter in verb.parameters)
    return frozenset(parameter.name for parameter in every if parameter.flag)


def with_frame_names(problem: Problem, frames: Mapping[str, str]) -> Problem:
    """A problem that calls frames by the names of their arguments. frames: by the names of their files."""
    facts: dict[str, Any] = dict(problem.facts)
    if facts.get("file") in frames:
        name = frames[facts["file"]]
        facts |= {"file": name} | ({"layer": None} if facts.get("layer") == name else {})
    return replace(problem, facts=facts)
