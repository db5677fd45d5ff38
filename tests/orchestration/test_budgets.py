"""Budgets over whole lives, judged by what the provider really charges."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.app.budgets.change import set_instance_limit, set_user_limit
from shared.app.instances import orders
from shared.app.instances.advance import advance
from shared.app.instances.create import create_instance
from shared.domain.billing.limits import AtLimit, Limit, Period
from shared.domain.errors import BudgetExceeded, SnapshotCorrupt
from tests.orchestration.cloud import OWNER, Cloud, FakeVerifier
from tests.orchestration.money import (
    HOUR_S,
    Listening,
    S,
    a_running,
    books,
    bus,
    cloud,
    kinds,
    limit_user,
    reasons,
    truth,
    watch_reservations,
)
from tests.orchestration.orders import (
    create,
    new_instance,
    order,
    until_state,
    wake,
)
from tests.orchestration.truth import chain_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.ports.snapshots import VerifiedSnapshot

__all__ = ["bus", "cloud"]


class Doubting(FakeVerifier):
    """Finds the first snapshot that it is shown corrupt."""

    def __init__(self, blobs: object) -> None:
        super().__init__(blobs)
        self.doubts = 1

    def verify(
        self, manifest_key: str, manifest_md5: str, proven_manifests: Iterable[str]
    ) -> VerifiedSnapshot:
        if self.doubts:
            self.doubts -= 1
            raise SnapshotCorrupt("bytes are missing")
        return super().verify(manifest_key, manifest_md5, proven_manifests)


def test_a_cap_that_hibernates_ends_asleep_within_what_it_allows(
    cloud: Cloud, bus: Listening
) -> None:
    limit_user(cloud, 0.6, AtLimit.HIBERNATE)
    watch_reservations(cloud)

    instance_id = a_running(cloud)
    slept_after_s = until_state(cloud, instance_id, S.ASLEEP, 3 * HOUR_S)
    cloud.until(lambda: not cloud.instance(instance_id).rentals)

    assert slept_after_s > 0.4 * HOUR_S  # (0.60 - 0.20) / 0.41 an hour
    assert 300_000 < truth(cloud) <= 600_000
    assert books(cloud).spent == pytest.approx(truth(cloud), abs=2_000)
    assert len(chain_of(cloud, instance_id)) == 1
    assert "your monthly budget of $0.60" in reasons(cloud, instance_id)
    assert [each.kind for each in bus.told] == ["budget.reached"]  # the margin is most of it


def test_asleep_under_an_exhausted_budget_it_wakes_when_that_is_raised(cloud: Cloud) -> None:
    limit_user(cloud, 0.6, AtLimit.HIBERNATE)
    instance_id = a_running(cloud)
    until_state(cloud, instance_id, S.ASLEEP, 3 * HOUR_S)

    with pytest.raises(BudgetExceeded) as refused:
        orders.wake(cloud.services, OWNER, instance_id, want=None, snapshot_id=None)
    limit_user(cloud, 5, AtLimit.HIBERNATE)
    wake(cloud, instance_id)
    until_state(cloud, instance_id, S.RUNNING)

    assert (refused.value.cap, refused.value.needed > 0) == (600_000, True)
    assert refused.value.spent + refused.value.reserved + refused.value.needed > 600_000


def test_a_cap_that_blocks_begins_nothing_and_ends_nothing(cloud: Cloud) -> None:
    limit_user(cloud, 0.5, AtLimit.BLOCK)
    watch_reservations(cloud)
    instance_id = a_running(cloud)

    cloud.run(2 * HOUR_S)

    assert cloud.instance(instance_id).state is S.RUNNING
    assert truth(cloud) > 500_000
    with pytest.raises(BudgetExceeded):
        create_instance(cloud.services, OWNER, new_instance(1))
    order(cloud, instance_id, "pause")
    until_state(cloud, instance_id, S.PAUSED)
    with pytest.raises(BudgetExceeded):
        orders.resume(cloud.services, OWNER, instance_id)


def test_a_cap_that_warns_tells_once_for_each_crossing(cloud: Cloud, bus: Listening) -> None:
    limit_user(cloud, 0.5, AtLimit.WARN)
    watch_reservations(cloud)
    instance_id = a_running(cloud)

    cloud.run(3 * HOUR_S)

    assert cloud.instance(instance_id).state is S.RUNNING
    assert [each.kind for each in bus.told] == ["budget.warning", "budget.reached"]
    assert len({each.request_id for each in bus.told}) == 2
    assert create_instance(cloud.services, OWNER, new_instance(1))


def test_an_instance_has_a_cap_of_its_own(cloud: Cloud) -> None:
    instance_id = a_running(cloud)
    cloud.run(600)

    cap = Limit(round(truth(cloud)) + 250_000, AtLimit.HIBERNATE)
    set_instance_limit(cloud.services, OWNER, instance_id, Period.MONTHLY, cap)
    until_state(cloud, instance_id, S.ASLEEP, HOUR_S)
    cloud.until(lambda: not cloud.instance(instance_id).rentals)

    assert truth(cloud) <= cap.cap
    assert create_instance(cloud.services, OWNER, new_instance(1))  # the user has no cap


def test_a_cap_set_below_what_was_spent_puts_to_sleep_at_once(cloud: Cloud) -> None:
    instance_id = a_running(cloud)
    cloud.run(HOUR_S)

    limit_user(cloud, 0.1, AtLimit.HIBERNATE)

    assert until_state(cloud, instance_id, S.ASLEEP) < 120


def test_an_hourly_cap_counts_every_racer(cloud: Cloud) -> None:
    limit = Limit(900_000, AtLimit.BLOCK)
    set_user_limit(cloud.services, OWNER, Period.HOURLY, limit)

    instance_id = create(cloud, 3)
    advance(cloud.services, instance_id)

    assert len(cloud.instance(instance_id).rentals) == 2
    assert books(cloud).rate() <= 900_000
    until_state(cloud, instance_id, S.RUNNING)
    set_user_limit(cloud.services, OWNER, Period.HOURLY, replace(limit, cap=100_000))
    with pytest.raises(BudgetExceeded):
        create_instance(cloud.services, OWNER, new_instance(1))
    assert cloud.instance(instance_id).state is S.RUNNING


def test_an_hourly_cap_that_hibernates_lets_the_newest_go(cloud: Cloud) -> None:
    old = a_running(cloud)
    cloud.run(60)
    young, _ = create_instance(cloud.services, OWNER, new_instance(1))
    until_state(cloud, young.id, S.RUNNING)

    set_user_limit(cloud.services, OWNER, Period.HOURLY, Limit(500_000, AtLimit.HIBERNATE))
    until_state(cloud, young.id, S.ASLEEP)
    cloud.run(900)

    assert cloud.instance(old).state is S.RUNNING


def test_a_lease_that_holds_it_awake_ends_with_the_money(cloud: Cloud) -> None:
    limit_user(cloud, 0.6, AtLimit.HIBERNATE)
    instance_id = a_running(cloud)
    order(cloud, instance_id, "keep_alive", minutes=600.0)

    until_state(cloud, instance_id, S.ASLEEP, 3 * HOUR_S)
    cloud.until(lambda: not cloud.instance(instance_id).rentals)

    assert truth(cloud) <= 600_000


def test_a_drain_that_fails_at_the_cap_is_tried_again(cloud: Cloud) -> None:
    limit_user(cloud, 0.6, AtLimit.HIBERNATE)
    watch_reservations(cloud)
    instance_id = a_running(cloud)
    until_state(cloud, instance_id, S.DRAINING, 3 * HOUR_S)
    cloud.services.snapshots = Doubting(cloud.blobs)

    slept_after_s = until_state(cloud, instance_id, S.ASLEEP, HOUR_S)
    cloud.until(lambda: not cloud.instance(instance_id).rentals)

    assert slept_after_s >= 300
    assert "alarm.drain_failed" in kinds(cloud, instance_id)
    assert truth(cloud) <= 600_000  # the margin has paid for the second try as well
