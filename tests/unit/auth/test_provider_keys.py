"""A tenant's keys at the marketplaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from shared.app.auth.collections import ACCOUNTS_OF_OWNER
from shared.app.auth.provider_keys import (
    list_providers,
    remove_provider_key,
    save_provider_key,
)
from shared.app.collections import RENTALS
from shared.domain.accounts import account_id_of
from shared.domain.errors import (
    Conflicting,
    Invalid,
    NotFound,
)
from shared.domain.ids import ContractId, InstanceId, RentalId
from shared.domain.rentals.model import Rental, RentalState, Terms
from shared.ports.store import Collection
from tests.unit.auth.world import logged_in

if TYPE_CHECKING:
    from shared.domain.principals import Principal
    from tests.unit.auth.world import World


def test_a_provider_key_is_kept_sealed_once_the_provider_has_taken_it(world: World) -> None:
    caller = logged_in(world)
    before = list_providers(world, caller)

    save_provider_key(world, caller, "vast", "good-1")
    world.clock.advance(60)
    save_provider_key(world, caller, "vast", "good-2")

    (account,) = world.store.find(ACCOUNTS_OF_OWNER, {"owner": caller.user_id}).items
    assert world.secrets.open(account.value.sealed_key, account.key) == "good-2"
    assert [(each.provider, each.is_set) for each in before] == [
        ("vast", False),
        ("tensordock", False),
    ]
    vast, tensordock = list_providers(world, caller)
    assert (vast.is_set, vast.accepted_at) == (True, world.clock.now())
    assert not tensordock.is_set


def test_a_rejected_provider_key_leaves_the_one_before(world: World) -> None:
    caller = logged_in(world)
    save_provider_key(world, caller, "vast", "good-1")

    with pytest.raises(Invalid) as refusal:
        save_provider_key(world, caller, "vast", "bad")
    with pytest.raises(Invalid) as unknown:
        save_provider_key(world, caller, "acme", "good-2")

    (account,) = world.store.find(ACCOUNTS_OF_OWNER, {"owner": caller.user_id}).items
    assert world.secrets.open(account.value.sealed_key, account.key) == "good-1"
    assert (refusal.value.pointer, unknown.value.pointer) == ("/api_key", "/provider")


def test_a_provider_that_tells_no_credit_is_asked_for_its_machines(world: World) -> None:
    caller = logged_in(world)

    with pytest.raises(Invalid) as refusal:
        save_provider_key(world, caller, "tensordock", "bad")
    nothing = world.store.find(ACCOUNTS_OF_OWNER, {"owner": caller.user_id}).items
    saved = save_provider_key(world, caller, "tensordock", "good-1")
    save_provider_key(world, caller, "vast", "good-2")

    assert (refusal.value.pointer, nothing) == ("/api_key", ())
    assert (saved.provider, saved.accepted_at) == ("tensordock", world.clock.now())
    kept = world.store.find(ACCOUNTS_OF_OWNER, {"owner": caller.user_id}).items
    assert {each.value.provider: each.key for each in kept} == {
        "vast": account_id_of(caller.user_id, "vast"),
        "tensordock": account_id_of(caller.user_id, "tensordock"),
    }


def _rent(world: World, caller: Principal, contract: str) -> None:
    now = world.clock.now()
    rental = Rental(
        id=RentalId("rent_1"),
        owner=caller.user_id,
        account_id=account_id_of(caller.user_id, "vast"),
        instance_id=InstanceId("inst_1"),
        epoch=1,
        terms=Terms("vast", "1", "2", "RTX 4090", 1, 24_564, None, 300_000, 10_000, 0, 0, None),
        label="dumont",
        state=RentalState.LIVE,
        state_since=now,
        reason="",
        created_at=now,
        reserved=0,
        contract_id=ContractId(contract),
    )
    world.store.add(RENTALS, rental.id, rental)


def test_while_machines_are_rented_only_a_key_that_shows_them_is_taken(world: World) -> None:
    caller = logged_in(world)
    save_provider_key(world, caller, "vast", "good-1")
    _rent(world, caller, "77")
    world.contracts = {"good-1": ("77",), "good-rotated": ("77", "78"), "good-of-another": ("9",)}

    with pytest.raises(Conflicting):
        save_provider_key(world, caller, "vast", "good-of-another")
    save_provider_key(world, caller, "vast", "good-rotated")

    (account,) = world.store.find(ACCOUNTS_OF_OWNER, {"owner": caller.user_id}).items
    assert world.secrets.open(account.value.sealed_key, account.key) == "good-rotated"


def test_a_key_that_is_removed_is_gone_and_can_be_set_again(world: World) -> None:
    caller, other = logged_in(world), logged_in(world, "bea@example.org")
    for each in (caller, other):
        save_provider_key(world, each, "vast", "good-1")

    remove_provider_key(world, caller, "vast")
    with pytest.raises(NotFound):
        remove_provider_key(world, caller, "vast")

    assert not any(each.is_set for each in list_providers(world, caller))
    assert list_providers(world, other)[0].is_set
    assert save_provider_key(world, caller, "vast", "good-2").is_set


def test_the_key_of_rented_machines_stays(world: World) -> None:
    caller = logged_in(world)
    save_provider_key(world, caller, "vast", "good-1")
    _rent(world, caller, "77")

    with pytest.raises(Conflicting):
        remove_provider_key(world, caller, "vast")

    assert list_providers(world, caller)[0].is_set


@dataclass(frozen=True, slots=True)
class Newer:
    """As little of a rental as is read of one that newer code has written."""

    id: RentalId
    account_id: str
    open: bool = True


NEWER_RENTALS = Collection("rentals", Newer, schema=RENTALS.schema + 1)


def test_what_newer_code_has_rented_keeps_the_key_too(world: World) -> None:
    caller = logged_in(world)
    save_provider_key(world, caller, "vast", "good-1")
    account_id = account_id_of(caller.user_id, "vast")
    world.store.add(NEWER_RENTALS, "rent_9", Newer(RentalId("rent_9"), account_id))

    with pytest.raises(Conflicting):
        remove_provider_key(world, caller, "vast")

    assert list_providers(world, caller)[0].is_set
