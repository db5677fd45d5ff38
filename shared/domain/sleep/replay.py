"""What a rule of sleep would have cost over recorded idle spells. Pure.

A spell is known only as far as it has gone: a rule is asked when one begins, and told its length
when it has ended. Costs are seconds of the machine: those that it waits awake, and `wake_s` for
each wake. A spell that was still open when the record ends counts as one that ended there.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from shared.domain.frozen import dataclass
from shared.domain.sleep.spells import Spell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Rule(Protocol):
    """Decides when to sleep; see `adaptive.Learner`."""

    def choose(self, instance: str, at: float) -> float:
        """A spell begins at `at` (epoch seconds): how many seconds to wait awake."""

    def learn(self, instance: str, idle_s: float) -> None:
        """It has ended, so long after it began."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same wait. One as long as a wake costs is ski rental."""

    timeout_s: float

    def choose(self, instance: str, at: float) -> float:
        del instance, at
        return self.timeout_s

    def learn(self, instance: str, idle_s: float) -> None:
        """Nothing is learnt."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Sorted by time, ends before beginnings, so that no rule sees what is yet to come."""

    at: float
    begins: bool
    spell: Spell


@dataclass(frozen=True, slots=True)
class Outcome:
    """`awake_s` of `idle_s` were waited awake; `spells` in all, `wakes` of them were slept in."""

    spells: int
    wakes: int
    idle_s: float
    awake_s: float
    wake_s: float

    @property
    def cost_s(self) -> float:
        return self.awake_s + self.wakes * self.wake_s

    @property
    def asleep_s(self) -> float:
        return self.idle_s - self.awake_s

    def wait_s(self, quantile: float, waking_s: float) -> float:
        """How long work waited when it came after a spell, where a wake takes `waking_s`."""
        stayed = self.spells - self.wakes
        return 0.0 if math.ceil(quantile * self.spells) <= stayed else waking_s


def moments(spells: Iterable[Spell]) -> list[Moment]:
    """Of one instance they must not overlap."""
    found = []
    for spell in spells:
        found.append(Moment(spell.began.timestamp(), begins=True, spell=spell))
        found.append(Moment(spell.ended_s, begins=False, spell=spell))
    return sorted(found, key=lambda each: (each.at, each.begins))


def replay(past: Sequence[Moment], rule: Rule, wake_s: float) -> Outcome:
    """Live through all of it under this rule."""
    timeouts: dict[str, float] = {}
    spells = wakes = 0
    idle_s = awake_s = 0.0
    for moment in past:
        instance, length = moment.spell.instance_id, moment.spell.idle_s
        if moment.begins:
            timeouts[instance] = rule.choose(instance, moment.at)
            continue
        timeout = timeouts.pop(instance)
        rule.learn(instance, length)
        spells += 1
        idle_s += length
        wakes += length > timeout
        awake_s += min(length, timeout)
    return Outcome(spells, wakes, idle_s, awake_s, wake_s)


def optimum(past: Iterable[Moment], wake_s: float) -> Outcome:
    """What nobody can do: know each length beforehand."""
    lengths = [each.spell.idle_s for each in past if not each.begins]
    long = [each for each in lengths if each > wake_s]
    awake_s = sum(each for each in lengths if each <= wake_s)
    return Outcome(len(lengths), len(long), sum(lengths), awake_s, wake_s)
