"""What every answer carries, who may read it from a page, and which hosts are ours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shared.edge.problem import WRONG_HOST, WRONG_ORIGIN, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.app.settings import Settings

API_POLICY = "default-src 'none'; frame-ancestors 'none'"
# Swagger UI and ReDoc build their styles at run time; their scripts are ours and external.
REFERENCE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ALWAYS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Content-Security-Policy": API_POLICY,
    "Cache-Control": "no-store",
}
# What a machine's answer carries: it holds tokens, and no store between us may keep it.
_TO_MACHINES: Mapping[str, str] = {"Cache-Control": "no-store"}
# A name and a port, and nothing that one reader takes for a user and another for a host.
_HOST = re.compile(r"(?P<name>[a-z0-9.-]+)(:[0-9]{1,5})?")
_EXPOSED = "X-Request-Id, Retry-After, Idempotent-Replayed, Location"
_ASKED = "Authorization, Content-Type, Idempotency-Key, If-Match, traceparent"


def standing_headers(settings: Settings, trace_id: str, origin: str) -> dict[str, str]:
    """For every answer; a view's own headers win over these."""
    headers = {**_ALWAYS, "X-Request-Id": trace_id, "Vary": "Origin"}
    if settings.public_url.startswith("https://"):
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    if origin and origin == settings.site_origin:
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = _EXPOSED
    return headers


def machine_headers() -> Mapping[str, str]:
    """For what a machine asked that proved to be one: all else speaks to browsers, and would be
    most of what a beat is answered with.

    No page can have one shown or read: its caller handed in the machine's own token.
    """
    return _TO_MACHINES


def preflight_headers(settings: Settings, origin: str, methods: tuple[str, ...]) -> dict[str, str]:
    """The answer to OPTIONS: what the path takes, and for our own site that it may call."""
    headers = {"Allow": ", ".join(methods)}
    if origin and origin == settings.site_origin:
        headers["Access-Control-Allow-Methods"] = ", ".join(methods)
        headers["Access-Control-Allow-Headers"] = _ASKED
        headers["Access-Control-Max-Age"] = "7200"
    return headers


def require_own_host(settings: Settings, host: str, origin: str) -> None:
    """Keep other sites' pages away from a stack that executes what its user sends.

    Only where `settings.allowed_hosts` names hosts (the local stack; a name that rebinds to
    127.0.0.1 is not among them). Raises Refusal (421, 403).
    """
    if not settings.allowed_hosts:
        return
    named = _HOST.fullmatch(host.lower())
    if named is None or named["name"] not in settings.allowed_hosts:
        raise Refusal(WRONG_HOST, "This server does not answer for that host.")
    if not origin or origin == settings.site_origin:
        return
    if _authority(origin) != host.lower():
        raise Refusal(WRONG_ORIGIN, "Pages of other sites may not call this server.")


def client_address(forwarded_for: str, peer: str, trusted_hops: int) -> str:
    """The caller as the outermost proxy of ours saw it; what callers add themselves is ignored."""
    seen = [part.strip() for part in forwarded_for.split(",") if part.strip()]
    if trusted_hops < 1 or len(seen) < trusted_hops:
        return peer
    return seen[-trusted_hops]


def _authority(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""
