"""The front hands a request to a function's process whole, and loses none while it starts."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from werkzeug.serving import make_server
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from infra.local.emulated import proxy
from infra.local.emulated.proxy import FunctionProxy
from infra.local.settings import free_port
from infra.packaging.manifest import Function, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from wsgiref.types import WSGIApplication

    import pytest

FUNCTION = load().functions[0]


@dataclass
class Process:
    port: int
    function: Function = FUNCTION


@Request.application
def mirror(request: Request) -> Response:
    """What arrived, as JSON; the body is read only where it is wanted."""
    told: dict[str, Any] = {
        "method": request.method,
        "target": request.environ["REQUEST_URI"],
        "headers": {name.lower(): value for name, value in request.headers.items()},
    }
    if request.path != "/unread":
        told["body"] = request.get_data().decode()
    return Response(
        json.dumps(told), 418, [("X-Own", "kept"), ("Keep-Alive", "timeout=1")], "application/json"
    )


@contextmanager
def served(port: int, app: WSGIApplication = mirror) -> Iterator[None]:
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def silent(heard: Callable[[bytes], None]) -> Iterator[int]:
    """Takes requests and ends without a word: the port of a process that is killed each time."""
    listener = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                heard(connection.recv(65536))

    thread = threading.Thread(target=listen)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def test_everything_but_the_connections_own_headers_arrives_as_it_was_sent() -> None:
    port = free_port()
    headers = {
        "Host": "cloud.example:81",
        "X-Own": "kept",
        "X-Forwarded-For": "10.0.0.9",
        "Connection": "close",
    }

    with served(port):
        answer = Client(FunctionProxy(Process(port))).put(
            "/a%2Fb/%C3%BC?q=1&q=%202",
            data="some words",
            headers=headers,
            environ_base={"REMOTE_ADDR": "10.0.0.7"},
        )

    arrived = answer.get_json()
    assert answer.status_code == 418
    assert answer.headers["X-Own"] == "kept"
    assert "Keep-Alive" not in answer.headers
    assert (arrived["method"], arrived["target"]) == ("PUT", "/a%2Fb/%C3%BC?q=1&q=%202")
    assert arrived["body"] == "some words"
    assert arrived["headers"]["host"] == "cloud.example:81"
    assert arrived["headers"]["x-own"] == "kept"
    assert arrived["headers"]["x-forwarded-for"] == "10.0.0.9, 10.0.0.7"


def test_an_answer_of_unknown_length_goes_on_as_it_is_made() -> None:
    port, received = free_port(), threading.Event()

    def parts() -> Iterator[bytes]:
        yield b"first"
        assert received.wait(60)
        yield b"second"

    with served(port, Request.application(lambda _request: Response(parts()))):
        answer = Client(FunctionProxy(Process(port))).get("/", buffered=False)
        made: Iterator[Any] = iter(answer.response)
        first = next(made)
        received.set()
        rest = list(made)
        answer.close()

    assert (first, b"".join(rest)) == (b"first", b"second")


def test_a_request_waits_for_a_process_that_is_being_started() -> None:
    port = free_port()
    asked_for = threading.Event()

    class Starting:
        function = FUNCTION

        @property
        def port(self) -> int:
            asked_for.set()
            return port

    with ExitStack() as leave:
        answers: list[int] = []
        asking = threading.Thread(
            target=lambda: answers.append(
                Client(FunctionProxy(Starting())).post("/", data="x").status_code
            )
        )
        asking.start()
        assert asked_for.wait(5)
        leave.enter_context(served(port))
        asking.join(10)

    assert answers == [418]


def test_what_was_handed_over_without_an_answer_is_repeated_only_where_that_is_harmless(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(proxy, "START_S", 0.3)
    heard: list[bytes] = []

    with silent(heard.append) as port:
        client = Client(FunctionProxy(Process(port)))
        posted = client.post("/orders", data="one")
        once = len(heard)
        read = client.get("/orders")

    assert (posted.status_code, read.status_code) == (502, 502)
    assert posted.content_type == "application/problem+json"
    assert posted.get_json()["code"] == "unreachable"
    assert once == 1
    assert len(heard) > 2


def test_a_process_that_never_comes_is_told_as_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "START_S", 0.2)

    answer = Client(FunctionProxy(Process(free_port()))).post("/")

    assert answer.status_code == 502
    assert answer.get_json()["code"] == "unreachable"


def test_a_function_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "CALL_MORE_S", 0.2)
    hung = socket.create_server(("127.0.0.1", 0))
    process = Process(hung.getsockname()[1], replace(FUNCTION, timeout_s=0))

    answer = Client(FunctionProxy(process)).get("/")
    hung.close()

    assert answer.status_code == 504


def test_a_body_longer_than_the_platform_takes_is_refused_before_any_function() -> None:
    too_long = b"x" * (proxy.LONGEST_BODY_BYTES + 1)

    answer = Client(FunctionProxy(Process(free_port()))).post("/", data=too_long)

    assert answer.status_code == 413
    assert answer.get_json()["code"] == "too_large"


def test_an_answer_counts_though_the_body_was_not_read() -> None:
    port = free_port()

    with served(port):
        answer = Client(FunctionProxy(Process(port))).post("/unread", data=b"x" * 8_000_000)

    assert answer.status_code == 418
