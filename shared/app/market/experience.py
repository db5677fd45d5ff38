"""What all launches taught, in one document: read for each decision, and fed by the tick."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.collections import ATTEMPTS_TOLD, EXPERIENCES
from shared.app.pages import every
from shared.domain.racing.experience import Experience
from shared.domain.racing.learn import learn

if TYPE_CHECKING:
    from shared.app.services import Services

EVERYBODYS = "everybody"
# A launch is written down by a handler that may take a minute; until then it may still come.
SETTLED = timedelta(minutes=2)
FIRST_LOOK_BACK = timedelta(days=30)
MOST_AT_ONCE = 1000


def experience_of(services: Services) -> Experience:
    """One read. Empty before the first launch."""
    stored = services.store.get(EXPERIENCES, EVERYBODYS)
    return stored.value if stored else Experience()


def learn_from_attempts(services: Services) -> int:
    """Fold in every launch that has ended since the last time; returns how many.

    Each counts once, however often this runs and whoever runs it at the same moment: launches
    are taken by windows of the moment at which they ended, and the window's end is saved, with
    the counters, against the version that was read. Raises VersionConflict or DocumentExists
    when somebody was faster.
    """
    stored = services.store.get(EXPERIENCES, EVERYBODYS)
    known = stored.value if stored else Experience()
    until = services.clock.now() - SETTLED
    since = known.until or until - FIRST_LOOK_BACK
    # Told at or after its end: what ended in the window is among those told since its start.
    told = every(services, ATTEMPTS_TOLD, {"since": since}, most=MOST_AT_ONCE)
    read = list(told)
    if len(read) == MOST_AT_ONCE:
        until = min(until, read[-1].told_at)
    ended = sorted(
        (each for each in read if since <= each.ended_at < until),
        key=lambda each: (each.ended_at, each.rental_id),
    )
    if not ended:
        return 0
    wiser = learn(known, ended, until)
    if stored:
        services.store.save(EXPERIENCES, EVERYBODYS, wiser, stored.version)
    else:
        services.store.add(EXPERIENCES, EVERYBODYS, wiser)
    return len(ended)
