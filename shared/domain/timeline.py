"""What happened, who or what did it, and why. Append-only: it is the timeline and the audit.

One act is one entry, written in the commit of the change that it tells of, so that neither can
be had without the other and a doubled delivery, whose commit fails, records nothing twice.
Entries are not chained by hashes: the end of a chain would be one document that every handler
of an owner competes for, and an act of one machine would fail for a note about another.
"""

from __future__ import annotations

from datetime import datetime

from shared.domain.frozen import dataclass
from shared.domain.ids import InstanceId, RentalId, UserId

EVERY = "*"  # the mark that every entry carries


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """`kind` is a stable word (`state.running`, `rental.booting`, `alarm.drain_failed`).

    `actor` is a user's id, an API key's id, `function:<name>`, `agent`, `anonymous` or `system`.
    `target` names what else it was done to: a contract, a snapshot, a key. `found_by` are the
    marks under which it is looked for.
    """

    id: str
    instance_id: InstanceId | None
    owner: UserId
    at: datetime
    kind: str
    message: str
    rental_id: RentalId | None = None
    actor: str = "system"
    target: str = ""
    trace_id: str = ""
    found_by: tuple[str, ...] = ()


def by_actor(actor: str) -> str:
    return f"actor={actor}"


def by_action(kind: str) -> str:
    return f"action={kind}"


def by_target(target: str) -> str:
    return f"target={target}"


def marks_of(actor: str, kind: str, targets: tuple[str, ...]) -> tuple[str, ...]:
    """Everything that one question may look for: a store answers one mark at a time."""
    named = dict.fromkeys(by_target(each) for each in targets if each)
    return (EVERY, by_actor(actor), by_action(kind), *named)
