"""`onemap serve`: the same verbs over stdin and stdout, JSON-RPC 2.0, one object a line."""

import contextlib
import gc
import importlib
import json
import math
import os
import queue
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from functools import partial
from types import NoneType
from typing import Any

from onemap.layers.each_text import texts_in
from onemap.layers.errors import Cancelled, OneMapError, UsageError
from onemap.layers.files.temporary_room import machine_refusal
from onemap.layers.finite_json import read_json
from onemap.layers.messages import LANGUAGES, in_words, phrase, problem_record, sentences, wording
from onemap.layers.progress import Progress
from onemap.layers.secret_words import withhold_secrets, without_typed
from onemap.layers.stores.session import SessionCache, keeping_open
from onemap.rules.contract.declaration import Verb, VerbContext, checked_values
from onemap.rules.verbs.commands.altered_library import naming_altered_rows
from onemap.rules.verbs.commands.interruption import Interruption
from onemap.rules.verbs.commands.log_file import LOG
from onemap.rules.verbs.commands.verbs import VERBS

_PARSE_ERROR, _INVALID_REQUEST, _NO_METHOD, _INVALID_PARAMS, _REFUSED = -32700, -32600, -32601, -32602, -32000
_AT_ONCE_S, _SOON_AFTER_S = 0.1, 1.0  # how long before the end of stdin a request came that was piped in
_LAST_WORDS_S = 0.8  # a closed stdin ends the program within a second
_PATIENCE_S = 0.3  # until work that was cancelled is broken off wherever it is
_SOON_S = 0.05  # until it is tried again, where modules are loaded just then
_TOGETHER_S = 0.05  # for which a word of progress waits for the next
_CLEARING_S = 0.7  # for rolling back and removing files, before it is broken off once more
_YOUNG_OBJECTS = 20_000  # of which circles are looked for; an answer makes some thousand, and hardly a circle
_ViewMaker = Callable[[dict[str, Any], str], list[dict[str, Any]]]
_GIVING_WAY = 10
_SIGN_IN, _GET_READY = "sign in", "get ready"
_IDLE_S = 2.0  # after which a library is closed, so that its file is one file again
# What the first check would have to wait for.
_NEEDED = (
    "layers.catalogue.catalogue",
    "layers.library.library",
    "rules.judge.question.question",
    "rules.judge.runs.run_store",
    "rules.display.outputs.outputs",
    "rules.judge.distributed.check_of_any_size",
    "rules.verbs.work.check_work",
    "rules.judge.question.question",
    "rules.judge.incremental.verdict_changes",
)
_NEEDED_AT_A_DESK = (
    "rules.judge.overlay.overlay",
    "rules.review.case_json",
    "rules.verbs.commands.verb_text",
    "rules.verbs.work.review_work",
)


def _load_catalogue() -> None:
    from onemap.layers.catalogue.catalogue import shipped_catalogue

    shipped_catalogue()


def _load_register() -> None:
    from onemap.rules.judge.packs.kind_register import shipped_register

    shipped_register()


