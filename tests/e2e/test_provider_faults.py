"""The marketplace misbehaves: no machine is lost, doubled or left behind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from frontend.client.errors import Conflict, DumontError, PaymentRequired
from tests.e2e.person import Person
from tests.e2e.waiting import until

if TYPE_CHECKING:
    from tests.e2e.running_stack import RunningStack

LIST = {"call": "list"}
CREATE = {"call": "create"}


def test_an_offer_that_somebody_else_took_is_said_to_be_gone(
    stack: RunningStack, person: Person
) -> None:
    order = person.order()
    first = person.cloud.instances.create(order)
    assert first.instance is not None
    person.sees(first.instance.id, "running")
    late = Person(stack)

    try:
        with pytest.raises(DumontError) as refused:
            late.cloud.operations.wait(
                late.cloud.instances.create(order).operation.id, timeout_s=60
            )

        assert getattr(refused.value, "code", None) in {"offer_gone", "no_machine"}
        assert late.provider.contracts() == []  # and nothing else instead
        late.provider.keeps_nothing()
    finally:
        late.lets_go()


def test_an_offer_that_never_was_is_gone_too(person: Person) -> None:
    order = replace(person.order(), offer_id="999999999")

    with pytest.raises(Conflict) as refused:
        person.cloud.instances.create(order)

    assert refused.value.code == "offer_gone"
    assert person.provider.contracts() == []


def test_without_credit_nothing_is_rented(person: Person) -> None:
    person.provider.take_credit(1000)

    with pytest.raises(PaymentRequired):
        person.cloud.instances.create(person.order())

    assert person.provider.contracts() == []


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "timeout_after_effect", "times": 1},
        {"fault": "garbled", "times": 1},
        {"fault": "create_error_with_contract", "times": 1},
        {"fault": "429", "times": 2},
    ],
    ids=lambda fault: fault["fault"],
)
def test_a_create_without_a_clean_answer_leaves_one_contract_or_none(
    person: Person, fault: dict[str, object]
) -> None:
    person.provider.faults({"match": CREATE, **fault})
    instance_id = person.rents()

    ended = person.sees(instance_id, "running", "failed", within_s=80)

    bound = [person.contract_of(instance_id)] if ended.state == "running" else []
    until("no contract but its own", lambda: open_ids(person) == bound, 80)


def test_a_bid_that_is_too_low_leaves_nothing_behind(person: Person) -> None:
    offer = next(
        each
        for each in person.cloud.instances.all_offers()
        if each.min_bid_usd_per_hour is not None and each.min_bid_usd_per_hour > 0.02
    )
    order = replace(person.order(), offer_id=offer.offer_id, machine_type="interruptible", bid=0.01)

    with pytest.raises(DumontError):
        person.cloud.operations.wait(
            person.cloud.instances.create(order).operation.id, timeout_s=60
        )

    person.provider.keeps_nothing()


def test_it_works_on_while_listings_fail_in_every_way(person: Person) -> None:
    failing = [{"match": LIST, "fault": kind, "times": 2} for kind in ("429", "5xx", "garbled")]
    person.provider.faults(*failing)

    instance_id = person.runs()
    person.cloud.instances.destroy(instance_id, force=True)

    person.provider.keeps_nothing()
    assert len(person.provider.contracts()) == 1


def test_a_listing_that_lags_or_is_empty_neither_doubles_nor_keeps_a_machine(
    person: Person,
) -> None:
    person.provider.faults({"match": LIST, "fault": "listing_lag_s", "seconds": 600})
    instance_id = person.runs()
    person.provider.faults({"match": LIST, "fault": "listing_empty"})

    person.cloud.instances.hibernate(instance_id)
    person.sees(instance_id, "asleep")

    person.provider.keeps_nothing()
    assert len(person.provider.contracts()) == 1


def test_a_destroy_that_does_nothing_is_repeated_until_the_machine_is_gone(
    person: Person,
) -> None:
    instance_id = person.runs()
    person.provider.faults({"match": {"call": "destroy"}, "fault": "destroy_noop", "times": 2})

    person.cloud.instances.destroy(instance_id, force=True)

    person.provider.keeps_nothing(within_s=90)


def open_ids(person: Person) -> list[int]:
    return [each["id"] for each in person.provider.open_contracts()]
