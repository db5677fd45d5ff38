"""The master key as a secret of Secret Manager, whose versions are its rotations.

A new version (32 random bytes) is a new master key: everything is signed and sealed with it as
soon as every process can know it, and what an older version sealed opens as long as that version
is enabled. `head -c 32 /dev/urandom | gcloud secrets versions add NAME --data-file=-` makes one.
"""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from threading import RLock
from typing import TYPE_CHECKING

from shared.adapters import sealing
from shared.domain.errors import Forbidden, KeysUnavailable

if TYPE_CHECKING:
    from shared.adapters.secret_manager.versions import SecretVersions, Version
    from shared.ports.clock import Clock
    from shared.ports.secrets import SigningKey

REFRESH_S = 3600.0  # how long a process goes on without looking for a new version
RETRY_S = 60.0  # after a look that failed
# No process signs with a version that another may not have seen yet.
SETTLED = timedelta(seconds=2 * REFRESH_S)
_LIVE = 3  # the one that signs, the one before it, and one that was just added
_SEALED = re.compile(r"s2\.([1-9][0-9]{0,8})\.([A-Za-z0-9_=-]*)")
_log = logging.getLogger(__name__)


class SecretManagerSecrets:
    """The Secrets port. Nothing is read before the first use, and each version once.

    Raises KeysUnavailable while no key can be read and none is known; one that is known is used
    on. A version that is not 32 bytes is passed over.
    """

    def __init__(self, versions: SecretVersions, clock: Clock) -> None:
        self._versions = versions
        self._clock = clock
        self._lock = RLock()
        self._secrets: dict[int, bytes] = {}  # by version; versions never change
        self._derived: dict[tuple[int, str], SigningKey] = {}
        self._live: tuple[Version, ...] = ()  # the newest first
        self._look_at_s = float("-inf")

    def signing_keys(self, purpose: str) -> tuple[SigningKey, ...]:
        """The key to sign with, then the others that are accepted: two, or three while a new
        version settles.
        """
        return tuple(self._signing_key(number, purpose) for number in self._numbers())

    def seal(self, plain: str, context: str) -> str:
        number = self._numbers()[0]
        return f"s2.{number}.{sealing.sealed(self._secret_of(number), plain, context)}"

    def new_data_key(self, context: str) -> str:
        return self.seal(sealing.new_data_key(), context)

    def open(self, sealed: str, context: str) -> str:
        found = _SEALED.fullmatch(sealed)
        if found is None:
            raise Forbidden("not sealed here")
        return sealing.opened(self._secret_of(int(found[1])), found[2], context)

    def _signing_key(self, number: int, purpose: str) -> SigningKey:
        key = self._derived.get((number, purpose))
        if key is None:
            key = sealing.signing_key(self._secret_of(number), number, purpose)
            self._derived[number, purpose] = key
        return key

    def _numbers(self) -> list[int]:
        """The live versions: the one that signs, then from the newest to the oldest."""
        with self._lock:
            self._look()
            settled_by = self._clock.now() - SETTLED
            signing = next(
                (each for each in self._live if each.created_at <= settled_by), self._live[-1]
            )
            # An older one than the last before it would keep a leaked key alive.
            cut = self._live.index(signing) + 2
            others = [each.number for each in self._live[:cut] if each is not signing]
            return [signing.number, *others]

    def _look(self) -> None:
        now_s = self._clock.monotonic_s()
        if now_s < self._look_at_s:
            return
        try:
            found = self._found()
        except KeysUnavailable as error:
            if not self._live:
                raise
            _log.warning("no look for a new master key: %s", error)
            self._look_at_s = now_s + RETRY_S
            return
        self._live, self._look_at_s = found, now_s + REFRESH_S

    def _found(self) -> tuple[Version, ...]:
        found = tuple(each for each in self._versions.newest(_LIVE) if self._is_key(each))
        if not found:
            raise KeysUnavailable("the secret has no version that is a master key")
        return found

    def _is_key(self, version: Version) -> bool:
        """A version that is none must not stop the ones that are."""
        try:
            self._secret_of(version.number)
        except Forbidden as error:
            _log.error("%s", error)
            return False
        return True

    def _secret_of(self, number: int) -> bytes:
        with self._lock:
            if number not in self._secrets:
                content = self._versions.content(number)
                if len(content) != sealing.KEY_BYTES:
                    raise Forbidden(f"version {number} of the secret is not a master key")
                self._secrets[number] = content
            return self._secrets[number]
