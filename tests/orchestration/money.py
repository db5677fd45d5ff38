"""A cloud whose money is watched: what the provider really charges, and what the books say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.app.budgets.change import set_user_limit
from shared.app.collections import BUDGETS, TIMELINE_OF_INSTANCE
from shared.domain.billing.budget import Budget, month_of
from shared.domain.billing.limits import AtLimit, Limit, Period
from shared.domain.events import NotificationRequested
from shared.domain.instances.model import InstanceState
from tests.fakes.clock import START
from tests.orchestration.cloud import OWNER, Cloud, HintQueue, Process
from tests.orchestration.orders import (
    create,
    until_state,
)
from tests.orchestration.truth import FOREIGN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.domain.events import Event
    from shared.domain.ids import InstanceId
    from shared.domain.timeline import TimelineEvent

HOUR_S = 3600.0
S = InstanceState


def truth(cloud: Cloud) -> float:
    """Micro-USD that the provider has charged for whatever carries a label of ours."""
    ours = (c for c in cloud.market.contracts.values() if c.order.label not in FOREIGN)
    return sum(sum(each.bill(cloud.market.now()).values()) for each in ours)


def books(cloud: Cloud, month: str = "") -> Budget:
    month = month or month_of(cloud.clock.now())
    stored = cloud.store.get(BUDGETS, f"{OWNER}:{month}")
    return stored.value if stored else Budget(OWNER, month)


def on_the_books(cloud: Cloud, *months: str) -> int:
    """What is charged and held, as it stands written down."""
    known = [books(cloud, month) for month in months or (month_of(cloud.clock.now()),)]
    return sum(
        sum(each.spent + each.doubt for each in budget.charged.values())
        + sum(budget.reserved.values())
        for budget in known
    )


def watch_reservations(cloud: Cloud, *months: str) -> None:
    """At every tick: never below what the provider has charged."""

    def look() -> None:
        assert on_the_books(cloud, *months) >= truth(cloud), cloud.clock.now()

    cloud.watchers.append(look)


def limit_user(cloud: Cloud, cap: float, at_limit: AtLimit) -> None:
    set_user_limit(cloud.services, OWNER, Period.MONTHLY, Limit(round(cap * 1e6), at_limit))


class Listening(HintQueue):
    """Remembers whom it was asked to tell."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[NotificationRequested] = []

    def publish(self, events: Sequence[Event]) -> None:
        self.told += [each for each in events if isinstance(each, NotificationRequested)]
        super().publish(events)


@pytest.fixture
def bus() -> Listening:
    return Listening()


@pytest.fixture
def cloud(bus: Listening) -> Cloud:
    made = Cloud()
    made.bus = bus
    made.services = Process(made, made.fate)
    return made


def a_running(cloud: Cloud, width: int = 1) -> InstanceId:
    instance_id = create(cloud, width)
    until_state(cloud, instance_id, S.RUNNING)
    return instance_id


def kinds(cloud: Cloud, instance_id: InstanceId) -> set[str]:
    return {each.kind for each in timeline(cloud, instance_id)}


def reasons(cloud: Cloud, instance_id: InstanceId) -> str:
    return "\n".join(each.message for each in timeline(cloud, instance_id))


def timeline(cloud: Cloud, instance_id: InstanceId) -> list[TimelineEvent]:
    page = cloud.store.find(
        TIMELINE_OF_INSTANCE,
        {"instance_id": instance_id, "since": START, "until": cloud.clock.now()},
        limit=200,
    )
    return [each.value for each in page.items]
