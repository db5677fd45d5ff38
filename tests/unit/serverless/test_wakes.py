"""Wake times come from wakes, or there are none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.ids import InstanceId, OperationId, UserId
from shared.domain.instances.model import InstanceState
from shared.domain.market.offers import MachineType, OfferFilter
from shared.domain.operations import Operation, OperationKind, OperationState, Phase
from shared.domain.serverless.model import Mode, Serverless
from shared.domain.serverless.wakes import (
    LEAST,
    LEAST_FOR_P90,
    manner_of,
    quantile,
    remaining_s,
    wake_times,
)
from tests.unit.instances.samples import an_instance
from tests.unit.rentals.samples import after


def a_wake(seconds: float, mode: Mode = Mode.ECONOMIC, **changes: Any) -> Operation:
    """Ordered at 0; half of its time was another machine's boot."""
    begun = Operation.begun(
        OperationId("op_1"),
        UserId("user_ada"),
        OperationKind.WAKE,
        InstanceId("inst_1"),
        after(0),
        Phase("provisioning", after(0)),
    )
    done = begun.enter("restoring", after(seconds / 2)).succeed(after(seconds))
    return replace(done, mode=mode.value, **changes)


def test_of_too_few_nothing_is_said() -> None:
    times = wake_times([a_wake(20)] * (LEAST - 1), Mode.ECONOMIC)

    assert (times.n, times.p50_s, times.p90_s, times.phases) == (LEAST - 1, None, None, {})
    assert not times.enough


def test_the_median_and_the_ninth_tenth_are_wakes_that_happened() -> None:
    times = wake_times([a_wake(seconds) for seconds in range(1, 11)], Mode.ECONOMIC)

    assert (times.n, times.p50_s, times.p90_s) == (10, 5, 9)
    assert times.phases == {"provisioning": 2.5, "restoring": 2.5}


def test_a_ninth_tenth_needs_ten() -> None:
    times = wake_times([a_wake(20)] * (LEAST_FOR_P90 - 1), Mode.ECONOMIC)

    assert (times.p50_s, times.p90_s) == (20, None)


@pytest.mark.parametrize(
    "other",
    [
        a_wake(1, Mode.SPOT),
        a_wake(1, kind=OperationKind.CREATE),
        replace(a_wake(1), state=OperationState.FAILED),
        replace(a_wake(1), mode=""),
    ],
)
def test_only_wakes_of_the_mode_that_succeeded_count(other: Operation) -> None:
    times = wake_times([*[a_wake(20)] * 3, other, other, other, other], Mode.ECONOMIC)

    assert (times.n, times.p50_s) == (3, 20)


@pytest.mark.parametrize(
    ("spent_s", "left_s"), [(0, 20), (15, 5), (20, 20), (39, 1), (40, None), (400, None)]
)
def test_what_is_left_goes_by_the_median_then_by_the_ninth_tenth(
    spent_s: float, left_s: float | None
) -> None:
    times = wake_times([*[a_wake(20)] * 8, a_wake(40), a_wake(90)], Mode.ECONOMIC)

    assert remaining_s(times, after(0), after(spent_s)) == left_s


def test_what_was_never_measured_has_no_end_in_sight() -> None:
    assert remaining_s(wake_times([], Mode.FAST), after(0), after(1)) is None


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1.0), (0.5, 2.0), (0.75, 3.0), (0.9, 4.0), (1.0, 4.0)]
)
def test_quantiles_are_by_the_nearest_rank(share: float, expected: float) -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0], share) == expected


@pytest.mark.parametrize(
    ("kind", "changes", "mode"),
    [
        (OperationKind.RESUME, {}, "fast"),
        (OperationKind.WAKE, {}, "economic"),
        (OperationKind.WAKE, {"serverless": Serverless(Mode.FAST)}, "economic"),
        (OperationKind.WAKE, {"serverless": Serverless(Mode.SPOT)}, "spot"),
        (OperationKind.WAKE, {"want": OfferFilter(machine_type=MachineType.INTERRUPTIBLE)}, "spot"),
        (OperationKind.SNAPSHOT, {}, ""),
    ],
)
def test_a_wake_is_counted_by_the_means_that_it_takes(
    kind: OperationKind, changes: dict[str, Any], mode: str
) -> None:
    assert manner_of(an_instance(InstanceState.ASLEEP, **changes), kind) == mode
