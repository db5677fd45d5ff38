"""HTTP around a simulated marketplace, for 127.0.0.1 only: it runs what its users send."""

from __future__ import annotations

import re
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from infra.simulators.clock import http_date
from infra.simulators.wire import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from infra.simulators.clock import SimulatedClock

ADDRESS = "127.0.0.1"
OUR_NAMES = frozenset({"127.0.0.1", "localhost"})
_HOST = re.compile(r"(?P<name>[a-z0-9.-]+)(:[0-9]{1,5})?")
LARGEST_BODY = 4_000_000


class Simulation(Protocol):
    """What is served. Answers carry the simulated time at which they were given."""

    clock: SimulatedClock

    def answer(self, request: Request, base_url: str) -> tuple[Answer, float]: ...

    def side_door(self, request: Request) -> tuple[Answer, float]:
        """What only whoever holds the simulator's own key may ask: `/sim/...`."""


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

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

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
        if not _is_ours(host, environ.get("HTTP_ORIGIN")):
            return Answer.text("this host serves 127.0.0.1 only", 403), self._simulation.clock.now()
        size = int(environ.get("CONTENT_LENGTH") or 0)
        if size > LARGEST_BODY:
            return Answer.text("too large", 413), self._simulation.clock.now()
        request = _request(environ, size)
        if request.path.startswith("/sim/"):
            return self._simulation.side_door(request)
        return self._simulation.answer(request, f"http://{host}")


def _reason(status: int) -> str:
    """483 is the provider's own."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Refused"


def _is_ours(host: str, origin: str | None) -> bool:
    """By a name of this computer, and from no page but one of this very server: a name that
    rebinds to 127.0.0.1 is not among them.
    """
    named = _HOST.fullmatch(host.lower())
    own = named is not None and named["name"] in OUR_NAMES
    return own and (origin is None or origin.lower() == f"http://{host.lower()}")


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


def make_server(simulation: Simulation, port: int) -> ThreadedWSGIServer:
    """Bound at once; `port` 0 takes a free one. Serve with `serve_forever`."""
    app = Application(simulation)
    server = ThreadedWSGIServer(ADDRESS, port, app, handler=QuietHandler)
    server.daemon_threads = True
    return server
