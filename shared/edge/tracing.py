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
_NONE = "0" * 32


def trace_id_of(headers: Mapping[str, str], ids: Ids) -> str:
    """32 hex digits: W3C `traceparent`, else `X-Cloud-Trace-Context`, else a fresh one."""
    for name, form in (("traceparent", _TRACEPARENT), ("x-cloud-trace-context", _CLOUD_TRACE)):
        found = form.fullmatch(headers.get(name, ""))
        if found and found["trace"] != _NONE:
            return found["trace"]
    return hashlib.sha256(ids.token(16).encode()).hexdigest()[:32]
