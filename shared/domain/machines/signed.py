"""Small signed texts: machine tokens, bootstrap tokens, lease receipts.

`<kid>.<payload>.<mac>`, base64url without padding, HMAC-SHA256 under a key per purpose: the
standard library verifies them, so that a steady heartbeat needs neither a read nor a big
import. Only we make and check them.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping, Sequence

from shared.domain.errors import Unauthenticated

MAX_LENGTH = 1024
Fields = Mapping[str, str | int | float]


def sign(fields: Fields, kid: str, secret: bytes) -> str:
    """Sign with the newest key."""
    payload = _text(json.dumps(dict(fields), separators=(",", ":"), sort_keys=True).encode())
    return f"{kid}.{payload}.{_mac(kid, payload, secret)}"


def unsign(text: str, keys: Sequence[tuple[str, bytes]]) -> Fields:
    """The fields under any live key. Raises Unauthenticated."""
    parts = text.split(".")
    if len(text) > MAX_LENGTH or len(parts) != 3:
        raise Unauthenticated("the token is not one of ours")
    kid, payload, mac = parts
    for known, secret in keys:
        if hmac.compare_digest(known.encode(), kid.encode()) and hmac.compare_digest(
            _mac(kid, payload, secret).encode(), mac.encode()
        ):
            return _fields(payload)
    raise Unauthenticated("the token's signature does not hold")


def _fields(payload: str) -> dict[str, str | int | float]:
    try:
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError as error:
        raise Unauthenticated("the token is not one of ours") from error
    if not isinstance(found, dict):
        raise Unauthenticated("the token is not one of ours")
    return found


def _mac(kid: str, payload: str, secret: bytes) -> str:
    return _text(hmac.digest(secret, f"{kid}.{payload}".encode(), "sha256"))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
