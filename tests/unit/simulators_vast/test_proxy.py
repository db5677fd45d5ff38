"""The counting proxy of a machine: what passes is what is billed."""

from __future__ import annotations

import asyncio
import http.server
import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from infra.simulators.machines.proxy import Proxies, Throttle

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = 300_000
CONTRACT = "7"


class Upstream(http.server.BaseHTTPRequestHandler):
    """GET gives SIZE bytes; PUT and POST answer how much they got."""

    def do_GET(self) -> None:
        self._answer(b"x" * SIZE)

    def do_PUT(self) -> None:
        got = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(f"{len(got)} {self.path} {self.headers['Connection']}".encode())

    do_POST = do_PUT  # noqa: N815 - the name that the base class looks for

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        return


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def proxies() -> Iterator[Proxies]:
    proxies = Proxies()
    yield proxies
    proxies.stop()


def through(proxies: Proxies) -> httpx.Client:
    proxy = f"http://127.0.0.1:{proxies.open(CONTRACT)}"
    return httpx.Client(proxy=proxy, trust_env=False, timeout=20)


def test_a_download_is_counted_as_received(proxies: Proxies, upstream: str) -> None:
    with through(proxies) as client:
        assert len(client.get(f"http://{upstream}/a?b=c").content) == SIZE

    received, sent = proxies.take(CONTRACT)
    assert SIZE < received < SIZE + 1000
    assert 0 < sent < 1000
    assert proxies.take(CONTRACT) == (0, 0)


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_an_upload_is_counted_as_sent(proxies: Proxies, upstream: str, method: str) -> None:
    with through(proxies) as client:
        said = client.request(method, f"http://{upstream}/path?q=1", content=b"y" * SIZE).text

    assert said == f"{SIZE} /path?q=1 close"
    received, sent = proxies.take(CONTRACT)
    assert SIZE < sent < SIZE + 1000
    assert 0 < received < 1000


def test_many_requests_pass_through_one_client(proxies: Proxies, upstream: str) -> None:
    with through(proxies) as client:
        statuses = [client.get(f"http://{upstream}/{n}").status_code for n in range(5)]

    assert statuses == [200] * 5


def test_a_tunnel_is_counted_both_ways(proxies: Proxies, upstream: str) -> None:
    async def converse() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxies.open(CONTRACT))
        writer.write(f"CONNECT {upstream} HTTP/1.1\r\nHost: {upstream}\r\n\r\n".encode())
        assert b"200" in await reader.readuntil(b"\r\n\r\n")
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return answer

    answer = asyncio.run(converse())

    received, sent = proxies.take(CONTRACT)
    assert answer.endswith(b"x" * SIZE)
    assert received >= len(answer)
    assert sent > 0


@pytest.mark.parametrize(
    "line", [b"GET http://127.0.0.1:1/ HTTP/1.1", b"nonsense", b"CONNECT 127.0.0.1:x HTTP/1.1"]
)
def test_what_leads_nowhere_is_502(proxies: Proxies, line: bytes) -> None:
    async def converse() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxies.open(CONTRACT))
        writer.write(line + b"\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return answer

    assert asyncio.run(converse()).startswith(b"HTTP/1.1 502")


def test_opening_twice_is_one_and_closing_frees_the_port(proxies: Proxies) -> None:
    port = proxies.open(CONTRACT)
    assert proxies.open(CONTRACT) == port

    proxies.close(CONTRACT)

    assert proxies.take(CONTRACT) == (0, 0)


def test_a_throttle_holds_its_rate() -> None:
    async def send() -> float:
        throttle = Throttle(bytes_per_s=1_000_000)
        begin = time.monotonic()
        for _ in range(4):
            await throttle.wait(50_000)
        return time.monotonic() - begin

    assert asyncio.run(send()) >= 0.19


def test_the_offers_bandwidth_limits_a_machine(proxies: Proxies, upstream: str) -> None:
    proxies.open(CONTRACT, down_mbit=8.0)
    begin = time.monotonic()
    with through(proxies) as client:
        client.get(f"http://{upstream}/")

    assert time.monotonic() - begin >= SIZE / 1_000_000 * 0.9
