"""API keys: made, used, listed, deleted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.app.auth.api_keys import create_key, delete_key, list_keys
from shared.app.auth.authenticate import principal_of
from shared.app.auth.change_password import change_password
from shared.app.auth.collections import API_KEYS
from shared.app.auth.provider_keys import save_provider_key
from shared.domain.errors import (
    Conflicting,
    Forbidden,
    Invalid,
    NotFound,
    Unauthenticated,
)
from shared.domain.ids import ApiKeyId
from shared.domain.principals import Scope
from tests.unit.auth.world import PASSWORD, logged_in

if TYPE_CHECKING:
    from shared.domain.users.keys import ApiKey
    from tests.unit.auth.world import World

READ = (Scope.READ,)


def _stored(world: World, key_id: ApiKeyId) -> ApiKey:
    found = world.store.get(API_KEYS, key_id)
    assert found is not None
    return found.value


def test_a_key_opens_for_its_owner_with_its_scopes_only(world: World) -> None:
    caller = logged_in(world)

    new = create_key(world, caller, " ci ", (Scope.METRICS, Scope.READ, Scope.READ), None)

    holder = principal_of(world, new.text)
    assert holder.user_id == caller.user_id
    assert holder.scopes == {Scope.READ, Scope.METRICS}
    assert holder.session is None
    assert new.key.name == "ci"


def test_a_key_is_kept_as_a_digest(world: World) -> None:
    new = create_key(world, logged_in(world), "ci", READ, None)

    secret = new.text.split("_")[3]

    assert secret not in repr(_stored(world, new.key.id))


def test_a_deleted_key_opens_nothing(world: World) -> None:
    caller = logged_in(world)
    new = create_key(world, caller, "ci", READ, None)

    delete_key(world, caller, new.key.id)

    with pytest.raises(Unauthenticated):
        principal_of(world, new.text)
    with pytest.raises(NotFound):
        delete_key(world, caller, new.key.id)


def test_a_key_expires(world: World) -> None:
    ends = world.clock.now() + timedelta(days=1)
    new = create_key(world, logged_in(world), "ci", READ, ends)
    principal_of(world, new.text)

    world.clock.advance(86_400)

    with pytest.raises(Unauthenticated):
        principal_of(world, new.text)


def test_another_secret_under_a_good_id_is_refused(world: World) -> None:
    caller = logged_in(world)
    one = create_key(world, caller, "one", READ, None)
    two = create_key(world, caller, "two", READ, None)
    from shared.domain.users.keys import key_text

    mixed = key_text(one.key.id, two.text.split("_")[3])

    with pytest.raises(Unauthenticated):
        principal_of(world, mixed)


def test_its_last_use_is_written_down_once_an_hour(world: World) -> None:
    new = create_key(world, logged_in(world), "ci", READ, None)
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
    new = create_key(world, logged_in(world), "ci", READ, None)

    with ThreadPoolExecutor(6) as pool:
        callers = list(pool.map(lambda _: principal_of(world, new.text), range(12)))

    assert {each.user_id for each in callers} == {new.key.owner}


def test_everybody_lists_and_deletes_only_their_own_keys(world: World) -> None:
    ann, bob = logged_in(world), logged_in(world, "bob@example.org")
    new = create_key(world, ann, "ann's", READ, None)

    with pytest.raises(NotFound):
        delete_key(world, bob, new.key.id)
    with pytest.raises(NotFound):
        delete_key(world, bob, ApiKeyId("key_none"))

    assert list_keys(world, bob, limit=50, cursor=None).items == ()
    assert len(list_keys(world, ann, limit=50, cursor=None).items) == 1


def test_keys_are_listed_page_by_page_in_the_order_of_their_making(world: World) -> None:
    caller = logged_in(world)
    made = [create_key(world, caller, f"key {n}", READ, None).key.name for n in range(5)]

    first = list_keys(world, caller, limit=3, cursor=None)
    second = list_keys(world, caller, limit=3, cursor=first.next_cursor)

    assert [item.value.name for item in (*first.items, *second.items)] == made
    assert second.next_cursor is None


def test_a_user_has_at_most_50_keys(world: World) -> None:
    caller = logged_in(world)
    for number in range(50):
        create_key(world, caller, f"key {number}", READ, None)

    with pytest.raises(Conflicting):
        create_key(world, caller, "one more", READ, None)


def test_a_stolen_key_makes_no_others_and_changes_no_secrets(world: World) -> None:
    new = create_key(world, logged_in(world), "ci", (Scope.READ, Scope.WRITE), None)
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
    caller = logged_in(world)

    with pytest.raises(Invalid) as scopeless:
        create_key(world, caller, "ci", (), None)
    with pytest.raises(Invalid) as past:
        create_key(world, caller, "ci", READ, world.clock.now())

    assert scopeless.value.pointer == "/scopes"
    assert past.value.pointer == "/expires_at"
