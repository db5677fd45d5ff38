"""Offers, race and wake cross providers: on a real stack with two simulated marketplaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from frontend.client.orders import OfferQuery, Order, Race
from tests.e2e.person import CHEAP, IMAGE, NEVER, Person
from tests.e2e.provider import Provider
from tests.e2e.running_stack import RunningStack

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOSED = {"match": {"call": "search"}, "fault": "5xx"}
# A market that closes is to be noticed at once, not when what was read of it is old.
TWO_MARKETS = {"DUMONT_TENSORDOCK": "on", "DUMONT_OFFERS_CACHE_S": "1"}
CLOSED_THERE = {"match": {"call": "hostnodes"}, "fault": "5xx"}


@pytest.fixture(scope="module")
def two_markets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    running = RunningStack(tmp_path_factory.mktemp("two"), TWO_MARKETS)
    try:
        running.start()
        running.demo_is_there()
        yield running
    finally:
        running.end()


@pytest.fixture
def traveller(two_markets: RunningStack) -> Iterator[Person]:
    somebody = Person(two_markets)
    try:
        yield somebody
    finally:
        somebody.provider.faults()
        tensordock_of(somebody).faults()
        somebody.lets_go()


def tensordock_of(person: Person) -> Provider:
    """The other marketplace's truth of this person: the account opened last."""
    stack = person.stack
    with stack.side_door("tensordock") as door:
        accounts = door.get("/sim/truth").json()["accounts"]
    return Provider(stack, max(each["account_id"] for each in accounts), "tensordock")


def test_work_goes_to_the_other_marketplace_and_back(traveller: Person) -> None:
    cloud, there = traveller.cloud, tensordock_of(traveller)
    order = Order(
        want=OfferQuery(max_price=CHEAP.max_price, num_gpus=1),
        image=IMAGE,
        disk_gb=10,
        ssh_public_key=traveller.key.public_line,
        race=Race(width=1),
        hibernation=NEVER,
    )
    there.faults(CLOSED_THERE)
    made = cloud.instances.create(order).instance
    assert made is not None
    traveller.sees(made.id, "running")
    traveller.says(made.id, "printf 'begun here' > notes.txt")
    first = cloud.instances.get(made.id).machine

    # VAST's market cannot be read: the wake goes to TensorDock.
    there.faults()
    traveller.provider.faults(CLOSED)
    cloud.instances.hibernate(made.id)
    traveller.sees(made.id, "asleep")
    cloud.instances.wake(made.id)
    traveller.sees(made.id, "running", within_s=90)
    second = cloud.instances.get(made.id).machine
    read_there = traveller.says(made.id, "cat notes.txt && printf ', went on there' >> notes.txt")
    held_there = there.open_contracts()

    # And back, when it is TensorDock's that cannot be read.
    traveller.provider.faults()
    there.faults(CLOSED_THERE)
    cloud.instances.hibernate(made.id)
    traveller.sees(made.id, "asleep")
    cloud.instances.wake(made.id)
    traveller.sees(made.id, "running", within_s=90)
    third = cloud.instances.get(made.id).machine
    read_back = traveller.says(made.id, "cat notes.txt")
    cloud.instances.destroy(made.id)
    there.keeps_nothing()
    traveller.provider.keeps_nothing()

    assert [each.provider for each in (first, second, third) if each] == [
        "vast",
        "tensordock",
        "vast",
    ]
    assert read_there == "begun here"
    assert read_back == "begun here, went on there"
    assert len(held_there) == 1
    assert held_there[0]["name"].startswith("dumont--")


def test_offers_of_both_are_listed_and_one_that_fails_is_named(traveller: Person) -> None:
    cloud = traveller.cloud

    both = cloud.instances.offers(OfferQuery(max_price=20.0, num_gpus=0, limit=200))
    shown = {each.provider: each.credit_usd for each in cloud.instances.balance().items}

    assert {each.provider for each in both.items} == {"vast", "tensordock"}
    assert both.warnings == ()
    assert set(shown) == {"vast", "tensordock"}
    assert shown["vast"] is not None
    assert shown["tensordock"] is None
