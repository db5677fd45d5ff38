"""A small Dumont Cloud over real HTTP: scripted answers first, then a few honest routes.

Everything it was asked is kept in `seen`, in order.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.unit.client import shapes


@dataclass(frozen=True)
class Reply:
    """`cut` promises the whole body and sends half of it."""

    status: int = 200
    body: Any = None
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    drop: bool = False

    @property
    def content(self) -> bytes:
        if isinstance(self.body, str):
            return self.body.encode()
        return b"" if self.body is None else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


def problem(status: int, code: str, detail: str, **more: Any) -> Reply:
    body = {
        "type": f"/api/content/errors#{code}",
        "title": code,
        "status": status,
        "detail": detail,
        "code": code,
        "trace_id": "trace_1",
        **more,
    }
    retry = more.get("retry_after_s")
    headers = {} if retry is None else {"Retry-After": str(retry)}
    return Reply(status, body, "application/problem+json", headers)


HTML = Reply(200, "<html>hello</html>", "text/html; charset=utf-8")


class FakeCloud:
    """One user (ada), one instance, one operation whose phases advance with every look."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.scripts: dict[tuple[str, str], deque[Reply]] = defaultdict(deque)
        self.access = "access-1"
        self.refresh = "refresh-1"
        self.areas: dict[str, str] = {}
        self.looks = 0
        self.url = ""
        self._renewals = 1
        self._lock = threading.Lock()

    def script(self, method: str, path: str, *replies: Reply) -> None:
        """The next answers to this call, one each; afterwards the honest route answers."""
        self.scripts[method, path].extend(replies)

    def calls(self, method: str, path: str) -> list[Seen]:
        return [each for each in self.seen if (each.method, each.path) == (method, path)]

    def answer(self, seen: Seen) -> Reply:
        with self._lock:
            self.seen.append(seen)
            waiting = self.scripts[seen.method, seen.path]
            return waiting.popleft() if waiting else self._honest(seen)

    def _honest(self, seen: Seen) -> Reply:
        if seen.path == "/.well-known/dumont.json":
            return Reply(body={"name": "Dumont Cloud", "version": "1", "areas": self.areas})
        if seen.path.startswith("/api/auth/") and seen.path != "/api/auth/me":
            return self._auth(seen)
        if seen.path == "/api/instances/offers":
            return Reply(body=shapes.offers())
        if seen.headers.get("authorization") not in {f"Bearer {self.access}", "Bearer key-1"}:
            return problem(401, "unauthenticated", "The login has expired.")
        if seen.path == "/api/budgets":
            return Reply(body=shapes.budgets())
        return self._owned(seen)

    def _auth(self, seen: Seen) -> Reply:
        match seen.path.rsplit("/", 1)[1]:
            case "login" if seen.body["password"] != "correct horse battery":
                return problem(401, "unauthenticated", "E-mail or password is wrong.")
            case "login" | "register":
                return Reply(body=self._session())
            case "refresh" if seen.body["refresh_token"] != self.refresh:
                return problem(401, "unauthenticated", "This login has ended.")
            case "refresh":
                self._renewals += 1
                self.access = f"access-{self._renewals}"
                self.refresh = f"refresh-{self._renewals}"
                return Reply(body=self._session())
            case _:
                return Reply(204)

    def _session(self) -> dict[str, Any]:
        return {
            "access_token": self.access,
            "refresh_token": self.refresh,
            "token_type": "Bearer",
            "expires_in": 900,
            "user": {"id": "user_1", "email": "ada@example.org"},
        }

    def _owned(self, seen: Seen) -> Reply:
        if seen.path.startswith("/api/instances/inst_1"):
            return self._instance(seen)
        if seen.path.startswith("/api/snapshots/snap_1"):
            return self._snapshot(seen)
        match (seen.method, seen.path):
            case ("GET", "/api/auth/me"):
                return Reply(body={"id": "user_1", "email": "ada@example.org"})
            case ("GET", "/api/operations/op_1"):
                self.looks += 1
                reply = Reply(body=shapes.operation(self.looks))
            case ("GET", "/api/audit"):
                reply = Reply(body={"items": [shapes.act()], "next_page_token": None})
            case ("GET", "/api/instances/balance"):
                reply = Reply(body=shapes.balances())
            case ("GET", "/api/instances"):
                reply = Reply(body=shapes.instances())
            case ("POST", "/api/instances"):
                reply = Reply(202, shapes.accepted("create"))
            case ("GET", "/api/snapshots"):
                reply = Reply(body={"items": [shapes.snapshot()], "next_page_token": None})
            case _:
                reply = problem(404, "not_found", "There is no such thing.")
        return reply

    def _instance(self, seen: Seen) -> Reply:
        verb = seen.path.removeprefix("/api/instances/inst_1").strip("/")
        if seen.method == "DELETE":
            return Reply(202, shapes.accepted("destroy"))
        if seen.method == "POST":
            return Reply(202, shapes.accepted(verb))
        listed = shapes.LISTS.get(verb)
        if listed is not None:
            return Reply(body={"items": listed, "next_page_token": None})
        single = {"cost": shapes.cost, "metrics": shapes.series}.get(verb, shapes.instance)
        return Reply(body=single())

    def _snapshot(self, seen: Seen) -> Reply:
        """Its source sleeps: it is woken unless a new instance is asked for."""
        match (seen.method, seen.path.removeprefix("/api/snapshots/snap_1")):
            case ("DELETE", ""):
                return Reply(204)
            case ("POST", "/keep"):
                return Reply(body=shapes.snapshot(keep=True))
            case ("POST", "/restore"):
                anew = seen.body.get("new_instance")
                return Reply(202, shapes.accepted("create" if anew else "wake"))
            case _:
                return problem(404, "not_found", "There is no such thing.")


@contextmanager
def running_cloud() -> Iterator[FakeCloud]:
    """A cloud on a free port of 127.0.0.1 for as long as the block lasts."""
    cloud = FakeCloud()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(cloud))
    server.daemon_threads = True
    cloud.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield cloud
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _handler_for(cloud: FakeCloud) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def handle_one_request(self) -> None:
            super().handle_one_request()
            self.close_connection = True

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = json.loads(raw) if raw else None
            self._send(cloud.answer(Seen(self.command, parts.path, query, headers, body)))

        def _send(self, reply: Reply) -> None:
            if reply.drop:
                return
            content = reply.content
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.media_type)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Connection", "close")
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if reply.cut else content)

        do_GET = do_POST = do_DELETE = do_PUT = _serve  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Says nothing: `seen` is the log."""

    return Handler
