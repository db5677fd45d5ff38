"""The lines of a budget, and what it costs to read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.app.budgets.books import key_of
from shared.app.budgets.read import Line, first_lines, page_of_lines
from shared.app.collections import BUDGETS, INSTANCES
from shared.domain.billing.budget import Budget, Charged, month_of
from shared.domain.billing.limits import Limit, Limits
from shared.domain.errors import Invalid
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


def lines(cloud: Cloud, limit: int = 50) -> tuple[list[Line], int]:
    """Those of all pages, and how many pages there were."""
    found, token, pages = list[Line](), None, 0
    while True:
        page = page_of_lines(cloud.services, OWNER, cloud.clock.now(), limit, token)
        assert len(page.lines) <= limit
        found += page.lines
        pages += 1
        token = page.token
        if token is None:
            return found, pages


def test_it_has_what_costs_and_what_has_a_limit_and_stands() -> None:
    cloud = Cloud()
    keep(cloud, "inst_a", InstanceState.ASLEEP)
    keep(cloud, "inst_bb", InstanceState.DESTROYED)
    keep(cloud, "inst_ccc", InstanceState.DESTROYED)
    keep(cloud, "inst_dddd", InstanceState.RUNNING, Limits())
    charge(cloud, "inst_ccc", "", "inst_lost")

    found, pages = lines(cloud)

    assert pages == 1
    assert [each.instance_id for each in found] == [None, None, "inst_a", "inst_ccc"]
    assert [each.spent for each in found[2:]] == [0, 1_000]


def test_what_ended_long_ago_is_not_read() -> None:
    cloud = Cloud()
    for number in range(60):
        keep(cloud, f"inst_{number}", InstanceState.DESTROYED)

    with counted() as counts:
        lines(cloud)

    assert counts.reads < 10


@pytest.mark.parametrize("limit", [2, 3, 4, 5, 7, 50])
def test_pages_of_any_size_have_every_line_once_the_newest_first(limit: int) -> None:
    cloud = Cloud()
    both = Limits(Limit(5_000_000), Limit(1_000_000))
    standing = [keep(cloud, f"inst_{'s' * n}", InstanceState.ASLEEP, both) for n in range(1, 6)]
    ended = [keep(cloud, f"inst_{'e' * n}", InstanceState.DESTROYED) for n in range(1, 6)]
    charge(cloud, "", *(each.id for each in (*standing[:2], *ended[:4])))

    found, _ = lines(cloud, limit)

    assert [each.instance_id for each in found] == [
        *(None, None),
        *(each.id for each in standing for _ in range(2)),
        *(each.id for each in ended[:4]),
    ]


def test_a_page_costs_the_same_however_many_there_are() -> None:
    cloud, reads = Cloud(), []
    for size in (40, 160):
        for number in range(size):
            keep(cloud, f"inst_{size}_{number}", InstanceState.RUNNING)
        with counted() as counts:
            page_of_lines(cloud.services, OWNER, cloud.clock.now(), 20, None)
        reads.append(counts.reads)

    assert reads[0] == reads[1] < 20


def test_a_change_is_told_of_with_what_it_concerns() -> None:
    cloud = Cloud()
    kept = keep(cloud, "inst_a", InstanceState.ASLEEP)
    keep(cloud, "inst_bb", InstanceState.ASLEEP)
    now = cloud.clock.now()

    own = first_lines(cloud.services, OWNER, now)
    with_its = first_lines(cloud.services, OWNER, now, kept.id)

    assert [each.instance_id for each in own] == [None, None]
    assert [each.instance_id for each in with_its] == [None, None, kept.id, kept.id]


@pytest.mark.parametrize("token", ["x", "", "snonsense", "s!!", "7"])
def test_a_token_of_another_list_is_refused(token: str) -> None:
    cloud = Cloud()

    with pytest.raises(Invalid, match="token"):
        page_of_lines(cloud.services, OWNER, cloud.clock.now(), 50, token)
