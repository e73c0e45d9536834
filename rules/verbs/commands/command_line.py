"""`onemap VERB …`: arguments in, one verb run, text or one JSON object out, and the exit code."""

import argparse
import atexit
import codecs
import contextlib
import gc
import json
import locale
import os
import re
import shutil
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, NoReturn

from onemap.layers.errors import Cancelled, OneMapError, UsageError
from onemap.layers.files.temporary_room import machine_refusal
from onemap.layers.messages import LANGUAGES, either_of, in_words, list_text, phrase, problem_record
from onemap.layers.progress import Progress
from onemap.layers.secret_words import secrets_in, withhold_secrets, without_secrets, without_typed
from onemap.layers.text_table import shortened_text
from onemap.layers.visible_text import terminal_text
from onemap.rules.contract.declaration import Parameter, Verb, VerbContext, checked_values
from onemap.rules.contract.verb_help import HelpLines, help_text, likely_names, line_width, verb_overview
from onemap.rules.verbs.commands.altered_library import naming_altered_rows
from onemap.rules.verbs.commands.log_file import LOG, LOG_OPTION, check_log, command_words, log_path
from onemap.rules.verbs.commands.reference import EVERYWHERE
from onemap.rules.verbs.commands.stop_signals import handling_signals
from onemap.rules.verbs.commands.verbs import DOORS, VERBS

EXIT_DEFECT, EXIT_UNFIT, EXIT_FAILED_ON, EXIT_DAMAGED = 70, 3, 4, 5
_VERB, _STEP = "VERB", "STEP"  # what a verb is called in the help
_HELP = frozenset(("-h", "--help"))
_CLEARING_S = 0.7  # for rolling back and removing files, before a further signal breaks that off as well
_COLLECT_EVERY = 100_000  # new objects: rows come by the hundred thousand, and none of them refers to itself


# What argparse says in English, and the sentence that says it in both languages.
_COMPLAINTS = {
    "lacking": r"the following arguments are required: (?P<names>.*)",
    "choice": r"argument (?P<names>[^:]*): invalid choice: (?P<value>.*) \(choose from (?P<allowed>.*)\)",
    "valueless": r"argument (?P<names>[^:]*): expected one argument",
    "flag": r"argument (?P<names>[^:]*): ignored explicit argument (?P<value>.*)",
}


class _Parser(argparse.ArgumentParser):
    """An argparse parser whose errors are refusals like any other."""

    def error(self, message: str) -> NoReturn:
        raise UsageError("usage.arguments", reason=_complaint(without_secrets(message)), verb=self.prog)

    def _print_message(self, message: str, file: Any = None) -> None:
        with contextlib.suppress(OSError):  # help that cannot be written is no error, as newer Pythons have it
            super()._print_message(message, file)


def _complaint(message: str) -> Any:
    """An error of argparse in each language; unchanged if it is not one of the usual errors."""
    for key, pattern in _COMPLAINTS.items():
        if match := re.fullmatch(pattern, message, flags=re.DOTALL):
            facts = match.groupdict()
            if key == "choice" and facts["names"] in (_VERB, _STEP):
                return _verb_complaint(facts["value"].strip("'"), re.findall(r"[a-z-]+", facts["allowed"]))
            list_name = "names" if key == "lacking" else "allowed"  # argparse quotes values or not, by Python's version
            texts = {name: text.strip("'") for name, text in facts.items() if name != list_name}
            values = [one.strip("'") for one in facts.get(list_name, "").split(", ")]
            return {
                one: phrase(f"complaint.{key}", one, **texts, **{list_name: list_text(values, one)})
                for one in LANGUAGES
            }
    return message


def _verb_complaint(typed_verb: str, verb_names: Sequence[str]) -> dict[str, str]:
    """Say in each language that a verb does not exist, and which one may be meant."""
    return {
        one: phrase("complaint.verb", one, value=typed_verb, meant=likely_names(typed_verb, verb_names, one))
        for one in LANGUAGES
    }


def system_language() -> str:
    """zh or en, from the environment."""
    names = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE", "LANG")]
    name = next(filter(None, names), "") or (locale.getlocale()[0] or "")
    return "zh" if name.lower().startswith(("zh", "chinese")) else "en"


