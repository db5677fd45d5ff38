"""Logins that last: a family of refresh tokens of which only the newest is good.

RFC 9700 section 4.14.2: a token that comes back after it was replaced has two holders, one of
whom is a thief, so the whole family ends. One exception: whoever lost the answer may ask again
within GRACE, and gets the very successor that the lost answer carried.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NewType

from shared.domain.frozen import dataclass
from shared.domain.ids import UserId
from shared.domain.replacing import replace
from shared.domain.users.secret_text import SECRET_LENGTH, base62, digest, same

if TYPE_CHECKING:
    from collections.abc import Iterable

FamilyId = NewType("FamilyId", str)  # fam_…

LIFE = timedelta(days=30)  # of one refresh token
LONGEST_LOGIN = timedelta(days=180)  # of a family, however often it is refreshed
GRACE = timedelta(seconds=10)

_TEXT = re.compile(r"dcr_([0-9A-Za-z]{1,64})_([0-9A-Za-z]{43})")


@dataclass(frozen=True, slots=True)
class RefreshFamily:
    """One login. Only digests of its newest two tokens are kept."""

    id: FamilyId
    user_id: UserId
    credentials_epoch: int
    current_hash: str
    previous_hash: str | None
    rotated_at: datetime
    created_at: datetime
    expires_at: datetime


class Verdict(StrEnum):
    """What to do with a refresh token that names this family."""

    ROTATE = "rotate"  # it is the newest: replace it
    REPEAT = "repeat"  # its successor's answer may have been lost: give the same one again
    OVER = "over"  # the login has ended
    REUSED = "reused"  # end the login


def opened(
    family_id: FamilyId, user_id: UserId, credentials_epoch: int, secret: str, now: datetime
) -> RefreshFamily:
    """A fresh login whose first token carries `secret`."""
    return RefreshFamily(
        id=family_id,
        user_id=user_id,
        credentials_epoch=credentials_epoch,
        current_hash=digest(secret),
        previous_hash=None,
        rotated_at=now,
        created_at=now,
        expires_at=now + LIFE,
    )


def judge(family: RefreshFamily, secret: str, credentials_epoch: int, now: datetime) -> Verdict:
    """A secret that is neither of the newest two is an older one: no one else knows the id."""
    if now >= family.expires_at or family.credentials_epoch != credentials_epoch:
        return Verdict.OVER
    presented = digest(secret)
    if same(presented, family.current_hash):
        return Verdict.ROTATE
    is_previous = family.previous_hash is not None and same(presented, family.previous_hash)
    if is_previous and now - family.rotated_at <= GRACE:
        return Verdict.REPEAT
    return Verdict.REUSED


def rotated(family: RefreshFamily, new_secret: str, now: datetime) -> RefreshFamily:
    return replace(
        family,
        current_hash=digest(new_secret),
        previous_hash=family.current_hash,
        rotated_at=now,
        expires_at=min(now + LIFE, family.created_at + LONGEST_LOGIN),
    )


def successor(secret: str, key: bytes) -> str:
    """The token after this one. Derived, so that a repeated call gives the same answer.

    Only who holds both the token and the deployment's key can compute it.
    """
    mac = hmac.new(key, b"refresh-successor:" + secret.encode(), hashlib.sha256).digest()
    return base62(mac, SECRET_LENGTH)


def successor_in_use(family: RefreshFamily, secret: str, keys: Iterable[bytes]) -> str | None:
    """The successor that was handed out, under whichever of the live keys made it."""
    candidates = (successor(secret, key) for key in keys)
    return next((each for each in candidates if same(digest(each), family.current_hash)), None)


def token_text(family_id: FamilyId, secret: str) -> str:
    """`dcr_<family>_<secret>`."""
    return f"dcr_{family_id.removeprefix('fam_')}_{secret}"


def parse_token(text: str) -> tuple[FamilyId, str] | None:
    """The family and the secret; None for what is not a refresh token's text."""
    match = _TEXT.fullmatch(text)
    return (FamilyId(f"fam_{match[1]}"), match[2]) if match else None
