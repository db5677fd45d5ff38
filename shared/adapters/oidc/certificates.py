"""Google's signing certificates, kept as long as it says they may be."""

from __future__ import annotations

import json
import re
from threading import Lock
from typing import TYPE_CHECKING, Any

from shared.domain.errors import KeysUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.ports.clock import Clock

URL = "https://www.googleapis.com/oauth2/v1/certs"
_TIMEOUT_S = 5
_SHORTEST_S, _LONGEST_S = 300.0, 86_400.0
# A token of a key that nobody knows makes us look again, but no stranger can make us look often.
_LOOK_AGAIN_S = 60.0
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])")


class GoogleCertificates:
    """Certificates by key id. `transport` is called as google.auth.transport.Request is."""

    def __init__(self, clock: Clock, transport: Callable[..., Any] | None = None) -> None:
        self._clock = clock
        self._transport = transport
        self._lock = Lock()
        self._known: Mapping[str, str] = {}
        self._read_at_s = float("-inf")
        self._good_for_s = 0.0

    def by_kid(self, kid: str) -> Mapping[str, str]:
        with self._lock:
            age_s = self._clock.monotonic_s() - self._read_at_s
            if age_s >= self._good_for_s or (kid not in self._known and age_s >= _LOOK_AGAIN_S):
                self._read()
            return self._known

    def _read(self) -> None:
        from google.auth import exceptions

        try:
            answer = self._request()(URL, method="GET", timeout=_TIMEOUT_S)
        except exceptions.GoogleAuthError as error:
            raise KeysUnavailable("the issuer's certificates cannot be read") from error
        self._known = _certificates(answer.status, answer.data)
        self._read_at_s = self._clock.monotonic_s()
        self._good_for_s = _good_for_s(answer.headers)

    def _request(self) -> Callable[..., Any]:
        if self._transport is None:
            from google.auth.transport.requests import Request

            self._transport = Request()
        return self._transport


def _certificates(status: int, content: bytes) -> Mapping[str, str]:
    try:
        found = json.loads(content) if status == 200 else None
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise KeysUnavailable(f"the issuer answered {status}, and no certificates")
    return found


def _good_for_s(headers: Mapping[str, str]) -> float:
    told = {name.lower(): value for name, value in headers.items()}.get("cache-control", "")
    found = _MAX_AGE.search(told.lower())
    return min(max(float(found[1]) if found else 0.0, _SHORTEST_S), _LONGEST_S)
