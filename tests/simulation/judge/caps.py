"""What owners allow to be spent, against what is begun and what the provider charges."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.domain.billing.budget import month_of
from shared.domain.billing.cover import Scope, least, margin, scopes_of
from shared.domain.billing.limits import NO_LIMITS, AtLimit, Limits, Period
from shared.domain.rentals.model import RentalState
from tests.simulation.judge.findings import BUDGET_OVERRUNS

if TYPE_CHECKING:
    from shared.domain.rentals.model import Rental
    from tests.simulation.judge.documents import Documents
    from tests.simulation.judge.findings import Findings
    from tests.simulation.judge.money import MoneyJudge
    from tests.simulation.ports import World

SETTLED_LIMIT = timedelta(seconds=120)  # a limit that changes while an intent is being saved
DRAIN_S = 900
GRACE_S = 400.0  # of rate: two sweeps, a drain that has to be begun twice


class CapJudge:
    """A refusing limit begins nothing beyond it; one that hibernates ends what runs in time."""

    def __init__(
        self, world: World, documents: Documents, money: MoneyJudge, findings: Findings
    ) -> None:
        self._world = world
        self._documents = documents
        self._money = money
        self._findings = findings
        self._margins: dict[str, int] = {}
        self._spent_before: dict[str, int] = {}  # when the limit was set
        documents.on("rentals", self._rental_changed)
        documents.on("spending_limits", self._limit_changed)
        money.counted.append(self.check)

    def _rental_changed(self, key: str, before: Rental | None, after: Rental | None) -> None:
        """An intent is saved together with what it reserves."""
        if before is not None or after is None or after.state is not RentalState.INTENT:
            return
        now = self._world.clock.now()
        budget = self._documents.budgets.get(f"{after.owner}:{month_of(now)}")
        for scope in self._scopes(after):
            if budget is None or not scope.limit.refuses:
                continue
            hourly = scope.period is Period.HOURLY
            reached = (
                budget.rate(scope.instance_id)
                if hourly
                else budget.promised(now, scope.instance_id)
            )
            if reached > scope.limit.cap:
                text = f"{key} was begun: {reached} of {scope.name}"
                self._findings.add(BUDGET_OVERRUNS, key, text)
            needed = least(after, DRAIN_S)
            if not hourly and after.reserved < needed:
                text = f"{key} was begun with {after.reserved} of the {needed} that it needs"
                self._findings.add(BUDGET_OVERRUNS, key, text)

    def _scopes(self, rental: Rental) -> tuple[Scope, ...]:
        instance = self._documents.instances.get(rental.instance_id)
        own = instance.budget if instance else NO_LIMITS
        return scopes_of(self._limits(rental.owner), rental.instance_id, own)

    def _limits(self, owner: str) -> Limits:
        told = self._documents.limits.get(owner)
        if told is None or self._world.clock.now() - told.changed_at < SETTLED_LIMIT:
            return NO_LIMITS
        return told.limits

    def _limit_changed(self, owner: str, *_change: object) -> None:
        self._spent_before[owner] = self._money.charged().get(owner, (0, 0))[0]
        self._margins[owner] = self._margin_of(owner)

    def _margin_of(self, owner: str) -> int:
        rentals = self._documents.rentals.values()
        return sum(self._margin(each) for each in rentals if each.owner == owner and each.open)

    def check(self) -> None:
        """Beyond the cap at most the margin that was held back for the last snapshots; what was
        spent before it was set cannot be undone.
        """
        for owner, (charged, slack) in self._money.charged().items():
            limit = self._limits(owner).monthly
            if limit is None or limit.at_limit is not AtLimit.HIBERNATE:
                continue
            line = max(limit.cap, self._spent_before.get(owner, 0))
            if charged <= line:
                self._margins[owner] = self._margin_of(owner)
                continue
            allowed = self._margins.get(owner, 0)
            running = [each for each in self._documents.rentals.values() if each.owner == owner]
            if charged > line + allowed + slack and not self._data_wins(running):
                text = f"{owner}: {charged} of {limit.cap} with a margin of {allowed}"
                self._findings.add(BUDGET_OVERRUNS, owner, text)

    def _margin(self, rental: Rental) -> int:
        return margin(rental, DRAIN_S) + round(rental.terms.rate * GRACE_S / 3600)

    def _data_wins(self, rentals: list[Rental]) -> bool:
        """A machine that cannot be drained is kept: its owner has not said that money wins."""
        instances = self._documents.instances
        owners = [instances.get(each.instance_id) for each in rentals if each.open]
        return any(
            each is not None and (each.silent_since or each.failover.told or each.failover.held)
            for each in owners
        )
