"""Every use case may stop at any write, before it or after it, and be called again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.app.auth.authenticate import principal_of
from shared.app.auth.change_password import change_password
from shared.app.auth.collections import ACCOUNTS_OF_OWNER
from shared.app.auth.demo import ensure_demo_user, ensure_local_login
from shared.app.auth.login import login
from shared.app.auth.logout import logout
from shared.app.auth.refresh import refresh
from shared.app.auth.register import register
from shared.domain.errors import AlreadyTaken, StoreError, Unauthenticated
from shared.ports.counting import counted
from tests.unit.auth.world import EMAIL, PASSWORD, FakeSignup, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.ports.store import Store

NEW_PASSWORD = "a longer and better passphrase"
EARLIEST, LATEST = 1, 4  # more writes than any use case makes
MOMENTS = [(write, after) for write in range(EARLIEST, LATEST + 1) for after in ("", "after")]
everywhere = pytest.mark.parametrize(("write", "after"), MOMENTS)


class StoppingStore:
    """A store that is away from its n-th write on, which took effect or did not."""

    def __init__(self, inner: Store, write: int, *, after: bool) -> None:
        self._inner = inner
        self._left = write
        self._after = after

    def __getattr__(self, name: str) -> Any:
        genuine = getattr(self._inner, name)
        return self._stopping(genuine) if name in {"add", "save", "delete", "commit"} else genuine

    def _stopping(self, genuine: Callable[..., Any]) -> Callable[..., Any]:
        def write(*arguments: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left < 0 or (self._left == 0 and not self._after):
                raise StoreError("away")
            result = genuine(*arguments, **named)
            if self._left == 0:
                raise StoreError("the answer was lost")
            return result

        return write


def _stopped(world: World, write: int, after: str, step: Callable[[], object]) -> None:
    """Run the step on a store that goes away; come back with the store as it was left."""
    genuine = world.store
    world.store = StoppingStore(genuine, write, after=bool(after))
    try:
        step()
    except (StoreError, AlreadyTaken):
        pass
    finally:
        world.store = genuine


def _registered_once_more(world: World) -> None:
    try:
        register(world, EMAIL, PASSWORD)
    except AlreadyTaken:
        return


@everywhere
def test_registering(world: World, write: int, after: str) -> None:
    world.signups = (FakeSignup(),)

    _stopped(world, write, after, lambda: register(world, EMAIL, PASSWORD))
    _registered_once_more(world)

    user = login(world, EMAIL, PASSWORD).user
    assert len(world.store.find(ACCOUNTS_OF_OWNER, {"owner": user.id}).items) == 1


@everywhere
def test_refreshing(world: World, write: int, after: str) -> None:
    register(world, EMAIL, PASSWORD)
    session = login(world, EMAIL, PASSWORD)

    _stopped(world, write, after, lambda: refresh(world, session.refresh_token))

    second = refresh(world, session.refresh_token)
    assert refresh(world, second.refresh_token).user == session.user


@everywhere
def test_changing_the_password(world: World, write: int, after: str) -> None:
    register(world, EMAIL, PASSWORD)
    mine, other = login(world, EMAIL, PASSWORD), login(world, EMAIL, PASSWORD)
    caller = principal_of(world, mine.access_token)

    _stopped(world, write, after, lambda: change_password(world, caller, PASSWORD, NEW_PASSWORD))

    changed = _opens(world, NEW_PASSWORD)
    assert changed != _opens(world, PASSWORD)
    assert changed != _lives(world, other.refresh_token)
    assert _lives(world, mine.refresh_token)


def _opens(world: World, password: str) -> bool:
    try:
        login(world, EMAIL, password)
    except Unauthenticated:
        return False
    return True


def _lives(world: World, refresh_token: str) -> bool:
    try:
        refresh(world, refresh_token)
    except Unauthenticated:
        return False
    return True


@everywhere
def test_logging_out(world: World, write: int, after: str) -> None:
    register(world, EMAIL, PASSWORD)
    session = login(world, EMAIL, PASSWORD)

    _stopped(world, write, after, lambda: logout(world, None, session.refresh_token))
    logout(world, None, session.refresh_token)

    assert not _lives(world, session.refresh_token)


@everywhere
def test_seeding(world: World, write: int, after: str) -> None:
    world.signups = (FakeSignup(),)

    _stopped(world, write, after, lambda: ensure_demo_user(world))
    _stopped(world, write, after, lambda: ensure_local_login(world, EMAIL, PASSWORD))
    demo, password = ensure_demo_user(world)
    local = ensure_local_login(world, EMAIL, PASSWORD)

    assert login(world, demo.email, password).user.id == demo.id
    assert login(world, EMAIL, PASSWORD).user.id == local.id


def test_an_access_token_costs_no_read_and_a_login_one_write(world: World) -> None:
    register(world, EMAIL, PASSWORD)

    with counted() as of_login:
        session = login(world, EMAIL, PASSWORD)
    with counted() as of_call:
        principal_of(world, session.access_token)
    with counted() as of_refresh:
        refresh(world, session.refresh_token)

    assert (of_login.reads, of_login.writes) == (4, 1)
    assert (of_call.reads, of_call.writes) == (0, 0)
    assert (of_refresh.reads, of_refresh.writes) == (2, 1)


def test_an_unknown_address_costs_the_reads_of_a_known_one(world: World) -> None:
    register(world, EMAIL, PASSWORD)
    costs = []

    for email in (EMAIL, "nobody@example.org"):
        with counted() as operations, pytest.raises(Unauthenticated):
            login(world, email, "not the password")
        costs.append((operations.reads, operations.writes))

    assert costs[0] == costs[1]
