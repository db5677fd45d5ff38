"""One call is one request, whatever the network does to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from shared.adapters.market_api import transport as module
from shared.adapters.vast.transport import VastTransport
from shared.domain.errors import ProviderUnknown
from shared.ports.counting import counted
from tests.fakes.clock import START, FakeClock
from tests.unit.vast.bodies import Wire, answered

if TYPE_CHECKING:
    from collections.abc import Iterator


def transport(wire: Wire, clock: FakeClock | None = None) -> VastTransport:
    return VastTransport(
        "http://127.0.0.1:9/", "k", clock or FakeClock(), httpx.MockTransport(wire)
    )


class Dripping(httpx.SyncByteStream):
    """A body whose every piece takes its time."""

    def __init__(self, clock: FakeClock, piece: bytes, pieces: int, seconds_each: float) -> None:
        self._clock, self._piece = clock, piece
        self._pieces, self._seconds_each = pieces, seconds_each

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self._pieces):
            self._clock.advance(self._seconds_each)
            yield self._piece


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("no route"),
        httpx.ReadTimeout("after the request was sent"),
        httpx.WriteTimeout("half sent"),
        httpx.RemoteProtocolError("cut before its length"),
        httpx.ReadError("reset"),
        httpx.DecodingError("not gzip"),
        httpx.UnsupportedProtocol("ftp"),
    ],
)
def test_what_the_network_raises_is_unknown_and_is_not_tried_again(error: Exception) -> None:
    wire = Wire(error)

    with pytest.raises(ProviderUnknown):
        transport(wire).send("PUT", "/api/v0/asks/1/", {})

    assert len(wire.sent) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_so_that_the_key_stays_here(status: int) -> None:
    wire = Wire(answered("", status, Location="http://elsewhere.test/steal"))

    with pytest.raises(ProviderUnknown):
        transport(wire).get("/api/v0/users/current")

    assert [request.url.host for request in wire.sent] == ["127.0.0.1"]


def test_a_body_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BODY_BYTES", 1000)
    clock = FakeClock()
    wire = Wire(httpx.Response(200, stream=Dripping(clock, b" " * 100, 10**9, 0)))

    with pytest.raises(ProviderUnknown, match="longer"):
        transport(wire, clock).get("/x")


def test_a_body_that_drips_is_given_up_after_the_time_of_one_call() -> None:
    clock = FakeClock()
    wire = Wire(httpx.Response(200, stream=Dripping(clock, b" ", 10**9, 5)))

    with pytest.raises(ProviderUnknown, match="20 s"):
        transport(wire, clock).get("/x")

    assert (clock.now() - START).total_seconds() == 25


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 99 Jan 2026 03:04:05 GMT"])
def test_an_answer_without_a_readable_date_is_unknown_but_keeps_its_contract(date: str) -> None:
    wire = Wire(answered({"success": True, "new_contract": 5}, Date=date))

    with pytest.raises(ProviderUnknown) as caught:
        transport(wire).send("PUT", "/api/v0/asks/1/", {})

    assert caught.value.contract_id == "5"


def test_a_call_is_counted_with_what_it_sends_also_where_no_answer_comes() -> None:
    wire = Wire(answered({}), httpx.ReadTimeout("after the request was sent"))
    market = transport(wire)

    with counted() as counts:
        market.send("PUT", "/api/v0/asks/1/", {"label": "x" * 500})
        with pytest.raises(ProviderUnknown):
            market.get("/x")

    assert counts.provider_calls == 2
    assert 700 < counts.sent_bytes < 1300


def test_the_time_of_an_answer_is_the_providers_not_ours() -> None:
    clock = FakeClock()
    clock.advance(3600)

    reply = transport(Wire(answered({})), clock).get("/x")

    assert reply.at == START


def test_the_key_goes_in_the_header_and_values_as_the_official_client_writes_them() -> None:
    wire = Wire(answered({}))

    transport(wire).get("/api/v1/instances/", limit=25, latest_first=False, owner="me")

    request = wire.sent[0]
    assert request.headers["authorization"] == "Bearer k"
    assert str(request.url) == (
        "http://127.0.0.1:9/api/v1/instances/?limit=25&latest_first=false&owner=me"
    )
