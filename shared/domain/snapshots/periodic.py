"""When an instance's policy asks for its next snapshot. Pure."""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.domain.instances.policies import SnapshotPolicy

PARTS = 1000


def first_after(policy: SnapshotPolicy, instance_id: str, ready_at: datetime) -> datetime | None:
    """The first one comes after half an interval to a whole one, by the instance's own id: what
    became ready together is not saved together. None where the policy asks for none.
    """
    if not policy.interval_minutes:
        return None
    part = (zlib.crc32(instance_id.encode()) % PARTS) / PARTS
    return ready_at + timedelta(minutes=policy.interval_minutes * (0.5 + 0.5 * part))


def next_after(policy: SnapshotPolicy, taken_at: datetime) -> datetime | None:
    """A whole interval after the one before. None where the policy asks for none."""
    if not policy.interval_minutes:
        return None
    return taken_at + timedelta(minutes=policy.interval_minutes)
