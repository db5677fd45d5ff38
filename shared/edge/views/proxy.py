"""/proxy/{instance}/{path}: what people send to an instance, whether or not it is awake."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from shared.domain.errors import NotFound, UpgradeUnsupported
from shared.domain.ids import InstanceId
from shared.domain.principals import Scope
from shared.domain.serverless.forwarded import (
    KEY_HEADER,
    PORT_HEADER,
    SANDBOX,
    returned_headers,
    sent_headers,
    wants_websocket,
)
from shared.edge.route import Access, Answer, Route

if TYPE_CHECKING:
    from typing import Any

    from shared.edge.route import Call
    from shared.ports.forwarding import Forwarder

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PATHS = ("/proxy/<instance_id>", "/proxy/<instance_id>/<path:path>")
# What a path may hold as it is (RFC 3986, section 3.3); everything else is written as %XX.
_PLAIN = "/!$&'()*+,;=:@~"


def proxy_routes(forwarder: Forwarder) -> tuple[Route, ...]:
    return tuple(
        Route(
            method,
            path,
            partial(_forward, forwarder, method),
            "Forward a request to an instance, which is woken for it",
            access=Access.PROXY,
            scope=Scope.WRITE,
            raises=("not_found", "conflict", "not_awake", "upgrade_unsupported", "upstream_failed"),
            hidden=True,
            logged_one_in=20,
        )
        for method in METHODS
        for path in PATHS
    )


def _forward(forwarder: Forwarder, method: str, call: Call[Any, Any]) -> Answer:
    from shared.app.serverless.proxy import Asked, forward

    if wants_websocket(call.headers.get("upgrade", "")):
        raise UpgradeUnsupported("WebSockets are not carried: forward the port over SSH")
    instance_id = InstanceId(call.path["instance_id"])
    if call.user.instance_id not in {None, instance_id}:
        raise NotFound("no such instance")
    target = "/" + quote(call.path.get("path", ""), safe=_PLAIN)
    asked = Asked(
        method=method,
        target=f"{target}?{call.raw_query}" if call.raw_query else target,
        headers=sent_headers(call.headers.items(), keeps_authorization=KEY_HEADER in call.headers),
        body=call.raw_body,
        port=call.headers.get(PORT_HEADER, ""),
    )
    answered = forward(
        call.services,
        forwarder,
        call.user.user_id,
        instance_id,
        asked,
        f"proxy:{call.services.ids.new('req')}",
    )
    headers = dict(returned_headers(answered.headers))
    media_type = next((v for n, v in headers.items() if n.lower() == "content-type"), "")
    kept = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    return Answer(
        status=answered.status,
        headers={**kept, "Content-Security-Policy": SANDBOX},
        stream=answered.chunks,
        media_type=media_type or "application/octet-stream",
    )
