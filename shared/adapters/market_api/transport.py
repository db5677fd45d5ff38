"""One call, one request. Nothing is retried, no redirect is followed, no body is without bound."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from shared.adapters.market_api.reading import Row
from shared.domain.errors import ProviderUnknown
from shared.domain.frozen import dataclass
from shared.ports.counting import record

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from shared.domain.ids import ContractId
    from shared.ports.clock import Clock

# The create timeout of the rental protocol (rule 7); a step has 25 s in all.
TIMEOUT_S = 20.0
MOST_BODY_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class RawReply:
    """One HTTP answer, read to its end. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def retry_after_s(self) -> float | None:
        """What Retry-After asks for; None where it is missing or no plain number of seconds."""
        asked = self.headers.get("retry-after", "")
        return float(asked) if re.fullmatch(r"\d+(?:\.\d+)?", asked) else None


@dataclass(frozen=True, slots=True)
class Reply:
    """A clean answer. `at` is the provider's time, read off its Date header."""

    row: Row
    at: datetime


class MarketTransport(ABC):
    """Speaks to one marketplace under one key. Threads may share it.

    `transport` stands in for the network in tests. Every call raises ProviderBusy,
    ProviderKeyRejected, ProviderRefused or ProviderUnknown.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        clock: Clock,
        transport: httpx.BaseTransport | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        import httpx

        self._clock = clock
        self._client = httpx.Client(
            base_url=base_url.rstrip("/"),
            headers={
                "Authorization": f"Bearer {api_key}",
                "User-Agent": "dumont-cloud",
                **(headers or {}),
            },
            timeout=TIMEOUT_S,
            follow_redirects=False,
            trust_env=False,
            transport=transport,
        )

    @abstractmethod
    def clean_row(self, raw: RawReply) -> Row:
        """The object of a clean answer. Raises the ProviderError that any other stands for."""

    @abstractmethod
    def new_contract(self, row: Row) -> ContractId | None:
        """The contract that an answer to create names."""

    def get(self, path: str, **query: object) -> Reply:
        """Query values that are not text are sent as JSON, as the official client does."""
        parameters = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in query.items()
        }
        return self._send("GET", path, parameters, None)

    def send(self, method: str, path: str, body: Mapping[str, object]) -> Reply:
        return self._send(method, path, {}, body)

    def _send(
        self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, object] | None
    ) -> Reply:
        with translated():
            raw = self._exchange(method, path, query, body)
        row = self.clean_row(raw)
        at = _date(raw)
        if at is None:
            raise ProviderUnknown("the answer carries no readable Date", self.new_contract(row))
        return Reply(row, at)

    def _exchange(
        self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, object] | None
    ) -> RawReply:
        """The answer in full. The time-outs of the client are per read; this one is for all."""
        request = self._client.build_request(method, path, params=query, json=body)
        record(provider_calls=1, sent_bytes=_size_of(request))
        give_up_s = self._clock.monotonic_s() + TIMEOUT_S
        response = self._client.send(request, stream=True)
        try:
            chunks, size = [], 0
            for chunk in response.iter_bytes():
                size += len(chunk)
                if size > MOST_BODY_BYTES:
                    raise ProviderUnknown("the answer is longer than any that we can use")
                if self._clock.monotonic_s() > give_up_s:
                    raise ProviderUnknown(f"the answer did not end within {TIMEOUT_S:g} s")
                chunks.append(chunk)
        finally:
            response.close()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return RawReply(response.status_code, headers, b"".join(chunks))


@contextmanager
def translated() -> Iterator[None]:
    """Turns what httpx raises into ProviderUnknown.

    A refused connection is unknown too: a proxy between may have sent the request before it
    lost its own way, and only a clean answer proves that nothing was done.
    """
    import httpx

    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise ProviderUnknown(f"no answer: {type(error).__name__}") from error


def _size_of(request: httpx.Request) -> int:
    head = sum(len(name) + len(value) + 4 for name, value in request.headers.raw)
    return len(request.method) + len(request.url.raw_path) + head + len(request.read())


def _date(reply: RawReply) -> datetime | None:
    try:
        at = parsedate_to_datetime(reply.headers.get("date", ""))
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