def _wanted_language(arguments: list[str]) -> str:
    """The language, found before parsing, so that even a wrong option is refused in it."""
    for at, argument in enumerate(arguments):
        value = argument.partition("=")[2] or (arguments[at + 1] if at + 1 < len(arguments) else "")
        if argument.split("=")[0] == "--lang" and value in LANGUAGES:
            return value
    return system_language()


def wanted_encoding(arguments: list[str]) -> str:
    """The encoding of texts for people: the requested one, if Python knows it, else that of the console.

    JSON and progress are always UTF-8, because programs read them.
    """
    if "--json" in arguments or "serve" in arguments[:1]:
        return "utf-8"
    for at, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        value = value or (arguments[at + 1] if at + 1 < len(arguments) else "")
        if name == "--output-encoding" and _is_text_encoding(value):
            return value
    return _console_encoding()


def _is_text_encoding(name: str) -> bool:
    with contextlib.suppress(LookupError, ValueError):
        return bool("一".encode(name, "backslashreplace") and codecs.lookup(name)._is_text_encoding)
    return False


def _console_encoding() -> str:
    """The encoding of the console: on Windows its code page if texts go through a pipe, else UTF-8."""
    if os.name != "nt" or sys.stdout.isatty():
        return "utf-8"
    import ctypes

    page = getattr(ctypes, "windll").kernel32.GetConsoleOutputCP()  # noqa: B009 - only Windows has it
    return f"cp{page}" if page and _is_text_encoding(f"cp{page}") else "utf-8"


def _help(key: str, language: str) -> str:
    verb, name = key.split(".", 1)
    return help_text(verb, name, language).replace("%", "%%")


def _add_parameter(parser: argparse.ArgumentParser, verb: Verb, parameter: Parameter, language: str) -> None:
    text = _help(f"{verb.name}.{parameter.name}", language)
    unnamed = [choice for choice in parameter.choices if choice not in text]
    if unnamed:
        values = phrase("help.choices", language, values=either_of(parameter.choices, language))
        text = phrase("help.with_choices", language, text=text, choices=values)
    if parameter.positional:
        count = "?" if parameter.optional else "+" if parameter.repeated else None
        parser.add_argument(parameter.name, metavar=parameter.metavar, nargs=count, help=text)
    elif parameter.flag:
        parser.add_argument(parameter.option, dest=parameter.name, action="store_true", default=None, help=text)
    else:
        parser.add_argument(
            parameter.option,
            dest=parameter.name,
            metavar=parameter.metavar or None,
            action="append" if parameter.repeated else "store",
            required=parameter.required,
            help=text,
        )


def _parser_if_meant(is_meant: bool, **words: Any) -> Any:
    """The parser of a verb; an empty one if the given words cannot mean the verb, because there are many verbs."""
    return _Parser(**words) if is_meant else _empty_parser()


@lru_cache(maxsize=1)
def _empty_parser() -> argparse.ArgumentParser:
    return _Parser(add_help=False)


def _group(verbs: Any, group: str, is_meant: bool, language: str) -> Any:
    """The parsers of all verbs of two words with the same first word; None if none of them can be meant."""
    text = _help(f"{group}.verb", language)
    parser = verbs.add_parser(
        group, is_meant=is_meant, description=text, allow_abbrev=False, formatter_class=_lines_in(language)
    )
    if not is_meant:
        return None
    _add_globals(parser, language)
    return parser.add_subparsers(dest="step", metavar=_STEP, parser_class=_parser_if_meant)


def _lines_in(language: str) -> Any:
    return partial(HelpLines, language=language)


