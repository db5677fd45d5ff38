"""What commits and counts are billed: the same in all stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.ports.store import Add, Delete, Save

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.ports.store import Write

_WHOLE = (Add, Save)
_ENTRIES_PER_READ = 1000  # of an index, for a count


def billed(writes: Sequence[Write]) -> dict[str, int]:
    """As `record` takes it. An expiring document is counted at every write of it, and deleted once:
    the count is the most that its removal can cost.
    """
    deletes = expiring = 0
    for write in writes:
        if isinstance(write, Delete):
            deletes += 1
        elif write.collection.expires is not None and isinstance(write, _WHOLE):
            expiring += 1
    return {"writes": len(writes) - deletes, "deletes": deletes, "expiring": expiring}


def counted(found: int) -> int:
    """Reads of a count that found so many."""
    return max(1, -(-found // _ENTRIES_PER_READ))
