"""One effect per Idempotency-Key."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shared.app.idempotency import IDEMPOTENCY
from shared.contract.model import Wire
from shared.domain.errors import BudgetExceeded, ProviderUnknown, StoreError, VersionConflict
from shared.domain.principals import Scope
from shared.edge.idempotency import keyed_call
from shared.edge.route import Access, Answer, Call
from tests.unit.auth.world import World
from tests.unit.edge.kit import Said, call, key_of, problem, route

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
CLAIM_S = World().settings.timing.claim_s


class Order(Wire):
    count: int = 1


class Shop:
    """Counts its effects; fails with the errors it is given, one for each try."""

    def __init__(self, *failures: Exception) -> None:
        self.world = World()
        self.effects: list[str] = []
        self._failures = list(failures)

    def sell(self, call: Call[Any, Order]) -> Answer:
        self.effects.append(call.idempotency_id)
        if self._failures:
            raise self._failures.pop(0)
        number = len(self.effects)
        return Answer(Said(said=f"order {number}"), headers={"Location": f"/orders/{number}"})

    def order(self, headers: Any = KEY, path: str = "/api/things/a", count: int = 1) -> Any:
        table = route(
            "POST", "/api/things/<name>", self.sell, body=Order, status=202, idempotent=True
        )
        return call(
            table,
            method="POST",
            path=path,
            world=self.world,
            headers=headers,
            json={"count": count},
        )


def test_a_repeat_gets_the_first_answer_and_has_no_effect() -> None:
    shop = Shop()
    first = shop.order()

    again = shop.order()

    assert len(shop.effects) == 1
    assert (again.status_code, again.data) == (first.status_code, first.data) == (202, first.data)
    assert again.headers["Location"] == "/orders/1"
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers


def test_the_same_call_under_v1_is_the_same_call() -> None:
    shop = Shop()
    shop.order()

    shop.order(path="/api/v1/things/a")

    assert len(shop.effects) == 1


def test_a_quoted_key_is_the_same_key() -> None:
    shop = Shop()
    shop.order()

    shop.order({"Idempotency-Key": f'"{KEY["Idempotency-Key"]}"'})

    assert len(shop.effects) == 1


def test_calls_without_a_key_are_calls_of_their_own() -> None:
    shop = Shop()

    shop.order({})
    shop.order({})

    assert shop.effects == ["", ""]


@pytest.mark.parametrize(
    "other", [{"count": 2}, {"path": "/api/things/b"}, {"path": "/api/things/a?"}]
)
def test_the_key_of_another_request_is_refused(other: dict[str, Any]) -> None:
    shop = Shop()
    shop.order()

    answer = shop.order(**other)

    if other == {"path": "/api/things/a?"}:  # an empty query is no other request
        assert answer.status_code == 202
    else:
        assert (answer.status_code, problem(answer)["code"]) == (422, "idempotency_key_reused")
    assert len(shop.effects) == 1


def test_keys_belong_to_their_caller() -> None:
    shop = Shop()
    table = route("POST", view=shop.sell, body=Order, access=Access.USER, idempotent=True)

    for name in ("ann", "bob"):
        headers = {**KEY, **key_of(shop.world, name, Scope.READ)}
        answer = call(table, method="POST", world=shop.world, headers=headers, json={})
        assert answer.status_code == 200

    assert len(set(shop.effects)) == 2


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "\x7f", "sch\u00f6n", '"'])
def test_a_key_that_is_none_is_malformed(key: str) -> None:
    shop = Shop()

    answer = shop.order({"Idempotency-Key": key})

    assert answer.status_code == 400
    assert shop.effects == []


def test_a_refusal_leaves_the_key_free() -> None:
    shop = Shop(BudgetExceeded("too dear"))

    assert shop.order().status_code == 402
    assert shop.order().status_code == 202
    assert len(shop.effects) == 2


@pytest.mark.parametrize("failure", [ProviderUnknown("?"), StoreError("?"), ZeroDivisionError("?")])
def test_an_unclear_end_shuts_repeats_out_until_the_claim_has_run_out(failure: Exception) -> None:
    shop = Shop(failure)
    assert shop.order().status_code >= 500

    early = shop.order()
    shop.world.clock.advance(CLAIM_S)
    late = shop.order()

    assert (early.status_code, problem(early)["code"]) == (409, "idempotency_in_progress")
    assert early.headers["Retry-After"]
    assert late.status_code == 202
    assert len(shop.effects) == 2
    assert len(set(shop.effects)) == 1  # the same id both times: the first effect is met again


def test_while_the_first_is_at_work_a_second_is_told_so() -> None:
    shop = Shop()
    inner: list[Any] = []

    def sell(_call: Call[Any, Any]) -> Said:
        if not inner:
            inner.append(None)
            inner[0] = call(table, method="POST", world=shop.world, headers=KEY, json={})
        return Said(said="sold")

    table = route("POST", view=sell, body=Order, idempotent=True)
    outer = call(table, method="POST", world=shop.world, headers=KEY, json={})

    assert outer.status_code == 200
    assert inner[0].status_code == 409


def test_of_two_that_take_over_only_one_does() -> None:
    shop = Shop(StoreError("?"))
    shop.order()
    shop.world.clock.advance(CLAIM_S)
    real_save = shop.world.store.save

    def lost_race(*_: Any, **__: Any) -> Any:
        raise VersionConflict("another was faster")

    shop.world.store.save = lost_race  # type: ignore[method-assign]
    answer = shop.order()
    shop.world.store.save = real_save  # type: ignore[method-assign]

    assert answer.status_code == 409
    assert len(shop.effects) == 1


def test_an_answer_that_could_not_be_noted_is_given_all_the_same() -> None:
    shop = Shop()

    def away(*_: Any, **__: Any) -> Any:
        raise StoreError("away")

    shop.world.store.save = away  # type: ignore[method-assign]

    assert shop.order().status_code == 202


def test_after_a_day_the_key_is_fresh() -> None:
    shop = Shop()
    shop.order()

    shop.world.clock.advance(24 * 3600 + 1)
    shop.order()

    assert len(shop.effects) == 2


def test_what_is_kept_of_an_answer_is_sealed() -> None:
    shop = Shop()
    shop.order()

    stored = shop.world.store.get(IDEMPOTENCY, shop.effects[0])

    assert stored is not None
    assert "order 1" not in stored.value.sealed_body


def test_parts_that_join_to_the_same_text_are_different_calls() -> None:
    one = keyed_call("key", "ab", "c", (b"x", b"yz"))
    other = keyed_call("key", "a", "bc", (b"xy", b"z"))

    assert one.id != other.id
    assert re.fullmatch(r"[0-9A-V]{26}", one.id)
    assert one.fingerprint != other.fingerprint
