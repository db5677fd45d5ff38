"""What a commit is billed: the same in both stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.ports.store import Add, Delete, Save

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.ports.store import Write


def billed(writes: Sequence[Write]) -> dict[str, int]:
    """As `record` takes it. An expiring document is counted at every write of it, and deleted once:
    the count is the most that its removal can cost.
    """
    deletes = sum(isinstance(write, Delete) for write in writes)
    expiring = sum(
        isinstance(write, Add | Save) and write.collection.expires is not None for write in writes
    )
    return {"writes": len(writes) - deletes, "deletes": deletes, "expiring": expiring}
