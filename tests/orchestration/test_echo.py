"""A listing that says what the last one said is taken without reading a rental: never where
anything stirs.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.app.accounts.echo import READ_AGAIN
from shared.app.collections import LOOKS, RENTALS
from shared.domain.ids import ContractId
from shared.domain.rentals.model import NEVER, Action, Claim, RentalState
from tests.orchestration.cloud import Cloud
from tests.orchestration.test_resting import ACCOUNT, look_now, running

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.ids import InstanceId
    from shared.domain.rentals.model import Rental

ECHO = (2, 2)  # its account, what has stirred; the claim, and what was seen


class Listed:
    """Three instances that only run, whose account was just listed and said nothing new."""

    def __init__(self) -> None:
        self.cloud = Cloud()
        self.ids: list[InstanceId] = [running(self.cloud, name) for name in ("one", "two", "three")]
        self.cloud.clock.advance(60)
        look_now(self.cloud)
        self.cloud.clock.advance(300)

    def rental(self) -> Rental:
        stored = self.cloud.store.get(RENTALS, self.cloud.instance(self.ids[0]).primary or "")
        assert stored
        return stored.value

    def change(self, **changes: object) -> None:
        stored = self.cloud.store.get(RENTALS, self.rental().id)
        assert stored
        changed = replace(stored.value, **changes)  # type: ignore[arg-type]
        self.cloud.store.save(RENTALS, stored.key, changed, stored.version)


def a_claim(listed: Listed) -> None:
    deadline = listed.cloud.clock.now() + timedelta(seconds=40)
    listed.change(claim=Claim("op_1", Action.STOP, deadline))


def an_order_in_effect(listed: Listed) -> None:
    listed.change(switching_since=listed.cloud.clock.now())


def an_absence(listed: Listed) -> None:
    listed.change(absences=(listed.cloud.clock.now(),))


def another_state(listed: Listed) -> None:
    listed.change(state=RentalState.BOOTING, state_since=listed.cloud.clock.now())


def there_and_back(listed: Listed) -> None:
    """It was stopped and runs again; what its provider says is what it said."""
    listed.change(state_since=listed.cloud.clock.now())


def another_word_of_its_provider(listed: Listed) -> None:
    listed.change(provider_status="unreachable")


def stopped_outside(listed: Listed) -> None:
    listed.cloud.machine_of(listed.ids[0]).contract.stop(listed.cloud.market.now())


def a_stray(listed: Listed) -> None:
    contract = listed.cloud.machine_of(listed.ids[0]).contract
    again = replace(contract, id=ContractId("7777777"))
    listed.cloud.market.contracts[again.id] = again


def not_listed(listed: Listed) -> None:
    contract = listed.cloud.machine_of(listed.ids[0]).contract
    contract.destroy(listed.cloud.market.now())


STIRS: list[Callable[[Listed], None]] = [
    a_claim,
    an_order_in_effect,
    an_absence,
    another_state,
    there_and_back,
    another_word_of_its_provider,
    stopped_outside,
    a_stray,
    not_listed,
]


def test_an_echo_reads_no_rental_and_is_kept_as_any_other_listing() -> None:
    listed = Listed()

    spent = look_now(listed.cloud)

    look = listed.cloud.store.get(LOOKS, ACCOUNT)
    assert spent == ECHO
    assert look
    assert look.value.stood_at == listed.cloud.clock.now()
    assert set(look.value.stood) == {listed.cloud.instance(each).primary for each in listed.ids}


@pytest.mark.parametrize("stir", STIRS, ids=lambda each: each.__name__)
def test_where_anything_stirs_every_rental_is_read(stir: Callable[[Listed], None]) -> None:
    listed = Listed()
    stir(listed)

    reads, _ = look_now(listed.cloud)

    assert reads > ECHO[0]


@pytest.mark.parametrize("stir", STIRS, ids=lambda each: each.__name__)
def test_what_stirred_is_told_as_if_there_were_no_echo(
    stir: Callable[[Listed], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, other = Listed(), Listed()
    stir(listed)
    look_now(listed.cloud)

    monkeypatch.setattr("shared.app.accounts.look.is_echo", lambda *_: False)
    stir(other)
    look_now(other.cloud)

    assert listed.rental() == other.rental()


def test_every_rental_is_read_once_in_an_hour_all_the_same() -> None:
    listed = Listed()
    hour = READ_AGAIN - timedelta(seconds=300)
    listed.cloud.clock.advance(hour.total_seconds())

    assert look_now(listed.cloud) == (1 + 3, 2)


def test_after_a_listing_that_brought_something_the_next_is_no_echo() -> None:
    listed = Listed()
    stored = listed.cloud.store.get(LOOKS, ACCOUNT)
    assert stored
    before = stored.value.echo
    stopped_outside(listed)
    look_now(listed.cloud)

    stored = listed.cloud.store.get(LOOKS, ACCOUNT)

    assert before
    assert stored
    assert stored.value.echo == ""


def test_an_account_where_nothing_stands_is_left_alone_for_longer_also_by_an_echo() -> None:
    cloud, again_s = Cloud(), []
    rest_s = cloud.settings.timing.listing_rest_s
    for _ in range(2):
        look_now(cloud)
        stored = cloud.store.get(LOOKS, ACCOUNT)
        assert stored
        again_s.append((stored.value.due_at - cloud.clock.now()).total_seconds())
        cloud.clock.advance(rest_s)

    assert stored.value.echo
    assert again_s == [rest_s, rest_s]
    assert stored.value.bill_due_at is None


def test_a_rental_rests_only_as_its_provider_said_last() -> None:
    rental = Listed().rental()

    assert rental.stirred_at == rental.state_since
    assert replace(rental, provider_status="stopped").stirred_at == NEVER
    assert replace(rental, state=RentalState.STOPPED, provider_status="outbid").stirred_at != NEVER
