"""API keys: `dc_live_<id>_<secret>_<crc>`, shown once, kept as a digest.

The prefix lets secret scanners find a leaked one; the checksum lets them, and us, tell a real
one from a similar text without a look-up.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.errors import Invalid
from shared.domain.frozen import dataclass
from shared.domain.ids import ApiKeyId, InstanceId, UserId
from shared.domain.principals import Scope
from shared.domain.replacing import replace
from shared.domain.users.secret_text import base62, digest, same

if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIX = "dc_live_"
LONGEST_NAME = 100
LAST_USED_EVERY = timedelta(hours=1)  # a write per call would cost more than the call
KEYS_PER_USER = 50

_CRC_LENGTH = 6  # base 62 digits that hold 32 bits
_TEXT = re.compile(r"dc_live_([0-9A-Za-z]{1,64})_([0-9A-Za-z]{43})_([0-9A-Za-z]{6})")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """`expires_at` is None for a key that lasts until it is deleted. With an `instance_id` it opens
    the way to that instance's own server and nothing else.
    """

    id: ApiKeyId
    owner: UserId
    name: str
    scopes: tuple[Scope, ...]
    secret_hash: str
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    instance_id: InstanceId | None = None

    def opens_with(self, secret: str, now: datetime) -> bool:
        """Whether this is the key's secret and the key is still good."""
        matches = same(digest(secret), self.secret_hash)
        return matches and (self.expires_at is None or now < self.expires_at)

    def use_is_due(self, now: datetime) -> bool:
        """Whether its use should be written down again."""
        return self.last_used_at is None or now - self.last_used_at >= LAST_USED_EVERY

    def used(self, now: datetime) -> ApiKey:
        return replace(self, last_used_at=now)


def accepted_name(name: str) -> str:
    """Raises Invalid for a name that a list cannot show."""
    text = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(text) <= LONGEST_NAME:
        raise Invalid(f"A key's name has 1 to {LONGEST_NAME} characters.", "/name")
    if any(unicodedata.category(letter)[0] == "C" for letter in text):
        raise Invalid("A key's name has no control characters.", "/name")
    return text


def accepted_scopes(scopes: Iterable[Scope], instance_id: InstanceId | None) -> tuple[Scope, ...]:
    """Raises Invalid for none, and for more than one instance can bound."""
    chosen = tuple(sorted(set(scopes)))
    if not chosen:
        raise Invalid("A key needs a scope.", "/scopes")
    if instance_id is not None and chosen != (Scope.PROXY,):
        raise Invalid("A key for one instance has the scope proxy alone.", "/scopes")
    return chosen


def accepted_expiry(expires_at: datetime | None, now: datetime) -> datetime | None:
    """Raises Invalid for a moment that has passed."""
    if expires_at is not None and expires_at <= now:
        raise Invalid("The key would have expired already.", "/expires_at")
    return expires_at


def key_text(key_id: ApiKeyId, secret: str) -> str:
    """What the owner is shown, once."""
    body = f"{PREFIX}{key_id.removeprefix('key_')}_{secret}"
    return f"{body}_{_crc(body)}"


def parse_key(text: str) -> tuple[ApiKeyId, str] | None:
    """The id and the secret; None when the form or the checksum is wrong."""
    match = _TEXT.fullmatch(text)
    if match is None or match[3] != _crc(text.rpartition("_")[0]):
        return None
    return ApiKeyId(f"key_{match[1]}"), match[2]


def _crc(body: str) -> str:
    return base62(zlib.crc32(body.encode()).to_bytes(4, "big"), _CRC_LENGTH)
