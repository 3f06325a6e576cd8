"""Where the calls of functions arrive as HTTP requests: it notes them, and says how they end."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a function."""

    function: str
    trigger: dict[str, Any]

    @property
    def subject(self) -> str:
        """The blob's name, or the message's text."""
        return str(self.trigger.get("name") or self.trigger.get("body"))


class Callback:
    """Answers calls during the `with` block.

    What a call is about says how it ends: `fail` in it, and it fails; `wait` in it, and it lasts until
    it is let go. Everything else succeeds at once.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._changed = threading.Condition()
        self._waiting: list[threading.Event] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def url(self) -> str:
        """Where to post calls."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    def about(self, part: str) -> list[Call]:
        """Return the calls so far whose subject has this in it."""
        with self._changed:
            return [call for call in self.calls if part in call.subject]

    def wait_for(self, condition: Callable[[], object], seconds: float = 40) -> None:
        """Return once the condition is true, which is tried with each call and each end of one."""
        with self._changed:
            came = self._changed.wait_for(condition, seconds)
            assert came, [(call.function, call.subject[:40]) for call in self.calls]

    def waiting(self) -> int:
        """Return how many calls are waiting to be let go."""
        return len(self._waiting)

    def is_waiting(self, count: int) -> bool:
        """Return whether so many calls are waiting."""
        return self.waiting() == count

    def let_go(self, count: int) -> None:
        """Let calls end that have waited longest."""
        with self._changed:
            ending, self._waiting = self._waiting[:count], self._waiting[count:]
        for each in ending:
            each.set()

    def let_all_go(self, part: str, count: int) -> None:
        """Let calls end until so many have come whose subject has this in it."""
        while len(self.about(part)) < count:
            self.wait_for(lambda: bool(self._waiting) or len(self.about(part)) >= count)
            self.let_go(self.waiting())
        self.let_go(self.waiting())

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, name="callback", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go(self.waiting())
        self._server.shutdown()
        self._server.server_close()

    def _take(self, call: Call) -> bool:
        """Note a call, and return whether it succeeds, once it ends."""
        gate = threading.Event()
        with self._changed:
            self.calls.append(call)
            if "wait" in call.subject:
                self._waiting.append(gate)
            else:
                gate.set()
            self._changed.notify_all()
        gate.wait()
        return "fail" not in call.subject

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take = self._take

        class Handler(BaseHTTPRequestHandler):
            # With a connection for each call, .NET's client now and then leaves one unsent.
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                succeeded = take(Call(body["function"], body["trigger"]))
                try:
                    self.send_response(200 if succeeded else 500)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    return  # who called has been killed since

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name
                """Write no line for each call."""

        return Handler
