"""Sends calls: finds the area, proves who calls, tries again where that is safe."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from frontend.client import discovery, errors, problem
from frontend.client.discovery import WELL_KNOWN, Areas
from frontend.client.pace import STILL_IN_PROGRESS, TEMPORARY, Pace
from frontend.client.vault import Tokens, TokenVault

if TYPE_CHECKING:
    import httpx

    from frontend.client.problem import Json

Query = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `key` is its Idempotency-Key, the same on every try of it.

    `anonymous` sends no proof of who calls, or only the `bearer` given here.
    """

    method: str
    path: str
    query: Query = field(default_factory=dict)
    body: Mapping[str, object] | None = None
    key: str | None = None
    anonymous: bool = False
    bearer: str | None = field(default=None, repr=False)
    answered_alike: bool = False  # the server gives a repeat within seconds the first answer

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice does no more than sending it once."""
        return self.method in {"GET", "HEAD", "PUT"} or self.key is not None or self.answered_alike


class Transport:
    """Speaks to one Dumont Cloud. Safe for several threads."""

    def __init__(
        self,
        base_url: str,
        vault: TokenVault,
        api_key: str | None = None,
        pace: Pace | None = None,
    ) -> None:
        import httpx

        self.base_url = _checked(base_url)
        self.vault = vault
        self.pace = pace or Pace()
        self._api_key = api_key
        self._areas: Areas | None = None
        self._http = httpx.Client(
            timeout=httpx.Timeout(self.pace.timeout_s, connect=min(10.0, self.pace.timeout_s)),
            headers={"User-Agent": "dumont-python/0.1", "Accept": "application/json"},
            trust_env=True,
        )
        self._transport_error = httpx.TransportError
        self._stream_error = httpx.HTTPError
        self._connect_errors = (httpx.ConnectError, httpx.ConnectTimeout)

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, query: Query | None = None) -> Json:
        """The JSON of a GET. Raises DumontError."""
        return self.call(Request("GET", path, query or {}))

    def spend(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        query: Query | None = None,
    ) -> Json:
        """A call that spends or destroys, with a new Idempotency-Key that its own repeats
        keep: however often it is sent, it happens once. Raises DumontError.
        """
        return self.call(Request(method, path, query or {}, body, key=str(uuid.uuid4())))

    def call(self, request: Request) -> Json:
        """The JSON of the answer; a lapsed access token is renewed on the way, once.

        Raises DumontError.
        """
        before = self.vault.load()
        try:
            return self._tried(request)
        except errors.Unauthenticated:
            if request.anonymous or self._api_key or not self.renew(before):
                raise
        return self._tried(request)

    def renew(self, stale: Tokens | None) -> bool:
        """Whether there is now another access token than the stale one."""
        with self.vault.held():
            tokens = self.vault.load()
            if tokens is None or (stale is not None and tokens.access != stale.access):
                return tokens is not None
            if tokens.refresh is None:
                return False
            try:
                answer = self._tried(_refresh(tokens.refresh))
            except (errors.Unauthenticated, errors.BadRequest, errors.Invalid):
                self.vault.save(None)
                return False
            self.vault.save(tokens_of(answer))
            return True

    def areas(self) -> Areas:
        """Where each area lives; everything at the base URL when the server does not say."""
        if self._areas is None:
            try:
                document = self._sent_until_done(Request("GET", WELL_KNOWN, anonymous=True))
            except (errors.ApiError, errors.NotOurServer, errors.UnexpectedAnswer):
                document = None
            self._areas = discovery.read(self.base_url, document)
        return self._areas

    def _tried(self, request: Request) -> Json:
        self.areas()
        return self._sent_until_done(request)

    def _sent_until_done(self, request: Request) -> Json:
        tries = 0
        while True:
            tries += 1
            wait_s: float | None
            try:
                return problem.parse(self._send(request))
            except errors.ApiError as refused:
                wait_s = self._wait_after_refusal(request, refused, tries)
                if wait_s is None:
                    raise
            except _Failed as failed:
                again = request.repeatable or not failed.may_have_arrived
                wait_s = self.pace.wait_s(tries, None) if again else None
                if wait_s is None:
                    raise errors.Unreachable(self.base_url, failed.reason) from failed
            self.pace.sleep(wait_s)

    def _wait_after_refusal(
        self, request: Request, refused: errors.ApiError, tries: int
    ) -> float | None:
        temporary = refused.status in TEMPORARY or refused.code == STILL_IN_PROGRESS
        if not temporary or not request.repeatable:
            return None
        return self.pace.wait_s(tries, refused.retry_after_s)

    def _send(self, request: Request) -> httpx.Response:
        areas = self._areas or Areas(self.base_url)
        query = {name: _wire(value) for name, value in request.query.items() if value is not None}
        content = None if request.body is None else json.dumps(request.body).encode()
        try:
            return self._http.request(
                request.method,
                areas.url_for(request.path),
                params=query,
                content=content,
                headers=self._headers(request),
            )
        except self._connect_errors as error:
            raise _Failed(_reason(error), may_have_arrived=False) from error
        except self._stream_error as error:
            raise _Failed(_reason(error), may_have_arrived=True) from error

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {} if request.body is None else {"Content-Type": "application/json"}
        tokens = self.vault.load()
        bearer = self._api_key or (tokens.access if tokens is not None else None)
        if request.anonymous:
            bearer = request.bearer
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        if request.key is not None:
            headers["Idempotency-Key"] = request.key
        return headers


class _Failed(Exception):
    """No whole answer came."""

    def __init__(self, reason: str, *, may_have_arrived: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.may_have_arrived = may_have_arrived


def tokens_of(answer: Json) -> Tokens:
    """The tokens in a login's or a refresh's answer. Raises UnexpectedAnswer."""
    fields = answer if isinstance(answer, dict) else {}
    access, refresh = fields.get("access_token"), fields.get("refresh_token")
    if not isinstance(access, str) or not access:
        raise errors.UnexpectedAnswer("the login's answer holds no access_token")
    return Tokens(access, refresh if isinstance(refresh, str) and refresh else None)


def _refresh(token: str) -> Request:
    body = {"refresh_token": token}
    return Request("POST", "/api/auth/refresh", body=body, anonymous=True, answered_alike=True)


def _wire(value: str | float | bool) -> str | int | float:  # noqa: FBT001
    return str(value).lower() if isinstance(value, bool) else value


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _checked(base_url: str) -> str:
    trimmed = base_url.strip().rstrip("/")
    if not trimmed.startswith(("http://", "https://")) or trimmed.count("/") < 2:
        raise errors.Unreachable(base_url, "an address begins with http:// or https://")
    return trimmed
