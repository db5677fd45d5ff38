"""What is held back: always enough, in the right month, and rarely written."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.app.budgets.cover import cover
from shared.app.collections import BUDGETS, OPERATIONS, RENTALS
from shared.app.instances.advance import advance
from shared.app.instances.create import create_instance
from shared.app.instances.scene import load
from shared.domain.billing.budget import month_of
from shared.domain.billing.limits import AtLimit
from shared.domain.instances.policies import RacePolicy
from shared.domain.instances.steps import Cover
from tests.orchestration.cloud import OWNER, Cloud
from tests.orchestration.money import (
    HOUR_S,
    S,
    a_running,
    books,
    bus,
    cloud,
    limit_user,
    on_the_books,
    truth,
    watch_reservations,
)
from tests.orchestration.orders import (
    destroy,
    new_instance,
    order,
    until_state,
)
from tests.orchestration.truth import assert_over

__all__ = ["bus", "cloud"]


def test_a_paused_machine_is_held_for_its_disk_alone(cloud: Cloud) -> None:
    watch_reservations(cloud)
    instance_id = a_running(cloud)
    order(cloud, instance_id, "pause")
    until_state(cloud, instance_id, S.PAUSED)
    cloud.run(120)

    (held,) = books(cloud).holds.values()
    assert held.rate < 20_000
    cloud.run(2 * HOUR_S)
    order(cloud, instance_id, "resume")
    until_state(cloud, instance_id, S.RUNNING)
    (held,) = books(cloud).holds.values()
    assert held.rate > 400_000


def test_a_machine_that_lives_across_a_month_is_charged_to_both(cloud: Cloud) -> None:
    cloud.clock.set(datetime(2026, 1, 31, 23, 10, tzinfo=UTC))
    watch_reservations(cloud, "2026-01", "2026-02")
    instance_id = a_running(cloud)
    in_january = 0.0
    while month_of(cloud.clock.now()) == "2026-01":
        cloud.step()
        in_january = truth(cloud)

    cloud.run(HOUR_S)
    assert books(cloud, "2026-01").holds == {}
    assert books(cloud, "2026-01").spent == pytest.approx(in_january, abs=3_000)
    destroy(cloud, instance_id, final_snapshot=False)
    until_state(cloud, instance_id, S.DESTROYED)

    january, february = books(cloud, "2026-01"), books(cloud, "2026-02")
    assert january.spent == pytest.approx(in_january, abs=3_000)
    assert january.spent + february.spent == pytest.approx(truth(cloud), abs=2_000)
    assert february.holds == {}
    assert_over(cloud, instance_id)


def test_a_new_month_pays_for_what_the_old_one_could_not(cloud: Cloud) -> None:
    cloud.clock.set(datetime(2026, 1, 31, 23, 30, tzinfo=UTC))
    limit_user(cloud, 0.5, AtLimit.HIBERNATE)

    instance_id = a_running(cloud)
    cloud.run(0.75 * HOUR_S)

    assert month_of(cloud.clock.now()) == "2026-02"
    assert cloud.instance(instance_id).state is S.RUNNING
    until_state(cloud, instance_id, S.ASLEEP, HOUR_S)


def test_an_hour_without_a_control_plane_is_within_the_reservation(cloud: Cloud) -> None:
    instance_id = a_running(cloud)
    cloud.run(20 * 60)
    covered_until = on_the_books(cloud)

    cloud.clock.advance(HOUR_S)

    assert truth(cloud) < covered_until
    advance(cloud.services, instance_id)
    assert on_the_books(cloud) > truth(cloud)


def test_whoever_spends_first_after_a_long_absence_counts_what_others_cost_meanwhile(
    cloud: Cloud,
) -> None:
    limit_user(cloud, 1.0, AtLimit.BLOCK)
    first = a_running(cloud)
    patient = replace(new_instance(1), race=RacePolicy(width=1, deadline_s=7200))
    second, _ = create_instance(cloud.services, OWNER, patient)

    cloud.clock.advance(1.9 * HOUR_S)  # 0.41 an hour: hardly any is left, and nobody wrote it down
    assert on_the_books(cloud) < 500_000
    advance(cloud.services, second.id)

    assert cloud.instance(second.id).state is S.FAILED
    assert cloud.instance(first).state is S.RUNNING
    operation = cloud.services.store.get(OPERATIONS, second.operation_id)
    assert (operation.value.state, operation.value.error_code) == ("failed", "budget_exceeded")


def test_two_handlers_at_one_moment_cannot_spend_the_same_money(cloud: Cloud) -> None:
    """Both read the books before either writes: one of them meets the other's version."""
    limit_user(cloud, 0.5, AtLimit.BLOCK)
    one, _ = create_instance(cloud.services, OWNER, new_instance(1))
    two, _ = create_instance(cloud.services, OWNER, new_instance(1))
    store, commits = cloud.services.store, list[Any]()

    class Interleaved:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def commit(self, writes: Any) -> Any:
            if not commits:
                commits.append(writes)
                cloud.services.store = store
                advance(cloud.services, two.id)  # in between
            return store.commit(writes)

    cloud.services.store = Interleaved()
    advance(cloud.services, one.id)
    cloud.services.store = store
    cloud.run(60)

    assert on_the_books(cloud) <= 500_000
    states = sorted(cloud.instance(each.id).state for each in (one, two))
    assert states == [S.FAILED, S.RUNNING]


def test_a_steady_machine_writes_its_books_once_in_three_hours(cloud: Cloud) -> None:
    instance_id = a_running(cloud)
    cloud.run(600)
    months, reserved = set[str](), set[int]()

    def count() -> None:
        month = cloud.store.get(BUDGETS, f"{OWNER}:2026-01")
        rental = cloud.store.get(RENTALS, cloud.instance(instance_id).primary or "")
        assert month
        assert rental
        months.add(month.version)
        reserved.add(rental.value.reserved)

    cloud.watchers.append(count)
    cloud.run(6 * HOUR_S)

    assert (len(months) - 1, len(reserved) - 1) == (2, 2)


def test_a_top_up_reads_and_writes_this_much(cloud: Cloud) -> None:
    instance_id = a_running(cloud)
    cloud.run(600)
    due_at = cloud.instance(instance_id).budget_at
    assert due_at
    cloud.clock.advance((due_at - cloud.clock.now()).total_seconds())
    counted: Counter[str] = Counter()
    store = cloud.services.store

    class Counting:
        def __getattr__(self, name: str) -> Any:
            counted[name] += 1
            return getattr(store, name)

    cloud.services.store = Counting()
    loaded = load(cloud.services, instance_id)
    assert loaded
    counted.clear()
    cover(cloud.services, loaded, Cover())

    # Read: the user's limits, the month. One commit: rental, month and instance.
    assert counted == {"get": 2, "commit": 1}
