"""API keys, provider keys, the demo tenant, the set-up link."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.app.auth.api_keys import create_key, delete_key, list_keys
from shared.app.auth.authenticate import principal_of
from shared.app.auth.change_password import change_password
from shared.app.auth.collections import ACCOUNTS_OF_OWNER, API_KEYS
from shared.app.auth.demo import demo_principal, ensure_demo_user, ensure_local_login
from shared.app.auth.login import login
from shared.app.auth.provider_keys import list_providers, save_provider_key
from shared.app.auth.register import register
from shared.app.auth.setup import issue_setup_link
from shared.app.collections import RENTALS
from shared.domain.accounts import account_id_of
from shared.domain.errors import (
    AlreadyTaken,
    Conflicting,
    Forbidden,
    Invalid,
    NotFound,
    Unauthenticated,
)
from shared.domain.ids import ApiKeyId, ContractId, InstanceId, RentalId
from shared.domain.principals import Scope
from shared.domain.rentals.model import Rental, RentalState, Terms
from tests.unit.auth.world import EMAIL, PASSWORD

if TYPE_CHECKING:
    from shared.domain.principals import Principal
    from shared.domain.users.keys import ApiKey
    from tests.unit.auth.world import World

READ = (Scope.READ,)


def _caller(world: World, email: str = EMAIL) -> Principal:
    register(world, email, PASSWORD)
    return principal_of(world, login(world, email, PASSWORD).access_token)


def _stored(world: World, key_id: ApiKeyId) -> ApiKey:
    found = world.store.get(API_KEYS, key_id)
    assert found is not None
    return found.value


def test_a_key_opens_for_its_owner_with_its_scopes_only(world: World) -> None:
    caller = _caller(world)

    new = create_key(world, caller, " ci ", (Scope.METRICS, Scope.READ, Scope.READ), None)

    holder = principal_of(world, new.text)
    assert holder.user_id == caller.user_id
    assert holder.scopes == {Scope.READ, Scope.METRICS}
    assert holder.session is None
    assert new.key.name == "ci"


def test_a_key_is_kept_as_a_digest(world: World) -> None:
    new = create_key(world, _caller(world), "ci", READ, None)

    secret = new.text.split("_")[3]

    assert secret not in repr(_stored(world, new.key.id))


def test_a_deleted_key_opens_nothing(world: World) -> None:
    caller = _caller(world)
    new = create_key(world, caller, "ci", READ, None)

    delete_key(world, caller, new.key.id)

    with pytest.raises(Unauthenticated):
        principal_of(world, new.text)
    with pytest.raises(NotFound):
        delete_key(world, caller, new.key.id)


def test_a_key_expires(world: World) -> None:
    ends = world.clock.now() + timedelta(days=1)
    new = create_key(world, _caller(world), "ci", READ, ends)
    principal_of(world, new.text)

    world.clock.advance(86_400)

    with pytest.raises(Unauthenticated):
        principal_of(world, new.text)


def test_another_secret_under_a_good_id_is_refused(world: World) -> None:
    caller = _caller(world)
    one = create_key(world, caller, "one", READ, None)
    two = create_key(world, caller, "two", READ, None)
    from shared.domain.users.keys import key_text

    mixed = key_text(one.key.id, two.text.split("_")[3])

    with pytest.raises(Unauthenticated):
        principal_of(world, mixed)


def test_its_last_use_is_written_down_once_an_hour(world: World) -> None:
    new = create_key(world, _caller(world), "ci", READ, None)
    first = world.clock.now()
    principal_of(world, new.text)
    world.clock.advance(3599)
    principal_of(world, new.text)
    within_the_hour = _stored(world, new.key.id).last_used_at
    world.clock.advance(1)
    principal_of(world, new.text)

    assert within_the_hour == first
    assert _stored(world, new.key.id).last_used_at == world.clock.now()


def test_a_key_used_by_many_at_once_opens_for_all(world: World) -> None:
    new = create_key(world, _caller(world), "ci", READ, None)

    with ThreadPoolExecutor(6) as pool:
        callers = list(pool.map(lambda _: principal_of(world, new.text), range(12)))

    assert {each.user_id for each in callers} == {new.key.owner}


def test_everybody_lists_and_deletes_only_their_own_keys(world: World) -> None:
    ann, bob = _caller(world), _caller(world, "bob@example.org")
    new = create_key(world, ann, "ann's", READ, None)

    with pytest.raises(NotFound):
        delete_key(world, bob, new.key.id)
    with pytest.raises(NotFound):
        delete_key(world, bob, ApiKeyId("key_none"))

    assert list_keys(world, bob, limit=50, cursor=None).items == ()
    assert len(list_keys(world, ann, limit=50, cursor=None).items) == 1


def test_keys_are_listed_page_by_page_in_the_order_of_their_making(world: World) -> None:
    caller = _caller(world)
    made = [create_key(world, caller, f"key {n}", READ, None).key.name for n in range(5)]

    first = list_keys(world, caller, limit=3, cursor=None)
    second = list_keys(world, caller, limit=3, cursor=first.next_cursor)

    assert [item.value.name for item in (*first.items, *second.items)] == made
    assert second.next_cursor is None


def test_a_user_has_at_most_50_keys(world: World) -> None:
    caller = _caller(world)
    for number in range(50):
        create_key(world, caller, f"key {number}", READ, None)

    with pytest.raises(Conflicting):
        create_key(world, caller, "one more", READ, None)


def test_a_stolen_key_makes_no_others_and_changes_no_secrets(world: World) -> None:
    new = create_key(world, _caller(world), "ci", (Scope.READ, Scope.WRITE), None)
    thief = principal_of(world, new.text)

    with pytest.raises(Forbidden):
        create_key(world, thief, "more", READ, None)
    with pytest.raises(Forbidden):
        delete_key(world, thief, new.key.id)
    with pytest.raises(Forbidden):
        change_password(world, thief, PASSWORD, "a longer and better passphrase")
    with pytest.raises(Forbidden):
        save_provider_key(world, thief, "vast", "good-key")


def test_a_key_needs_a_scope_and_a_future(world: World) -> None:
    caller = _caller(world)

    with pytest.raises(Invalid) as scopeless:
        create_key(world, caller, "ci", (), None)
    with pytest.raises(Invalid) as past:
        create_key(world, caller, "ci", READ, world.clock.now())

    assert scopeless.value.pointer == "/scopes"
    assert past.value.pointer == "/expires_at"


def test_a_provider_key_is_kept_sealed_once_the_provider_has_taken_it(world: World) -> None:
    caller = _caller(world)
    before = list_providers(world, caller)

    save_provider_key(world, caller, "vast", "good-1")
    world.clock.advance(60)
    save_provider_key(world, caller, "vast", "good-2")

    (account,) = world.store.find(ACCOUNTS_OF_OWNER, {"owner": caller.user_id}).items
    assert world.secrets.open(account.value.sealed_key, account.key) == "good-2"
    assert [(each.provider, each.is_set) for each in before] == [("vast", False)]
    (status,) = list_providers(world, caller)
    assert (status.is_set, status.accepted_at) == (True, world.clock.now())


def test_a_rejected_provider_key_leaves_the_one_before(world: World) -> None:
    caller = _caller(world)
    save_provider_key(world, caller, "vast", "good-1")

    with pytest.raises(Invalid) as refusal:
        save_provider_key(world, caller, "vast", "bad")
    with pytest.raises(Invalid) as unknown:
        save_provider_key(world, caller, "acme", "good-2")

    (account,) = world.store.find(ACCOUNTS_OF_OWNER, {"owner": caller.user_id}).items
    assert world.secrets.open(account.value.sealed_key, account.key) == "good-1"
    assert (refusal.value.pointer, unknown.value.pointer) == ("/api_key", "/provider")


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
    caller = _caller(world)
    save_provider_key(world, caller, "vast", "good-1")
    _rent(world, caller, "77")
    world.contracts = {"good-1": ("77",), "good-rotated": ("77", "78"), "good-of-another": ("9",)}

    with pytest.raises(Conflicting):
        save_provider_key(world, caller, "vast", "good-of-another")
    save_provider_key(world, caller, "vast", "good-rotated")

    (account,) = world.store.find(ACCOUNTS_OF_OWNER, {"owner": caller.user_id}).items
    assert world.secrets.open(account.value.sealed_key, account.key) == "good-rotated"


def test_there_is_no_demo_where_none_was_seeded(world: World) -> None:
    with pytest.raises(Forbidden):
        demo_principal(world)


def test_the_demo_tenant_is_made_once_and_may_only_read(world: World) -> None:
    user, password = ensure_demo_user(world)

    again = ensure_demo_user(world)

    caller = demo_principal(world)
    assert again == (user, password)
    assert (caller.user_id, caller.scopes, caller.demo) == (user.id, frozenset(READ), True)


def test_the_seeder_can_log_in_as_the_demo_tenant_also_after_a_new_master_key(
    world: World,
) -> None:
    first, old_password = ensure_demo_user(world)
    world.secrets.rotate()

    user, password = ensure_demo_user(world)

    assert (user.id, password != old_password) == (first.id, True)
    assert login(world, user.email, password).user.id == first.id


def test_the_local_login_is_made_once_and_keeps_its_password(world: World) -> None:
    user = ensure_local_login(world, EMAIL, PASSWORD)

    again = ensure_local_login(world, EMAIL, "another good passphrase")

    assert again == user
    assert login(world, EMAIL, PASSWORD).user.id == user.id


def _token_of(link: str) -> str:
    return link.partition("#setup_token=")[2]


def test_a_setup_link_admits_one_user_to_a_closed_deployment(world: World) -> None:
    world.close_registration()
    token = _token_of(issue_setup_link(world))

    register(world, EMAIL, PASSWORD, token)

    with pytest.raises(Forbidden):
        register(world, "bob@example.org", PASSWORD, token)
    with pytest.raises(AlreadyTaken):
        issue_setup_link(world)
    assert login(world, EMAIL, PASSWORD).user.email == EMAIL


def test_a_setup_link_used_by_many_at_once_admits_one(world: World) -> None:
    world.close_registration()
    token = _token_of(issue_setup_link(world))

    def attempt(number: int) -> bool:
        try:
            register(world, f"user{number}@example.org", PASSWORD, token)
        except Forbidden:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        admitted = list(pool.map(attempt, range(4)))

    assert admitted.count(True) == 1


def test_a_setup_link_lasts_a_day_and_only_the_newest_is_good(world: World) -> None:
    world.close_registration()
    first = _token_of(issue_setup_link(world))
    second = _token_of(issue_setup_link(world))

    with pytest.raises(Forbidden):
        register(world, EMAIL, PASSWORD, first)
    world.clock.advance(86_400)
    with pytest.raises(Forbidden):
        register(world, EMAIL, PASSWORD, second)


def test_a_registration_that_fails_does_not_use_the_setup_link_up(world: World) -> None:
    world.close_registration()
    token = _token_of(issue_setup_link(world))

    with pytest.raises(Invalid):
        register(world, EMAIL, "short", token)

    assert register(world, EMAIL, PASSWORD, token).email == EMAIL
