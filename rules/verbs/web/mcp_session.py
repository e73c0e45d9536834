"""`onemap mcp LIBRARY`: the verbs for other systems over MCP (Model Context Protocol), JSON-RPC on stdin and stdout."""

import contextlib
import json
import sys
import threading
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

from onemap.layers.errors import UsageError
from onemap.layers.finite_json import read_json
from onemap.layers.messages import phrase
from onemap.layers.software import onemap_version
from onemap.rules.contract.declaration import Verb
from onemap.rules.contract.verb_help import help_text
from onemap.rules.verbs.web.serve_child import ServeChild, VerbAnswer, refusal_of
from onemap.rules.verbs.web.verb_question import (
    Asker,
    answer_or_refusal,
    ask_core,
    question_schema,
    room_of_answer,
    verbs_for_others,
)

# Newest first. 2025-03-26 alone obliges a server to take batches, which the next version removed, and is not spoken:
# whoever asks for it is answered with the one before, and may go on.
PROTOCOLS = ("2025-11-25", "2025-06-18", "2024-11-05")
_PARSE_ERROR, _INVALID_REQUEST, _NO_METHOD, _INVALID_PARAMS = -32700, -32600, -32601, -32602
# Which fields every answer has; the others are those of the verb's own JSON.
_ANSWER_SCHEMA = {
    "type": "object",
    "properties": {
        "evidence": {
            "type": "object",
            "properties": {"run": {"type": ["string", "null"]}, "versions": {"type": "array"}},
        },
        "problems": {"type": "array"},
    },
}


