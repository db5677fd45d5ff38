"""What of a request reaches a machine, what of its answer comes back, and where it may go. Pure.

A rented machine is somebody else's computer: it gets nothing that opens ours. Its answers come from
our own address: they get nothing that a browser would take for our word.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from shared.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.domain.instances.model import Instance
    from shared.domain.rentals.model import Address

KEY_HEADER = "x-dumont-key"
PORT_HEADER = "x-dumont-port"
OURS = "dc_live_"  # how an API key of ours begins (domain/users/keys.py)

# RFC 9110, section 7.6.1, and those that older software still sends.
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-authentication-info",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# Ours to say: the host, the length, who the caller is, and what our platform adds.
_NOT_SENT = frozenset(
    {
        "host",
        "content-length",
        "cookie",
        "expect",
        "forwarded",
        "via",
        "origin",
        "function-execution-id",
    }
)
_NOT_SENT_PREFIXES = ("x-dumont-", "x-forwarded-", "x-cloud-", "x-goog-", "x-appengine-")
_NOT_RETURNED = frozenset(
    {
        "set-cookie",
        "clear-site-data",
        "content-security-policy",
        "content-security-policy-report-only",
        "strict-transport-security",
        "service-worker-allowed",
        "alt-svc",
        "www-authenticate",
        "server",
        "date",
        "x-request-id",
        "x-content-type-options",
        "referrer-policy",
        "permissions-policy",
        "nel",
        "report-to",
    }
)
_NOT_RETURNED_PREFIXES = ("access-control-", "cross-origin-")
# A page that a machine serves runs in an origin of its own, without our site's storage.
SANDBOX = "sandbox allow-scripts allow-forms; frame-ancestors 'none'"


def sent_headers(
    given: Iterable[tuple[str, str]], *, keeps_authorization: bool
) -> list[tuple[str, str]]:
    """Without what concerns one hop, and without every credential of ours.

    `keeps_authorization`: the caller has proved itself elsewhere, and this one is for the machine.
    """
    pairs = [(name.lower(), value) for name, value in given]
    dropped = HOP_BY_HOP | _NOT_SENT | _named(pairs)
    if not keeps_authorization:
        dropped |= {"authorization"}
    return [
        (name, value)
        for name, value in pairs
        if name not in dropped and not name.startswith(_NOT_SENT_PREFIXES) and OURS not in value
    ]


def wants_websocket(upgrade: str) -> bool:
    """Whether this Upgrade header asks for a WebSocket. Other offers may be passed over, as HTTP/2
    is by whoever does not speak it (RFC 9110, section 7.8).
    """
    return any(each.strip().lower().startswith("websocket") for each in upgrade.split(","))


def returned_headers(given: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without what concerns one hop, or would speak for us to a browser."""
    pairs = list(given)
    dropped = HOP_BY_HOP | _NOT_RETURNED | _named((n.lower(), v) for n, v in pairs)
    return [
        (name, value)
        for name, value in pairs
        if name.lower() not in dropped and not name.lower().startswith(_NOT_RETURNED_PREFIXES)
    ]


def _named(pairs: Iterable[tuple[str, str]]) -> set[str]:
    """What a Connection header makes an affair of this hop."""
    return {
        option.strip().lower()
        for name, value in pairs
        if name == "connection"
        for option in value.split(",")
    }


def inside_port(instance: Instance, asked: str) -> int:
    """The port of the instance that is meant; its first one where none is named. Raises Invalid."""
    ports = instance.spec.ports
    if not ports:
        raise Invalid("the instance has no port: give it one when it is created")
    if not asked:
        return ports[0]
    if not asked.isascii() or not asked.isdigit() or int(asked) not in ports:
        raise Invalid(f"the instance has the ports {', '.join(map(str, ports))}")
    return int(asked)


def endpoint(address: Address, port: int, *, loopback: bool) -> tuple[str, int] | None:
    """Where the provider says that this port is reached; None where it does not say (yet).

    Only ever an address in numbers on the public internet (`loopback`: or on this computer, where
    the machines are simulated), so that no provider can point us at ourselves. Raises Invalid.
    """
    outside = dict(address.ports).get(port)
    if address.public_ip is None or outside is None:
        return None
    try:
        ip = ipaddress.ip_address(address.public_ip)
    except ValueError as error:
        raise Invalid("its provider names no address that we forward to") from error
    allowed = (ip.is_global and not ip.is_multicast) or (loopback and ip.is_loopback)
    if not allowed or not 0 < outside < 65536:
        raise Invalid("its provider names no address that we forward to")
    return str(ip), outside
