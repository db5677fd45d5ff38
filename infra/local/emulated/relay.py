"""Between the Pub/Sub emulator and the functions: adds the proof that Pub/Sub would send.

The emulator keeps a subscription's identity and does not apply it. The relay stands on a port of
its own, on 127.0.0.1, and passes on only what is pushed to the address that it made.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from typing import TYPE_CHECKING

from werkzeug.exceptions import NotFound
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request

from infra.local.emulated.subscriptions import Names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIEnvironment

    from infra.local.gateway import Served
    from shared.adapters.embedded.callers import SignedCallers


class Relay:
    """WSGI: a push to the address of a topic goes to its function, with the platform's proof."""

    def __init__(self, project: str, served: Mapping[str, Served], platform: SignedCallers) -> None:
        names = Names(project)
        self._platform = platform
        self._key = secrets.token_urlsafe(24)
        # functions-framework takes the topic from a path of this form, and from no other.
        self._subscribers = {
            f"/{names.topic(each.function.topic.name)}": each
            for each in served.values()
            if each.function.topic
        }

    def address(self, port: int, topic: str) -> str:
        """Where a topic is to be pushed to; whoever does not know it is not heard."""
        return f"http://127.0.0.1:{port}/{topic}?key={self._key}"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        served = self._subscribers.get(request.path)
        known = hmac.compare_digest(request.args.get("key", "").encode(), self._key.encode())
        if served is None or not known:
            return NotFound()(environ, start_response)
        passed_on = {
            **environ,
            "HTTP_AUTHORIZATION": f"Bearer {self._platform.proof(served.function.name)}",
            "QUERY_STRING": "",
            "RAW_URI": request.path,
        }
        return served.app(passed_on, start_response)


class RelayServer:
    """Serves a relay on a port that the system chooses."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._server = make_server("127.0.0.1", 0, relay, threaded=True, request_handler=_Quiet)
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="relay", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()

    def address(self, topic: str) -> str:
        return self._relay.address(self._server.port, topic)


class _Quiet(WSGIRequestHandler):
    """The functions write the line about each push."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        del code, size
