"""What is remembered of a call that carried an Idempotency-Key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from shared.domain.frozen import dataclass
from shared.ports.store import Collection


@dataclass(frozen=True, slots=True)
class RememberedCall:
    """Written before the effect, completed after it.

    `fingerprint` is a digest of the whole request. Until `claimed_until` somebody is at work on
    it; after that a repeat may take over. `status` is 0 until the answer is known. The body is
    sealed under the record's key: an answer may show a secret once.
    """

    fingerprint: str
    claimed_until: datetime
    expires_at: datetime
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = ""
    sealed_body: str = ""

    @property
    def answered(self) -> bool:
        return self.status != 0


IDEMPOTENCY: Collection[RememberedCall] = Collection(
    "idempotency", RememberedCall, expires="expires_at"
)
