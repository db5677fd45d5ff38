"""How likely a machine is ready within a time: hierarchical empirical Bayes over experience.

The share that becomes ready is drawn from all launches to those of its GPU and of its place (as
log odds, which add up), to those of that GPU there, and last to the machine's own, which weigh
most: bad luck sticks to machines, hardly to regions. When it is ready is one curve for all,
stretched by what was expected of line and image and by the machine's and the image's own pace.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.racing.curve import PRIOR_READY, Shares
from shared.domain.racing.experience import Experience, Tally, kind_of

if TYPE_CHECKING:
    from shared.domain.racing.subject import Subject

# How many launches the level above counts for. The machine's own convince soonest: after two
# failures of two its odds are less than half of what they were. A GPU or a place needs many: to
# block by them was found not to help.
ALL_STRENGTH = 30.0
KIND_STRENGTH = 40.0
MACHINE_STRENGTH = 1.5
IMAGE_PACE_STRENGTH = 4.0
MACHINE_PACE_STRENGTH = 1.0
LEAST, MOST = 0.02, 0.98  # no history makes a launch certain
MUTE_PRIOR, MUTE_STRENGTH = 0.3, 10.0
READY_WITHIN_S = 240.0  # what offers are told with, and the public campaign


@dataclass(frozen=True, slots=True)
class Odds:
    """`ever`: that it becomes ready at all. `scale_s`: what the curve's ratio 1 stands for."""

    ever: float
    scale_s: float
    shares: Shares

    def ready_within(self, seconds: float) -> float:
        return self.ever * self.shares.within(seconds / self.scale_s)

    def still_waiting(self, seconds: float, waited_s: float = 0.0) -> float:
        """That it is not ready within `seconds` more, given that it was not in `waited_s`."""
        now = 1.0 - self.ready_within(waited_s)
        return (1.0 - self.ready_within(waited_s + seconds)) / now

    def waits(self, waited_s: float, every_s: float, times: int) -> list[float]:
        """`still_waiting` now and at so many moments, so far apart."""
        now = 1.0 - self.ready_within(waited_s)
        return [(1.0 - self.ready_within(waited_s + n * every_s)) / now for n in range(times + 1)]

    def ever_after(self, waited_s: float) -> float:
        """That it still becomes ready: the odds of a racer fall with every second."""
        return 1.0 - (1.0 - self.ever) / (1.0 - self.ready_within(waited_s))


@dataclass(frozen=True, slots=True)
class Oddsmaker:
    """Experience at one moment, with its curve worked out once."""

    experience: Experience
    now: datetime
    shares: Shares

    def odds(self, subject: Subject) -> Odds:
        record = self.experience.machine(subject, self.now)
        ever = record.tally.mean(self._of_kind(subject), MACHINE_STRENGTH)
        image = self.experience.images.get(subject.image)
        slower = record.pace.mean(MACHINE_PACE_STRENGTH)
        slower += image.mean(IMAGE_PACE_STRENGTH) if image else 0.0
        return Odds(_bounded(ever), subject.expected_s * math.exp(slower), self.shares)

    @property
    def mute_share(self) -> float:
        """Of those that fail: whose container runs, and is billed, while its agent is mute."""
        return self.experience.failures.mean(MUTE_PRIOR, MUTE_STRENGTH)

    def _of_kind(self, subject: Subject) -> float:
        known = self.experience
        overall = known.everything.mean(PRIOR_READY, ALL_STRENGTH)
        gpu = known.gpus.get(subject.gpu, Tally()).mean(overall, KIND_STRENGTH)
        place = known.places.get(subject.place, Tally()).mean(overall, KIND_STRENGTH)
        both = _share(_log_odds(gpu) + _log_odds(place) - _log_odds(overall))
        return known.kinds.get(kind_of(subject), Tally()).mean(both, KIND_STRENGTH)


def oddsmaker(experience: Experience, now: datetime) -> Oddsmaker:
    return Oddsmaker(experience, now, experience.curve.shares())


def _bounded(share: float) -> float:
    return min(MOST, max(LEAST, share))


def _log_odds(share: float) -> float:
    bounded = _bounded(share)
    return math.log(bounded / (1.0 - bounded))


def _share(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-log_odds))
