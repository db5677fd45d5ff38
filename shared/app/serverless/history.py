"""The owner's last wakes, as their operations tell of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import OPERATIONS_OF_OWNER_OF_KINDS
from shared.domain.serverless.model import Mode
from shared.domain.serverless.wakes import LEAST, WAKING, WakeTimes, wake_times

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.app.services import Services
    from shared.domain.ids import InstanceId, UserId
    from shared.domain.operations import Operation
    from shared.ports.store import Scalar

LAST = 200


def last_wakes(services: Services, owner: UserId) -> tuple[Operation, ...]:
    """The newest first, at most LAST; one read each."""
    kinds: tuple[Scalar, ...] = tuple(each.value for each in WAKING)
    values: dict[str, Scalar | tuple[Scalar, ...]] = {"owner": owner, "kinds": kinds}
    page = services.store.find(OPERATIONS_OF_OWNER_OF_KINDS, values, limit=LAST)
    return tuple(each.value for each in page.items)


def by_mode(wakes: Sequence[Operation]) -> Mapping[Mode, WakeTimes]:
    return {mode: wake_times(wakes, mode) for mode in Mode}


def times_for(wakes: Sequence[Operation], instance_id: InstanceId, mode: Mode) -> WakeTimes:
    """The instance's own where there are enough of them, else those of all its owner's."""
    own = wake_times((each for each in wakes if each.target == instance_id), mode)
    return own if own.n >= LEAST else wake_times(wakes, mode)
