"""The core's verbs and their parameters, from the table that the core writes: resources/verbs/verbs.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from onemap.plugin.profile.paths import RESOURCES


@dataclass(frozen=True)
class VerbParameter:
    """One parameter of a verb.

    kind: text, flag, choice, list, date, moment, number (not negative) or count (a whole number from 1).
    words: words that a text may be, besides other texts.
    forms: the possible endings of a file that the verb writes; an empty one means a folder.
    metavar: the command line's name of a positional parameter, if it differs from its own.
    """

    name: str
    kind: str
    positional: bool = False
    metavar: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()


def verb_parameters(verb: str) -> tuple[VerbParameter, ...]:
    """The parameters of a verb, in their order."""
    return _table()[verb]


def known_words(verb: str, name: str) -> tuple[str, ...]:
    """The words that a verb's text parameter may be, besides other texts, in the core's order."""
    return _parameter_of(verb, name).words


def out_forms(verb: str) -> tuple[str, ...]:
    """The possible endings of a file of a verb's tables, in the core's order."""
    return _parameter_of(verb, "out").forms


def _parameter_of(verb: str, name: str) -> VerbParameter:
    return next(parameter for parameter in verb_parameters(verb) if parameter.name == name)


def argument_names(verb: str) -> dict[str, str]:
    """The command line's names of a verb's positional parameters, mapped to their own names."""
    return {
        word: parameter.name
        for parameter in _table().get(verb, ())
        if parameter.positional
        for word in filter(None, (parameter.name.upper(), parameter.metavar))
    }


@cache
def command_names() -> frozenset[str]:
    """The first words of all verbs."""
    return frozenset(verb.partition(" ")[0] for verb in _table())


@cache
def _table() -> dict[str, tuple[VerbParameter, ...]]:
    text = (RESOURCES / "verbs" / "verbs.json").read_text(encoding="utf-8")
    return {verb: tuple(map(_parameter, rows)) for verb, rows in json.loads(text).items()}


def _parameter(row: dict[str, Any]) -> VerbParameter:
    lists = {name: tuple(row.get(name, ())) for name in ("choices", "words", "forms")}
    return VerbParameter(**{**row, **lists})
