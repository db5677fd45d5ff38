from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontend.client import errors
from frontend.client.orders import Order
from frontend.client.pace import Pace
from frontend.client.transport import Request
from tests.unit.client.fake_cloud import FakeCloud, Reply, problem

if TYPE_CHECKING:
    from frontend.client.dumont import Dumont
    from tests.unit.client.conftest import FakeTime

BUSY = problem(429, "rate_limited", "Too many calls.", retry_after_s=7)
AWAY = problem(503, "store_unavailable", "Try again shortly.", retry_after_s=2)
PENDING = problem(409, "idempotency_in_progress", "Still in progress.", retry_after_s=2)
CUT = Reply(cut=True, body={"id": "inst_1", "state": "running"})
DROPPED = Reply(drop=True)


@pytest.mark.parametrize("trouble", [BUSY, AWAY, CUT, DROPPED])
def test_a_read_survives_a_passing_trouble(
    cloud: FakeCloud, client: Dumont, trouble: Reply
) -> None:
    cloud.script("GET", "/api/instances/inst_1", trouble, trouble)

    instance = client.instances.get("inst_1")

    assert instance.id == "inst_1"
    assert len(cloud.calls("GET", "/api/instances/inst_1")) == 3


@pytest.mark.parametrize("trouble", [BUSY, AWAY, PENDING, CUT, DROPPED])
def test_a_spending_call_keeps_its_key_over_its_own_repeats(
    cloud: FakeCloud, client: Dumont, trouble: Reply
) -> None:
    cloud.script("POST", "/api/instances", trouble)

    client.instances.create(Order(offer_id="vast:1"))
    client.instances.create(Order(offer_id="vast:1"))

    first, repeat, second = (
        each.headers["idempotency-key"] for each in cloud.calls("POST", "/api/instances")
    )
    assert first == repeat
    assert second != first


def test_every_call_that_spends_or_destroys_carries_a_key(cloud: FakeCloud, client: Dumont) -> None:
    calls = client.instances
    for order in (
        calls.pause, calls.resume, calls.hibernate, calls.wake,
        calls.snapshot, calls.reboot, calls.failover, calls.keep_alive, calls.destroy,
    ):  # fmt: skip
        order("inst_1")

    keys = {each.headers.get("idempotency-key") for each in cloud.seen if each.method != "GET"}
    assert None not in keys
    assert len(keys) == 9


def test_the_wait_is_the_one_that_the_server_asks_for(
    cloud: FakeCloud, client: Dumont, time: FakeTime
) -> None:
    cloud.script("GET", "/api/instances/inst_1", BUSY, AWAY)

    client.instances.get("inst_1")

    assert time.slept_s == [7, 2]


@pytest.mark.parametrize("wish", ["3600", "nan", "-1", "inf", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_no_wish_of_the_server_holds_a_caller_for_long(
    cloud: FakeCloud, client: Dumont, time: FakeTime, wish: str
) -> None:
    reply = Reply(429, {"code": "rate_limited"}, headers={"Retry-After": wish})
    cloud.script("GET", "/api/instances/inst_1", *[reply] * 9)

    with pytest.raises(errors.RateLimited):
        client.instances.get("inst_1")

    assert sum(time.slept_s) <= 30


def test_the_tries_end(cloud: FakeCloud, client: Dumont) -> None:
    cloud.script("GET", "/api/instances/inst_1", *[AWAY] * 9)

    with pytest.raises(errors.ServerFailed, match="Try again shortly"):
        client.instances.get("inst_1")

    assert len(cloud.calls("GET", "/api/instances/inst_1")) == 4


@pytest.mark.parametrize("trouble", [BUSY, AWAY, CUT, DROPPED])
def test_a_write_without_a_key_is_sent_once(
    cloud: FakeCloud, client: Dumont, trouble: Reply
) -> None:
    cloud.script("POST", "/api/things", *[trouble] * 3)

    with pytest.raises(errors.DumontError):
        client.transport.call(Request("POST", "/api/things", body={}))

    assert len(cloud.calls("POST", "/api/things")) == 1


@pytest.mark.parametrize("status", [400, 402, 403, 404, 409, 422, 500, 502])
def test_an_answer_that_will_not_change_is_not_asked_for_again(
    cloud: FakeCloud, client: Dumont, status: int
) -> None:
    cloud.script("POST", "/api/instances", *[problem(status, "no", "No.")] * 3)

    with pytest.raises(errors.ApiError):
        client.instances.create(Order(offer_id="vast:1"))

    assert len(cloud.calls("POST", "/api/instances")) == 1


@given(tries=st.integers(1, 50))
def test_waits_between_tries_grow_and_stay_bounded(tries: int) -> None:
    pace = Pace()

    assert 0 < pace.backoff_s(tries) <= pace.backoff_s(tries + 1) <= pace.longest_wait_s
