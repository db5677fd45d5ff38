"""Fold ended launches into experience. Pure; whoever calls it sees to it that each comes once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

from shared.domain.history.attempt import Outcome, Stage
from shared.domain.racing.experience import (
    DAY,
    Experience,
    MachineRecord,
    Pace,
    Tally,
    faded,
    kind_of,
)
from shared.domain.racing.odds import oddsmaker
from shared.domain.racing.subject import subject_of_attempt
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from shared.domain.history.attempt import Attempt
    from shared.domain.racing.curve import Curve
    from shared.domain.racing.odds import Odds
    from shared.domain.racing.subject import Subject

T = TypeVar("T")

# One document holds them all; whoever was not tried for longest is dropped. Firestore indexes
# every field of every machine, both ways, and takes 40,000 entries: this is a quarter of them.
MOST_MACHINES = 1000
MOST_IMAGES = 300
# A machine that is tried again says ever less about others of its kind.
REPEAT_STRENGTH = 2.0
# An offer that somebody else took in that second is no fault of the machine's.
REFUSED_WEIGHT = 0.5
LONGEST_LOG = 3.0


def learn(experience: Experience, attempts: Iterable[Attempt], until: datetime) -> Experience:
    """With these launches, all of which ended before `until`, in their order."""
    days = (until - experience.until) / DAY if experience.until else 0.0
    known = faded(experience, days)
    for attempt in attempts:
        known = _learn_one(known, attempt)
    return replace(
        known,
        until=until,
        machines=_newest(known.machines),
        images=_most_seen(known.images),
    )


def _learn_one(known: Experience, attempt: Attempt) -> Experience:
    subject = subject_of_attempt(attempt)
    odds = oddsmaker(known, attempt.ended_at).odds(subject)
    record = known.machine(subject, attempt.ended_at)
    told = _told(attempt, odds)
    weight = REPEAT_STRENGTH / (REPEAT_STRENGTH + record.tally.total)
    shared = told.faded(weight)
    timed = _timed(known, subject, record, attempt)
    return replace(
        timed,
        launches=known.launches + 1,
        everything=_sum(known.everything, shared),
        gpus=_added(known.gpus, subject.gpu, shared),
        places=_added(known.places, subject.place, shared),
        kinds=_added(known.kinds, kind_of(subject), shared),
        machines=_put(
            timed.machines,
            subject.machine,
            replace(
                timed.machine(subject, attempt.ended_at),
                tally=_sum(record.tally, told),
                at=attempt.ended_at,
            ),
        ),
        failures=_sum(known.failures, _mute(attempt)),
        curve=_on_curve(known, attempt, attempt.seconds / odds.scale_s, weight),
    )


def _told(attempt: Attempt, odds: Odds) -> Tally:
    """A withdrawn launch tells as much as it was late: likelihood 1 - p x (share ready by then),
    which is that of so large a part of a failure.
    """
    if attempt.outcome is Outcome.READY:
        return Tally(ready=1.0)
    if attempt.outcome is Outcome.FAILED:
        return Tally(failed=REFUSED_WEIGHT if attempt.stage is Stage.CREATING else 1.0)
    return Tally(failed=odds.shares.within(attempt.seconds / odds.scale_s))


def _timed(
    known: Experience, subject: Subject, record: MachineRecord, attempt: Attempt
) -> Experience:
    """The pace of machine and image: each takes what the other does not explain."""
    if attempt.outcome is not Outcome.READY:
        return known
    image = known.images.get(subject.image, Pace())
    slower = math.log(max(1.0, attempt.seconds) / subject.expected_s)
    slower = max(-LONGEST_LOG, min(LONGEST_LOG, slower))
    of_machine = record.pace.with_(slower - image.mean(1.0))
    of_image = image.with_(slower - record.pace.mean(1.0))
    return replace(
        known,
        images=_put(known.images, subject.image, of_image),
        machines=_put(known.machines, subject.machine, replace(record, pace=of_machine)),
    )


def _mute(attempt: Attempt) -> Tally:
    if attempt.outcome is not Outcome.FAILED or attempt.stage is Stage.CREATING:
        return Tally()
    return Tally(ready=1.0) if attempt.stage is Stage.BOOTING else Tally(failed=1.0)


def _on_curve(known: Experience, attempt: Attempt, ratio: float, weight: float) -> Curve:
    if attempt.outcome is Outcome.READY:
        return known.curve.became_ready(ratio, weight)
    if attempt.outcome is Outcome.FAILED:
        return known.curve.never_ready(weight)
    return known.curve.withdrawn(ratio, weight)


def _sum(one: Tally, other: Tally) -> Tally:
    return one.with_(ready=other.ready, failed=other.failed)


def _added(tallies: Mapping[str, Tally], key: str, more: Tally) -> Mapping[str, Tally]:
    return _put(tallies, key, _sum(tallies.get(key, Tally()), more))


def _put(mapping: Mapping[str, T], key: str, value: T) -> Mapping[str, T]:
    return {**mapping, key: value}


def _newest(machines: Mapping[str, MachineRecord]) -> Mapping[str, MachineRecord]:
    if len(machines) <= MOST_MACHINES:
        return machines
    by_age = sorted(machines.items(), key=lambda item: item[1].at, reverse=True)
    return dict(by_age[:MOST_MACHINES])


def _most_seen(images: Mapping[str, Pace]) -> Mapping[str, Pace]:
    if len(images) <= MOST_IMAGES:
        return images
    by_count = sorted(images.items(), key=lambda item: item[1].count, reverse=True)
    return dict(by_count[:MOST_IMAGES])
