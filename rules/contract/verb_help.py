"""The help of the command line: verbs grouped by purpose, lines as wide as the terminal, in Chinese too."""

import argparse
import difflib
import shutil
from collections.abc import Callable, Iterable
from typing import Any

from onemap.layers.messages import perhaps, phrase, sentences
from onemap.layers.text_table import padded_text, text_width, wrapped_lines

# By what they are for, as `help_groups` of the messages titles them; a first word stands for all its steps.
GROUPS = {
    "library": "new inspect add ingest answers retire layers district service sample",
    "check": "check explain runs remedy sites sheet facts laws prove pack",
    "look": "identify find tile",
    "plans": "compare contradictions decide spots comparison atlas",
    "review": "review recheck",
    "numbers": "statistics transitions indicators themes warnings warning readings",
    "exchange": "validate changes deliver receive redline publish copy",
    "care": "history verify upgrade keep profile calendar words self-test serve mcp web",
}
_WIDEST = 110  # columns; longer lines are hard to read
_ALIKE = 0.7


class HelpLines(argparse.HelpFormatter):
    """The help of argparse, with lines that fit the terminal in either language."""

    def __init__(self, prog: str, language: str) -> None:
        super().__init__(prog, max_help_position=28, width=line_width())
        self._language = language

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        """Add the line of usage, with the word for it in the reader's language."""
        super().add_usage(usage, actions, groups, phrase("help.usage", self._language) if prefix is None else prefix)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrapped_lines(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines = text.splitlines() if "\n" in text else wrapped_lines(text, width)
        return "\n".join(f"{indent}{line}" for line in lines)


def verb_overview(described: Callable[[str], str], language: str, width: int) -> str:
    """All verbs, grouped by purpose. described: returns what a verb does; width: of a line, in columns."""
    widest = max(text_width(name) for names in GROUPS.values() for name in names.split())
    indent = " " * (widest + 4)
    lines = []
    for group, names in GROUPS.items():
        lines += ["", phrase(f"help_groups.{group}", language)]
        for name in names.split():
            first, *rest = wrapped_lines(described(name), width - len(indent))
            lines += [f"  {padded_text(name, widest)}  {first}", *(indent + line for line in rest)]
    return "\n".join(lines)


def help_text(verb: str, parameter: str, language: str) -> str:
    """The help of a parameter for this verb, else the one that verbs share; `verb`: the help of the verb itself."""
    texts = sentences(language)["help"]
    text: str = texts.get(verb, {}).get(parameter) or texts["any"].get(parameter, "")
    return text


def line_width() -> int:
    """The width of a line of help in the terminal, in columns."""
    return min(shutil.get_terminal_size().columns - 2, _WIDEST)  # as argparse leaves them


def likely_names(typed_name: str, names: Iterable[str], language: str) -> str:
    """The names that may have been meant, as the end of a complaint; empty if no name is similar."""
    return perhaps(difflib.get_close_matches(typed_name, list(names), n=3, cutoff=_ALIKE), language)
