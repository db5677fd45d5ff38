"""What gunicorn refuses itself, and which process takes a new connection."""

from __future__ import annotations

import json
import socket
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from gunicorn.config import Config

from infra.local import worker
from infra.local.serve import NOBODY, Server
from infra.local.settings import local_of
from infra.local.worker import Worker, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gunicorn.workers.gthread import TConn


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
