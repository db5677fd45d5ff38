"""The lines of a budget, and what it costs to read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from shared.app.budgets.books import key_of
from shared.app.budgets.read import lines
from shared.app.collections import BUDGETS, INSTANCES
from shared.domain.billing.budget import Budget, Charged, month_of
from shared.domain.billing.limits import Limit, Limits
from shared.domain.ids import InstanceId
from shared.domain.instances.model import Instance, InstanceState
from shared.ports.counting import counted
from tests.orchestration.cloud import OWNER, Cloud
from tests.unit.instances.samples import an_instance

CAPPED = Limits(monthly=Limit(5_000_000))


def keep(cloud: Cloud, name: str, state: InstanceState, budget: Limits = CAPPED) -> Instance:
    """Each is older than the one before it."""
    created_at = cloud.clock.now() - timedelta(minutes=len(name))
    kept = replace(
        an_instance(state), id=InstanceId(name), owner=OWNER, budget=budget, created_at=created_at
    )
    cloud.store.add(INSTANCES, kept.id, kept)
    return kept


def charge(cloud: Cloud, *names: str) -> None:
    month = month_of(cloud.clock.now())
    charged = dict.fromkeys(names, Charged(1_000, 0))
    cloud.store.add(BUDGETS, key_of(OWNER, month), Budget(OWNER, month, charged=charged))


def test_it_has_what_costs_and_what_has_a_limit_and_stands() -> None:
    cloud = Cloud()
    keep(cloud, "inst_a", InstanceState.ASLEEP)
    keep(cloud, "inst_bb", InstanceState.DESTROYED)
    keep(cloud, "inst_ccc", InstanceState.DESTROYED)
    keep(cloud, "inst_dddd", InstanceState.RUNNING, Limits())
    charge(cloud, "inst_ccc", "", "inst_lost")

    found = lines(cloud.services, OWNER, cloud.clock.now())

    assert [each.instance_id for each in found] == [None, None, "inst_a", "inst_ccc"]
    assert [each.spent for each in found[2:]] == [0, 1_000]


def test_what_ended_long_ago_is_not_read() -> None:
    cloud = Cloud()
    for number in range(60):
        keep(cloud, f"inst_{number}", InstanceState.DESTROYED)

    with counted() as counts:
        lines(cloud.services, OWNER, cloud.clock.now())

    assert counts.reads < 10
