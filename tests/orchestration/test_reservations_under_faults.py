"""The reservation covers what the provider charges at every tick, whatever goes wrong."""

from __future__ import annotations

import pytest

from tests.fakes.marketplace import Fault
from tests.orchestration.cloud import Cloud
from tests.orchestration.job import live_through
from tests.orchestration.money import watch_reservations

F = Fault


@pytest.mark.parametrize(
    ("call", "faults"),
    [
        ("create", [F.AFTER]),
        ("create", [F.REFUSED_WITH_CONTRACT]),
        ("create", [F.TWICE, F.TWICE]),
        ("destroy", [F.NOOP, F.NOOP]),
        ("destroy", [F.AFTER, F.AFTER, F.AFTER]),
        ("destroy", [F.BEFORE, F.BUSY, F.REFUSED]),
        ("stop", [F.AFTER]),
        ("stop", [F.BUSY, F.BEFORE]),
        ("start", [F.AFTER]),
        ("listing", [F.EMPTY] * 6),
    ],
    ids=str,
)
def test_a_fault_is_covered_while_it_lasts(call: str, faults: list[Fault]) -> None:
    cloud = Cloud()
    cloud.market.faults[call].extend(faults)
    watch_reservations(cloud)

    live_through(cloud)

    assert not cloud.market.faults[call]