class _Server:
    """One worker runs requests in order; meanwhile the reading thread takes cancellations."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.out = threading.Lock()
        self.waiting: dict[Any, dict[str, Any]] = {}  # by request, how far it is, to be reported soon
        self.has_news = threading.Event()  # since it was reported last
        self.requests: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.pending: Counter[Any] = Counter()
        self.cancelled: set[Any] = set()
        self.closing = threading.Event()
        self.asked_at = -math.inf  # when the last request came
        self.has_told = False  # of its progress
        self.interruption = Interruption()
        self.has_asked_for_ground = False
        self.session: dict[Any, Any] = {}
        # What most questions need, loaded piece by piece while nobody asks for anything.
        modules = [partial(importlib.import_module, f"onemap.{name}") for name in _NEEDED]
        self.to_load = deque[Callable[[], Any]]([*modules, _load_catalogue, partial(sentences, language)])

    def send(self, message: dict[str, Any]) -> None:
        self._write(self._line(message))

    def _line(self, message: dict[str, Any]) -> bytes:
        text = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False, allow_nan=False)
        return text.encode("utf-8", "backslashreplace")  # a file's name need not be text

    def tell_soon(self, progress: dict[str, Any]) -> None:
        """Report a request's progress soon, only the latest of it: writing each report would slow the work down."""
        with self.out:
            self.waiting[progress["id"]] = progress
        if not self.has_news.is_set():
            self.has_news.set()

    def tell(self) -> None:
        """Write waiting reports of progress as long as the program runs; runs in a thread of its own."""
        while True:
            self.has_news.wait()
            time.sleep(_TOGETHER_S)
            self.has_news.clear()
            self._write()

    def _write(self, *lines: bytes) -> None:
        # Whoever asked may be gone; then stdin ends too, and with it this program.
        with self.out, contextlib.suppress(BrokenPipeError):
            steps = [self._line({"method": "progress", "params": progress}) for progress in self.waiting.values()]
            output = b"".join(line + b"\n" for line in (*steps, *lines))
            self.waiting.clear()
            if output:
                sys.stdout.buffer.write(output)
                sys.stdout.buffer.flush()

    def refusal(self, request: Any, error: OneMapError, language: str, code: int | None = None) -> bytes:
        """The line with the refusal of a request. code: of JSON-RPC; None for wrong values or what a verb refuses."""
        if code is None:
            code = _INVALID_PARAMS if isinstance(error, UsageError) else _REFUSED
        records = [problem_record(problem, language) for problem in error.problems]
        message = wording(error.problems[0], language)[0]
        LOG.note("\n".join(str(in_words(problem, language)) for problem in error.problems))
        data = {"problems": records, "exit_code": error.exit_code}
        return self._line({"id": request, "error": {"code": code, "message": message, "data": data}})

    def work(self) -> None:
        """Run requests until None comes; a library stays open until it has not been used for a while."""
        with keeping_open() as open_libraries:
            while (request := self._next(open_libraries)) is not None:
                self._do(request)
                self._get_kernel_ready()

    def _next(self, open_libraries: SessionCache[Any]) -> dict[str, Any] | None:
        while self.to_load and self.requests.empty():
            self.to_load.popleft()()
        try:
            return self.requests.get(timeout=_IDLE_S)
        except queue.Empty:
            open_libraries.close()
            return self.requests.get()

    def _get_kernel_ready(self) -> None:
        """Load the compiled kernel after the first request about ground, whose answer does not wait for it."""
        if "onemap.rules.judge.overlay.overlay" not in sys.modules or self.has_asked_for_ground:
            return
        self.has_asked_for_ground = True
        importlib.import_module("onemap.rules.judge.overlay.pair_ground").load_kernel()
        # What is loaded stays; to look through it time and again would take from every answer. Only once: what is left
        # of an answer in circles would stay as well.
        gc.freeze()
        gc.set_threshold(_YOUNG_OBJECTS)

    def _do(self, request: dict[str, Any]) -> None:
        began = time.monotonic()
        with withhold_secrets(texts_in([request["method"], request.get("params")])):
            LOG.note(f"#{request.get('id')} {request['method']}")
            line = self._line_of(request)
            LOG.note(f"#{request.get('id')} {request['method']} {time.monotonic() - began:.1f} s")
        # Before the answer is out, so that a cancellation after it finds nothing to cancel.
        self.pending[request.get("id")] -= 1
        self.cancelled.discard(request.get("id"))
        if "id" in request:
            self._write(line)

    def _line_of(self, request: dict[str, Any]) -> bytes:
        """The answer to a request: for a verb, or for what only the desk asks its cores."""
        own = {_SIGN_IN: self.sign_in, _GET_READY: self.get_ready}
        return own.get(request["method"], self.answer)(request)

    def get_ready(self, request: dict[str, Any]) -> bytes:
        """Load what a person at a desk needs, before there is anybody to wait for it.

        With `gives_way` the answering thread, and all that it starts, gets a low priority, if the system has
        priorities.
        """
        if (request.get("params") or {}).get("gives_way") and hasattr(os, "nice"):
            os.nice(_GIVING_WAY)
        for name in (*_NEEDED, *_NEEDED_AT_A_DESK):
            importlib.import_module(f"onemap.{name}")
        self.to_load += [partial(sentences, language) for language in LANGUAGES]
        self.to_load.append(_load_register)
        self._get_kernel_ready()
        return self._line({"id": request.get("id"), "result": {}})

    def sign_in(self, request: dict[str, Any]) -> bytes:
        """Work as an account of a library's server from now on; return the line with the account, or its refusal."""
        from onemap.layers.library.account_sign_in import sign_in

        number, params = request.get("id"), request.get("params") or {}
        try:
            words = [str(params[name]) for name in ("library", "account", "password")]
            result = sign_in(*words, takes_directory=bool(params.get("directory")))
            return self._line({"id": number, "result": result})
        except OneMapError as error:
            return self.refusal(number, error, str(params.get("lang", self.language)))
        except Exception as error:  # noqa: BLE001 - its words may repeat what was typed
            return self.refusal(number, OneMapError("defect.ours", reason=type(error).__name__), self.language)

    def answer(self, request: dict[str, Any]) -> bytes:
        """Run one request; return the line with its result, its refusal, or the answer that it was cancelled."""
        number = request.get("id")
        request_params = request.get("params") or {}
        language = self._language_of(request_params)
        verb = VERBS.get(str(request.get("method")).replace(".", " "))
        last = (-1.0, "")

        def report(fraction: float, step: str) -> None:
            nonlocal last
            if number in self.cancelled or self.closing.is_set():
                raise Cancelled
            if fraction - last[0] >= 0.005 or fraction >= 1 or step != last[1]:
                last = (fraction, step)
                self.has_told = True
                params = {"id": number, "progress": round(fraction, 4), "step": without_typed(step)}
                if "id" in request:  # a notification gets no progress
                    self.tell_soon(params)

        try:
            if verb is None:
                refusal = UsageError("usage.verb", verb=request.get("method"), known=list(VERBS))
                return self.refusal(number, refusal, language, _NO_METHOD)
            with self.interruption.work(number):
                progress = Progress(report, partial(self._settle, number))
                progress.check()
                values, view_of = _values_and_view(verb, request_params)
                with naming_altered_rows(values):
                    result = verb.run(values, VerbContext(language, progress, self.session))
                    result = {**result, "view": view_of(result, language)} if view_of else result
            with naming_altered_rows(values):
                return self._line({"id": number, "result": result})
        except Exception as error:  # noqa: BLE001 - one request's defect must not end the others
            # What is broken off, while a module is loaded, may end in an error of another kind.
            if isinstance(error, Cancelled) or number in self.cancelled:
                return self._cancelled_line(number, language)
            if isinstance(error, OneMapError):
                return self.refusal(number, error, language)
            of_machine = machine_refusal(error)
            if of_machine is not None:
                return self.refusal(number, of_machine, language)
            defect = OneMapError("defect.ours", reason=f"{type(error).__name__}: {str(error)[:300]}")
            defect.exit_code = 70
            return self.refusal(number, defect, language)

    def _settle(self, number: object) -> None:
        """Ignore a cancellation of the running request from now on. Raises Cancelled if there was one."""
        self.interruption.forgo()
        if number in self.cancelled:
            raise Cancelled

    def _language_of(self, params: object) -> str:
        """The language of a request's answer, from its params."""
        language = params.get("lang") if isinstance(params, dict) else None
        return language if isinstance(language, str) and language in LANGUAGES else self.language

    def _cancelled_line(self, number: object, language: str) -> bytes:
        """The line with the answer that a request was cancelled."""
        data = {"problems": [], "exit_code": Cancelled.exit_code}
        text = phrase("said.cancelled", language)
        return self._line({"id": number, "error": {"code": _REFUSED, "message": text, "data": data}})

    def take(self, line: bytes) -> None:
        """Take one line from stdin: queue a request, or cancel one."""
        try:
            request = read_json(line.decode("utf-8-sig"))
        except ValueError:
            self._write(self.refusal(None, UsageError("usage.line"), self.language, _PARSE_ERROR))
            return
        number = request.get("id") if isinstance(request, dict) else None
        if not isinstance(number, (str, int, float, NoneType)):
            number, request = None, None
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            self._write(self.refusal(number, UsageError("usage.request"), self.language, _INVALID_REQUEST))
        elif request["method"] == "cancel":
            self._cancel(request)
        elif not isinstance(request.get("params"), (dict, NoneType)):
            if "id" in request:
                refusal = UsageError("usage.arguments", verb=request["method"], reason="params: {…}")
                self._write(self.refusal(number, refusal, self.language))
        else:
            self.pending[number] += 1
            self.asked_at, self.has_told = time.monotonic(), False
            self.requests.put(request)

    @property
    def was_piped(self) -> bool:
        """Whether the last request came together with the end of stdin, as from a file or another program.

        A client that asks, listens, and then closes stdin wants no answer any more.
        """
        since = time.monotonic() - self.asked_at
        return since < _AT_ONCE_S or (since < _SOON_AFTER_S and not self.has_told)

    def _cancel(self, request: dict[str, Any]) -> None:
        """Cancel a waiting or running request; an answered one stays answered, and its id may be used again."""
        params = request.get("params")
        request_id = params.get("id") if isinstance(params, dict) else None
        is_known = isinstance(request_id, (str, int, float)) and self.pending[request_id] > 0
        if is_known:
            self._answer_waiting(request_id)
        if is_known and self.pending[request_id] > 0 and request_id not in self.cancelled:
            self.cancelled.add(request_id)
            threading.Thread(target=self._insist, args=(request_id,), daemon=True).start()
        if "id" in request:
            self.send({"id": request["id"], "result": {"ok": is_known}})

    def _answer_waiting(self, request_id: object) -> None:
        """Answer cancelled requests that have not begun at once, because the work before them may take an hour."""
        with self.requests.mutex:
            taken_back = [request for request in self.requests.queue if request and request.get("id") == request_id]
            for request in taken_back:
                self.requests.queue.remove(request)
        self.pending[request_id] -= len(taken_back)
        for request in taken_back:
            self._write(self._cancelled_line(request_id, self._language_of(request.get("params"))))

    def _insist(self, request_id: object) -> None:
        """Interrupt a request that has not stopped by itself, and give it time to clean up."""
        wait_s = _PATIENCE_S
        while not self.closing.wait(wait_s) and self.pending[request_id] > 0 and request_id in self.cancelled:
            wait_s = _CLEARING_S if self.interruption.stop(request_id) else _SOON_S


