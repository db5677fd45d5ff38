"""The audit on the wire: who or what did what, to what, why and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from shared.contract.model import Wire
from shared.contract.paging import PageQuery
from shared.contract.times import UtcTime

if TYPE_CHECKING:
    from shared.domain.timeline import TimelineEvent

Name = Annotated[str, Field(min_length=1, max_length=200)]


class AuditQuery(PageQuery):
    """A page of the audit; what is not asked for is not looked at."""

    since: UtcTime | None = Field(default=None, description="Only acts from then on.")
    until: UtcTime | None = Field(default=None, description="Only acts before then.")
    actor: Name | None = Field(
        default=None,
        description="Only acts of this user, API key (`key_…`), `function:<name>` or `agent`.",
    )
    action: Name | None = Field(
        default=None, description="Only this kind of act, say `ordered.destroy`."
    )
    target: Name | None = Field(
        default=None,
        description="Only acts on this instance, rental, contract, snapshot, key or operation.",
    )


class AuditWire(Wire):
    """`reason` says why; `trace_id` is that of the log lines of the same work."""

    id: str
    at: UtcTime
    actor: str
    action: str
    reason: str
    instance_id: str | None
    rental_id: str | None
    target: str | None
    trace_id: str | None


def audit_wire(event: TimelineEvent) -> AuditWire:
    return AuditWire(
        id=event.id,
        at=event.at,
        actor=event.actor,
        action=event.kind,
        reason=event.message,
        instance_id=event.instance_id,
        rental_id=event.rental_id,
        target=event.target or None,
        trace_id=event.trace_id or None,
    )
