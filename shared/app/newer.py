"""Documents of newer code that are due: left alone, and moved on (rule 19)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from shared.domain.errors import VersionConflict
from shared.ports.store import Postpone

if TYPE_CHECKING:
    from datetime import datetime

    from shared.app.services import Services
    from shared.ports.store import Page, Query

log = logging.getLogger(__name__)


def move_on(services: Services, query: Query[Any], page: Page[Any], until: datetime) -> None:
    """Have what this page could not read come up again at `until`, so that it does not stand in
    front of what is due after it. Whoever writes one meanwhile has seen to it. Raises StoreError.
    """
    due = next(where.field for where in query.where if where.op == "<=")
    for each in page.unread:
        later = Postpone(query.collection, each.key, due, until, each.version)
        try:
            services.store.commit([later])
        except VersionConflict:
            continue
    if page.unread:
        log.warning(
            "%d documents of %s are of newer code: left alone until %s",
            len(page.unread),
            query.collection.name,
            until.isoformat(),
        )
