"""Look at the audit: only ever the caller's own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.app.collections import AUDIT_OF_OWNER
from shared.domain.frozen import dataclass
from shared.domain.timeline import EVERY, by_action, by_actor, by_target
from shared.ports.store import Page

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import UserId
    from shared.domain.timeline import TimelineEvent
    from shared.ports.store import Scalar

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wanted:
    """From `since` on, before `until`; None leaves a side open and a name unasked."""

    since: datetime | None = None
    until: datetime | None = None
    actor: str | None = None
    action: str | None = None
    target: str | None = None

    def marks(self) -> tuple[str, ...]:
        """The most telling first."""
        named = (
            by_target(self.target) if self.target else "",
            by_actor(self.actor) if self.actor else "",
            by_action(self.action) if self.action else "",
        )
        return tuple(mark for mark in named if mark) or (EVERY,)


def audit(
    services: Services, owner: UserId, wanted: Wanted, limit: int, cursor: str | None
) -> Page[TimelineEvent]:
    """What was done in the owner's name or to what they own, the newest first.

    The store looks for one mark; the others thin its page out, so a page may hold fewer entries
    than `limit`, even none, and still be followed by another. Raises Invalid for a bad cursor.
    """
    first, *others = wanted.marks()
    values: dict[str, Scalar] = {
        "owner": owner,
        "mark": first,
        "since": wanted.since or _EARLIEST,
        "until": wanted.until or _LATEST,
    }
    page = services.store.find(AUDIT_OF_OWNER, values, limit=limit, cursor=cursor)
    kept = tuple(each for each in page.items if all(m in each.value.found_by for m in others))
    return Page(kept, page.next_cursor)
