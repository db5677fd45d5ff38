"""One effect per Idempotency-Key: a record before it, the answer kept for a day after it.

draft-ietf-httpapi-idempotency-key-header-07: 409 while the first is in progress, 422 for the
same key with another request, the first answer again for a repeat.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.idempotency import IDEMPOTENCY, RememberedCall
from shared.domain.errors import DocumentExists, Malformed, StoreError, VersionConflict
from shared.domain.frozen import dataclass
from shared.edge.problem import KEY_IN_PROGRESS, KEY_REUSED, Refusal, status_of
from shared.edge.reply import Reply
from shared.ports.store import Stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.app.services import Services

HEADER = "idempotency-key"
_KEY = re.compile(r'"?(?P<key>[\x21\x23-\x5b\x5d-\x7e]{1,255})"?')
_KEPT = timedelta(hours=24)
_ID_CHARACTERS = 26  # 130 bits: nobody finds two callers or keys that share one
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeyedCall:
    """`id` names the key of this caller and route, in 26 characters that fit behind a prefix as
    those of `Ids.new` do; `fingerprint` stands for the request as a whole.
    """

    id: str
    fingerprint: str


def keyed_call(header: str, caller: str, route: str, request: tuple[bytes, ...]) -> KeyedCall:
    """Raises Malformed for a key that is empty, longer than 255, or not plain ASCII."""
    found = _KEY.fullmatch(header.strip())
    if found is None:
        raise Malformed("Idempotency-Key is 1 to 255 printable ASCII characters without spaces.")
    parts = (found["key"].encode(), caller.encode(), route.encode())
    short = base64.b32hexencode(_digest(parts)).decode()[:_ID_CHARACTERS]
    return KeyedCall(short, _digest(request).hex())


def once(services: Services, call: KeyedCall, effect: Callable[[], Reply]) -> Reply:
    """Run the effect, or give the answer of the first time.

    A refusal (4xx, raised) had no effect: it is forgotten, so that the call may be repeated.
    Anything worse leaves the claim in place: what took effect is unknown, and a repeat may take
    over when the claim has run out, under the same `idempotency_id`. Raises Refusal (409, 422).
    """
    claim = _claim(services, call)
    if claim.value.answered:
        return _replayed(services, claim)
    try:
        reply = effect()
    except Exception as error:
        if status_of(error) < 500:
            _settle(lambda: services.store.delete(IDEMPOTENCY, call.id, claim.version))
        raise
    answered = replace(
        claim.value,
        status=reply.status,
        headers=dict(reply.headers),
        media_type=reply.media_type,
        sealed_body=services.secrets.seal(reply.body.decode(), call.id),
    )
    _settle(lambda: services.store.save(IDEMPOTENCY, call.id, answered, claim.version))
    return reply


def _claim(services: Services, call: KeyedCall) -> Stored[RememberedCall]:
    """The call as ours to run, or as answered."""
    now = services.clock.now()
    fresh = RememberedCall(
        call.fingerprint,
        claimed_until=now + timedelta(seconds=services.settings.timing.claim_s),
        expires_at=now + _KEPT,
    )
    try:
        return Stored(call.id, fresh, services.store.add(IDEMPOTENCY, call.id, fresh))
    except DocumentExists:
        found = services.store.get(IDEMPOTENCY, call.id)
    if found is None:  # forgotten or expired between the two
        raise _in_progress()
    if found.value.fingerprint != call.fingerprint:
        raise Refusal(KEY_REUSED, "This Idempotency-Key was used for another request.")
    if found.value.answered:
        return found
    if now < found.value.claimed_until:
        raise _in_progress()
    try:
        version = services.store.save(IDEMPOTENCY, call.id, fresh, found.version)
    except VersionConflict:
        raise _in_progress() from None
    return Stored(call.id, fresh, version)


def _replayed(services: Services, call: Stored[RememberedCall]) -> Reply:
    known = call.value
    return Reply(
        status=known.status,
        body=services.secrets.open(known.sealed_body, call.key).encode(),
        media_type=known.media_type,
        headers={**known.headers, "Idempotent-Replayed": "true"},
    )


def _settle(write: Callable[[], object]) -> None:
    """The effect is done or refused, whatever becomes of our note of it.

    Without the note a repeat waits for the claim to run out and then meets the first effect by
    its id.
    """
    try:
        write()
    except StoreError as error:
        _log.warning("an idempotency record was not settled: %s", error)


def _in_progress() -> Refusal:
    return Refusal(KEY_IN_PROGRESS, "The first call with this Idempotency-Key is not done yet.")


def _digest(parts: tuple[bytes, ...]) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()
