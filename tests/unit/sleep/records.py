"""Spells of made-up instances, one after the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.ids import InstanceId
from shared.domain.sleep.spells import Spell

if TYPE_CHECKING:
    from collections.abc import Iterable

START = datetime(2026, 3, 1, tzinfo=UTC)


def spells(
    lengths_s: Iterable[float], instance: str = "inst_a", busy_s: float = 60.0
) -> list[Spell]:
    """With `busy_s` of work before each."""
    found, at = [], START
    for length in lengths_s:
        at += timedelta(seconds=busy_s)
        found.append(Spell(InstanceId(instance), at, length))
        at += timedelta(seconds=length)
    return found
