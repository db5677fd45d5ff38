"""What gunicorn refuses itself, which process takes a new connection, and how long its thread
stays with it.
"""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import TConn

from infra.local import worker
from infra.local.serve import NOBODY, Server
from infra.local.settings import local_of
from infra.local.worker import Worker, refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIEnvironment


@pytest.mark.parametrize(
    ("status", "code"), [(400, "malformed"), (414, "too_large"), (431, "too_large")]
)
def test_an_unreadable_request_gets_a_whole_answer_with_a_problem(status: int, code: str) -> None:
    head, _, body = refusal(status).partition(b"\r\n\r\n")

    lines = head.decode().split("\r\n")
    problem = json.loads(body)
    assert lines[0].startswith(f"HTTP/1.1 {status} ")
    assert f"Content-Length: {len(body)}" in lines
    assert "Content-Type: application/problem+json" in lines
    assert (problem["status"], problem["code"]) == (status, code)
    assert f"X-Request-Id: {problem['trace_id']}" in lines


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.setblocking(False)
        yield made


@contextmanager
def a_worker(held: list[int]) -> Iterator[tuple[Worker, list[TConn]]]:
    """At the first place, with as many connections as `held` says, and what it takes now."""
    made = Worker(1, 0, [], None, 0, Config(), None)
    taken: list[TConn] = []
    made.held, made.nr_conns, made.enqueue_req = held, held[0], taken.append
    try:
        yield made, taken
    finally:
        made.tmp.close()
        for each in taken:
            each.close()


def test_a_new_connection_is_left_to_the_process_with_fewer(
    monkeypatch: pytest.MonkeyPatch, listener: socket.socket
) -> None:
    def meanwhile(_seconds: float) -> None:
        listener.accept()[0].close()  # the other one was quicker

    monkeypatch.setattr(worker.time, "sleep", meanwhile)
    with a_worker([3, 1]) as (busy, taken), socket.create_connection(listener.getsockname()):
        busy.accept(listener)

        assert not taken
        assert busy.held[0] == 3


@pytest.mark.parametrize("held", [[3, 1], [2, 2], [0, NOBODY]])
def test_a_new_connection_that_nobody_else_takes_is_taken(
    listener: socket.socket, held: list[int]
) -> None:
    before = held[0]
    with a_worker(held) as (lone, taken), socket.create_connection(listener.getsockname()):
        lone.accept(listener)

        assert len(taken) == 1
        assert lone.held[0] == before + 1


def _hello(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    start("200 OK", [("Content-Length", "5")])
    return [environ["PATH_INFO"].encode()]


def _answers_of_one_turn(asks: list[bytes], connections: int, threads: int) -> tuple[Any, bytes]:
    """What `handle` said of the connection, and what a caller heard who asks again once answered,
    and leaves once all is answered or nobody is there any more.
    """
    heard = b""
    with a_worker([connections]) as (made, _), socket.create_server(("127.0.0.1", 0)) as listener:
        made.cfg.set("threads", threads)
        made.cfg.set("keepalive", 5)
        made.log, made.wsgi = Logger(made.cfg), _hello
        client = socket.create_connection(listener.getsockname(), timeout=60)
        theirs, address = listener.accept()

        def ask() -> None:
            nonlocal heard
            with suppress(ConnectionError):  # nobody is there any more
                for each in asks:
                    client.sendall(b"GET " + each + b" HTTP/1.1\r\nHost: here\r\n\r\n")
                    while not heard.endswith(each):
                        told = client.recv(4096)
                        if not told:
                            return
                        heard += told
                client.shutdown(socket.SHUT_WR)

        caller = threading.Thread(target=ask)
        caller.start()
        kept = made.handle(TConn(made.cfg, theirs, address, listener.getsockname()))
        theirs.close()
        caller.join()
        client.close()
    return kept, heard


def test_a_thread_stays_with_a_caller_who_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "STAY_MS", 60_000)

    kept, heard = _answers_of_one_turn([b"/1111", b"/2222"], connections=1, threads=2)

    assert heard.count(b"200 OK") == 2
    assert not kept  # the caller left


def test_no_thread_stays_where_others_may_need_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "STAY_MS", 60_000)

    kept, heard = _answers_of_one_turn([b"/1111", b"/2222"], connections=2, threads=2)

    assert heard.count(b"200 OK") == 1
    assert kept


def test_a_caller_who_is_silent_for_a_moment_goes_back_to_the_poll(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "_asks_again", lambda _client: False)

    kept, heard = _answers_of_one_turn([b"/1111", b"/2222"], connections=1, threads=2)

    assert heard.count(b"200 OK") == 1
    assert kept


def test_a_process_that_follows_another_counts_at_its_place(tmp_path: Path) -> None:
    local = local_of({"DUMONT_DATA_DIR": str(tmp_path)})
    nothing: Any = lambda *_: None  # noqa: E731 - never called
    server = Server(local, nothing, nothing, nothing, nothing, workers=2)
    first, second, third = (SimpleNamespace(place=0, held=None) for _ in range(3))

    def spawn(each: SimpleNamespace, *living: SimpleNamespace) -> None:
        arbiter = SimpleNamespace(WORKERS=dict(enumerate(living)))
        server._place(cast("Any", arbiter), cast("Any", each))

    spawn(first)
    spawn(second, first)
    first.held[0] = 7
    spawn(third, second)

    assert (first.place, second.place, third.place) == (0, 1, 0)
    assert list(third.held) == [0, 0]
