"""The least time between calls (section 2), per (path template, method, key).

Real seconds, whatever the speed of the market. A refused call does not count [I].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import World

WINDOW_S = 60.0


def refused_interval(
    world: World, identity: str, interval_s: float, per_minute: int, real_now: float
) -> float | None:
    """The threshold that this call breaks, or None when it may pass (and is then counted)."""
    if not world.knobs.call_intervals:
        return None
    threshold = interval_s or (0.0 if per_minute else world.knobs.unlisted_interval_s)
    calls = [at for at in world.last_calls.get(identity, []) if real_now - at < WINDOW_S]
    if threshold and calls and real_now - calls[-1] < threshold:
        return threshold
    if per_minute and len(calls) >= per_minute:
        return WINDOW_S / per_minute
    kept = max(1, per_minute)
    world.last_calls[identity] = [*calls, real_now][-kept:]
    return None
