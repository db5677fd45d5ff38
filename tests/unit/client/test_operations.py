from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from frontend.client.errors import OperationFailed, WaitTimedOut
from tests.unit.client import shapes
from tests.unit.client.fake_cloud import FakeCloud, Reply, problem

if TYPE_CHECKING:
    from frontend.client.dumont import Dumont
    from frontend.client.models.operations import Phase
    from tests.unit.client.conftest import FakeTime

PATH = "/api/operations/op_1"


def test_waiting_tells_the_begin_and_the_end_of_every_phase_once(client: Dumont) -> None:
    told: list[tuple[str, float | None]] = []

    def tell(phase: Phase) -> None:
        told.append((phase.name, phase.seconds))

    operation = client.operations.wait("op_1", tell)

    assert operation.succeeded
    assert told == [("renting", None), ("renting", 12.0), ("starting", None), ("starting", 3.5)]


def test_a_failed_operation_says_why(cloud: FakeCloud, client: Dumont) -> None:
    error = {"code": "offer_gone", "message": "somebody was faster"}
    body = {**shapes.operation(1), "state": "failed", "error": error}
    cloud.script("GET", PATH, Reply(body=body))

    with pytest.raises(OperationFailed, match="somebody was faster") as caught:
        client.operations.wait("op_1")

    assert caught.value.code == "offer_gone"
    assert caught.value.operation.target == "inst_1"


def test_a_wait_ends_in_time_and_says_where_it_was(
    cloud: FakeCloud, client: Dumont, time: FakeTime
) -> None:
    cloud.script("GET", PATH, *[Reply(body=shapes.operation(1))] * 99)

    with pytest.raises(WaitTimedOut, match="at: renting"):
        client.operations.wait("op_1", timeout_s=20)

    assert time.now_s == pytest.approx(20)


def test_polls_slow_down_while_nothing_happens(
    cloud: FakeCloud, client: Dumont, time: FakeTime
) -> None:
    cloud.script(
        "GET", PATH, *[Reply(body=shapes.operation(1))] * 9, Reply(body=shapes.operation(3))
    )

    client.operations.wait("op_1", first_poll_s=1, longest_poll_s=3)

    assert time.slept_s[:4] == [1, 1.5, 2.25, 3]
    assert max(time.slept_s) == 3


def test_a_server_that_is_away_for_a_moment_does_not_end_the_wait(
    cloud: FakeCloud, client: Dumont
) -> None:
    cloud.script("GET", PATH, problem(503, "store_unavailable", "Away."), Reply(drop=True))

    assert client.operations.wait("op_1").succeeded
