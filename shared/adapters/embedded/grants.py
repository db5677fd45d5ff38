"""Blob grants as signed text: what a bearer may do, until when, and a MAC over it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.adapters import blob_keys, codec
from shared.domain.errors import BlobRefused
from shared.domain.frozen import dataclass
from shared.ports.blobs import BlobGrant
from shared.ports.clock import Clock
from shared.ports.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.ports.secrets import SigningKey

PURPOSE = "blob-grant"
_VERSION = "g1"
_LONGEST_TOKEN = 4096


@dataclass(frozen=True, slots=True)
class Rights:
    prefix: str
    write: bool
    max_object_bytes: int
    expires_at: datetime

    def require(self, key: str, *, write: bool, now: datetime) -> None:
        """Raises BlobRefused when these rights do not allow this."""
        if now >= self.expires_at:
            raise BlobRefused("the grant has expired")
        if not key.startswith(self.prefix):
            raise BlobRefused("the grant is for another prefix")
        if write and not self.write:
            raise BlobRefused("the grant is for reading only")


@dataclass(frozen=True, slots=True)
class GrantDesk:
    """Hands out grants for whatever a BlobServer serves at `base_url`."""

    clock: Clock
    secrets: Secrets
    base_url: str

    def grant(self, prefix: str, *, write: bool, seconds: int, max_object_bytes: int) -> BlobGrant:
        """Raises Invalid for a prefix that does not end in a slash."""
        blob_keys.require_prefix(prefix)
        expires_at = self.clock.now() + timedelta(seconds=seconds)
        rights = Rights(prefix, write, max_object_bytes, expires_at)
        token = issue(rights, self.secrets.signing_keys(PURPOSE)[0])
        base_url = self.base_url.rstrip("/")
        return BlobGrant(base_url, token, prefix, write, max_object_bytes, expires_at)


def issue(rights: Rights, key: SigningKey) -> str:
    """`g1.<kid>.<rights>.<mac>`; the MAC covers everything before it."""
    claims = [
        rights.prefix,
        rights.write,
        rights.max_object_bytes,
        codec.time_text(rights.expires_at),
    ]
    signed = f"{_VERSION}.{key.kid}.{_text(json.dumps(claims).encode())}"
    return f"{signed}.{_mac(signed, key)}"


def verify(token: str, keys: Sequence[SigningKey]) -> Rights:
    """The rights of a token that one of these keys signed. Raises BlobRefused."""
    signed, _, mac = token.rpartition(".")
    parts = signed.split(".")
    if len(token) > _LONGEST_TOKEN or len(parts) != 3 or parts[0] != _VERSION:
        raise BlobRefused("the grant is not one of ours")
    for key in keys:
        # As bytes: compare_digest refuses text that is not ASCII.
        if key.kid == parts[1] and hmac.compare_digest(_mac(signed, key).encode(), mac.encode()):
            return _rights(parts[2])
    raise BlobRefused("the grant is not one of ours")


def _rights(text: str) -> Rights:
    try:
        padded = text + "=" * (-len(text) % 4)
        prefix, write, max_object_bytes, expires_at = json.loads(base64.urlsafe_b64decode(padded))
        return Rights(prefix, write, max_object_bytes, codec.parse_time(expires_at))
    except (ValueError, TypeError, binascii.Error) as error:
        raise BlobRefused("the grant is not one of ours") from error


def _mac(signed: str, key: SigningKey) -> str:
    return _text(hmac.new(key.secret, signed.encode(), hashlib.sha256).digest())


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
