"""Refusals: a stable code and the facts for its sentence; the words are in resources/messages.

If the system or a server refuses for a common reason, the reason is given in the user's language.
"""

import errno
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypedDict, TypeVar

Value = TypeVar("Value")
Result = TypeVar("Result")
_CHINESE_ENDS = ("。", "！", "？", "；")
_IN_USE_ON_WINDOWS = (32, 33)  # another program has the file open, or a part of it locked
_BY_ERRNO = {
    errno.ENOSPC: "system.no_room",
    errno.EDQUOT: "system.no_room",
    errno.EFBIG: "system.too_large",
    errno.EROFS: "system.read_only",
    errno.EACCES: "system.no_right",
    errno.EPERM: "system.no_right",
    errno.ENOENT: "system.missing",
    errno.EISDIR: "system.folder",
    errno.ENOTDIR: "system.no_folder",
    errno.EBUSY: "system.in_use",
    errno.ENAMETOOLONG: "system.long_name",
    errno.EIO: "system.device",
}
# SQLite's result codes by number: this is read before anybody knows whether Python has SQLite.
_BY_SQLITE = {13: "system.no_room", 8: "system.read_only", 10: "system.device"}  # FULL, READONLY, IOERR
# What PostgreSQL's client says, in the words of its own language, and the server at its door in its own, of which
# Chinese is known here: neither gives a number.
_BY_WORDS = (
    ("too many clients", "system.server_full"),
    ("too many connections", "system.server_full"),
    ("remaining connection slots", "system.server_full"),
    ("太多的客户", "system.server_full"),
    ("连接太多", "system.server_full"),
    ("连接位置", "system.server_full"),
    ("starting up", "system.server_starting"),
    ("shutting down", "system.server_starting"),
    ("in recovery mode", "system.server_starting"),
    ("数据库系统启动中", "system.server_starting"),
    ("数据库系统停止中", "system.server_starting"),
    ("数据库系统在恢复模式中", "system.server_starting"),
    ("Connection refused", "system.server_absent"),
    ("Is the server running", "system.server_absent"),
    ("No such file or directory", "system.server_absent"),
    ("timeout expired", "system.server_silent"),
    ("timed out", "system.server_silent"),
    ("could not translate host name", "system.host_unknown"),
    ("failed to resolve host", "system.host_unknown"),
    ("Name or service not known", "system.host_unknown"),
    ("No route to host", "system.no_network"),
    ("Network is unreachable", "system.no_network"),
    ("definition of service", "system.service_unknown"),
    ("closed the connection", "system.server_left"),
    ("terminating connection", "system.server_left"),
    ("connection reset", "system.server_left"),
    ("SSL SYSCALL error: EOF", "system.server_left"),
    ("connection is lost", "system.server_left"),
    ("connection is closed", "system.server_left"),
)


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

    message, mend: the sentence itself and what to do, once they are put into words.
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
    """While a file is read only for its ground, take the verb's options out of refusals: none of them applies to it."""
    try:
        yield
    except OneMapError as error:
        error.put_into_words(lambda one: replace(one, facts={**_without_option(one.facts), GROUND: True}))
        raise


def _without_option(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name != "field" or not str(value).startswith("--")}


class DefectError(RuntimeError):
    """An assumption of the program is wrong: a defect of the program, not a mistake of the user."""


def require_value(value: Value | None, what: str) -> Value:
    """Return a value that cannot be None here. what: names it for whoever mends the defect. Raises DefectError."""
    if value is None:
        raise DefectError(f"missing: {what}")
    return value


def joined_sentences(*sentences: str) -> str:
    """Sentences joined by spaces, but without a space after a Chinese full stop."""
    text = ""
    for sentence in filter(None, sentences):
        text += sentence if not text or text.endswith(_CHINESE_ENDS) else f" {sentence}"
    return text


class OneMapError(Exception):
    """A refusal of one or several problems.

    `code` and `facts` describe the first problem; `problems` has them all.
    """

    exit_code = 3

    def __init__(self, code: str, /, **facts: Any) -> None:
        super().__init__(code, facts)
        self.problems: tuple[Problem, ...] = (Problem(code, facts),)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle all problems, because a refusal may come from a worker of a cluster."""
        return type(self).of, (self.problems,)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> Self:
        """A refusal that lists every problem, at least one."""
        all_problems = tuple(problems)
        error = cls(all_problems[0].code, **all_problems[0].facts)
        error.problems = all_problems
        return error

    @property
    def code(self) -> str:
        """The first problem's stable code, such as "crs.missing"."""
        return self.problems[0].code

    def put_into_words(self, say: Callable[[Problem], Problem]) -> None:
        """Replace every problem by the one that `say` puts into words."""
        self.problems = tuple(map(say, self.problems))


def results_of_each(work: Callable[[Value], Result], items: Iterable[Value]) -> list[Result]:
    """The results of work(item); if any item is refused, raise one OneMapError with the problems of all of them."""
    results: list[Result] = []
    problems: list[Problem] = []
    for item in items:
        try:
            results.append(work(item))
        except OneMapError as error:
            problems += error.problems
    if problems:
        raise OneMapError.of(problems)
    return results


class UsageError(OneMapError):
    """The command itself is wrong: an unknown verb, option or value."""

    exit_code = 2


class Cancelled(Exception):
    """Someone asked to stop; nothing half-written is left."""

    exit_code = 130


def file_reason(error: OSError) -> Problem | str:
    """Why a file cannot be read or written: a problem for common reasons, else the system's own words."""
    if getattr(error, "winerror", None) in _IN_USE_ON_WINDOWS:
        return Problem("system.in_use")
    code = _BY_ERRNO.get(error.errno or 0)
    return Problem(code) if code else error.strerror or str(error)


def text_reason(error: OSError | UnicodeDecodeError) -> Problem | str:
    """Why a text file cannot be read: as `file_reason`, or because it is not UTF-8."""
    if isinstance(error, UnicodeDecodeError):
        return Problem("system.not_utf8", {"at": error.start + 1})
    return file_reason(error)


def sqlite_reason(error: Exception) -> Problem | str:
    """Why SQLite cannot write a file: a problem for common reasons, else its own words."""
    code = _BY_SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    return Problem(code) if code else str(error)[:200]


def server_words(error: Exception, secret: str = "") -> str:  # none to withhold  # nosec B107
    """The first line of a message of a server or its client, without the password if it repeats it.

    Before a connection is accepted, a server on a Chinese Windows writes GBK, whatever encoding was asked for.
    """
    text = str(error)
    raw_message = bytes(getattr(getattr(error, "pgconn", None), "error_message", b""))
    if "\ufffd" in text and raw_message:
        text = raw_message.decode("gb18030", "replace")
    line = next(iter(text.strip().splitlines()), type(error).__name__)
    return (line.replace(secret, "…") if secret else line)[:200]


def server_reason(words: str) -> Problem | str:
    """Why there is no connection to a server, or no longer one: a problem for common reasons, else `words`.

    words: the message of the server or its client.
    """
    lowered = words.lower()
    code = next((code for part, code in _BY_WORDS if part.lower() in lowered), None)
    return Problem(code) if code else words
