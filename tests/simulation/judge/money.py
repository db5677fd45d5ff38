"""What the provider charges, against what was held back for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators.vast.model import billing
from shared.domain.billing.budget import month_of
from tests.simulation.judge.findings import UNDER_RESERVED
from tests.simulation.judge.naming import rental_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.simulators.vast.model.state import Contract
    from tests.simulation.judge.documents import Documents
    from tests.simulation.judge.findings import Findings
    from tests.simulation.judge.requests import RequestJudge
    from tests.simulation.ports import World
    from tests.simulation.provider.site import Site

EVERY_S = 120.0
MICRO = 1_000_000
GRAIN_S = 3.0  # two clocks of whole seconds, and the way of an answer
UNREAD_TRAFFIC = 500  # micro-USD: counters are told by beats
TOPPED_UP_S = 600.0  # so long we have to be there until all is looked at again


class MoneyJudge:
    def __init__(
        self,
        world: World,
        site: Site,
        documents: Documents,
        requests: RequestJudge,
        findings: Findings,
    ) -> None:
        self._world = world
        self._site = site
        self._documents = documents
        self._requests = requests
        self._findings = findings
        self._began = month_of(world.clock.now())
        self.counted: list[Callable[[], None]] = []
        world.later(EVERY_S, "the judge counts", self._tick)

    def _tick(self) -> None:
        self.check()
        for each in self.counted:
            each()
        self._world.later(EVERY_S, "the judge counts", self._tick)

    def check(self) -> None:
        """Every owner's books of this month."""
        now = self._world.clock.now()
        if month_of(now) != self._began:
            return
        charged = self.charged()
        for owner, (micro_usd, slack) in charged.items():
            budget = self._documents.budgets.get(f"{owner}:{self._began}")
            promised = budget.promised(now) if budget else 0
            if micro_usd > promised + slack:
                text = f"{owner}: {micro_usd} are charged, {promised} promised"
                self._findings.add(UNDER_RESERVED, owner, text)
        if self._world.there_for_s > TOPPED_UP_S:
            self._check_holds()

    def _check_holds(self) -> None:
        """Rule 4: of each rental that stands. What accrues beyond what is held for it is promised
        all the same, but whoever looks at what is held is told of less.
        """
        for contract in self._site.standing():
            rental = self._documents.rentals.get(rental_named(contract))
            budget = (
                self._documents.budgets.get(f"{rental.owner}:{self._began}") if rental else None
            )
            hold = budget.holds.get(rental.id) if budget and rental else None
            if hold is None or rental is None or rental.contract_id != str(contract.id):
                continue
            charged = round(self._until_let_go(contract) * MICRO)
            if charged > hold.amount + _grain(contract) + UNREAD_TRAFFIC:
                text = f"{rental.id}: {charged} are charged, {hold.amount} held for it"
                self._findings.add(UNDER_RESERVED, rental.id, text)

    def after_release_usd(self) -> float:
        """Charged after we had first ordered the end of it."""
        return sum(self._site.billed(each) - self._until_let_go(each) for each in self._site.ours())

    def charged(self) -> dict[str, tuple[int, int]]:
        """By owner: what was charged before we let go, and by how much clocks may differ."""
        found: dict[str, tuple[int, int]] = {}
        for contract in self._site.ours():
            rental = self._documents.rentals.get(rental_named(contract))
            if rental is None:
                continue
            charged, slack = found.get(rental.owner, (0, 0))
            found[rental.owner] = (
                charged + round(self._until_let_go(contract) * MICRO),
                slack + _grain(contract) + UNREAD_TRAFFIC,
            )
        return found

    def _until_let_go(self, contract: Contract) -> float:
        until = min(self._site.now(), self._requests.let_go_at.get(contract.id, float("inf")))
        traffic = contract.down_bytes / billing.BYTES_PER_GB * contract.down_usd_per_gb
        traffic += contract.up_bytes / billing.BYTES_PER_GB * contract.up_usd_per_gb
        rented = 0.0
        for each in contract.intervals:
            end = until if each.end is None or each.end > until else each.end
            if end > each.start:
                rented += each.rate * (end - each.start) / 3600.0
        return traffic + rented


def _grain(contract: Contract) -> int:
    return round((contract.gpu_rate + contract.disk_rate) * MICRO * GRAIN_S / 3600)
