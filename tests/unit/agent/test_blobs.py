"""The blob client and the HTTP under it, against a real server on 127.0.0.1."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from infra.agent.blobs import GrantBook, GrantedBlobs
from infra.agent.core.facts import BUSY_SERVER, REFUSED, UNAUTHORISED, UNREACHABLE, Failure
from infra.agent.http import Http, Reply, Traffic, failure_of
from shared.domain.errors import BlobError, BlobMissing, BlobPrecondition, BlobRefused
from tests.unit.agent.fake_control_plane import PREFIX, FakeControlPlane

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.agent.blobs import Grants
    from shared.agent_wire.messages import Grant

KEY = f"{PREFIX}packs/snap_1-0"


@pytest.fixture
def traffic() -> Traffic:
    return Traffic()


@pytest.fixture
def cancelled() -> threading.Event:
    return threading.Event()


@pytest.fixture
def blobs(plane: FakeControlPlane, traffic: Traffic, cancelled: threading.Event) -> GrantedBlobs:
    grants = (plane.grant(write=True), plane.grant(write=False))
    book = GrantBook(lambda: (grants, plane.server_time()), lambda: 0.0, (grants, 0.0))
    return GrantedBlobs(Http(traffic), book, cancelled)


def test_what_was_put_is_got_whole_and_in_parts(blobs: GrantedBlobs) -> None:
    stat = blobs.put_new(KEY, b"0123456789")

    assert (stat.size_bytes, stat.md5) == (10, "781e5e245d69b566979b86e28d23f2c7")
    assert blobs.stat(KEY) == replace(stat, key=KEY)
    assert blobs.get(KEY) == b"0123456789"
    assert blobs.get(KEY, start=2, length=3) == b"234"
    assert blobs.get(KEY, start=7) == b"789"
    assert blobs.get(KEY, start=3, length=0) == b""


def test_a_key_that_is_taken_is_never_written_again(blobs: GrantedBlobs) -> None:
    blobs.put_new(KEY, b"first")

    with pytest.raises(BlobPrecondition):
        blobs.put_new(KEY, b"second")

    assert blobs.get(KEY) == b"first"


def test_what_is_not_there_is_missing(blobs: GrantedBlobs) -> None:
    assert blobs.stat(KEY) is None
    with pytest.raises(BlobMissing):
        blobs.get(KEY)


def test_a_key_outside_the_grant_is_not_even_tried(blobs: GrantedBlobs) -> None:
    with pytest.raises(BlobRefused):
        blobs.put_new("snapshots/inst_2/1-rent_9/packs/x", b"")


def test_an_object_larger_than_the_grant_allows_is_not_sent(plane: FakeControlPlane) -> None:
    small = replace(plane.grant(write=True), max_object_bytes=3)
    book = GrantBook(lambda: ((small,), 0.0), lambda: 0.0, ((small,), 0.0))

    with pytest.raises(BlobRefused):
        GrantedBlobs(Http(Traffic()), book, threading.Event()).put_new(KEY, b"four")


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, BlobRefused), (401, BlobRefused), (412, BlobPrecondition), (503, BlobError)],
)
def test_a_refusal_and_an_unclear_answer_are_told_apart(
    blobs: GrantedBlobs, plane: FakeControlPlane, status: int, error: type[BlobError]
) -> None:
    plane.fault = lambda _: (status, b"")

    with pytest.raises(BlobError) as caught:
        blobs.put_new(KEY, b"x")

    assert type(caught.value) is error


def test_an_unreachable_store_is_unclear(blobs: GrantedBlobs, plane: FakeControlPlane) -> None:
    plane.stop()
    try:
        with pytest.raises(BlobError, match="GET"):
            blobs.get(KEY)
    finally:
        plane.start()


def test_work_that_was_given_up_makes_no_further_call(
    blobs: GrantedBlobs, cancelled: threading.Event
) -> None:
    cancelled.set()

    with pytest.raises(BlobRefused, match="given up"):
        blobs.get(KEY)


def test_every_byte_that_the_agent_moves_is_counted(blobs: GrantedBlobs, traffic: Traffic) -> None:
    blobs.put_new(KEY, bytes(100_000))
    sent = traffic.total_bytes()
    blobs.get(KEY)

    assert 100_000 < sent < 120_000
    assert 200_000 < traffic.total_bytes() < 240_000


# --- grants -----------------------------------------------------------------------------------


class Clockwork:
    """A control plane whose clock is five minutes behind ours, giving grants of 15 minutes."""

    def __init__(self, grant: Grant) -> None:
        self.now = 1000.0
        self.asked: list[float] = []
        self._grant = grant

    def give(self) -> Grants:
        self.asked.append(self.now)
        server_time = self.now - 300.0
        return (replace(self._grant, expires_at=server_time + 900.0),), server_time


def test_a_grant_is_renewed_two_minutes_before_its_end_by_the_servers_clock(
    plane: FakeControlPlane,
) -> None:
    clock = Clockwork(plane.grant(write=True))
    book = GrantBook(clock.give, lambda: clock.now, clock.give())

    for now in (1000.0, 1779.0, 1781.0, 1790.0):
        clock.now = now
        book.grant_for(KEY, write=True)

    assert clock.asked == [1000.0, 1781.0]


def test_a_grant_that_has_already_ended_is_refused(plane: FakeControlPlane) -> None:
    ended = replace(plane.grant(write=True), expires_at=5.0)
    book = GrantBook(lambda: ((ended,), 10.0), lambda: 0.0, ((ended,), 10.0))

    with pytest.raises(BlobRefused):
        book.grant_for(KEY, write=True)


# --- HTTP -------------------------------------------------------------------------------------


@pytest.fixture
def raw_server() -> Iterator[tuple[str, list[bytes]]]:
    """Answers every connection with the bytes in the list."""
    answer: list[bytes] = [b""]
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(answer[0])

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/", answer
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut",
        b"HTTP/1.1 999999 ?\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n" + b"x" * 50,
    ],
    ids=["nothing", "no HTTP", "cut", "an absurd status", "too long"],
)
def test_an_answer_that_is_none_is_a_failure(
    raw_server: tuple[str, list[bytes]], answer: bytes
) -> None:
    url, answers = raw_server
    answers[0] = answer

    got = Http(Traffic()).send("GET", url, {}, timeout_s=5, limit_bytes=20)

    assert isinstance(got, Failure)
    assert got.kind == UNREACHABLE


def test_a_redirect_is_an_answer_and_is_not_followed(
    raw_server: tuple[str, list[bytes]],
) -> None:
    url, answers = raw_server
    answers[0] = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"

    got = Http(Traffic()).send("GET", url, {}, timeout_s=5)

    assert isinstance(got, Reply)
    assert got.status == 302


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/", "nonsense", ""])
def test_only_http_is_spoken(url: str) -> None:
    assert isinstance(Http(Traffic()).send("GET", url, {}, timeout_s=1), Failure)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, UNAUTHORISED),
        (429, BUSY_SERVER),
        (400, REFUSED),
        (404, REFUSED),
        (302, UNREACHABLE),
        (500, UNREACHABLE),
        (503, UNREACHABLE),
    ],
)
def test_a_status_says_what_the_caller_may_do(status: int, kind: str) -> None:
    failure = failure_of(Reply(status, {}, b""))

    assert failure is not None
    assert failure.kind == kind


@pytest.mark.parametrize(
    ("told", "wish_s"), [("7", 7.0), ("", 0.0), ("soon", 0.0), ("-3", 0.0), ("9" * 40, 0.0)]
)
def test_a_wish_for_a_pause_is_read_when_it_is_one(told: str, wish_s: float) -> None:
    failure = failure_of(Reply(429, {"retry-after": told}, b""))

    assert failure is not None
    assert failure.retry_after_s == wish_s
