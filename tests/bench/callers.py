"""`python -m tests.bench.callers`: callers in a process of their own, prepared bytes down kept
connections, so that the server is measured and not a client library.

Reads one plan as JSON from stdin, prints what came of it as JSON.
"""

from __future__ import annotations

import base64
import json
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

STUCK_S = 30.0
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request; `name` is what its figures are kept under."""

    name: str
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def as_bytes(self, host: str) -> bytes:
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body or self.method == "POST":
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join(lines).encode() + _END + self.body


@dataclass(slots=True)
class Told:
    """Milliseconds of the good answers (2xx) by name; `failed` counts the others by status."""

    seconds: float
    ms: dict[str, list[float]]
    failed: dict[str, int]

    @property
    def all_ms(self) -> list[float]:
        return [each for samples in self.ms.values() for each in samples]

    @property
    def per_s(self) -> float:
        return round(len(self.all_ms) / self.seconds, 1)

    def merged(self, other: Told) -> Told:
        names = dict.fromkeys([*self.ms, *other.ms])
        statuses = dict.fromkeys([*self.failed, *other.failed])
        return Told(
            self.seconds + other.seconds,
            {each: self.ms.get(each, []) + other.ms.get(each, []) for each in names},
            {each: self.failed.get(each, 0) + other.failed.get(each, 0) for each in statuses},
        )


def call(url: str, asks: Sequence[Ask], *, callers: int, seconds: float) -> Told:
    """Each caller asks again as soon as it is answered, each beginning elsewhere in `asks`."""
    parts = urlsplit(url)
    plan = {
        "host": parts.hostname,
        "port": parts.port,
        "callers": callers,
        "seconds": seconds,
        "asks": [
            [each.name, base64.b64encode(each.as_bytes(parts.netloc)).decode()] for each in asks
        ],
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.callers"],
        input=json.dumps(plan).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return Told(**json.loads(done.stdout))


class Caller:
    """One connection and the request that is under way on it."""

    def __init__(self, address: tuple[str, int], asks: Sequence[tuple[str, bytes]], at: int):
        self._address = address
        self._asks = asks
        self._at = at
        self._received = b""
        self._asked_s = 0.0
        self.socket = self._connected()

    def ask(self) -> None:
        self._received = b""
        self._asked_s = time.perf_counter()
        self.socket.sendall(self._asks[self._at][1])

    def hear(self) -> tuple[str, int, float] | None:
        """Name, status and milliseconds of an answer that is whole; None until it is."""
        heard = self.socket.recv(1 << 18)
        if not heard:
            raise ConnectionError(f"cut off before an answer to {self._asks[self._at][0]}")
        self._received += heard
        head, found, body = self._received.partition(_END)
        if not found or len(body) < _length_of(head):
            return None
        told = (
            self._asks[self._at][0],
            int(head[9:12]),
            (time.perf_counter() - self._asked_s) * 1000,
        )
        self._at = (self._at + 1) % len(self._asks)
        return told

    def _connected(self) -> socket.socket:
        made = socket.create_connection(self._address, timeout=STUCK_S)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made


def _length_of(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    if not found:
        raise ValueError(f"an answer without a length: {head!r}")
    return int(rest.split(b"\r\n", 1)[0])


def run(plan: Mapping[str, Any]) -> Told:
    asks = [(name, base64.b64decode(content)) for name, content in plan["asks"]]
    address, count = (plan["host"], plan["port"]), plan["callers"]
    callers = [Caller(address, asks, n * len(asks) // count) for n in range(count)]
    told = Told(0.0, {}, {})
    waiting = selectors.DefaultSelector()
    began = time.perf_counter()
    for each in callers:
        waiting.register(each.socket, selectors.EVENT_READ, each)
        each.ask()
    while (passed := time.perf_counter() - began) < plan["seconds"]:
        ready = waiting.select(STUCK_S)
        if not ready:
            raise TimeoutError(f"no answer within {STUCK_S:.0f} s")
        for key, _ in ready:
            answer = key.data.hear()
            if answer is not None:
                _note(told, *answer)
                key.data.ask()
    told.seconds = passed
    return told


def _note(told: Told, name: str, status: int, ms: float) -> None:
    if 200 <= status < 300:
        told.ms.setdefault(name, []).append(round(ms, 3))
    else:
        told.failed[str(status)] = told.failed.get(str(status), 0) + 1


if __name__ == "__main__":
    outcome = run(json.load(sys.stdin))
    told_as = {"seconds": outcome.seconds, "ms": outcome.ms, "failed": outcome.failed}
    json.dump(told_as, sys.stdout)
