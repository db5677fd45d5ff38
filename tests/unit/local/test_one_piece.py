"""An answer leaves in as few pieces as it can, and never later than it is whole."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import TConn

from infra.local.worker import LARGEST_JOINED, Worker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment

LARGE = b"x" * (LARGEST_JOINED + 1)


class Recording(socket.socket):
    """Keeps what it was given to send, piece by piece."""

    def __init__(self, *made: Any, **how: Any) -> None:
        super().__init__(*made, **how)
        self.pieces: list[bytes] = []

    def sendall(self, content: Any, *_flags: int) -> None:
        self.pieces.append(bytes(content))


def streamed(sent: list[bytes]) -> Iterator[bytes]:
    yield b"one"
    assert sent[-1].endswith(b"one"), "nobody waits for the second part to hear the first"
    yield b"two"


@pytest.fixture
def theirs() -> Iterator[Recording]:
    ours, other = socket.socketpair()
    with ours, Recording(fileno=other.detach()) as made:
        ours.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        ours.shutdown(socket.SHUT_WR)
        yield made


def answered(theirs: Recording, status: str, body: Iterable[bytes], length: int | None) -> None:
    def app(_environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        start(status, [] if length is None else [("Content-Length", str(length))])
        return body

    made = Worker(1, 0, [], None, 0, Config(), None)
    try:
        made.log, made.wsgi = Logger(made.cfg), app
        made.handle(TConn(made.cfg, theirs, ("127.0.0.1", 1), ("127.0.0.1", 2)))
    finally:
        made.tmp.close()


def test_head_and_body_are_one_piece(theirs: Recording) -> None:
    answered(theirs, "200 OK", [b"hello"], 5)

    (only,) = theirs.pieces
    assert only.startswith(b"HTTP/1.1 200 OK\r\n")
    assert only.endswith(b"\r\n\r\nhello")


@pytest.mark.parametrize(("status", "body"), [("204 No Content", []), ("200 OK", [b""])])
def test_an_answer_without_a_body_leaves_too(
    theirs: Recording, status: str, body: list[bytes]
) -> None:
    answered(theirs, status, body, 0)

    (only,) = theirs.pieces
    assert only.startswith(f"HTTP/1.1 {status}\r\n".encode())
    assert only.endswith(b"\r\n\r\n")


def test_what_comes_in_parts_leaves_in_parts(theirs: Recording) -> None:
    answered(theirs, "200 OK", streamed(theirs.pieces), 6)

    first, second = theirs.pieces
    assert first.endswith(b"\r\n\r\none")
    assert second == b"two"


def test_a_large_body_is_not_copied(theirs: Recording) -> None:
    answered(theirs, "200 OK", [LARGE], len(LARGE))

    head, body = theirs.pieces
    assert head.endswith(b"\r\n\r\n")
    assert body == LARGE