class McpSession:
    """One client. A core in a child process answers its requests for tools."""

    def __init__(self, library: str, language: str, verbs: Mapping[str, Verb], out: BinaryIO) -> None:
        self._asker = Asker(library, language, names_files=True)
        self._verbs = verbs_for_others(verbs)
        self._out, self._turn = out, threading.Lock()
        self._child: ServeChild | None = None
        self._making = threading.Lock()
        self._calls: dict[Any, tuple[ServeChild, int]] = {}  # by request, whom to tell that it is cancelled
        self._open: set[Any] = set()  # requests for tools that are not answered yet
        self._cancelled: set[Any] = set()
        self._threads: list[threading.Thread] = []

    def serve(self, lines: Iterable[bytes]) -> None:
        """Answer until the lines end, then answer the requests that are still open."""
        try:
            for line in lines:
                if line.strip():
                    self._take(line)
            for thread in self._threads:
                thread.join()
        finally:
            if self._child is not None:
                self._child.end()

    def _take(self, line: bytes) -> None:
        try:
            message = read_json(line.decode("utf-8-sig"))
        except ValueError:
            self._refuse(None, _PARSE_ERROR, "usage.line")
            return
        if not isinstance(message, dict) or not isinstance(message.get("method"), str):
            if not (isinstance(message, dict) and ("result" in message or "error" in message)):
                self._refuse(
                    message.get("id") if isinstance(message, dict) else None, _INVALID_REQUEST, "usage.request"
                )
            return
        params = message["params"] if message.get("params") is not None else {}
        if message["method"] == "notifications/cancelled" and isinstance(params, dict):
            self._cancel(params.get("requestId"))
        elif "id" in message and not isinstance(message["id"], (str, int, float)):
            self._refuse(None, _INVALID_REQUEST, "usage.request")
        elif "id" in message:
            self._answer(message["id"], message["method"], params)

    def _answer(self, number: Any, method: str, params: Any) -> None:
        if not isinstance(params, dict):
            self._refuse(number, _INVALID_PARAMS, "usage.arguments", verb=method, reason="params: {…}")
        elif method == "initialize":
            self._send({"id": number, "result": self._introduction(params)})
        elif method == "ping":
            self._send({"id": number, "result": {}})
        elif method == "tools/list":
            self._send({"id": number, "result": {"tools": [self._tool(verb) for verb in self._verbs.values()]}})
        elif method != "tools/call":
            self._refuse(number, _NO_METHOD, "usage.verb", verb=method, known=["tools/list", "tools/call"])
        elif not isinstance(params.get("_meta") or {}, dict):
            self._refuse(number, _INVALID_PARAMS, "usage.arguments", verb=method, reason="_meta: {…}")
        elif str(params.get("name")) not in self._verbs:
            self._refuse(number, _INVALID_PARAMS, "usage.verb", verb=str(params.get("name")), known=list(self._verbs))
        else:
            thread = threading.Thread(target=self._call, args=(number, params), daemon=True)
            self._threads = [*(one for one in self._threads if one.is_alive()), thread]
            self._open.add(number)
            thread.start()

    def _introduction(self, params: Mapping[str, Any]) -> dict[str, Any]:
        client_version = str(params.get("protocolVersion"))
        return {
            "protocolVersion": next((one for one in PROTOCOLS if one <= client_version), PROTOCOLS[0]),
            "capabilities": {"tools": {"listChanged": False}},
            "serverInfo": {"name": "onemap", "title": "One Map", "version": onemap_version()},
            "instructions": phrase("web.instructions", self._asker.language),
        }

    def _tool(self, verb: Verb) -> dict[str, Any]:
        return {
            "name": verb.name,
            "title": verb.name,
            "description": help_text(verb.name, "verb", self._asker.language),
            "inputSchema": question_schema(verb, self._asker),
            "outputSchema": _ANSWER_SCHEMA,
            "annotations": {"destructiveHint": False, "openWorldHint": False},
        }

    def _call(self, number: Any, params: Mapping[str, Any]) -> None:
        """Ask the core, and send its answer; a cancelled call gets no answer, as the protocol demands."""
        answer = self._core_answer(number, params)
        self._open.discard(number)  # what is cancelled from now on comes too late
        self._calls.pop(number, None)
        if number in self._cancelled:
            self._cancelled.discard(number)
            return
        is_error = answer.result is None
        content_record = {"problems": answer.problems, "exit_code": answer.exit_code} if is_error else answer.result
        text = json.dumps(content_record, ensure_ascii=False, allow_nan=False)
        content = [{"type": "text", "text": text}]
        self._send(
            {"id": number, "result": {"content": content, "structuredContent": content_record, "isError": is_error}}
        )

    def _core_answer(self, number: Any, params: Mapping[str, Any]) -> VerbAnswer:
        verb, arguments = self._verbs[str(params["name"])], params.get("arguments")
        arguments = {} if arguments is None else arguments
        token = (params.get("_meta") or {}).get("progressToken")

        def report(fraction: float, step: str) -> None:
            if token is not None:
                step_params = {"progressToken": token, "progress": fraction, "total": 1, "message": step}
                self._send({"method": "notifications/progress", "params": step_params})

        def to_core(name: str, values: Mapping[str, Any]) -> VerbAnswer:
            child = self._core()

            def begun(call_number: int) -> None:
                self._calls[number] = (child, call_number)
                if number in self._cancelled:
                    child.cancel(call_number)

            return child.ask(name, values, report, begun)

        def ask() -> VerbAnswer:
            if not isinstance(arguments, dict):
                raise UsageError("usage.arguments", verb=verb.name, reason="arguments: {…}")
            with room_of_answer() as folder:
                return ask_core(verb, arguments, self._asker, folder, to_core)

        return answer_or_refusal(ask, self._asker.language)

    def _core(self) -> ServeChild:
        """The core, started at the first request, and again if it has ended."""
        with self._making:
            if self._child is None or not self._child.is_alive:
                self._child = ServeChild(self._asker.language)
            return self._child

    def _cancel(self, number: Any) -> None:
        if not isinstance(number, (str, int)) or number not in self._open:
            return
        self._cancelled.add(number)
        if number in self._calls:
            child, call_number = self._calls[number]
            child.cancel(call_number)

    def _refuse(self, number: Any, code: int, problem: str, **facts: Any) -> None:
        problems = refusal_of(UsageError(problem, **facts), self._asker.language).problems
        data = {"problems": problems, "exit_code": UsageError.exit_code}
        self._send({"id": number, "error": {"code": code, "message": problems[0]["message"], "data": data}})

    def _send(self, message: Mapping[str, Any]) -> None:
        text = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False, allow_nan=False)
        with self._turn, contextlib.suppress(BrokenPipeError):
            self._out.write(text.encode("utf-8", "backslashreplace") + b"\n")
            self._out.flush()


def serve_mcp(library: str, language: str, verbs: Mapping[str, Verb]) -> int:
    """Answer one client while stdin is open; return the exit code.

    Raises what opening the library raises, so that a client learns of a wrong address at the start, not with each
    question.
    """
    from onemap.layers.library.library import open_library

    with open_library(library):
        pass
    McpSession(library, language, verbs, sys.stdout.buffer).serve(sys.stdin.buffer)
    return 0
