"""An entry of the audit, to be committed with what it tells of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.audit.acting import who_acts
from shared.app.collections import TIMELINE
from shared.domain.timeline import TimelineEvent, marks_of
from shared.ports.store import Add

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.app.services import Services
    from shared.domain.ids import InstanceId, RentalId, UserId

_LONGEST_MESSAGE = 1000


def entry(
    services: Services,
    owner: UserId,
    kind: str,
    message: str,
    *,
    instance_id: InstanceId | None = None,
    rental_id: RentalId | None = None,
    target: str = "",
    others: Sequence[str] = (),
    key: str = "",
) -> Add[TimelineEvent]:
    """Create-only. `key` where no version guards the commit: the same act is recorded once.

    With an `instance_id` it stands in that instance's timeline as well. An act on several names
    the first of them as its `target`, and is found under the `others` too.
    """
    now = who_acts()
    event = TimelineEvent(
        id=f"evt_{key}" if key else services.ids.new("evt"),
        instance_id=instance_id,
        owner=owner,
        at=services.clock.now(),
        kind=kind,
        message=message[:_LONGEST_MESSAGE],
        rental_id=rental_id,
        actor=now.actor,
        target=target,
        trace_id=now.trace_id,
        found_by=marks_of(now.actor, kind, (instance_id or "", rental_id or "", target, *others)),
    )
    return Add(TIMELINE, event.id, event)
