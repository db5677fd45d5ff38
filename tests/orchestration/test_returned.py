"""Rule 7's recount: what comes back after it was gone is on the books again, in every month."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from shared.domain.billing.budget import month_of
from shared.domain.rentals.model import RentalState
from tests.fakes.marketplace import Fault
from tests.orchestration.money import (
    HOUR_S,
    S,
    a_running,
    books,
    bus,
    cloud,
    kinds,
    on_the_books,
    truth,
)
from tests.orchestration.orders import destroy, until_state
from tests.orchestration.truth import assert_over, rentals_of

if TYPE_CHECKING:
    from shared.domain.ids import ContractId, InstanceId
    from shared.ports.marketplace import Contract
    from tests.orchestration.cloud import Cloud

__all__ = ["bus", "cloud"]

JANUARY, FEBRUARY = "2026-01", "2026-02"
MIDNIGHT = datetime(2026, 2, 1, tzinfo=UTC)
SHOWN_AGAIN = MIDNIGHT.replace(hour=2)


def gone_but_not_ended(cloud: Cloud, instance_id: InstanceId) -> None:
    """The provider says yes to a destroy, hides the contract and goes on billing it."""

    def hidden(contract_id: ContractId) -> Contract | None:
        return None if cloud.clock.now() < SHOWN_AGAIN else shown(contract_id)

    cloud.machine_of(instance_id).contract.visible_at = SHOWN_AGAIN
    cloud.market.faults["destroy"].append(Fault.NOOP)
    shown = cloud.market.show
    cloud.market.show = hidden  # type: ignore[method-assign]
    destroy(cloud, instance_id, final_snapshot=False)
    until_state(cloud, instance_id, S.DESTROYED)
    (gone,) = rentals_of(cloud, instance_id)
    assert gone.state is RentalState.GONE
    assert not books(cloud).reserved


def until_back(cloud: Cloud, instance_id: InstanceId) -> None:
    cloud.until(lambda: "alarm.rental_returned" in kinds(cloud, instance_id), 6 * HOUR_S)


def test_a_rental_that_returns_in_the_next_month_is_counted_in_both(cloud: Cloud) -> None:
    cloud.clock.set(MIDNIGHT.replace(month=1, day=31, hour=22))
    instance_id = a_running(cloud)
    cloud.run(HOUR_S)
    gone_but_not_ended(cloud, instance_id)
    before = books(cloud, JANUARY).spent
    in_january = 0.0
    while month_of(cloud.clock.now()) == JANUARY:
        cloud.step()
        in_january = truth(cloud)
    assert in_january > before * 1.2

    until_back(cloud, instance_id)
    cloud.until(lambda: not cloud.instance(instance_id).rentals)

    assert_over(cloud, instance_id)
    january, february = books(cloud, JANUARY), books(cloud, FEBRUARY)
    assert january.spent == pytest.approx(in_january, abs=3_000)
    assert january.spent + february.spent == pytest.approx(truth(cloud), abs=3_000)
    assert on_the_books(cloud, JANUARY, FEBRUARY) >= truth(cloud)
    assert not january.holds
    assert not february.holds


def test_from_its_return_to_its_end_the_running_month_holds_back_for_it(cloud: Cloud) -> None:
    cloud.clock.set(MIDNIGHT.replace(month=1, day=31, hour=22))
    instance_id = a_running(cloud)
    gone_but_not_ended(cloud, instance_id)
    cloud.until(lambda: cloud.clock.now() >= SHOWN_AGAIN, 6 * HOUR_S)
    cloud.market.faults["destroy"].extend([Fault.NOOP] * 3)

    until_back(cloud, instance_id)
    cloud.run(60)

    assert cloud.instance(instance_id).rentals
    (held,) = books(cloud, FEBRUARY).holds.values()
    assert (held.instance_id, held.rate) == (instance_id, 410_000)
    assert on_the_books(cloud, JANUARY, FEBRUARY) >= truth(cloud)
    assert not books(cloud, JANUARY).holds
    cloud.until(lambda: not cloud.instance(instance_id).rentals)
    assert_over(cloud, instance_id)
