"""What a Jupyter server says of its kernels, and whether any works. No I/O.

The answer of `GET /api/kernels` (jupyter_server's REST API): `execution_state` and `last_activity`
of each. It is the user's server, and whatever it says is taken apart with care.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_KERNELS = 1000
LONGEST_WORD = 200
_WORKS = frozenset({"busy"})
_RESTS = frozenset({"idle", "dead", "terminating"})
# A server learns of a state from what a kernel sends: one that never ran a cell may be called
# `starting` for as long as it lives, so that this counts for as long as it may be true.
_COMES_UP = frozenset({"starting", "restarting", "autorestarting"})
COMES_UP_WITHIN_S = 120.0


@dataclass(frozen=True)
class Kernel:
    id: str
    state: str
    last_activity: str


@dataclass(frozen=True)
class Seen:
    """A kernel as it was at a look; `since` is when it was first seen to be like this."""

    kernel: Kernel
    since: float


def kernels_in(content: bytes) -> tuple[Kernel, ...] | None:
    """None where it is not such a list."""
    try:
        rows = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(rows, list) or len(rows) > MOST_KERNELS:
        return None
    kernels = tuple(_kernel(row) for row in rows)
    known = tuple(each for each in kernels if each is not None)
    return known if len(known) == len(kernels) else None


def _kernel(row: object) -> Kernel | None:
    if not isinstance(row, dict):
        return None
    told = [row.get(name) for name in ("id", "execution_state", "last_activity")]
    words = [each for each in told if isinstance(each, str) and len(each) <= LONGEST_WORD]
    return Kernel(*words) if len(words) == len(told) else None


def seen_of(kernels: Iterable[Kernel], before: Mapping[str, Seen], now: float) -> dict[str, Seen]:
    """With what is remembered of those that are as they were."""
    found = {}
    for kernel in kernels:
        known = before.get(kernel.id)
        same = known is not None and known.kernel == kernel
        found[kernel.id] = known if known and same else Seen(kernel, now)
    return found


def busy_among(seen: Mapping[str, Seen], before: Mapping[str, Seen], now: float) -> int | None:
    """How many work, or have worked since the last look; None where none is seen to work and of
    one it is not known.
    """
    judged = [_works(each, before.get(key), now) for key, each in seen.items()]
    busy = sum(1 for each in judged if each)
    return None if not busy and None in judged else busy


def _works(seen: Seen, before: Seen | None, now: float) -> bool | None:
    kernel = seen.kernel
    if kernel.state in _WORKS:
        return True
    if before is not None and before.kernel.last_activity != kernel.last_activity:
        return True  # a cell began and ended between two looks
    if kernel.state in _COMES_UP:
        return now - seen.since < COMES_UP_WITHIN_S
    return False if kernel.state in _RESTS else None
