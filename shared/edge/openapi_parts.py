"""What many operations of the reference share: who may call, what may go wrong."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from shared.edge.problem import MEDIA_TYPE, kinds_by_code
from shared.edge.route import Access

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.edge.route import Route

Json = dict[str, Any]

SECURITY_SCHEMES: Json = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token from /api/auth/login, or an API key.",
    },
    "metricsKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key with the scope `metrics`.",
    },
    "machineToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "What a rented machine got when it said hello.",
    },
}
DEMO: Json = {
    "name": "demo",
    "in": "query",
    "description": "true answers from the demo tenant, a read-only sandbox, without a login.",
    "schema": {"type": "boolean", "default": False},
}
IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "At most one effect per key, for 24 hours; a repeat gets the first answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
}
_READS = "GET"


def takes_demo(route: Route) -> bool:
    return route.method == _READS and route.access in {Access.PUBLIC, Access.USER}


def security_of(route: Route) -> list[Json]:
    match route.access:
        case Access.USER:
            return [{"bearer": []}]
        case Access.PUBLIC:
            return [{}, {"bearer": []}]
        case Access.METRICS:
            return [{"metricsKey": []}]
        case Access.MACHINE:
            return [{"machineToken": []}]
        case _:
            return []


def problem_responses(route: Route) -> Json:
    """By status, each naming its codes. Raises ValueError for a code that is none of ours."""
    known = kinds_by_code()
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in dict.fromkeys(_codes(route)):
        if code not in known:
            raise ValueError(f"{route.method} {route.path} raises the unknown code {code!r}")
        by_status[known[code].status].append(code)
    return {
        str(status): {
            "description": "Problem: " + ", ".join(f"`{code}`" for code in codes),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, codes in sorted(by_status.items())
    }


def _codes(route: Route) -> Iterator[str]:
    # Where all may look, too: a token that is sent must hold, and not everywhere is there a demo.
    if route.access in {Access.PUBLIC, Access.USER, Access.METRICS, Access.MACHINE}:
        yield "unauthenticated"
        yield "forbidden"
    if "<" in route.path:
        yield "not_found"
    yield "invalid"
    if route.body is not None:
        yield from ("malformed", "too_large", "unsupported_media_type")
    if route.idempotent:
        yield from ("malformed", "idempotency_in_progress", "idempotency_key_reused")
    yield from route.raises
    yield "rate_limited"
    yield "store_unavailable"
    yield "internal"
