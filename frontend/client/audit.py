"""The `/api/audit` area."""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontend.client.models.history import Act
from frontend.client.paging import walk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from frontend.client.transport import Transport


class Audit:
    """Who or what did what with the caller's things, and why. It can only be read."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def all(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        actor: str | None = None,
        action: str | None = None,
        target: str | None = None,
    ) -> Iterator[Act]:
        """The newest first, page by page; moments need a time zone."""
        query = {
            "since": since.isoformat() if since else None,
            "until": until.isoformat() if until else None,
            "actor": actor,
            "action": action,
            "target": target,
            "limit": 200,
        }
        return walk(self._transport, "/api/audit", Act, query)
