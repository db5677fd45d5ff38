"""A contract that its owner ends in the provider's console costs nothing from then on."""

from __future__ import annotations

import pytest

from shared.domain.billing.usage import rate_now
from tests.orchestration.cloud import Cloud
from tests.orchestration.losses import S, recovered, saved
from tests.orchestration.orders import destroy, order, until_state
from tests.orchestration.truth import assert_bill, assert_over, rentals_of


@pytest.mark.parametrize("leaving_s", [0.0, 60.0])
def test_the_books_of_what_was_ended_elsewhere_are_those_of_the_provider(leaving_s: float) -> None:
    cloud = Cloud()
    cloud.market.leaving_s = leaving_s
    instance_id, machine = saved(cloud)
    cloud.run(600)

    machine.contract.destroy(cloud.market.now())
    recovered(cloud, instance_id)
    destroy(cloud, instance_id, final_snapshot=False)
    until_state(cloud, instance_id, S.DESTROYED)

    assert_over(cloud, instance_id)
    assert_bill(cloud, instance_id)


def test_a_paused_machine_that_is_ended_elsewhere_costs_nothing_from_the_next_look_on() -> None:
    cloud = Cloud()
    instance_id, machine = saved(cloud)
    order(cloud, instance_id, "pause")
    until_state(cloud, instance_id, S.PAUSED)
    cloud.run(600)
    (rental,) = rentals_of(cloud, instance_id)
    assert rate_now(rental) > 0

    machine.contract.destroy(cloud.market.now())
    cloud.run(3600)

    (rental,) = rentals_of(cloud, instance_id)
    assert rate_now(rental) == 0
    assert machine.contract.destroyed_at
    assert rental.meter.missing_at
    late_s = (rental.meter.missing_at - machine.contract.destroyed_at).total_seconds()
    assert 0 <= late_s + 1 <= rental.meter.missing_s + 2
    destroy(cloud, instance_id, final_snapshot=False)
    until_state(cloud, instance_id, S.DESTROYED)
    assert_bill(cloud, instance_id)
