"""One id per request, from the caller's trace where it has one."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.ports.clock import Ids

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_CLOUD_TRACE = re.compile(r"(?P<trace>[0-9a-f]{32})(/\d{1,20})?(;o=[01])?")
NO_TRACE = "0" * 32


def trace_id_of(headers: Mapping[str, str], ids: Ids) -> str:
    """The caller's trace, else a fresh one: 32 hex digits."""
    given = given_trace_id(headers)
    return given or hashlib.sha256(ids.token(16).encode()).hexdigest()[:32]


def given_trace_id(headers: Mapping[str, str]) -> str | None:
    """From W3C `traceparent`, else from `X-Cloud-Trace-Context`. Names are in lower case."""
    for name, form in (("traceparent", _TRACEPARENT), ("x-cloud-trace-context", _CLOUD_TRACE)):
        found = form.fullmatch(headers.get(name, ""))
        if found and found["trace"] != NO_TRACE:
            return found["trace"]
    return None
