"""One HTTP request to one address that we know, once, and its answer as it comes."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol

from shared.domain.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Forwarded:
    """`host` is an address in numbers: no name is looked up. `target` is path and query.

    A new connection is watched for `watch_s` before anything is sent: a port that is passed on may
    be open while nothing listens behind it, and is then closed at once.
    """

    host: str
    port: int
    method: str
    target: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    watch_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Answered:
    """`chunks` are read from the connection, which is closed at their end or by `close`.

    They raise UpstreamFailed where the answer is cut, too long or too slow.
    """

    status: int
    headers: Sequence[tuple[str, str]]
    chunks: Generator[bytes]


class Forwarder(Protocol):
    def forward(self, request: Forwarded, timeout_s: float) -> Answered:
        """Follows no redirect and tries nothing twice. `timeout_s` bounds the whole answer.

        Raises Unreachable where nothing was sent, and UpstreamFailed where it may have been.
        """
