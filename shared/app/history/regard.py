"""What a caller knows of machines: two reads, whatever the size of the market."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import MACHINE_BOOKS, SCOREBOARDS, SHARED_SCOREBOARD
from shared.domain.history.book import MachineBook
from shared.domain.history.regard import NOBODY, Regard
from shared.domain.history.shared_score import Scoreboard

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import UserId


def regard_of(services: Services, owner: UserId | None) -> Regard:
    """As of now. None is a caller without a login: one read, and only the shared scores."""
    stored = services.store.get(MACHINE_BOOKS, owner) if owner else None
    board = services.store.get(SCOREBOARDS, SHARED_SCOREBOARD)
    return Regard(
        now=services.clock.now(),
        book=stored.value if stored else MachineBook(owner or NOBODY),
        scores=board.value if board else Scoreboard(),
    )
