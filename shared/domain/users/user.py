"""A person with a login."""

from __future__ import annotations

from datetime import datetime

from shared.domain.frozen import dataclass
from shared.domain.ids import UserId


@dataclass(frozen=True, slots=True)
class User:
    """`credentials_epoch` rises with each new password; logins of an older epoch are over.

    An `operator` may pause and resume what works for everybody: the first user of a closed
    deployment, and the local stack's own login.
    """

    id: UserId
    email: str
    password_hash: str
    created_at: datetime
    credentials_epoch: int = 1
    demo: bool = False
    operator: bool = False


@dataclass(frozen=True, slots=True)
class EmailClaim:
    """Says whose an e-mail is. Created in the same commit as its user, so it is unique."""

    email: str
    user_id: UserId


@dataclass(frozen=True, slots=True)
class SetupTicket:
    """The right to register the first user of a closed deployment, once."""

    token_hash: str
    issued_at: datetime
    valid_until: datetime
    used_by: UserId | None = None

    def admits(self, token_hash: str, now: datetime) -> bool:
        return self.used_by is None and self.token_hash == token_hash and now < self.valid_until
