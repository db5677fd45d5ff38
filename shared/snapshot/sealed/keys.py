"""Data keys: one for each rental of each epoch, wrapped by the master key, which never leaves home.

A machine is handed `HeldKeys`: its own data key, and those with which the packs it reads were
sealed. Whoever has the master key uses `MasterKeys`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from shared.domain.errors import SnapshotKeyMissing
from shared.snapshot.sealed.model import WrappedKey

if TYPE_CHECKING:
    from collections.abc import Iterable

SECRET_BYTES = 32
_NONCE_BYTES = 12
_PURPOSE = b"dumont data key 2\0"


@dataclass(frozen=True, slots=True)
class DataKey:
    """What seals the objects under `prefix`, with the wrapped form that is stored beside them."""

    prefix: str
    secret: bytes = field(repr=False)
    wrapped: bytes

    @property
    def stored(self) -> WrappedKey:
        return WrappedKey(self.prefix, self.wrapped)


class Keys(Protocol):
    def own(self, prefix: str) -> DataKey:
        """The key for new objects under the prefix. Raises SnapshotKeyMissing."""

    def secret_of(self, key: WrappedKey) -> bytes:
        """Raises SnapshotKeyMissing for a key that is not held, or was wrapped by another."""


class HeldKeys:
    """Keys that were handed over. `own_key` is None where only reading is meant."""

    def __init__(self, own_key: DataKey | None, others: Iterable[DataKey] = ()) -> None:
        self._own = own_key
        held = [*others, own_key] if own_key else list(others)
        self._held = {key.stored: key.secret for key in held}

    def own(self, prefix: str) -> DataKey:
        if self._own is None or self._own.prefix != prefix:
            raise SnapshotKeyMissing(f"no key to write under {prefix}")
        return self._own

    def secret_of(self, key: WrappedKey) -> bytes:
        secret = self._held.get(key)
        if secret is None:
            raise SnapshotKeyMissing(f"the key of {key.prefix} was not handed over")
        return secret


class MasterKeys:
    """Unwraps any key that was wrapped by this master key; makes a new one for each `own`."""

    def __init__(self, master: bytes) -> None:
        self._master = master
        self._made: dict[str, DataKey] = {}

    def own(self, prefix: str) -> DataKey:
        if prefix not in self._made:
            self._made[prefix] = new_data_key(self._master, prefix)
        return self._made[prefix]

    def secret_of(self, key: WrappedKey) -> bytes:
        return unwrapped(self._master, key)


def new_data_key(master: bytes, prefix: str) -> DataKey:
    """A fresh random key for objects under the prefix."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    secret = os.urandom(SECRET_BYTES)
    nonce = os.urandom(_NONCE_BYTES)
    wrapped = nonce + AESGCM(master).encrypt(nonce, secret, _PURPOSE + prefix.encode())
    return DataKey(prefix, secret, wrapped)


def unwrapped(master: bytes, key: WrappedKey) -> bytes:
    """The data key's secret. Raises SnapshotKeyMissing for what another master key wrapped."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce, sealed = key.wrapped[:_NONCE_BYTES], key.wrapped[_NONCE_BYTES:]
    try:
        return AESGCM(master).decrypt(nonce, sealed, _PURPOSE + key.prefix.encode())
    except (InvalidTag, ValueError) as error:
        raise SnapshotKeyMissing(f"the key of {key.prefix} was wrapped by another") from error
