"""A forward proxy per machine that counts every byte: the bill and SIM_NET_FILE read one counter.

Plain HTTP of any method with streaming both ways, and CONNECT. One connection carries one
request: `Connection: close` goes upstream, so that the answer ends with the stream.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

ADDRESS = "127.0.0.1"
LONGEST_HEAD = 65_536
CHUNK = 1 << 18
CONNECT_S = 10.0
HOP_HEADERS = (b"proxy-connection", b"proxy-authorization", b"connection", b"keep-alive")
BITS_PER_BYTE = 8
STOP_S = 5


@dataclass(slots=True)
class Counter:
    """Bytes that the machine received and sent since the last `take`."""

    rx_bytes: int = 0
    tx_bytes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *, rx: int = 0, tx: int = 0) -> None:
        with self.lock:
            self.rx_bytes += rx
            self.tx_bytes += tx

    def take(self) -> tuple[int, int]:
        with self.lock:
            taken = self.rx_bytes, self.tx_bytes
            self.rx_bytes = self.tx_bytes = 0
            return taken


@dataclass(slots=True)
class Throttle:
    """Holds a direction to a rate; None lets everything pass."""

    bytes_per_s: float | None
    free_at: float = 0.0

    async def wait(self, size: int) -> None:
        if self.bytes_per_s is None:
            return
        now = time.monotonic()
        self.free_at = max(self.free_at, now) + size / self.bytes_per_s
        await asyncio.sleep(max(0.0, self.free_at - now))


@dataclass(slots=True)
class Meter:
    counter: Counter
    down: Throttle
    up: Throttle


class Proxies:
    """Runs every machine's proxy on one event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._servers: dict[str, asyncio.Server] = {}
        self._meters: dict[str, Meter] = {}
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def open(
        self, machine_id: str, port: int = 0, down_mbit: float | None = None,
        up_mbit: float | None = None,
    ) -> int:  # fmt: skip
        """The port of the machine's proxy; `port` 0 takes a free one. Opening twice is one."""
        if machine_id not in self._servers:
            meter = Meter(Counter(), Throttle(_bytes(down_mbit)), Throttle(_bytes(up_mbit)))
            self._meters[machine_id] = meter
            made = asyncio.run_coroutine_threadsafe(self._serve(meter, port), self._loop)
            self._servers[machine_id] = made.result(timeout=10)
        return int(self._servers[machine_id].sockets[0].getsockname()[1])

    async def _serve(self, meter: Meter, port: int) -> asyncio.Server:
        async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await _converse(meter, reader, writer)

        return await asyncio.start_server(one, ADDRESS, port, limit=LONGEST_HEAD)

    def take(self, machine_id: str) -> tuple[int, int]:
        """Bytes received and sent since the last call."""
        meter = self._meters.get(machine_id)
        return meter.counter.take() if meter else (0, 0)

    def close(self, machine_id: str) -> None:
        server = self._servers.pop(machine_id, None)
        self._meters.pop(machine_id, None)
        if server is not None:
            self._loop.call_soon_threadsafe(server.close)

    def stop(self) -> None:
        """End every conversation and the loop itself; nothing can be opened afterwards."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(timeout=STOP_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=STOP_S)
        self._loop.close()

    async def _end(self) -> None:
        for server in self._servers.values():
            server.close()
        self._servers.clear()
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def _bytes(mbit: float | None) -> float | None:
    return mbit * 1_000_000 / BITS_PER_BYTE if mbit else None


async def _converse(
    meter: Meter, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        meter.counter.add(tx=len(head))
        await _forward(meter, head, reader, writer)
    except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        await _refuse(meter, writer)
    finally:
        writer.close()


async def _refuse(meter: Meter, writer: asyncio.StreamWriter) -> None:
    answer = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    try:
        meter.counter.add(rx=len(answer))
        writer.write(answer)
        await writer.drain()
    except OSError:
        return


async def _forward(
    meter: Meter, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    method, target, version = head.split(b"\r\n", 1)[0].split(b" ")
    if method == b"CONNECT":
        host, _, port = target.decode().rpartition(":")
        upstream = await _connected(host.strip("[]"), int(port))
        answer = b"HTTP/1.1 200 Connection established\r\n\r\n"
        meter.counter.add(rx=len(answer))
        writer.write(answer)
        first = b""
    else:
        url = urlsplit(target.decode())
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        first = _rewritten(b" ".join((method, path.encode(), version)), head)
        upstream = await _connected(url.hostname or "", url.port or 80)
    await _pipe_both(meter, first, (reader, writer), upstream)


async def _connected(host: str, port: int) -> socket.socket:
    """A bare socket: a gigabyte that passes through streams is copied twice more."""
    loop = asyncio.get_running_loop()
    made = await loop.run_in_executor(None, socket.create_connection, (host, port), CONNECT_S)
    made.settimeout(0)
    return made


def _rewritten(first: bytes, head: bytes) -> bytes:
    kept = [
        line
        for line in head.split(b"\r\n")[1:-2]
        if line.partition(b":")[0].strip().lower() not in HOP_HEADERS
    ]
    return b"\r\n".join([first, *kept, b"Connection: close", b"", b""])


async def _pipe_both(
    meter: Meter,
    first: bytes,
    machine: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    upstream: socket.socket,
) -> None:
    """Until the upstream ends; what the machine still sends then has no reader."""
    loop = asyncio.get_running_loop()
    reader, writer = machine
    sending = asyncio.create_task(_send(meter, first, reader, upstream))
    try:
        while chunk := await loop.sock_recv(upstream, CHUNK):
            await meter.down.wait(len(chunk))
            meter.counter.add(rx=len(chunk))  # before it can be seen: the bill is never behind
            writer.write(chunk)
            await writer.drain()
    except OSError:
        return
    finally:
        sending.cancel()
        await asyncio.wait([sending])
        upstream.close()


async def _send(
    meter: Meter, first: bytes, reader: asyncio.StreamReader, upstream: socket.socket
) -> None:
    """`first` was counted as it came."""
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_sendall(upstream, first)
        while chunk := await reader.read(CHUNK):
            await meter.up.wait(len(chunk))
            meter.counter.add(tx=len(chunk))
            await loop.sock_sendall(upstream, chunk)
        upstream.shutdown(socket.SHUT_WR)
    except OSError:
        return
