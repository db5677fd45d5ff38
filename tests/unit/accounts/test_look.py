"""A listing pass while others ask for another: what it learnt is kept, and so is their wish."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.app.accounts.look import ask_look, look
from shared.app.collections import LOOKS, RENTALS
from shared.domain.accounts import account_id_of
from shared.domain.market.look import Look
from shared.domain.rentals.model import RentalState
from tests.fakes.marketplace import FakeMarketplace, Fault
from tests.orchestration.cloud import OWNER, Cloud, Process
from tests.unit.rentals.samples import a_rental

if TYPE_CHECKING:
    from shared.ports.marketplace import Listing

ACCOUNT = account_id_of(OWNER, "vast")


class AskedMeanwhile(FakeMarketplace):
    """While it is listed, somebody asks for another look."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud.clock, ())
        self._cloud = cloud

    def listing(self) -> Listing:
        ask_look(self._cloud.services, ACCOUNT, self._clock.now())
        return super().listing()


def asked_meanwhile() -> Cloud:
    """An account with a rental, which is due to be looked at."""
    cloud = Cloud()
    cloud.markets["vast"] = cloud.market = AskedMeanwhile(cloud)
    cloud.services = Process(cloud, cloud.fate)
    cloud.clock.advance(60)
    rental = a_rental(RentalState.UNKNOWN, account_id=ACCOUNT, owner=OWNER)
    cloud.store.add(RENTALS, rental.id, rental)
    cloud.store.add(LOOKS, ACCOUNT, Look(ACCOUNT, cloud.clock.now(), 0))
    return cloud


def looked(cloud: Cloud) -> Look:
    stored = cloud.store.get(LOOKS, ACCOUNT)
    assert stored
    return stored.value


def test_what_was_learnt_stands_though_somebody_asked_for_another_look_meanwhile() -> None:
    cloud = asked_meanwhile()
    now = cloud.clock.now()

    look(cloud.services, ACCOUNT)

    after = looked(cloud)
    assert after.provider_at
    assert abs(after.provider_at - now) < timedelta(seconds=5)
    assert (after.ended_at, after.complete_at, after.error) == (now, now, "")
    assert after.bill_due_at, "the account holds something"
    assert after.due_at == now, "their wish stands"


@pytest.mark.parametrize("fault", [Fault.BEFORE, Fault.PARTIAL])
def test_so_does_what_went_wrong(fault: Fault) -> None:
    cloud = asked_meanwhile()
    cloud.market.faults["listing"].append(fault)

    look(cloud.services, ACCOUNT)

    after = looked(cloud)
    assert after.error
    assert (after.ended_at, after.complete_at) == (cloud.clock.now(), None)
    assert after.due_at == cloud.clock.now()


def test_without_a_wish_it_comes_up_again_in_its_own_time() -> None:
    cloud = asked_meanwhile()
    cloud.markets["vast"] = FakeMarketplace(cloud.clock, ())
    cloud.services = Process(cloud, cloud.fate)

    look(cloud.services, ACCOUNT)

    timing = cloud.services.settings.timing
    assert looked(cloud).due_at == cloud.clock.now() + timedelta(seconds=timing.next_sweep_s)
    assert timing.sweep_s / 2 < timing.next_sweep_s < timing.sweep_s, "the next one finds it due"
