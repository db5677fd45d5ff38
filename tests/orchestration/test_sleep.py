"""When instances sleep and wake by themselves: as long as pays, by schedule, not in quiet hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.agent_wire.messages import HeartbeatRequest, Rested
from shared.app.collections import (
    LEASES,
    RENTALS,
    SLEEP_BOOKS,
    TIMELINE_OF_INSTANCE,
)
from shared.app.instances import orders
from shared.app.machines.renew import write_lease
from shared.domain.instances.policies import HibernationPolicy
from shared.domain.machines.lease import FOLD_AT
from shared.domain.machines.tokens import MachineToken
from shared.domain.sleep.book import spells_of
from shared.domain.sleep.timetable import Action, QuietHours, Schedule
from tests.orchestration.cloud import OWNER, Cloud
from tests.orchestration.losses import S, end
from tests.orchestration.orders import create, until_state, wake

if TYPE_CHECKING:
    from shared.domain.ids import InstanceId


def running(cloud: Cloud, policy: HibernationPolicy) -> InstanceId:
    instance_id = create(cloud, width=1)
    until_state(cloud, instance_id, S.RUNNING)
    configure(cloud, instance_id, policy)
    return instance_id


def configure(cloud: Cloud, instance_id: InstanceId, policy: HibernationPolicy) -> None:
    orders.configure(
        cloud.services, OWNER, instance_id, label=None, hibernation=policy, snapshots=None
    )


def told(cloud: Cloud, instance_id: InstanceId, kind: str) -> list[str]:
    now = cloud.clock.now()
    values = {"instance_id": instance_id, "since": now - timedelta(days=9), "until": now}
    page = cloud.store.find(TIMELINE_OF_INSTANCE, {**values})
    return [each.value.message for each in page.items if each.value.kind == kind]


def cron(cloud: Cloud, in_minutes: int) -> str:
    at = cloud.clock.now() + timedelta(minutes=in_minutes)
    return f"{at.minute} {at.hour} * * *"


# --- as long as pays


def test_an_adaptive_instance_waits_as_long_as_it_chose_and_says_what_it_weighed() -> None:
    cloud = Cloud()
    instance_id = running(cloud, HibernationPolicy(adaptive=True))
    cloud.run(120)
    cloud.machine_of(instance_id).set_busy(False)
    cloud.until(lambda: cloud.instance(instance_id).wait)
    wait = cloud.instance(instance_id).wait
    assert wait

    until_state(cloud, instance_id, S.ASLEEP, limit_s=7200)

    # Nothing is known: as long as a wake is worth, which nobody has measured yet.
    assert wait.choice.timeout_s == pytest.approx(wait.cost.worth_s)
    assert wait.cost.measured == 0
    (said,) = told(cloud, instance_id, "idle")
    assert "no idle spell is remembered yet" in said
    began = cloud.instance(instance_id).state_since
    assert wait.until <= began <= wait.until + timedelta(seconds=300)
    end(cloud, instance_id)


def test_what_was_slept_through_is_remembered_when_it_wakes() -> None:
    cloud = Cloud()
    instance_id = running(cloud, HibernationPolicy())
    cloud.run(120)
    cloud.machine_of(instance_id).set_busy(False)
    until_state(cloud, instance_id, S.ASLEEP)
    asleep = cloud.instance(instance_id)
    quiet_since = asleep.quiet_since
    assert quiet_since
    cloud.run(3600)

    wake(cloud, instance_id)
    until_state(cloud, instance_id, S.RUNNING)

    after = cloud.instance(instance_id)
    book = cloud.store.get(SLEEP_BOOKS, OWNER)
    assert book
    (spell,) = spells_of(book.value)
    assert (spell.instance_id, spell.slept) == (instance_id, True)
    assert abs(spell.began - quiet_since) <= timedelta(seconds=1)
    assert spell.idle_s >= 3600
    (nap,) = book.value.naps
    assert 1 <= nap.hours <= 1.1
    assert nap.rate == asleep.last_rate > 0  # of the machine that it slept without
    (took,) = after.wakes_s
    assert 0 < took < 300
    assert (after.quiet_since, after.woken_at) == (None, None)
    end(cloud, instance_id)


def test_many_short_rests_become_a_long_wait_and_long_ones_a_short_one() -> None:
    waits = []
    for lengths in ([200.0] * 12, [40_000.0] * 12):
        cloud = Cloud()
        instance_id = running(cloud, HibernationPolicy(adaptive=True))
        cloud.run(60)
        tell_rests(cloud, instance_id, lengths)
        cloud.machine_of(instance_id).set_busy(False)
        cloud.until(lambda: cloud.instance(instance_id).wait)  # noqa: B023 - called at once
        wait = cloud.instance(instance_id).wait
        assert wait
        assert wait.choice.own_spells >= 11  # the last may overlap the rest that began
        waits.append(wait.choice.timeout_s)
    assert waits[0] > 200
    assert waits[1] == 0


def tell_rests(cloud: Cloud, instance_id: InstanceId, lengths: list[float]) -> None:
    """As its machine would, on its beats: the newest last."""
    ago, rests = 0.0, []
    for length in reversed(lengths):
        rests.append(Rested(ago, length))
        ago += length + 60
    primary = cloud.instance(instance_id).primary
    assert primary
    rental = cloud.store.get(RENTALS, primary)
    assert rental
    token = MachineToken(
        rental_id=primary,
        instance_id=instance_id,
        epoch=rental.value.epoch,
        expires_at=cloud.clock.now() + timedelta(hours=1),
    )
    request = HeartbeatRequest(state_seq=1, clock=0.0, rests=tuple(reversed(rests)))
    for _ in range(2):  # an answer was lost: it is told again
        write_lease(cloud.services, token, request, 30)


def test_rests_ride_on_the_lease_and_go_into_the_book_when_they_are_many() -> None:
    cloud = Cloud()
    instance_id = running(cloud, HibernationPolicy())
    primary = cloud.instance(instance_id).primary or ""
    cloud.run(60)

    tell_rests(cloud, instance_id, [100.0] * 5)
    few = cloud.store.get(LEASES, primary)
    assert few
    before = cloud.store.get(SLEEP_BOOKS, OWNER)
    tell_rests(cloud, instance_id, [100.0] * (FOLD_AT + 3))
    many = cloud.store.get(LEASES, primary)
    assert many

    assert len(few.value.rests) == 5
    assert before is None
    book = cloud.store.get(SLEEP_BOOKS, OWNER)
    assert book
    known = len(spells_of(book.value)) + len(many.value.rests)
    assert FOLD_AT <= len(spells_of(book.value)) <= known <= FOLD_AT + 10


# --- by schedule


def test_a_schedule_puts_to_sleep_what_works_and_wakes_it_again() -> None:
    cloud = Cloud()
    instance_id = create(cloud, width=1)
    until_state(cloud, instance_id, S.RUNNING)
    schedules = (Schedule(Action.SLEEP, cron(cloud, 10)), Schedule(Action.WAKE, cron(cloud, 60)))
    configure(cloud, instance_id, HibernationPolicy(schedules=schedules))
    turn = cloud.instance(instance_id).turn
    assert turn
    assert turn.action is Action.SLEEP

    slept = until_state(cloud, instance_id, S.ASLEEP, limit_s=900)
    asleep = cloud.instance(instance_id)
    until_state(cloud, instance_id, S.RUNNING, limit_s=4000)

    assert 500 <= slept <= 800
    assert asleep.quiet_since is None
    assert asleep.turn
    assert asleep.turn.action is Action.WAKE
    assert len(told(cloud, instance_id, "schedule.hibernate")) == 1
    assert len(told(cloud, instance_id, "schedule.wake")) == 1
    following = cloud.instance(instance_id).turn
    assert following
    assert following.at > cloud.clock.now() + timedelta(hours=20)
    end(cloud, instance_id)


def test_a_lease_puts_a_scheduled_sleep_off_until_it_ends() -> None:
    cloud = Cloud()
    instance_id = running(cloud, HibernationPolicy())
    policy = HibernationPolicy(schedules=(Schedule(Action.SLEEP, cron(cloud, 5)),))
    configure(cloud, instance_id, policy)
    orders.keep_alive(cloud.services, OWNER, instance_id, 30)

    cloud.run(20 * 60)
    kept = cloud.instance(instance_id)
    until_state(cloud, instance_id, S.ASLEEP, limit_s=1500)

    assert kept.state is S.RUNNING
    assert kept.turn
    assert kept.turn.at == kept.keep_alive_until
    assert len(told(cloud, instance_id, "schedule.put_off")) == 1
    end(cloud, instance_id)


def test_a_schedule_asks_nothing_of_what_is_so_already() -> None:
    cloud = Cloud()
    instance_id = running(cloud, HibernationPolicy())
    policy = HibernationPolicy(schedules=(Schedule(Action.WAKE, cron(cloud, 5)),))
    configure(cloud, instance_id, policy)
    generation = cloud.instance(instance_id).generation

    cloud.run(600)

    after = cloud.instance(instance_id)
    assert (after.state, after.generation) == (S.RUNNING, generation)
    assert after.turn
    assert after.turn.at > cloud.clock.now()
    end(cloud, instance_id)


def test_after_a_long_silence_only_the_last_turn_counts() -> None:
    """The control plane was away over an evening and a morning: it stays awake."""
    cloud = Cloud()
    instance_id = running(cloud, HibernationPolicy())
    schedules = (Schedule(Action.SLEEP, cron(cloud, 5)), Schedule(Action.WAKE, cron(cloud, 20)))
    configure(cloud, instance_id, HibernationPolicy(schedules=schedules))
    cloud.clock.advance(40 * 60)

    cloud.run(300)

    assert cloud.instance(instance_id).state is S.RUNNING
    assert told(cloud, instance_id, "schedule.hibernate") == []


# --- quiet hours


def test_in_quiet_hours_idleness_puts_nothing_to_sleep() -> None:
    cloud = Cloud()
    now = cloud.clock.now()
    hours = QuietHours(
        f"{now - timedelta(minutes=5):%H:%M}", f"{now + timedelta(minutes=40):%H:%M}"
    )
    instance_id = running(cloud, HibernationPolicy(quiet_hours=(hours,)))
    cloud.run(60)
    cloud.machine_of(instance_id).set_busy(False)

    cloud.run(30 * 60)
    within = cloud.instance(instance_id).state
    until_state(cloud, instance_id, S.ASLEEP, limit_s=1800)

    assert within is S.RUNNING
    end(cloud, instance_id)


def test_another_policy_forgets_what_was_chosen() -> None:
    cloud = Cloud()
    instance_id = running(cloud, HibernationPolicy(adaptive=True))
    cloud.run(120)
    cloud.machine_of(instance_id).set_busy(False)
    cloud.until(lambda: cloud.instance(instance_id).wait)

    configure(cloud, instance_id, replace(HibernationPolicy(), minimum_run_s=0))

    assert cloud.instance(instance_id).wait is None
    until_state(cloud, instance_id, S.ASLEEP, limit_s=600)
    end(cloud, instance_id)
