"""Bring everybody's launches into the shared scores, once each however often this runs.

A mark stands under its rental's id, so that folding an attempt again changes nothing. What was
told just before the last fold is read again: a commit may end later than the moment it carries.
The scoreboard is saved last, so that a fold that died half-way is done again.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.collections import (
    ATTEMPTS_TOLD,
    SCOREBOARDS,
    SHARED_RECORDS,
    SHARED_SCOREBOARD,
    shared_key,
)
from shared.app.pages import every
from shared.domain.history.book import machine_key
from shared.domain.history.marks import KEPT, MachineRecord, mark_of, with_attempt
from shared.domain.history.shared_score import Scoreboard, SharedRecord, score_of, word_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.app.services import Services
    from shared.domain.history.attempt import Attempt
    from shared.ports.store import Stored

LATE = timedelta(minutes=2)
MOST_AT_ONCE = 2000  # what is left is read a minute later


def fold(services: Services) -> int:
    """How many launches were read. Raises VersionConflict when two fold at once."""
    board = services.store.get(SCOREBOARDS, SHARED_SCOREBOARD)
    known = board.value if board else Scoreboard()
    now = services.clock.now()
    since = known.read_until - LATE if known.read_until else now - KEPT
    attempts = tuple(every(services, ATTEMPTS_TOLD, {"since": since}, most=MOST_AT_ONCE))
    read_until = attempts[-1].told_at if len(attempts) == MOST_AT_ONCE else now
    scores = {
        key: score_of(_fold_machine(services, those), now)
        for key, those in _by_machine(attempts).items()
    }
    if attempts:
        _save(services, board, known.with_scores(scores, read_until, now))
    return len(attempts)


def _by_machine(attempts: Iterable[Attempt]) -> Mapping[str, list[Attempt]]:
    found: defaultdict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        if mark_of(attempt) is not None:
            found[machine_key(attempt.provider, attempt.machine_id)].append(attempt)
    return found


def _fold_machine(services: Services, attempts: list[Attempt]) -> MachineRecord:
    """The record with these in it."""
    first = attempts[0]
    key = shared_key(first.provider, first.machine_id)
    stored = services.store.get(SHARED_RECORDS, key)
    before = stored.value.record if stored else MachineRecord(first.provider, first.machine_id)
    after = before
    for attempt in attempts:
        by = word_for(attempt.owner, attempt.provider, attempt.machine_id)
        after = with_attempt(after, attempt, by)
    if after == before:
        return after
    kept = SharedRecord(after, (after.last_at or first.ended_at) + KEPT)
    if stored:
        services.store.save(SHARED_RECORDS, key, kept, stored.version)
    else:
        services.store.add(SHARED_RECORDS, key, kept)
    return after


def _save(services: Services, before: Stored[Scoreboard] | None, after: Scoreboard) -> None:
    if before:
        services.store.save(SCOREBOARDS, SHARED_SCOREBOARD, after, before.version)
    else:
        services.store.add(SCOREBOARDS, SHARED_SCOREBOARD, after)