def _parser(language: str, arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser for the given words. Only verbs that the words may mean get their options: there are many verbs."""
    words = frozenset(arguments) & {word for name in (*VERBS, *DOORS) for word in name.split()}
    has_overview = not words or not _HELP.isdisjoint(arguments)
    return _parser_of(language, words, line_width() if has_overview else None)


@lru_cache(maxsize=128)  # every verb in both languages
def _parser_of(language: str, words: frozenset[str], width: int | None) -> argparse.ArgumentParser:
    """Make the parser. width: of the lines in the overview of all verbs, in columns; None if it is not printed."""
    overview = (
        verb_overview(lambda name: help_text(name, "verb", language), language, width) if width is not None else ""
    )
    description = f"{phrase('help.onemap', language)}\n{overview}"
    lines = _lines_in(language)
    parser: Any = _Parser(prog="onemap", description=description, allow_abbrev=False, formatter_class=lines)
    _add_globals(parser, language, top=True)
    parser.add_argument("--version", action="store_true", help=_help("any.version", language))
    verbs = parser.add_subparsers(dest="verb", metavar=_VERB, help=argparse.SUPPRESS, parser_class=_parser_if_meant)
    groups: dict[str, Any] = {"": verbs}
    for verb in (*VERBS.values(), *DOORS.values()):
        group, _, step = verb.name.rpartition(" ")
        if group not in groups:
            groups[group] = _group(verbs, group, group in words, language)
        if groups[group] is None:
            continue
        text = _help(f"{verb.name}.verb", language)
        help_options = {"help": text} if group else {}
        is_meant = words.issuperset(verb.name.split())
        one = groups[group].add_parser(
            step, is_meant=is_meant, description=text, allow_abbrev=False, formatter_class=lines, **help_options
        )
        if is_meant:
            for parameter in verb.parameters:
                _add_parameter(one, verb, parameter, language)
            _add_globals(one, language)
    return parser


def _add_globals(parser: argparse.ArgumentParser, language: str, top: bool = False) -> None:
    parser._positionals.title = phrase("help.positionals", language)  # argparse has no other door for its words
    parser._optionals.title = phrase("help.options", language)
    parser._actions[0].help = phrase("help.help", language)
    absent = None if top else argparse.SUPPRESS  # given before the verb, an option holds after it
    parser.add_argument("--json", action="store_true", default=absent, help=_help("any.json", language))
    parser.add_argument("--summary", action="store_true", default=absent, help=_help("any.summary", language))
    parser.add_argument("--lang", choices=LANGUAGES, default=absent, help=_help("any.lang", language))
    parser.add_argument(
        "--progress", choices=("bar", "json", "none"), default=absent, help=_help("any.progress", language)
    )
    parser.add_argument("--output-encoding", default=absent, metavar="E", help=_help("any.output_encoding", language))
    parser.add_argument("--log", metavar="FILE", default=absent, help=_help("any.log", language))


class _ProgressLine:
    """Shows progress on stderr, one line at a time; a request to stop is noticed at each report."""

    def __init__(self, form: str) -> None:
        self.form = form
        self.stopped = threading.Event()
        self._last: tuple[int, str] = (-1, "")
        self._asked_at = -_CLEARING_S
        self._is_settled = False

    def settle(self) -> None:
        """Ignore requests to stop from now on. Raises Cancelled if there was one."""
        self._is_settled = not self.stopped.is_set()
        if not self._is_settled:
            raise Cancelled

    def stop(self, *_: object) -> None:
        """Handle a signal: the work stops at once or at its next report; a second signal lets it clean up."""
        if self._is_settled:
            return
        self.stopped.set()
        now = time.monotonic()
        if now - self._asked_at >= _CLEARING_S:
            self._asked_at = now
            raise Cancelled

    def lost(self) -> None:
        """Forget a request to stop that had no effect, so that the next one works like the first."""
        self._asked_at = -_CLEARING_S

    def __call__(self, fraction: float, step: str) -> None:
        if self.stopped.is_set():
            raise Cancelled
        step = terminal_text(without_typed(step))
        LOG.note_step(step)
        if self.form == "none":
            return
        state = (int(fraction * 100), step)
        if state == self._last:
            return
        self._last = state
        if self.form == "json":
            line = json.dumps({"progress": round(fraction, 4), "step": step}, ensure_ascii=False)
            sys.stderr.write(line + "\n")
        else:
            bar_length = int(fraction * 24)
            bar = f"{'█' * bar_length}{'░' * (24 - bar_length)} {fraction:4.0%} "
            room = shutil.get_terminal_size().columns - len(bar) - 1  # a line that is broken could not be wiped away
            sys.stderr.write(f"\r\x1b[K{bar}{shortened_text(step, room)}")
            if fraction >= 1:
                sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _print_json(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    sys.stdout.flush()
    # A file's name need not be text; what is not becomes an escape of JSON.
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.buffer.flush()


def _refusal(error: OneMapError, as_json: bool, language: str) -> int:
    lines = [str(in_words(problem, language)) for problem in error.problems]
    LOG.note("\n".join(lines))
    if as_json:
        _print_json({"problems": [problem_record(problem, language) for problem in error.problems]})
    else:
        sys.stderr.write("".join(f"{terminal_text(line)}\n" for line in lines))
    return error.exit_code


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; returns the exit code of the contract."""
    gc.set_threshold(_COLLECT_EVERY, 50, 100)
    atexit.register(gc.freeze)  # what is left at the end goes with the process, and need not be looked through
    words = list(sys.argv[1:] if arguments is None else arguments)
    if sys.stdout is None or sys.stderr is None:  # closed by whoever started this
        nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it stays open to the end
        sys.stdout, sys.stderr = sys.stdout or nowhere, sys.stderr or nowhere
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding=wanted_encoding(words), errors="backslashreplace")
    path, began = log_path(words), time.monotonic()
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(withhold_secrets(words))
            if path is not None:
                if secrets_in(path):
                    raise UsageError("usage.address", field=LOG_OPTION)
                check_log(path, words)
                stack.enter_context(LOG.open(path))
            LOG.note(command_words(words))
            code = _code(words)
            seconds = f"{time.monotonic() - began:.1f}"
            LOG.note(phrase("said.exit_code", _wanted_language(words), code=code, seconds=seconds))
            return code
    except OneMapError as error:  # no log can be written there: nothing was done
        return _refusal(error, "--json" in words, _wanted_language(words))
    finally:
        _flush()


