"""Rule 19: what newer code has written is left alone, and keeps nothing else waiting."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from shared.app.collections import BILLS_DUE, INSTANCES, INSTANCES_DUE, LOOKS, LOOKS_DUE, SHARDS
from shared.app.tick import BATCH, BILLS_AT_ONCE, sweep
from shared.domain.events import InstanceChanged
from shared.domain.ids import AccountId
from shared.domain.market.look import Look
from shared.ports.store import Collection, Query, Scalar
from tests.orchestration.cloud import Cloud
from tests.orchestration.losses import S
from tests.orchestration.orders import create, until_state


@dataclass(frozen=True, slots=True)
class Newer:
    """As little of a document as this code reads without understanding it."""

    shard: int
    due_at: datetime
    bill_due_at: datetime
    meaning: str = "not known yet"


NEWER_INSTANCES = Collection("instances", Newer, schema=INSTANCES.schema + 1)
NEWER_LOOKS = Collection("looks", Newer, schema=LOOKS.schema + 1)


def newer(cloud: Cloud) -> Newer:
    """Due before anything else."""
    long_ago = cloud.clock.now() - timedelta(days=1)
    return Newer(0, long_ago, long_ago)


def due_now(cloud: Cloud) -> dict[str, Scalar | tuple[Scalar, ...]]:
    return {"shards": SHARDS, "now": f"{cloud.clock.now():%Y-%m-%dT%H:%M:%S.%fZ}"}


def test_an_instance_of_newer_code_is_told_of_moved_on_and_not_changed() -> None:
    cloud = Cloud()
    written = newer(cloud)
    cloud.store.add(NEWER_INSTANCES, "inst_newer", written)

    swept = sweep(cloud.services)

    assert (swept.told, swept.backlog) == (1, 0)
    (hint,) = cloud.bus.waiting
    assert isinstance(hint, InstanceChanged)
    assert hint.instance_id == "inst_newer"
    stored = cloud.store.get(NEWER_INSTANCES, "inst_newer")
    assert stored
    assert stored.value == replace(written, due_at=stored.value.due_at)
    assert stored.value.due_at > cloud.clock.now()
    assert cloud.store.count(INSTANCES_DUE, due_now(cloud)) == 0


@pytest.mark.parametrize(
    ("query", "at_once"), [(LOOKS_DUE, BATCH), (BILLS_DUE, BILLS_AT_ONCE)], ids=["looks", "bills"]
)
def test_accounts_of_newer_code_stand_in_front_of_nobody(query: Query[Look], at_once: int) -> None:
    cloud = Cloud()
    for number in range(at_once):
        cloud.store.add(NEWER_LOOKS, f"acct_newer_{number}", newer(cloud))
    now = cloud.clock.now()
    ours = Look(AccountId("acct_ours"), now, 0, bill_due_at=now)
    cloud.store.add(LOOKS, "acct_ours", ours)

    values = due_now(cloud)
    assert not cloud.store.find(query, values, limit=at_once).items
    sweep(cloud.services)

    (first,) = cloud.store.find(query, values, limit=at_once).items
    assert first.key == "acct_ours"


def test_beside_newer_code_every_instance_of_ours_goes_on() -> None:
    cloud = Cloud()
    for number in range(BATCH + 1):
        cloud.store.add(NEWER_INSTANCES, f"inst_newer_{number}", newer(cloud))

    instance_id = create(cloud, 1)

    until_state(cloud, instance_id, S.RUNNING, 600)
