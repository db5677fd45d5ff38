"""The life of this store: begun once, and anew when a machine proves that it was put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.alarms import Alarm, raise_alarm
from shared.app.collections import INCARNATION, INCARNATION_KEY
from shared.domain.errors import DocumentExists, VersionConflict
from shared.domain.failover.incarnation import Incarnation

if TYPE_CHECKING:
    from datetime import datetime

    from shared.app.services import Services

FIRST = "this store's first start"


def incarnation_of(services: Services) -> Incarnation:
    """Made at the first look. Raises StoreError."""
    stored = services.store.get(INCARNATION, INCARNATION_KEY)
    if stored:
        return stored.value
    begun = Incarnation(services.ids.new("inc"), services.clock.now(), FIRST)
    try:
        services.store.add(INCARNATION, INCARNATION_KEY, begun)
    except DocumentExists:
        return incarnation_of(services)
    return begun


def begin_anew(services: Services, proven_by: datetime, why: str) -> None:
    """The store was put back: from now on what stands already is not taken for forgotten.

    `proven_by` is when we signed the proof: a proof from before this incarnation is old news.
    Raises StoreError.
    """
    known = incarnation_of(services)
    if proven_by <= known.since and known.why != FIRST:
        return
    stored = services.store.get(INCARNATION, INCARNATION_KEY)
    if stored is None or stored.value != known:
        return
    anew = Incarnation(services.ids.new("inc"), services.clock.now(), why)
    try:
        services.store.save(INCARNATION, INCARNATION_KEY, anew, stored.version)
    except VersionConflict:
        return  # another machine has proved the same
    said = f"the store is older than its machines ({why}): nothing unknown is ended"
    raise_alarm(Alarm.STORE_OLDER, said)
