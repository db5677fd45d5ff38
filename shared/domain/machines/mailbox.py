"""Commands on their way to a machine: kept until it has acknowledged them."""

from __future__ import annotations

from datetime import datetime

from shared.domain.frozen import dataclass
from shared.domain.ids import CommandId, RentalId
from shared.domain.instances.policies import HibernationPolicy
from shared.domain.replacing import replace

MAX_WAITING = 32
_ERRAND = "errand_"


@dataclass(frozen=True, slots=True)
class QueuedCommand:
    """`kind` is a word of agent_wire. Expired commands are dropped unread."""

    id: CommandId
    kind: str
    issued_at: datetime
    expires_at: datetime
    snapshot_id: str = ""
    drain_id: str = ""
    parent_manifest_key: str = ""
    policy: HibernationPolicy | None = None


def errand_id(name: str) -> CommandId:
    """Of a command that can wait until its machine renews its lease: it stands there, and in no
    mailbox.
    """
    return CommandId(_ERRAND + name)


def of_errands(acks: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(each for each in acks if each.startswith(_ERRAND))


@dataclass(frozen=True, slots=True)
class Mailbox:
    rental_id: RentalId
    commands: tuple[QueuedCommand, ...] = ()

    def put(self, command: QueuedCommand) -> Mailbox:
        """A command whose id is waiting already changes nothing."""
        if any(each.id == command.id for each in self.commands):
            return self
        return replace(self, commands=(*self.commands, command)[-MAX_WAITING:])

    def after(self, acks: tuple[str, ...], now: datetime) -> Mailbox:
        """Without what was acknowledged or has expired."""
        left = tuple(c for c in self.commands if c.id not in acks and c.expires_at > now)
        return self if left == self.commands else replace(self, commands=left)


@dataclass(frozen=True, slots=True)
class CommandIndex:
    """The rentals with something waiting, and those that somebody watches (until when).

    One small document, so that a beat needs no read of its own: each process reads it at most
    once in five seconds.
    """

    waiting: tuple[RentalId, ...] = ()
    watched: tuple[tuple[str, datetime], ...] = ()

    def with_waiting(self, rental_id: RentalId) -> CommandIndex:
        if rental_id in self.waiting:
            return self
        return replace(self, waiting=tuple(sorted((*self.waiting, rental_id))))

    def without_waiting(self, rental_id: RentalId) -> CommandIndex:
        if rental_id not in self.waiting:
            return self
        return replace(self, waiting=tuple(r for r in self.waiting if r != rental_id))

    def watch(self, rental_id: RentalId, until: datetime, now: datetime) -> CommandIndex:
        kept = tuple((r, u) for r, u in self.watched if u > now and r != rental_id)
        return replace(self, watched=(*kept, (rental_id, until)))

    def is_watched(self, rental_id: RentalId, now: datetime) -> bool:
        return any(r == rental_id and u > now for r, u in self.watched)
