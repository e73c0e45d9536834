"""Formulas of indicators: named terms, numbers, + - * /, brackets; nothing else, so that anyone can read them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from onemap.layers.messages import LANGUAGES, phrase
from onemap.rules.numbers.indicators.unit_of_measure import joined_powers

Powers = tuple[tuple[str, int], ...]
Node = tuple[str, "Node | None", "Node | None", str, float]  # sign, left, right, name of a term, number
_TOKEN = re.compile(r"\s*(?:([A-Za-z_][A-Za-z0-9_.]*)|([0-9]+(?:\.[0-9]+)?)|([-+*/()]))")
_MOST_CHARACTERS, _DEEPEST = 2_000, 50
NAME, NUMBER = "name", "number"


class FormulaError(ValueError):
    """A formula that cannot be read. reason: the error, in each language."""

    def __init__(self, key: str, at: str = "") -> None:
        """key: of the sentence in the messages under `formula`; at: the place in the formula."""
        self.reason = {language: phrase(f"formula.{key}", language, at=at) for language in LANGUAGES}
        super().__init__(self.reason["en"])


@dataclass(frozen=True)
class Formula:
    """A formula as a tree, and the names of its terms in order."""

    text: str
    tree: Node
    names: tuple[str, ...]

    def value(self, terms: Mapping[str, float]) -> float | None:
        """The value; None if it divides by zero. Raises KeyError for a term without a value."""
        try:
            return _value(self.tree, terms)
        except ZeroDivisionError:
            return None

    def parts(self, terms: Mapping[str, float]) -> tuple[float | None, float | None]:
        """The numerator and denominator of a quotient; (None, None) for another formula."""
        sign, left, right, *_ = self.tree
        if sign != "/" or left is None or right is None:
            return None, None
        return Formula("", left, ()).value(terms), Formula("", right, ()).value(terms)

    def powers(self, terms: Mapping[str, Powers]) -> Powers:
        """The base units of its value. Raises FormulaError if unlike quantities are added."""
        return _powers(self.tree, terms)


def formula(text: str) -> Formula:
    """Read a formula. Raises FormulaError."""
    if len(text) > _MOST_CHARACTERS:
        raise FormulaError("long")
    tokens = _tokens(text)
    reader = _Reader(tokens)
    tree = reader.sum(0)
    if reader.at < len(tokens):
        raise FormulaError("token", tokens[reader.at][1])
    names = tuple(dict.fromkeys(word for kind, word in tokens if kind == NAME))
    if not names:
        raise FormulaError("none")
    return Formula(text, tree, names)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    bare = text.rstrip()
    while at < len(bare):
        match = _TOKEN.match(bare, at)
        if match is None:
            raise FormulaError("token", bare[at:].strip()[:20])
        name, number, sign = match.groups()
        tokens.append((NAME, name) if name else (NUMBER, number) if number else (sign, sign))
        at = match.end()
    return tokens


class _Reader:
    """Reads tokens from left to right: sums of products of terms."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens, self.at = tokens, 0

    def _next(self, *kinds: str) -> str | None:
        if self.at < len(self.tokens) and self.tokens[self.at][0] in kinds:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return None

    def sum(self, depth: int) -> Node:
        """Read a + b - c."""
        if depth > _DEEPEST:
            raise FormulaError("long")
        tree = self.product(depth)
        while sign := self._next("+", "-"):
            tree = (sign, tree, self.product(depth), "", 0.0)
        return tree

    def product(self, depth: int) -> Node:
        """Read a * b / c."""
        tree = self.single(depth)
        while sign := self._next("*", "/"):
            tree = (sign, tree, self.single(depth), "", 0.0)
        return tree

    def single(self, depth: int) -> Node:
        """Read a term, a number, or a formula in brackets."""
        if (name := self._next(NAME)) is not None:
            return (NAME, None, None, name, 0.0)
        if (number := self._next(NUMBER)) is not None:
            return (NUMBER, None, None, "", float(number))
        if self._next("("):
            tree = self.sum(depth + 1)
            if self._next(")") is None:
                raise FormulaError("bracket")
            return tree
        raise FormulaError("token", self.tokens[self.at][1]) if self.at < len(self.tokens) else FormulaError("end")


def _value(node: Node, terms: Mapping[str, float]) -> float:
    sign, left, right, name, number = node
    if left is None or right is None:
        return terms[name] if sign == NAME else number
    a, b = _value(left, terms), _value(right, terms)
    if sign == "/":
        return a / b
    return a * b if sign == "*" else a + b if sign == "+" else a - b


def _powers(node: Node, terms: Mapping[str, Powers]) -> Powers:
    sign, left, right, name, _ = node
    if left is None or right is None:
        return terms[name] if sign == NAME else ()
    a, b = _powers(left, terms), _powers(right, terms)
    if sign in "*/":
        return joined_powers(a, b, 1 if sign == "*" else -1)
    if a != b:
        raise FormulaError("unlike", sign)
    return a
