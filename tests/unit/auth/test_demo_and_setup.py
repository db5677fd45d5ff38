"""The demo tenant, the local login, and the one-time set-up link."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from shared.app.auth.demo import demo_principal, ensure_demo_user, ensure_local_login
from shared.app.auth.login import login
from shared.app.auth.register import register
from shared.app.auth.setup import issue_setup_link
from shared.domain.errors import (
    AlreadyTaken,
    Forbidden,
    Invalid,
)
from shared.domain.principals import Scope
from tests.unit.auth.world import EMAIL, PASSWORD

if TYPE_CHECKING:
    from tests.unit.auth.world import World


def test_there_is_no_demo_where_none_was_seeded(world: World) -> None:
    with pytest.raises(Forbidden):
        demo_principal(world)


def test_the_demo_tenant_is_made_once_and_may_only_read(world: World) -> None:
    user, password = ensure_demo_user(world)

    again = ensure_demo_user(world)

    caller = demo_principal(world)
    assert again == (user, password)
    assert (caller.user_id, caller.scopes, caller.demo) == (user.id, frozenset([Scope.READ]), True)


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
