"""Until when an instance may be left alone. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.instances.model import Desired, InstanceState

if TYPE_CHECKING:
    from shared.domain.instances.model import Instance
    from shared.domain.instances.steps import Rest
    from shared.domain.rentals.timing import Timing

EARLY_SHARE = 0.25  # of a wait: so much too early is not worth a write


def due_at(step: Rest, now: datetime, timing: Timing) -> datetime | None:
    """While a listing is waited for, look at every sweep: its hint may be lost."""
    sweep = now + timedelta(seconds=timing.next_sweep_s) if step.look else None
    moments = [each for each in (step.until, sweep) if each]
    return min(moments, default=None)


def keeps(due: datetime | None, until: datetime | None, now: datetime) -> bool:
    """A look that is due a little early already is not put off: that would be a write, and soon
    another.
    """
    if due is None or until is None or due <= now:
        return due == until
    return due <= until and (until - due) <= (until - now) * EARLY_SHARE


def may_rest_on(instance: Instance) -> bool:
    """Whether its own document, its primary's and its lease hold all that a decision looks at."""
    return _only_runs(instance) and instance.open_snapshot is None


def can_wait(instance: Instance) -> bool:
    """Whether a hint of it, were it lost, may be given again a minute later: nothing of it is on
    its way in or out, and nobody doubts its machine.
    """
    return _only_runs(instance) and instance.thaw is None


def _only_runs(instance: Instance) -> bool:
    failover = instance.failover
    return (
        instance.state is InstanceState.RUNNING
        and instance.desired is Desired.RUNNING
        and instance.primary is not None
        and instance.rentals == (instance.primary,)
        and instance.drain is None
        and instance.silent_since is None
        and failover.suspicion is None
        and not failover.held
    )
