"""How long an instance waits awake this time, and what a wake of it is worth. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.ids import RentalId
from shared.domain.sleep.adaptive import Choice, learnt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.domain.ids import InstanceId
    from shared.domain.sleep.spells import Spell

# Renting, booting and restoring, where none was measured yet.
ASSUMED_WAKE_S = 90.0
# Google's price of traffic to the internet: a wake on a marketplace reads the snapshot from there.
EGRESS_MICRO_USD_PER_GIB = 120_000
GIB = 1024**3
HOUR_S = 3600.0
# The newest spells that a choice learns from: more change nothing, and take its time.
LEARNS_FROM = 400


@dataclass(frozen=True, slots=True)
class WakeCost:
    """Of one wake. `wake_s` is the median of `measured` wakes, an assumption where that is 0.
    Rates are micro-USD per hour, of the machine and of somebody's waiting; `transfer` is
    micro-USD. `bytes_back` None: unknown, and counted as nothing.
    """

    wake_s: float
    measured: int
    rate: int
    waiting_rate: int
    bytes_back: int | None
    transfer: int

    @property
    def worth_s(self) -> float:
        """Seconds of the machine; the machine is paid while it comes up."""
        if self.rate <= 0:
            return self.wake_s
        waited = self.wake_s * (1 + self.waiting_rate / self.rate)
        return waited + self.transfer / self.rate * HOUR_S

    @property
    def micro_usd(self) -> float:
        return self.worth_s * self.rate / HOUR_S


@dataclass(frozen=True, slots=True)
class Wait:
    """Chosen for the idleness that one machine told under `state_seq`: sleep at `until`."""

    rental_id: RentalId
    state_seq: int
    quiet_since: datetime
    until: datetime
    choice: Choice
    cost: WakeCost


def wake_cost(
    wakes_s: Sequence[float], rate: int, waiting_rate: float, bytes_back: int | None
) -> WakeCost:
    """Of an instance whose last wakes took so long."""
    ordered = sorted(wakes_s)
    transfer = (bytes_back or 0) * EGRESS_MICRO_USD_PER_GIB // GIB
    return WakeCost(
        wake_s=ordered[len(ordered) // 2] if ordered else ASSUMED_WAKE_S,
        measured=len(ordered),
        rate=rate,
        waiting_rate=round(waiting_rate),
        bytes_back=bytes_back,
        transfer=transfer,
    )


def chosen(
    spells: Sequence[Spell], instance_id: InstanceId, quiet_since: datetime, cost: WakeCost
) -> Choice:
    """`spells` are of all the owner's instances, in the order in which they ended."""
    past = [each for each in spells if each.ended_s <= quiet_since.timestamp()]
    learner = learnt(past[-LEARNS_FROM:], max(1.0, cost.worth_s))
    return learner.explain(instance_id, quiet_since.timestamp())


def until(quiet_since: datetime, choice: Choice) -> datetime:
    return quiet_since + timedelta(seconds=choice.timeout_s)


def in_words(wait: Wait) -> tuple[str, ...]:
    """What was weighed, a sentence each."""
    choice, cost = wait.choice, wait.cost
    took = f"median of {cost.measured}" if cost.measured else "assumed: none was measured yet"
    said = [
        f"a wake takes {_span(cost.wake_s)} ({took}) and is worth {_span(cost.worth_s)} of the "
        f"machine: it is paid meanwhile, waiting counts ${cost.waiting_rate / 1e6:.2f} an hour"
        + (f", reading the snapshot back ${cost.transfer / 1e6:.4f}" if cost.transfer else ""),
    ]
    if choice.shared_spells:
        said.append(
            f"{choice.own_spells} of its idle spells and {choice.shared_spells} of all your "
            f"instances are remembered; what weighs most: {choice.leading}"
        )
    else:
        said.append("no idle spell is remembered yet: it waits for as long as a wake is worth")
    said.append(
        f"it waits {_span(choice.timeout_s)}: that is expected to cost {_span(choice.expected_s)} "
        f"of the machine, sleeping at once {_span(choice.at_once_s)}, waiting for as long as a "
        f"wake is worth {_span(choice.break_even_s)}"
    )
    return tuple(said)


def _span(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / HOUR_S:.1f} h"
