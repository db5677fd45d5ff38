"""Have an instance looked at by the next sweep, whatever becomes of the hint."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.collections import INSTANCES
from shared.domain.errors import UnknownSchema
from shared.ports.store import Postpone

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import InstanceId
    from shared.ports.store import Write


def made_due(services: Services, instance_id: InstanceId) -> list[Write]:
    """To be committed with the news of it: what only runs is not looked at for hours otherwise.

    One read. Nothing where it is due soon anyway. Raises StoreError.
    """
    try:
        stored = services.store.get(INSTANCES, instance_id)
    except UnknownSchema:
        return []  # its code looks after it, and hears the hint
    if stored is None:
        return []
    now, due_at = services.clock.now(), stored.value.due_at
    if due_at and due_at <= now + timedelta(seconds=services.settings.timing.sweep_s):
        return []
    return [Postpone(INSTANCES, stored.key, "due_at", now, stored.version)]
