"""Limits: the law, one process, and all processes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.app.rates import PAID_UNTIL, RATES, Limited, count
from shared.app.settings import Settings
from shared.domain.errors import RateLimited, Unauthenticated, VersionConflict
from shared.domain.principals import Scope
from shared.domain.rates import Rate, take
from shared.edge.rates import KEPT, CallRates, limited_address
from shared.edge.route import Access, Answer
from tests.unit.auth.world import World
from tests.unit.edge.kit import app_of, key_of, problem, route

if TYPE_CHECKING:
    from flask.testing import FlaskClient

ADDRESS = {"X-Forwarded-For": "203.0.113.7"}


def limited(world: World, per_s: float = 2.0, hops: int = 1) -> World:
    world.settings = replace(world.settings, calls_per_s=per_s, trusted_hops=hops)
    return world


# --- the law


@given(
    st.integers(1, 50),
    st.floats(0.01, 100),
    st.lists(st.floats(0, 500), min_size=1, max_size=200),
)
def test_in_any_span_no_more_get_through_than_the_burst_and_what_the_span_allows(
    burst: int, every_s: float, gaps_s: list[float]
) -> None:
    rate, paid, now, passed = Rate(burst, every_s), 0.0, 1e6, []

    for gap in gaps_s:
        now += gap
        paid, wait = take(paid, rate, now)
        if wait == 0:
            passed.append(now)
        else:
            later, none = take(paid, rate, now + wait * (1 + 1e-9) + 1e-6)
            assert (none, later > paid) == (0, True)

    for first, start in enumerate(passed):
        for last in range(first, len(passed)):
            allowed = burst + (passed[last] - start) / every_s + 1e-6
            assert last - first + 1 <= allowed


def test_a_burst_then_one_at_a_time() -> None:
    rate, paid, waits = Rate(burst=3, every_s=10), 0.0, []

    for now in (0, 0, 0, 0, 9, 10, 10, 100, 100, 100, 100):
        paid, wait = take(paid, rate, float(now))
        waits.append(wait)

    assert waits == [0, 0, 0, 10, 1, 0, 10, 0, 0, 0, 10]


# --- one process


def caller(world: World, **of_the_route: Any) -> FlaskClient:
    return app_of(route(**of_the_route), world=world).test_client()


def test_a_user_is_slowed_by_all_their_keys_together_and_others_are_not() -> None:
    world = limited(World())
    client = caller(world, access=Access.USER)
    keys = [key_of(world, "ann", Scope.READ), key_of(world, "ann", Scope.READ)]

    told = [client.get("/api/things", headers=keys[n % 2]).status_code for n in range(22)]
    other = client.get("/api/things", headers=key_of(world, "bob", Scope.READ))

    assert told == [200] * 20 + [429] * 2
    assert other.status_code == 200


def test_the_refusal_says_when_to_come_back_and_keeps_its_word() -> None:
    world = limited(World(), per_s=0.1)
    client, ann = caller(world, access=Access.USER), key_of(world, "ann", Scope.READ)
    assert client.get("/api/things", headers=ann).status_code == 200

    refused = client.get("/api/things", headers=ann)
    world.clock.advance(int(refused.headers["Retry-After"]))
    again = client.get("/api/things", headers=ann)

    assert (refused.status_code, problem(refused)["code"]) == (429, "rate_limited")
    assert refused.headers["Retry-After"] == "10"
    assert problem(refused)["retry_after_s"] == 10
    assert again.status_code == 200


def test_an_address_is_slowed_before_its_proofs_are_looked_at() -> None:
    world, looked = limited(World()), []
    world.store.get = lambda *_: looked.append(1)  # type: ignore[method-assign,func-returns-value,assignment,misc]
    client = caller(world, access=Access.USER)
    guess = {"Authorization": f"Bearer dc_live_{'a' * 26}_{'b' * 43}_000000"}

    told = [client.get("/api/things", headers=ADDRESS | guess).status_code for _ in range(250)]

    assert told == [401] * 200 + [429] * 50
    elsewhere = {"X-Forwarded-For": "203.0.113.8"}
    assert client.get("/api/things", headers=elsewhere | guess).status_code == 401


def test_without_a_limit_nothing_is_slowed() -> None:
    client = caller(limited(World(), per_s=0))

    assert {client.get("/api/things", headers=ADDRESS).status_code for _ in range(500)} == {200}


def test_a_flood_of_callers_is_forgotten_in_turn() -> None:
    world, rates = limited(World(), per_s=0.01), CallRates()

    rates.count_user(world, "first")
    with pytest.raises(RateLimited):
        rates.count_user(world, "first")
    for n in range(KEPT):
        rates.count_user(world, f"other {n}")
    rates.count_user(world, "first")

    assert len(rates._paid_until_s) == KEPT


@pytest.mark.parametrize(
    ("forwarded", "peer", "hops", "counted"),
    [
        ("", "203.0.113.7", 0, "203.0.113.7"),
        ("", "127.0.0.1", 0, ""),
        ("", "::1", 0, ""),
        ("", "", 0, ""),
        ("203.0.113.7", "169.254.1.1", 0, ""),
        ("203.0.113.7", "169.254.1.1", 1, "203.0.113.7"),
        ("198.51.100.9, 203.0.113.7", "169.254.1.1", 1, "203.0.113.7"),
        ("198.51.100.9, 203.0.113.7, 35.1.1.1", "169.254.1.1", 2, "203.0.113.7"),
        ("nonsense", "169.254.1.1", 1, ""),
        ("2001:db8:1:2:3:4:5:6", "169.254.1.1", 1, "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "169.254.1.1", 1, "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "169.254.1.1", 1, "203.0.113.7"),
    ],
)
def test_limits_count_by_the_address_that_our_own_proxies_saw(
    forwarded: str, peer: str, hops: int, counted: str
) -> None:
    told = Settings("d", "http://a", "http://a", trusted_hops=hops)
    headers = {"x-forwarded-for": forwarded} if forwarded else {}

    assert limited_address(told, headers, peer) == counted


# --- all processes


def test_what_is_counted_in_the_store_holds_over_all_processes() -> None:
    world = World()
    processes = [
        caller(world, method="POST", access=Access.USER, limited=Limited.SPEND) for _ in range(3)
    ]
    ann = key_of(world, "ann", Scope.READ)
    burst = RATES[Limited.SPEND].burst

    told = [processes[n % 3].post("/api/things", headers=ann).status_code for n in range(burst + 1)]
    other = processes[0].post("/api/things", headers=key_of(world, "bob", Scope.READ))

    assert told == [200] * burst + [429]
    assert other.status_code == 200


def test_a_refused_order_does_nothing_and_may_be_repeated_under_its_key() -> None:
    world, done = World(), []

    def work(call: Any) -> Answer:
        done.append(call.idempotency_id)
        return Answer(status=204)

    client = caller(
        world, method="POST", view=work, access=Access.USER, limited=Limited.SPEND, idempotent=True
    )
    ann = key_of(world, "ann", Scope.READ)
    for _ in range(RATES[Limited.SPEND].burst):
        count(world, Limited.SPEND, "user_ann")

    keyed = ann | {"Idempotency-Key": "one-click"}
    refused = client.post("/api/things", headers=keyed)
    world.clock.advance(int(refused.headers["Retry-After"]))
    first, repeated = (client.post("/api/things", headers=keyed) for _ in range(2))

    assert (refused.status_code, first.status_code, repeated.status_code) == (429, 204, 204)
    assert len(done) == 1
    assert repeated.headers["Idempotent-Replayed"] == "true"


def test_a_repeat_of_what_was_done_is_not_counted_again() -> None:
    world = World()
    client = caller(
        world, method="POST", access=Access.USER, limited=Limited.SPEND, idempotent=True
    )
    keyed = key_of(world, "ann", Scope.READ) | {"Idempotency-Key": "one-click"}

    for _ in range(5):
        assert client.post("/api/things", headers=keyed).status_code == 200

    (kept,) = [world.store.get(PAID_UNTIL, key) for key in _keys(world)]
    assert kept is not None
    every_s = RATES[Limited.SPEND].every_s
    assert kept.value.at_s == world.clock.now().timestamp() + every_s


def test_guesses_at_many_accounts_from_one_address_are_slowed() -> None:
    world = limited(World(), per_s=0)

    def refuse(_call: Any) -> Answer:
        raise Unauthenticated("wrong")

    client = caller(world, method="POST", view=refuse, access=Access.BODY, limited=Limited.LOGIN)
    burst = RATES[Limited.LOGIN].burst

    told = [client.post("/api/things", headers=ADDRESS).status_code for _ in range(burst + 2)]

    assert told == [401] * burst + [429] * 2
    assert client.post("/api/things").status_code == 401  # one's own computer


def test_what_nobody_did_for_long_is_forgotten() -> None:
    world = World()
    count(world, Limited.REGISTER, "203.0.113.7")
    (key,) = _keys(world)

    world.clock.advance(RATES[Limited.REGISTER].forgotten_after_s + 1)

    assert world.store.get(PAID_UNTIL, key) is None


def test_whoever_loses_every_race_waits() -> None:
    world = World()
    count(world, Limited.SPEND, "user_ann")

    def busy(*_: Any) -> Any:
        raise VersionConflict("raced")

    world.store.save = busy  # type: ignore[method-assign]
    with pytest.raises(RateLimited):
        count(world, Limited.SPEND, "user_ann")


def _keys(world: World) -> list[str]:
    return list(world.store.bodies("paid_until"))  # type: ignore[attr-defined]
