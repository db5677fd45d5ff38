"""Between a claim and its call: what is sent still fits what the claim has promised (rule 7)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.collections import RENTALS_IN_STATE
from shared.app.instances.advance import advance
from shared.domain.rentals.model import RentalState
from tests.orchestration.cloud import Cloud
from tests.orchestration.fate import CrashAt
from tests.orchestration.orders import create

if TYPE_CHECKING:
    from shared.domain.rentals.model import Rental

PAUSE = timedelta(seconds=300)


class PausedOnceItClaimed(CrashAt):
    """The process stands still for five minutes after it has claimed a create."""

    def __init__(self) -> None:
        super().__init__(None)
        self.cloud: Cloud | None = None
        self.paused = False

    def after(self, call: str) -> None:
        if self.cloud and not self.paused and rentals(self.cloud, RentalState.CREATING):
            self.paused = True
            self.cloud.clock.advance(PAUSE.total_seconds())


def rentals(cloud: Cloud, state: RentalState) -> list[Rental]:
    page = cloud.store.find(RENTALS_IN_STATE, {"state": state.value})
    return [each.value for each in page.items]


def test_a_create_is_not_sent_long_after_its_claim_though_its_turn_is_free() -> None:
    """Else absences that count from the claim would prove gone what has yet to be made."""
    fate = PausedOnceItClaimed()
    cloud = Cloud(fate)
    instance_id = create(cloud, width=1)
    fate.cloud = cloud

    while not fate.paused:
        advance(cloud.services, instance_id)

    assert not cloud.market.standing()
    (waiting,) = rentals(cloud, RentalState.INTENT)
    assert waiting.visible_by is None
