"""What a steady heartbeat reads. Declared apart, so that a beat loads no other document."""

from __future__ import annotations

from shared.domain.machines.mailbox import CommandIndex
from shared.ports.store import Collection

COMMAND_INDEX = Collection("command_index", CommandIndex)
INDEX_KEY = "index"
