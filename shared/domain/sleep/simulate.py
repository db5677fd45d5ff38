"""What another policy would have made of recorded spells. Pure."""

from __future__ import annotations

from dataclasses import field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.instances.policies import HibernationPolicy
from shared.domain.replacing import replace
from shared.domain.sleep.adaptive import Learner
from shared.domain.sleep.replay import Fixed, Outcome, Rule, moments, optimum, replay
from shared.domain.sleep.timetable import Action, next_turn, quiet_until

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shared.domain.sleep.spells import Spell

NEVER_S = float("inf")
MOST_PARTS = 400  # of one spell, which schedules wake: a year of mornings


@dataclass(slots=True)
class Policed:
    """A policy's own rule, kept to its least wait, its quiet hours and its schedules to sleep."""

    policy: HibernationPolicy
    inner: Rule
    _known: dict[str, float] = field(default_factory=dict)

    def choose(self, instance: str, at: float) -> float:
        policy = self.policy
        waits = NEVER_S
        if policy.enabled:
            waits = max(policy.window_s, self.inner.choose(instance, at))
            asleep_at = datetime.fromtimestamp(at + waits, UTC)
            quiet = quiet_until(policy.quiet_hours, asleep_at)
            waits = quiet.timestamp() - at if quiet else waits
        sleeps = [each for each in policy.schedules if each.action is Action.SLEEP]
        turn = next_turn(sleeps, datetime.fromtimestamp(at, UTC))
        return min(waits, turn.at.timestamp() - at) if turn else waits

    def learn(self, instance: str, idle_s: float) -> None:
        if self.policy.enabled:
            self.inner.learn(instance, idle_s)


@dataclass(frozen=True, slots=True)
class Simulated:
    """`now`: under the policies that the instances have. `never`: awake all the time."""

    asked: Outcome
    now: Outcome
    never: Outcome
    optimum: Outcome


def outcome(spells: Iterable[Spell], policy: HibernationPolicy, wake_s: float) -> Outcome:
    """A schedule that wakes ends a spell and begins another: a wake is paid, nobody has waited."""
    parts = [part for each in spells for part in _parts(each, policy)]
    inner: Rule = Learner(wake_s) if policy.adaptive else Fixed(policy.window_s)
    return replay(moments(parts), Policed(policy, inner), wake_s)


def never(spells: Sequence[Spell], wake_s: float) -> Outcome:
    return replay(moments(spells), Fixed(NEVER_S), wake_s)


def best(spells: Sequence[Spell], wake_s: float) -> Outcome:
    return optimum(moments(spells), wake_s)


def together(outcomes: Sequence[Outcome], wake_s: float) -> Outcome:
    return Outcome(
        spells=sum(each.spells for each in outcomes),
        wakes=sum(each.wakes for each in outcomes),
        idle_s=sum(each.idle_s for each in outcomes),
        awake_s=sum(each.awake_s for each in outcomes),
        wake_s=wake_s,
    )


def _parts(spell: Spell, policy: HibernationPolicy) -> Iterable[Spell]:
    wakes = [each for each in policy.schedules if each.action is Action.WAKE]
    began, end = spell.began, spell.began + timedelta(seconds=spell.idle_s)
    for _ in range(MOST_PARTS if wakes else 0):
        turn = next_turn(wakes, began)
        if turn is None or turn.at >= end:
            break
        yield replace(spell, began=began, idle_s=(turn.at - began).total_seconds())
        began = turn.at
    yield replace(spell, began=began, idle_s=(end - began).total_seconds())
