"""Refusals: a stable code and the facts its sentence needs; the words are in resources/messages."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypedDict, TypeVar

Value = TypeVar("Value")
_CHINESE_ENDS = ("。", "！", "？", "；")


class ProblemPlace(TypedDict, total=False):
    """Where something is wrong: the file, its layer, the feature and the field, as far as each is known.

    title: of the layer, in each language.
    """

    file: str | None
    layer: str | None
    feature: str | int | None
    field: str | None
    title: Mapping[str, str]


PLACES = ("file", "layer", "feature", "field")
GROUND = "ground"  # a fact: the file is a district, a coverage or the ground of a question


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and where. `facts` fill the placeholders of its sentence.

    message, mend: the sentence itself and what to do, where it has been put into words.
    """

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    message: str = field(default="", compare=False)
    mend: str = field(default="", compare=False)

    @property
    def place(self) -> dict[str, str | None]:
        """File, layer, feature and field, as text or None."""
        return {name: None if self.facts.get(name) is None else str(self.facts[name]) for name in PLACES}

    def __str__(self) -> str:
        where = " · ".join(filter(None, self.place.values()))
        says = joined_sentences(self.message or self.code, self.mend)
        return says if not where else f"{where}：{says}" if says.endswith(_CHINESE_ENDS) else f"{where}: {says}"


@contextmanager
def reads_ground() -> Iterator[None]:
    """A file that is ground alone is read, to which no option of the verb applies: what is refused names none."""
    try:
        yield
    except OneMapError as error:
        error.put_into_words(lambda one: replace(one, facts={**_without_option(one.facts), GROUND: True}))
        raise


def _without_option(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name != "field" or not str(value).startswith("--")}


class DefectError(RuntimeError):
    """An assumption of the program does not hold: a defect of the program, not a mistake of the user."""


def require_value(value: Value | None, what: str) -> Value:
    """A value that must be there by now. what: what it is, for who mends the defect. Raises DefectError."""
    if value is None:
        raise DefectError(f"missing: {what}")
    return value


def joined_sentences(*sentences: str) -> str:
    """Sentences one after the other; after the full stop of a Chinese one there is no space."""
    text = ""
    for sentence in filter(None, sentences):
        text += sentence if not text or text.endswith(_CHINESE_ENDS) else f" {sentence}"
    return text


class OneMapError(Exception):
    """A refusal of one or several problems.

    `code` and `facts` describe the first; a refusal that found more carries them in `problems`.
    """

    exit_code = 3

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code, facts)
        self.problems: tuple[Problem, ...] = (Problem(code, facts),)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it whole, for it comes from a worker of a cluster."""
        return _as_it_was, (type(self), self.problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> "OneMapError":
        """A refusal that lists every problem, at least one."""
        found = tuple(problems)
        error = cls(found[0].code, **found[0].facts)
        error.problems = found
        return error

    @property
    def code(self) -> str:
        """The first problem's stable code, such as "crs.missing"."""
        return self.problems[0].code

    def put_into_words(self, say: Callable[[Problem], Problem]) -> None:
        """Make the sentence of every problem."""
        self.problems = tuple(map(say, self.problems))


def _as_it_was(kind: type[OneMapError], problems: tuple[Problem, ...]) -> OneMapError:
    return kind.of(problems)


class UsageError(OneMapError):
    """The command itself is wrong: an unknown verb, option or value."""

    exit_code = 2


class Cancelled(Exception):
    """Someone asked to stop; nothing half-written is left."""

    exit_code = 130
