"""What launches have taught: counters that fit into one document.

Nobody's: it names machines, kinds and images, never owners. Half of everything is forgotten in
a month, of a machine in two weeks: hosts are repaired, and sold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.racing.curve import PRIOR_CURVE, Curve

if TYPE_CHECKING:
    from shared.domain.racing.subject import Subject

HALF_LIFE_DAYS = 30.0
MACHINE_HALF_LIFE_DAYS = 14.0
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Tally:
    """Launches, faded and weighed, hence fractions."""

    ready: float = 0.0
    failed: float = 0.0

    @property
    def total(self) -> float:
        return self.ready + self.failed

    def with_(self, *, ready: float = 0.0, failed: float = 0.0) -> Tally:
        return Tally(self.ready + ready, self.failed + failed)

    def faded(self, share: float) -> Tally:
        return Tally(self.ready * share, self.failed * share)

    def mean(self, prior: float, strength: float) -> float:
        """The share that became ready, drawn towards `prior` as if by `strength` launches."""
        return (self.ready + prior * strength) / (self.total + strength)


@dataclass(frozen=True, slots=True)
class Pace:
    """How much slower than expected, as the sum of natural logarithms over `count` launches."""

    logs: float = 0.0
    count: float = 0.0

    def with_(self, log: float) -> Pace:
        return Pace(self.logs + log, self.count + 1)

    def faded(self, share: float) -> Pace:
        return Pace(self.logs * share, self.count * share)

    def mean(self, strength: float) -> float:
        return self.logs / (self.count + strength)


@dataclass(frozen=True, slots=True)
class MachineRecord:
    tally: Tally
    pace: Pace
    at: datetime  # of its last launch; the counters fade from then

    def at_moment(self, now: datetime) -> MachineRecord:
        share = 0.5 ** (max(0.0, (now - self.at) / DAY) / MACHINE_HALF_LIFE_DAYS)
        return MachineRecord(self.tally.faded(share), self.pace.faded(share), now)


@dataclass(frozen=True, slots=True)
class Experience:
    """`until` is the moment up to which ended launches are in it: no later one, and each once."""

    until: datetime | None = None
    launches: int = 0
    everything: Tally = field(default_factory=Tally)
    gpus: Mapping[str, Tally] = field(default_factory=dict)
    places: Mapping[str, Tally] = field(default_factory=dict)
    kinds: Mapping[str, Tally] = field(default_factory=dict)  # a GPU in a place
    images: Mapping[str, Pace] = field(default_factory=dict)
    machines: Mapping[str, MachineRecord] = field(default_factory=dict)
    failures: Tally = field(default_factory=Tally)  # `ready`: the container ran, and was mute
    curve: Curve = PRIOR_CURVE

    def machine(self, subject: Subject, now: datetime) -> MachineRecord:
        known = self.machines.get(subject.machine)
        return known.at_moment(now) if known else MachineRecord(Tally(), Pace(), now)


def kind_of(subject: Subject) -> str:
    return f"{subject.gpu} in {subject.place}"


def faded(experience: Experience, days: float) -> Experience:
    """What it is worth so much later. Machines fade by their own moments."""
    share = 0.5 ** (max(0.0, days) / HALF_LIFE_DAYS)
    if math.isclose(share, 1.0):
        return experience
    return Experience(
        until=experience.until,
        launches=experience.launches,
        everything=experience.everything.faded(share),
        gpus={key: each.faded(share) for key, each in experience.gpus.items()},
        places={key: each.faded(share) for key, each in experience.places.items()},
        kinds={key: each.faded(share) for key, each in experience.kinds.items()},
        images={key: each.faded(share) for key, each in experience.images.items()},
        machines=experience.machines,
        failures=experience.failures.faded(share),
        curve=experience.curve.faded(share),
    )
