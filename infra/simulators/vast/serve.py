"""HTTP around the marketplace, for 127.0.0.1 only: it runs what its users send."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from infra.simulators.vast import side_door
from infra.simulators.vast.api.wire import Answer, Request
from infra.simulators.vast.clock import http_date

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from infra.simulators.vast.simulation import Simulation

ADDRESS = "127.0.0.1"
OUR_NAMES = frozenset({"127.0.0.1", "localhost"})
LARGEST_BODY = 4_000_000


class BrokenConnection(ConnectionError):
    """Raised to let go of a connection without an answer."""


class QuietHandler(WSGIRequestHandler):
    """Keeps connections alive, and says nothing about requests."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        del code, size

    def send_response(self, code: int, message: str | None = None) -> None:
        """Without the Date of this host: the market's own follows, and there can be only one."""
        self.send_response_only(code, message)

    def connection_dropped(
        self, error: BaseException, environ: WSGIEnvironment | None = None
    ) -> None:
        """The server takes BrokenConnection for a client that left: hang up at once."""
        del error, environ
        self.close_connection = True


class Application:
    """The WSGI application: Host and Origin first, then the side door or the marketplace."""

    def __init__(self, simulation: Simulation, sim_key: str) -> None:
        self._simulation = simulation
        self._sim_key = sim_key

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        made, now = self._answer(environ)
        if made.lost:
            time.sleep(made.hold_s)
            raise BrokenConnection
        headers = [
            ("Content-Type", made.content_type),
            ("Content-Length", str(len(made.body))),
            ("Date", http_date(now)),
        ]
        start(f"{made.status} {_reason(made.status)}", headers)
        return [made.body]

    def _answer(self, environ: WSGIEnvironment) -> tuple[Answer, float]:
        host = environ.get("HTTP_HOST", "")
        origin = environ.get("HTTP_ORIGIN")
        if not _is_ours(f"//{host}") or (origin is not None and not _is_ours(origin)):
            return Answer.text("this host serves 127.0.0.1 only", 403), self._simulation.clock.now()
        size = int(environ.get("CONTENT_LENGTH") or 0)
        if size > LARGEST_BODY:
            return Answer.text("too large", 413), self._simulation.clock.now()
        request = _request(environ, size)
        if request.path.startswith("/sim/"):
            return side_door.answer(self._simulation, request, self._sim_key)
        return self._simulation.answer(request, f"http://{host}")


def _reason(status: int) -> str:
    """483 is the provider's own."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Refused"


def _is_ours(url: str) -> bool:
    try:
        return urlsplit(url).hostname in OUR_NAMES
    except ValueError:
        return False


def _request(environ: WSGIEnvironment, size: int) -> Request:
    headers = {
        "authorization": environ.get("HTTP_AUTHORIZATION", ""),
        "x-sim-key": environ.get("HTTP_X_SIM_KEY", ""),
    }
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", ""),
        query=environ.get("QUERY_STRING", ""),
        body=environ["wsgi.input"].read(size) if size else b"",
        headers=headers,
    )


def make_server(simulation: Simulation, port: int, sim_key: str) -> ThreadedWSGIServer:
    """Bound at once; `port` 0 takes a free one. Serve with `serve_forever`."""
    app = Application(simulation, sim_key)
    server = ThreadedWSGIServer(ADDRESS, port, app, handler=QuietHandler)
    server.daemon_threads = True
    return server
