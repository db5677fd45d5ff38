"""What the front says itself, because no function was reached: in our form, not in HTML."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from http import HTTPStatus

_CODES = {400: "malformed", 413: "too_large", 414: "too_large", 431: "too_large"}
_DETAILS = {
    400: "The request cannot be read.",
    413: "The body is longer than any function takes.",
    414: "The address is too long.",
    431: "The headers are too long.",
    502: "The function gave no answer; whether it acted is not known.",
    504: "The function took too long; whether it acted is not known.",
}
_UNREACHED = "unreachable"


def problem(status: HTTPStatus) -> tuple[bytes, list[tuple[str, str]]]:
    """Body and headers of a problem that tells nothing of what was sent."""
    trace_id = secrets.token_hex(16)
    code = _CODES.get(status, _UNREACHED)
    said = {
        "type": f"/api/content/errors#{code}",
        "title": status.phrase,
        "status": status.value,
        "detail": _DETAILS[status],
        "code": code,
        "trace_id": trace_id,
    }
    body = json.dumps(said).encode()
    headers = [
        ("Content-Type", "application/problem+json"),
        ("Content-Length", str(len(body))),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
        ("X-Request-Id", trace_id),
    ]
    return body, headers
