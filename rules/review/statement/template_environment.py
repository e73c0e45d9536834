"""The limits of a bureau's template for Word: it may fill in fields, choose and repeat, within bounds.

A template comes from outside and is treated as data: no Python attributes, no calls except `range`, no other templates,
no endless loops, no unbounded texts.
"""

import re
import time
import traceback
from collections.abc import Generator, Iterable, Iterator
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range

from onemap.layers.errors import OneMapError

MOST_S, MOST_ROUNDS, MOST_SIGNS = 60.0, 2_000_000, 50_000_000  # of a whole document
_MOST_IN_FIELD = 1_000_000
_FILTERS = (
    *("abs", "capitalize", "count", "d", "default", "e", "escape", "first", "float", "int", "items", "join", "last"),
    *("length", "list", "lower", "max", "min", "reject", "rejectattr", "replace", "reverse", "round", "select"),
    *("selectattr", "sort", "string", "sum", "title", "trim", "truncate", "unique", "upper", "wordcount", "groupby"),
    *("map", "dictsort", "striptags"),
)
_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.Helper, nodes.Name, nodes.Getattr),
    *(nodes.Getitem, nodes.Slice, nodes.Const, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword),
    *(nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Concat),
    *(nodes.Filter, nodes.Test, nodes.Call),
)
_PYTHONS_OWN = re.compile("__[a-z]+__")
_ROUNDS = "_rounds"


class ForbiddenTag(jinja2.TemplateSyntaxError):
    """A tag that does more than fill in, choose or repeat."""


class TooMuch(Exception):
    """A template that takes too long, or produces too much."""


def check_tags(tree: nodes.Template) -> None:
    """Refuse forbidden tags of a template. Raises ForbiddenTag with its line."""
    for node in [tree, *tree.find_all(nodes.Node)]:
        is_private = isinstance(node, nodes.Getattr) and node.attr.startswith("_")
        is_private |= isinstance(node, nodes.Name) and node.name.startswith("_")
        is_private |= isinstance(node, nodes.Const) and bool(_PYTHONS_OWN.search(str(node.value)))
        is_call = isinstance(node, nodes.Call) and not (isinstance(node.node, nodes.Name) and node.node.name == "range")
        is_endless = isinstance(node, nodes.For) and node.recursive
        is_other = not isinstance(node, _ALLOWED) or (isinstance(node, nodes.Filter) and node.name not in _FILTERS)
        if is_private or is_call or is_endless or is_other:
            raise ForbiddenTag(_words(node), node.lineno)


def _words(node: nodes.Node) -> str:
    name = getattr(node, "attr", None) or getattr(node, "name", None) or ""
    return f"{type(node).__name__} {name}".strip()


class _Generator(CodeGenerator):
    """Generates code in which every loop counts its rounds."""

    def visit_Template(self, node: nodes.Template, frame: Any = None) -> None:
        check_tags(node)
        for loop in node.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, _ROUNDS, [], [], None, None, lineno=loop.lineno)
        super().visit_Template(node, frame)


class TemplateEnvironment(ImmutableSandboxedEnvironment):
    """An environment for one document; its limits of time and size start when it is made."""

    code_generator_class = _Generator
    intercepted_binops = frozenset("*%")

    def __init__(self) -> None:
        super().__init__(autoescape=True, undefined=jinja2.StrictUndefined)
        self.globals = {"range": safe_range}
        self.filters = {name: self.filters[name] for name in _FILTERS}
        self.filters |= {_ROUNDS: self._count_rounds, "join": self._join, "replace": self._replace}
        self._rounds = self._signs = 0
        self._ends_at = time.monotonic() + MOST_S

    def _check(self, rounds: int, signs: int) -> None:
        self._rounds += rounds
        self._signs += signs
        if self._rounds > MOST_ROUNDS or self._signs > MOST_SIGNS or time.monotonic() > self._ends_at:
            raise TooMuch

    def _count_rounds(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self._check(1, 0)
            yield item

    def concat(self, pieces: Iterable[str]) -> str:
        """Join the pieces of a text, counting their length."""
        texts = []
        for piece in pieces:
            texts.append(piece)
            try:
                self._check(0, len(piece))
            except TooMuch as error:
                if isinstance(pieces, Generator):
                    pieces.throw(error)  # there, so that its line is known
                raise
        return "".join(texts)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Multiply and divide numbers only; texts and lists would grow."""
        if not all(isinstance(value, (int, float)) and abs(value) < _MOST_IN_FIELD**2 for value in (left, right)):
            raise TooMuch
        return super().call_binop(context, operator, left, right)

    def _join(self, items: Iterable[Any], between: str = "", attribute: Any = None) -> str:
        values = [self.getitem(item, attribute) if attribute is not None else item for item in items]
        return self._join_parts([str(item) for item in values], str(between))

    def _replace(self, text: Any, old: Any, new: Any) -> str:
        return self._join_parts(str(text).split(str(old)), str(new)) if str(old) else str(text)

    def _join_parts(self, parts: list[str], between: str) -> str:
        if sum(map(len, parts)) + len(between) * len(parts) > _MOST_IN_FIELD:
            raise TooMuch
        return between.join(parts)


def line_of(error: Exception) -> int:
    """The line of the template, from 1, at which filling it in failed."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno or 1 for frame in reversed(frames) if frame.filename == "<template>"), 1)


def refusal(error: Exception, file: str, field: str, place: Any) -> OneMapError:
    """The refusal of a template that cannot be filled in. field: the tag; place: its place, for the message."""
    facts = {"file": file, "field": field.strip()[:80], "place": place}
    if isinstance(error, ForbiddenTag):
        return OneMapError("statement.template_forbidden", **facts)
    if isinstance(error, (TooMuch, MemoryError, OverflowError, RecursionError)):
        return OneMapError("statement.template_large", **facts)
    return OneMapError("statement.template_syntax", **facts, reason=str(error)[:200])