def _values_by_name(params: dict[str, Any]) -> dict[str, Any]:
    """A request's values by the names of their parameters, which may also be written like options.

    A name may have dashes instead of underscores. Raises UsageError usage.apart for a value that is given both ways,
    usage.choice for an unknown language.
    """
    by_name: dict[str, Any] = {}
    for written_name, value in params.items():
        name = written_name.replace("-", "_")
        if name in by_name:
            raise UsageError("usage.apart", field=name.replace("_", "-"), other=name)
        by_name[name] = value
    language = by_name.pop("lang", None)
    if language is not None and language not in LANGUAGES:
        raise UsageError("usage.choice", field="--lang", value=language, allowed=list(LANGUAGES))
    return by_name


def _values_and_view(verb: Verb, params: dict[str, Any]) -> tuple[dict[str, Any], _ViewMaker | None]:
    """A request's values, converted, and the function that makes its rows, if it asks for them by `view`.

    For a verb that has no rows, `view` is refused like any unknown name.
    """
    by_name = _values_by_name(params)
    if "view" not in by_name:
        return checked_values(verb, by_name), None
    from onemap.rules.display.rows.answer_rows import view_json  # with the words of every verb, which few requests need
    from onemap.rules.verbs.commands.verb_text import VIEWS

    make = VIEWS.get(verb.name)
    is_wanted = by_name.pop("view") if make is not None else False
    if not isinstance(is_wanted, bool):
        raise UsageError("usage.value", field="view", value=is_wanted)
    values = checked_values(verb, by_name)
    return values, (lambda result, language: view_json(make(result, language))) if make and is_wanted else None


def _finish(worker: threading.Thread) -> None:
    """Wait until all requests are answered; Ctrl+C still interrupts the waiting."""
    while worker.is_alive():
        worker.join(_AT_ONCE_S)


def serve(language: str) -> int:
    """Answer requests while stdin is open; then, or at Ctrl+C, stop within a second, with nothing half-written.

    Requests that were piped in together with the end of stdin are answered first.
    """
    server = _Server(language)
    worker = threading.Thread(target=server.work, daemon=True)
    worker.start()
    threading.Thread(target=server.tell, daemon=True).start()
    code = 0
    try:
        for line in sys.stdin.buffer:
            if line.strip():
                server.take(line)
        server.requests.put(None)
        if server.was_piped:
            _finish(worker)
    except KeyboardInterrupt:
        code = Cancelled.exit_code
    server.closing.set()
    server.requests.put(None)
    worker.join(_LAST_WORDS_S)
    if worker.is_alive():
        # The library's transaction undoes what it was doing; a *.part is removed by the next run.
        os._exit(code)
    return code
