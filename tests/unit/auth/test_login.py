"""Registering and logging in, on the embedded store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.app.auth import passwords
from shared.app.auth.authenticate import principal_of
from shared.app.auth.change_password import change_password
from shared.app.auth.collections import ACCOUNTS_OF_OWNER, USERS
from shared.app.auth.login import login
from shared.app.auth.refresh import refresh
from shared.app.auth.register import register
from shared.app.auth.users import user_of
from shared.domain.errors import (
    AlreadyTaken,
    DumontError,
    Forbidden,
    Invalid,
    RateLimited,
    Unauthenticated,
)
from shared.domain.principals import Scope
from tests.unit.auth.world import EMAIL, PASSWORD, FakeSignup

if TYPE_CHECKING:
    from shared.app.auth.sessions import Session
    from tests.unit.auth.world import World

NEW_PASSWORD = "a longer and better passphrase"


def _fail(world: World, times: int, email: str = EMAIL) -> None:
    for _ in range(times):
        with pytest.raises(Unauthenticated):
            login(world, email, "not the password")


def test_whoever_registers_can_log_in_under_any_spelling_of_the_address(world: World) -> None:
    user = register(world, " Ann@Example.org", PASSWORD)

    session = login(world, "ANN@example.org ", PASSWORD)

    assert session.user.id == user.id
    assert session.expires_in_s == 900
    caller = principal_of(world, session.access_token)
    assert caller.user_id == user.id
    assert caller.scopes == {Scope.READ, Scope.WRITE, Scope.OPERATE}
    assert not caller.demo


def test_an_address_is_registered_once(world: World) -> None:
    register(world, EMAIL, PASSWORD)

    with pytest.raises(AlreadyTaken):
        register(world, EMAIL.upper(), NEW_PASSWORD)

    with pytest.raises(Unauthenticated):
        login(world, EMAIL, NEW_PASSWORD)


def test_of_eight_registrations_at_once_one_wins(world: World) -> None:
    def attempt(number: int) -> str:
        try:
            return register(world, EMAIL, f"{PASSWORD} {number}").id
        except AlreadyTaken:
            return "taken"

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(attempt, range(8)))

    assert results.count("taken") == 7


def test_the_address_of_the_demo_tenant_cannot_be_registered(world: World) -> None:
    with pytest.raises(AlreadyTaken):
        register(world, "demo-tenant@dumont.invalid", PASSWORD)


def test_an_unknown_address_is_answered_like_a_wrong_password(world: World) -> None:
    register(world, EMAIL, PASSWORD)

    with pytest.raises(Unauthenticated) as wrong:
        login(world, EMAIL, "not the password")
    with pytest.raises(Unauthenticated) as unknown:
        login(world, "nobody@example.org", "not the password")
    with pytest.raises(Unauthenticated) as no_address:
        login(world, "\ud800 nonsense", "\ud800 either")

    assert str(wrong.value) == str(unknown.value) == str(no_address.value)


def test_the_decoy_costs_the_work_of_a_real_hash_and_opens_for_nothing(world: World) -> None:
    real = passwords.hashed(world.ids, PASSWORD)

    assert passwords.DECOY_HASH.split("$")[:4] == real.split("$")[:4]
    assert not passwords.is_outdated(passwords.DECOY_HASH)
    assert not passwords.matches(passwords.DECOY_HASH, PASSWORD)


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.org"])
def test_five_failures_slow_an_account_down_whether_or_not_it_exists(
    world: World, email: str
) -> None:
    register(world, EMAIL, PASSWORD)
    _fail(world, 5, email)

    with pytest.raises(RateLimited) as slowed:
        login(world, email, PASSWORD)

    assert slowed.value.retry_after_s == 30


def test_the_right_password_works_again_after_the_wait_and_clears_the_count(world: World) -> None:
    register(world, EMAIL, PASSWORD)
    _fail(world, 5)
    world.clock.advance(30)

    login(world, EMAIL, PASSWORD)

    _fail(world, 5)


def test_each_further_failure_doubles_the_wait(world: World) -> None:
    register(world, EMAIL, PASSWORD)
    _fail(world, 5)
    world.clock.advance(30)
    _fail(world, 1)

    with pytest.raises(RateLimited) as slowed:
        login(world, EMAIL, PASSWORD)

    assert slowed.value.retry_after_s == 60


def test_one_account_being_slowed_leaves_the_others_alone(world: World) -> None:
    register(world, EMAIL, PASSWORD)
    register(world, "bob@example.org", PASSWORD)
    _fail(world, 5)

    assert login(world, "bob@example.org", PASSWORD).user.email == "bob@example.org"


def test_guessing_in_parallel_gains_nothing(world: World) -> None:
    register(world, EMAIL, PASSWORD)

    def guess(_: int) -> str:
        try:
            login(world, EMAIL, "not the password")
        except DumontError as refusal:
            return refusal.code
        return "in"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(16)))

    assert answers.count("unauthenticated") == 5
    assert answers.count("rate_limited") == 11


def test_many_good_logins_at_once_are_not_in_each_others_way(world: World) -> None:
    register(world, EMAIL, PASSWORD)

    with ThreadPoolExecutor(8) as pool:
        sessions = list(pool.map(lambda _: login(world, EMAIL, PASSWORD), range(12)))

    assert len({session.refresh_token for session in sessions}) == 12


def test_a_hash_with_older_parameters_is_renewed_at_a_login(world: World) -> None:
    from argon2 import PasswordHasher

    user = register(world, EMAIL, PASSWORD)
    stored = user_of(world, user.id)
    weak = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    world.store.save(USERS, user.id, replace(user, password_hash=weak), stored.version)

    login(world, EMAIL, PASSWORD)

    renewed = user_of(world, user.id).value.password_hash
    assert not passwords.is_outdated(renewed)
    assert passwords.matches(renewed, PASSWORD)


def test_a_new_user_gets_an_account_at_the_simulated_marketplace(world: World) -> None:
    world.signups = (FakeSignup(),)

    user = register(world, EMAIL, PASSWORD)
    login(world, EMAIL, PASSWORD)

    (stored,) = world.store.find(ACCOUNTS_OF_OWNER, {"owner": user.id}).items
    assert world.secrets.open(stored.value.sealed_key, stored.value.id) == "sim-1"
    assert world.signups[0].opened == [user.id]


def test_a_new_user_gets_an_account_at_each_simulated_marketplace(world: World) -> None:
    world.signups = (FakeSignup(), FakeSignup("tensordock"))
    world.signups[0].is_away = True

    user = register(world, EMAIL, PASSWORD)
    opened_at_first = world.store.find(ACCOUNTS_OF_OWNER, {"owner": user.id}).items
    world.signups[0].is_away = False
    login(world, EMAIL, PASSWORD)

    assert [each.value.provider for each in opened_at_first] == ["tensordock"]
    kept = world.store.find(ACCOUNTS_OF_OWNER, {"owner": user.id}).items
    assert {each.value.provider for each in kept} == {"vast", "tensordock"}


def test_a_marketplace_that_is_away_costs_nobody_their_registration(world: World) -> None:
    world.signups = (FakeSignup(),)
    world.signups[0].is_away = True
    user = register(world, EMAIL, PASSWORD)
    nothing = world.store.find(ACCOUNTS_OF_OWNER, {"owner": user.id}).items

    world.signups[0].is_away = False
    login(world, EMAIL, PASSWORD)

    assert nothing == ()
    assert len(world.store.find(ACCOUNTS_OF_OWNER, {"owner": user.id}).items) == 1


def _two_logins(world: World) -> tuple[Session, Session]:
    register(world, EMAIL, PASSWORD)
    return login(world, EMAIL, PASSWORD), login(world, EMAIL, PASSWORD)


def test_a_new_password_ends_every_other_login(world: World) -> None:
    mine, other = _two_logins(world)

    change_password(world, principal_of(world, mine.access_token), PASSWORD, NEW_PASSWORD)

    assert refresh(world, mine.refresh_token).user.id == mine.user.id
    with pytest.raises(Unauthenticated):
        refresh(world, other.refresh_token)
    with pytest.raises(Unauthenticated):
        login(world, EMAIL, PASSWORD)
    assert login(world, EMAIL, NEW_PASSWORD).user.id == mine.user.id


def test_a_login_that_a_new_password_ended_cannot_come_back_through_another_one(
    world: World,
) -> None:
    mine, other = _two_logins(world)
    change_password(world, principal_of(world, mine.access_token), PASSWORD, NEW_PASSWORD)

    change_password(world, principal_of(world, other.access_token), NEW_PASSWORD, PASSWORD)

    for session in (mine, other):
        with pytest.raises(Unauthenticated):
            refresh(world, session.refresh_token)


def test_the_current_password_cannot_be_guessed_with_a_stolen_token(world: World) -> None:
    mine, _ = _two_logins(world)
    caller = principal_of(world, mine.access_token)

    for _ in range(5):
        with pytest.raises(Invalid) as wrong:
            change_password(world, caller, "not the password", NEW_PASSWORD)
        assert wrong.value.pointer == "/current_password"
    with pytest.raises(RateLimited):
        change_password(world, caller, PASSWORD, NEW_PASSWORD)


def test_an_unfit_new_password_changes_nothing(world: World) -> None:
    mine, other = _two_logins(world)

    with pytest.raises(Invalid) as refusal:
        change_password(world, principal_of(world, mine.access_token), PASSWORD, "short")

    assert refusal.value.pointer == "/new_password"
    assert refresh(world, other.refresh_token).user.email == EMAIL


def test_registration_is_closed_without_a_setup_token(world: World) -> None:
    world.close_registration()

    with pytest.raises(Forbidden):
        register(world, EMAIL, PASSWORD)
    with pytest.raises(Forbidden):
        register(world, EMAIL, PASSWORD, "guess")