def _code(words: list[str]) -> int:
    try:
        return _answer(words, _wanted_language(words), "--json" in words)
    except (Cancelled, KeyboardInterrupt):
        return report_cancelled(words)


def report_cancelled(words: list[str]) -> int:
    """Say that the command with these words was cancelled; return the exit code."""
    with handling_signals(signal.SIG_IGN):
        LOG.note(phrase("said.cancelled", _wanted_language(words)))
        if "--json" in words:
            _print_json({"problems": [], "cancelled": True})
        else:
            sys.stderr.write(phrase("said.cancelled", _wanted_language(words)) + "\n")
            sys.stderr.flush()
    return Cancelled.exit_code


def _answer(words: list[str], language: str, as_json: bool) -> int:
    try:
        return _run(words, language, as_json)
    except OneMapError as error:
        return _refusal(error, as_json, language)
    except Cancelled:
        raise
    except BrokenPipeError:
        _to_nowhere(sys.stdout)
        return 0
    except Exception as error:  # noqa: BLE001 - a traceback is a defect, whatever the input
        of_machine = machine_refusal(error)
        if of_machine is not None:
            return _refusal(of_machine, as_json, language)
        return _defect(error, as_json, language)


def _defect(error: Exception, as_json: bool, language: str) -> int:
    """Report an unforeseen error as a defect; with ONEMAP_TRACEBACK=1 the traceback is printed for developers."""
    if os.environ.get("ONEMAP_TRACEBACK"):
        import traceback

        sys.stderr.write(without_secrets("".join(traceback.format_exception(error))))
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    line = f"{os.path.basename(where.tb_frame.f_code.co_filename)}:{where.tb_lineno}" if where else ""
    defect = OneMapError("defect.ours", reason=f"{type(error).__name__}: {str(error)[:300]} ({line})")
    _refusal(defect, as_json, language)
    return EXIT_DEFECT


def _run(words: list[str], language: str, as_json: bool) -> int:
    parser = _parser(language, words)
    namespace, unknown = parser.parse_known_args(words)
    parsed_values = vars(namespace)
    name, step = parsed_values.pop("verb"), parsed_values.pop("step", None)
    options = {key: parsed_values.pop(key, None) for key in EVERYWHERE}
    language = options["lang"] or language
    if options["output_encoding"] and not _is_text_encoding(options["output_encoding"]):
        raise UsageError("usage.value", field="--output-encoding", value=options["output_encoding"])
    if parsed_values.pop("version", False):
        return _say_versions(as_json)
    if unknown:
        raise _unknown_words(unknown, " ".join(filter(None, (name, step))))
    if name is None:
        if not as_json:
            sys.stderr.write(f"{parser.format_help()}\n")
        raise UsageError("usage.no_verb", verb="onemap")
    if name in DOORS:
        return _open_door(name, checked_values(DOORS[name], parsed_values), as_json, language)
    if step is not None:
        name = f"{name} {step}"
    if name not in VERBS:
        raise UsageError("usage.no_verb", verb=f"onemap {name}")
    return _run_verb(VERBS[name], checked_values(VERBS[name], parsed_values), options, as_json, language)


