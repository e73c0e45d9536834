"""The names of options in sentences, as whoever asks without a command line writes them: in Python, or in JSON."""

import re
from collections.abc import Container

from onemap.layers.messages import ProblemRecord

_HELP = re.compile(r"onemap(?: ([a-z][\w -]*?))? --help")
_FIELDS = re.compile(r"--fields (\S+)=NAME")
_OPTION = re.compile(r"(?<![\w-])--(?!help\b)([a-z][a-z-]*)(?:(?P<after> )(?=[A-Z0-9]|extent|district))?")
_IN_PYTHON = {"pack": "packs", "as": "code", "unrecorded": "record=False", "scheduler": "client"}


def as_arguments(text: str, flags: Container[str]) -> str:
    """A text of the command line with the names of options replaced by those of arguments in Python.

    flags: the options that take no value.
    """

    def name_argument(match: re.Match[str]) -> str:
        name = match[1].replace("-", "_")
        if name in _IN_PYTHON and "=" in _IN_PYTHON[name]:
            return _IN_PYTHON[name]
        if name in flags:
            return f"{name}=True{match['after'] or ''}"
        return f"{_IN_PYTHON.get(name, name)}="

    text = _HELP.sub(lambda match: f"help(onemap.{'.'.join(['Library', *(match[1] or '').split()])})", text)
    return _OPTION.sub(name_argument, _FIELDS.sub(r'fields={"\1": "NAME"}', text))


def as_inputs(text: str) -> str:
    """A text of the command line with the names of options replaced by those of values in JSON."""
    return _OPTION.sub(_input, text)


def problem_of_inputs(problem: ProblemRecord) -> ProblemRecord:
    """A problem in words that names values in JSON instead of options."""
    message, mend = as_inputs(problem["message"]), as_inputs(problem["mend"])
    return {**problem, "message": message, "mend": mend, "field": problem["field"] and as_inputs(problem["field"])}


def _input(match: re.Match[str]) -> str:
    name = match[1].replace("-", "_")
    return f"{name}: " if match["after"] else name
