"""Families of refresh tokens: rotation, the grace for a lost answer, reuse."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from shared.app.auth.authenticate import principal_of
from shared.app.auth.login import login
from shared.app.auth.logout import logout
from shared.app.auth.refresh import refresh
from shared.app.auth.register import register
from shared.domain.errors import Unauthenticated
from tests.unit.auth.world import EMAIL, PASSWORD

if TYPE_CHECKING:
    from shared.app.auth.sessions import Session
    from tests.unit.auth.world import World


@pytest.fixture
def session(world: World) -> Session:
    register(world, EMAIL, PASSWORD)
    return login(world, EMAIL, PASSWORD)


def _is_over(world: World, token: str) -> bool:
    try:
        refresh(world, token)
    except Unauthenticated:
        return True
    return False


def test_each_refresh_gives_another_token_and_a_caller_that_holds(
    world: World, session: Session
) -> None:
    second = refresh(world, session.refresh_token)
    third = refresh(world, second.refresh_token)

    tokens = {each.refresh_token for each in (session, second, third)}
    assert len(tokens) == 3
    assert principal_of(world, third.access_token).user_id == session.user.id


def test_a_lost_answer_can_be_asked_for_again_within_ten_seconds(
    world: World, session: Session
) -> None:
    lost = refresh(world, session.refresh_token)
    world.clock.advance(10)

    again = refresh(world, session.refresh_token)

    assert again.refresh_token == lost.refresh_token
    assert not _is_over(world, again.refresh_token)


def test_a_lost_answer_can_be_asked_for_again_while_the_key_is_renewed(
    world: World, session: Session
) -> None:
    lost = refresh(world, session.refresh_token)
    world.secrets.rotate()

    assert refresh(world, session.refresh_token).refresh_token == lost.refresh_token


def test_a_token_that_comes_back_later_ends_the_login_for_every_holder(
    world: World, session: Session
) -> None:
    newest = refresh(world, session.refresh_token)
    world.clock.advance(10.5)

    assert _is_over(world, session.refresh_token)
    assert _is_over(world, newest.refresh_token)


def test_a_token_two_generations_old_ends_the_login_at_once(world: World, session: Session) -> None:
    second = refresh(world, session.refresh_token)
    third = refresh(world, second.refresh_token)

    assert _is_over(world, session.refresh_token)
    assert _is_over(world, third.refresh_token)


def test_one_login_ending_leaves_the_others(world: World, session: Session) -> None:
    other = login(world, EMAIL, PASSWORD)
    second = refresh(world, session.refresh_token)
    refresh(world, second.refresh_token)

    assert _is_over(world, session.refresh_token)

    assert not _is_over(world, other.refresh_token)


def test_refreshing_from_many_threads_at_once_leaves_one_good_token(
    world: World, session: Session
) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: refresh(world, session.refresh_token), range(6)))

    (token,) = {answer.refresh_token for answer in answers}
    assert not _is_over(world, token)


def test_a_thief_and_the_owner_at_once_end_with_one_family_that_dies_at_the_next_reuse(
    world: World, session: Session
) -> None:
    with ThreadPoolExecutor(2) as pool:
        owner, thief = pool.map(lambda _: refresh(world, session.refresh_token), range(2))
    after_owner = refresh(world, owner.refresh_token)
    world.clock.advance(900)

    assert _is_over(world, thief.refresh_token)
    assert _is_over(world, after_owner.refresh_token)


def test_a_refresh_token_lasts_30_days_from_its_making(world: World, session: Session) -> None:
    world.clock.advance(29 * 86_400)
    second = refresh(world, session.refresh_token)
    world.clock.advance(29 * 86_400)
    third = refresh(world, second.refresh_token)
    world.clock.advance(30 * 86_400)

    assert _is_over(world, third.refresh_token)


@pytest.mark.parametrize(
    "token", ["", "dcr_", "dcr_x_y", "dcr_" + "0" * 26 + "_" + "0" * 43, "\ud800", "é" * 90]
)
def test_what_is_no_token_of_ours_is_refused(world: World, token: str) -> None:
    assert _is_over(world, token)


@pytest.mark.parametrize("by_refresh_token", ["by refresh token", ""])
def test_logging_out_ends_the_login_and_may_be_repeated(
    world: World, session: Session, by_refresh_token: str
) -> None:
    caller = None if by_refresh_token else principal_of(world, session.access_token)
    token = session.refresh_token if by_refresh_token else None

    logout(world, caller, token)
    logout(world, caller, token)

    assert _is_over(world, session.refresh_token)


def test_a_refresh_token_of_nobody_logs_nobody_out(world: World, session: Session) -> None:
    logout(world, None, "dcr_nonsense")

    assert not _is_over(world, session.refresh_token)


def test_logging_out_without_saying_whom_is_refused(world: World) -> None:
    with pytest.raises(Unauthenticated):
        logout(world, None, None)
