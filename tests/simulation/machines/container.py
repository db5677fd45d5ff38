"""What a rented host keeps, and what one start of its container holds."""

from __future__ import annotations

from dataclasses import dataclass, field

from infra.agent.core.facts import Memory
from shared.agent_wire.messages import AgentEvent


@dataclass(slots=True)
class Disk:
    """What a stop does not lose. `writes` counts what the user has written; `content` names the
    last of them, so that no two disks hold the same by chance.
    """

    key: str
    memory: Memory = field(default_factory=Memory)
    spool: dict[str, AgentEvent] = field(default_factory=dict)
    writes: int = 0
    filled_writes: int = 0  # those that were there before its own user's
    content: str = ""

    def write(self, who: str) -> None:
        self.writes += 1
        self.content = f"{self.writes} by {who}"

    def fill(self, content: str) -> None:
        """As restored; "" is an empty workspace."""
        self.content = content
        self.writes = int(content.partition(" ")[0]) if content else 0
        self.filled_writes = self.writes


@dataclass(slots=True)
class Container:
    """One start. The user's processes run from `is_open` on, also while the agent is dead."""

    boot_no: int
    is_open: bool = False
    is_frozen: bool = False

    @property
    def works(self) -> bool:
        return self.is_open and not self.is_frozen