def _open_door(name: str, values: Mapping[str, Any], as_json: bool, language: str) -> int:
    """Run `serve`, `mcp` or `web` until it ends; return the exit code."""
    if name == "mcp":
        from onemap.rules.verbs.web.mcp_session import serve_mcp

        return serve_mcp(values["library"], language, VERBS)
    if name == "web":
        from onemap.rules.verbs.web.web_server import serve_web

        return serve_web(values, language, as_json, VERBS)
    from onemap.rules.verbs.commands.serve import serve

    return serve(language)


def _run_verb(verb: Verb, values: Mapping[str, Any], options: Mapping[str, Any], as_json: bool, language: str) -> int:
    """Run a verb and print its result; return the exit code. options: those that every verb has."""
    form = options["progress"] or ("bar" if sys.stderr.isatty() and not as_json else "none")
    line = _ProgressLine(form)
    context = VerbContext(language, Progress(line, line.settle))
    context.left.append(context)  # so that what is left stays, and goes with the process

    with handling_signals(line.stop, line.lost):
        try:
            with naming_altered_rows(values):
                result = verb.run(values, context)
        except Exception:
            if line.stopped.is_set():  # and what was broken off ended in an error of another kind
                raise Cancelled from None
            raise
    try:
        with handling_signals(_come_too_late), naming_altered_rows(values):
            _say(verb.name, result, as_json, bool(options["summary"]), language)
            sys.stdout.flush()
    except BrokenPipeError:
        _to_nowhere(sys.stdout)  # a reader that has left is no error, and what was found is still so
    except OSError as error:
        _to_nowhere(sys.stdout)
        return _refusal(OneMapError("out.failed", file="stdout", reason=str(error)), False, language)
    if verb.name == "verify" and not result["ok"]:
        return EXIT_DAMAGED
    if verb.name == "self-test" and not result["ok"]:
        return EXIT_UNFIT
    return EXIT_FAILED_ON if result.get("failed_on") else 0


def _come_too_late(number: int, _: object) -> None:
    """Handle a request to stop while the result is printed: ignore it, but let the next one end the program."""
    signal.signal(number, signal.SIG_DFL)


def _unknown_words(words: Sequence[str], name: str) -> UsageError:
    """The refusal of words that a verb does not take, with the options that may be meant."""
    known_options = [f"--{option.replace('_', '-')}" for option in EVERYWHERE]
    if verb := VERBS.get(name) or DOORS.get(name):
        known_options += [parameter.option for parameter in verb.parameters if not parameter.positional]
    first_option = next((word.partition("=")[0] for word in words if word.startswith("-")), "")
    names = without_secrets(" ".join(words))
    reason = {
        one: phrase("complaint.unknown", one, names=names, meant=likely_names(first_option, known_options, one))
        for one in LANGUAGES
    }
    return UsageError("usage.arguments", reason=reason, verb=f"onemap {name}".strip())


def _say_versions(as_json: bool) -> int:
    from onemap.layers.software import installed_versions
    from onemap.rules.verbs.commands.self_test_text import version_lines

    versions = installed_versions()
    if as_json:
        _print_json({"versions": versions})
    else:
        sys.stdout.write(version_lines(versions) + "\n")
    return 0


def _say(name: str, result: Any, as_json: bool, with_summary: bool, language: str) -> None:
    if as_json and not (with_summary or LOG.is_open):
        _print_json(result)
        return
    if name == "self-test":  # the words of other verbs load libraries, which may be what does not work
        from onemap.rules.verbs.commands.self_test_text import self_test_lines

        text = self_test_lines(result, language)
        LOG.note(text)
        if as_json:
            _print_json({**result, "summary": text} if with_summary else result)
        else:
            sys.stdout.write(text + "\n")
        return
    from onemap.rules.verbs.commands.verb_text import result_text, warnings

    warning_lines, text = warnings(result, language), result_text(name, result, language)
    LOG.note("\n".join([*warning_lines, text]))
    if as_json:
        _print_json({**result, "summary": text} if with_summary else result)
        return
    for line in warning_lines:
        sys.stderr.write(terminal_text(line) + "\n")
    sys.stdout.write(terminal_text(text) + "\n")
    sys.stdout.flush()


def _to_nowhere(stream: Any) -> None:
    """Discard output that is still to be written, because nobody reads it or there is no room."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _to_nowhere(stream)
