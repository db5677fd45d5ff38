"""Argon2id at OWASP's parameters: 19 MiB, two passes, one lane."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

    from shared.ports.clock import Ids

# A hash of no one's password, at today's parameters: an unknown e-mail costs the same work as
# a wrong password. Raising the parameters below means making this anew.
DECOY_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$ZHVtb250LWRlY295c2FsdA"
    "$vrogLA7rDbOWyWTbnDrioQGHh3DI2KhZNTo+6a3JCbw"
)
_SALT_BYTES = 16


def hashed(ids: Ids, password: str) -> str:
    """The password in PHC form under a fresh salt."""
    salt = hashlib.sha256(ids.token(_SALT_BYTES).encode()).digest()[:_SALT_BYTES]
    return _hasher().hash(password.encode(), salt=salt)


def matches(password_hash: str, password: str) -> bool:
    """Whether the hash was made from this password; a hash that cannot be read matches none."""
    from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415

    try:
        return _hasher().verify(password_hash, password.encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher().check_needs_rehash(password_hash)


def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher  # noqa: PLC0415 - only logins need it

    return PasswordHasher(
        time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=_SALT_BYTES
    )
