"""Date the reading of snapshots that were verified before it was written down."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from shared.app.collections import DATING, DATING_KEY, SNAPSHOTS, SNAPSHOTS_IN_STATES
from shared.domain.errors import DocumentExists, VersionConflict
from shared.domain.replacing import replace
from shared.domain.snapshots.model import SnapshotState
from shared.domain.snapshots.scrub import EVERY, Dating

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.snapshots.model import Snapshot
    from shared.ports.store import Stored

log = logging.getLogger(__name__)
KEPT = (SnapshotState.ACKED.value, SnapshotState.BRANCH.value)
AT_ONCE = 100


def date_undated(services: Services) -> None:
    """One page of what is kept. Firestore finds no document by a field that it lacks, so that all
    are gone through: once, and again each time that code from before may have been at work.

    What is changed meanwhile, there or by another run, is where the next page begins.
    """
    now = services.clock.now()
    stored = services.store.get(DATING, DATING_KEY)
    if stored and stored.value.due_at > now:
        return
    cursor = stored.value.cursor if stored else ""
    page = services.store.find(
        SNAPSHOTS_IN_STATES, {"states": KEPT}, limit=AT_ONCE, cursor=cursor or None
    )
    following = page.next_cursor
    after = Dating(following or "", now if following else now + EVERY)
    try:
        for each in page.items:
            if each.value.read_at is None:
                _date(services, each)
        if stored is None:
            services.store.add(DATING, DATING_KEY, after)
        else:
            services.store.save(DATING, DATING_KEY, after, stored.version)
    except (VersionConflict, DocumentExists) as error:
        log.warning("what was verified long ago is gone through later: %s", error)


def _date(services: Services, stored: Stored[Snapshot]) -> None:
    """It was read when every byte of it was found in place."""
    snapshot = stored.value
    dated = replace(snapshot, read_at=snapshot.verified_at or snapshot.created_at)
    services.store.save(SNAPSHOTS, snapshot.id, dated, stored.version)
