"""From the front to a function's process, as the load balancer would pass a request on.

A request that could not be handed over waits for the process, which may be starting. One that
was handed over and got no answer is repeated only where that cannot do anything twice. An answer
of no announced length goes on as it comes.
"""

from __future__ import annotations

import contextlib
import http.client
import logging
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from werkzeug.wsgi import get_input_stream

from infra.local.problems import problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment

    from infra.packaging.manifest import Function

log = logging.getLogger(__name__)
START_S = 60.0  # on a busy machine; the platform too lets a request wait for an instance
LOOK_S = 0.05
LONGEST_BODY_BYTES = 32 * 1024 * 1024  # the platform's own limit
CALL_MORE_S = 5.0  # beyond the function's own time, after which the platform answers
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_HOP_BY_HOP = frozenset(
    [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
    ]
)
_PART_BYTES = 1 << 16
_OURS = frozenset({"server", "date"})  # the front says these itself


class _NotHandedOver(ConnectionError):
    """Nobody listened: nothing of the request has been seen."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    reason: str
    headers: list[tuple[str, str]]
    content: list[bytes] | _Parts


class Listening(Protocol):
    """What is known of a function's process: its port changes when it is started again."""

    @property
    def function(self) -> Function: ...

    @property
    def port(self) -> int: ...


class FunctionProxy:
    """WSGI: one function's process, wherever it listens now."""

    def __init__(self, process: Listening) -> None:
        self._process = process

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = _body(environ)
        if body is None:
            return _refuse(start_response, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            answer = self._answer(environ, body)
        except TimeoutError:
            return _refuse(start_response, HTTPStatus.GATEWAY_TIMEOUT)
        except OSError as error:
            log.warning("%s gave no answer: %s", self._process.function.name, error)
            return _refuse(start_response, HTTPStatus.BAD_GATEWAY)
        start_response(f"{answer.status} {answer.reason}", answer.headers)
        return answer.content

    def _answer(self, environ: WSGIEnvironment, body: bytes) -> _Answer:
        deadline = time.monotonic() + START_S
        while True:
            try:
                return self._sent(environ, body)
            except _NotHandedOver:
                if time.monotonic() > deadline:
                    raise
            except (ConnectionError, http.client.HTTPException) as error:
                if environ["REQUEST_METHOD"] not in _SAFE or time.monotonic() > deadline:
                    raise ConnectionError(str(error)) from error
            time.sleep(LOOK_S)

    def _sent(self, environ: WSGIEnvironment, body: bytes) -> _Answer:
        timeout_s = self._process.function.timeout_s + CALL_MORE_S
        connection = http.client.HTTPConnection("127.0.0.1", self._process.port, timeout=timeout_s)
        with contextlib.ExitStack() as leave:
            leave.callback(connection.close)
            _connect(connection)
            _send(connection, environ, body)
            response = connection.getresponse()
            passed_on = [
                (name, value)
                for name, value in response.getheaders()
                if name.lower() not in _HOP_BY_HOP | _OURS
            ]
            content: list[bytes] | _Parts
            if response.length is None:
                content = _Parts(response, leave.pop_all())
            else:
                content = [response.read()]
            return _Answer(response.status, response.reason, passed_on, content)


class _Parts:
    """An answer while it is being made; the server closes it, read or not (PEP 3333)."""

    def __init__(
        self, response: http.client.HTTPResponse, connection: contextlib.ExitStack
    ) -> None:
        self._response = response
        self._connection = connection

    def __iter__(self) -> Iterator[bytes]:
        while part := self._response.read1(_PART_BYTES):
            yield part

    def close(self) -> None:
        self._response.close()
        self._connection.close()


def _connect(connection: http.client.HTTPConnection) -> None:
    try:
        connection.connect()
    except OSError as error:
        raise _NotHandedOver(str(error)) from error


def _send(connection: http.client.HTTPConnection, environ: WSGIEnvironment, body: bytes) -> None:
    """A function may answer, and close, before it has read everything: the answer counts."""
    connection.putrequest(
        environ["REQUEST_METHOD"], _target(environ), skip_host=True, skip_accept_encoding=True
    )
    for name, value in _headers(environ):
        connection.putheader(name, value)
    if body or environ["REQUEST_METHOD"] not in _SAFE:
        connection.putheader("Content-Length", str(len(body)))
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.endheaders(body or None)


def _headers(environ: WSGIEnvironment) -> Iterator[tuple[str, str]]:
    """What the caller sent, and where it came from."""
    seen = [environ.get("HTTP_X_FORWARDED_FOR", ""), environ.get("REMOTE_ADDR", "")]
    yield "X-Forwarded-For", ", ".join(each for each in seen if each)
    yield "X-Forwarded-Proto", "http"
    if environ.get("CONTENT_TYPE"):
        yield "Content-Type", environ["CONTENT_TYPE"]
    for key, value in environ.items():
        name = key[len("HTTP_") :].replace("_", "-").title()
        said = name.lower() in _HOP_BY_HOP or name.lower().startswith("x-forwarded-")
        if key.startswith("HTTP_") and not said:
            yield name, value


def _target(environ: WSGIEnvironment) -> str:
    """The path as it was sent, where that is known: decoding it loses what was escaped."""
    raw = environ.get("RAW_URI", "")
    if raw.startswith("/"):
        return str(raw)
    path = quote(environ.get("PATH_INFO", "/").encode("latin-1"))
    query = environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def _body(environ: WSGIEnvironment) -> bytes | None:
    """All of it; None for more than the platform takes."""
    stream = get_input_stream(environ)
    content = stream.read(LONGEST_BODY_BYTES + 1)
    return content if len(content) <= LONGEST_BODY_BYTES else None


def _refuse(start_response: StartResponse, status: HTTPStatus) -> list[bytes]:
    body, headers = problem(status)
    start_response(f"{status.value} {status.phrase}", headers)
    return [body]
