"""The commands that wait for a machine, as it is told them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.agent_wire.messages import Command
from shared.app.machines.mailbox import left
from shared.app.machines.plan import idle_policy

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.machines.mailbox import QueuedCommand
    from shared.domain.machines.tokens import MachineToken


def collect(services: Services, token: MachineToken, acks: tuple[str, ...]) -> tuple[Command, ...]:
    """What waits, without what was acknowledged."""
    box = left(services, token.rental_id, acks, services.clock.now())
    return tuple(told(each) for each in box.commands)


def told(command: QueuedCommand, *, at_leisure: bool = False) -> Command:
    return Command(
        id=command.id,
        kind=command.kind,
        snapshot_id=command.snapshot_id,
        drain_id=command.drain_id,
        parent_manifest_key=command.parent_manifest_key,
        idle=idle_policy(command.policy) if command.policy else None,
        at_leisure=at_leisure,
    )
