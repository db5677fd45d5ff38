"""Our own server and a peer's, side by side: both running, measured in turns, so that whatever
else the computer does meets both.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import psutil

from infra.local.own_stack import OwnStack, own_stack
from tests.bench import figures, peer
from tests.bench.callers import Ask, Told, call
from tests.bench.machines import services_of
from tests.bench.people import join

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.peer import Peer

Figures = dict[str, float | int | str | None]

CALLERS = 8
# Neither side has a marketplace or a cloud to look at. Their list holds one project, ours one
# instance.
WITHOUT_MARKET = {"DUMONT_VAST": "off"}
LISTED = 1


def compare(rounds: int, seconds: float) -> Figures:
    """Both started twice (the first start makes the database), then lists in turns."""
    with ExitStack() as leave:
        ours = Path(leave.enter_context(tempfile.TemporaryDirectory(prefix="dumont-bench-")))
        theirs = leave.enter_context(peer.home())
        with own_stack(folder=ours, environment=WITHOUT_MARKET) as stack:
            first_ours = stack.healthy_after_s
        with peer.running(theirs) as server:
            first_theirs = server.healthy_after_s
        stack = leave.enter_context(own_stack(folder=ours, environment=WITHOUT_MARKET))
        server = leave.enter_context(peer.running(theirs))
        return {
            "peer": server.version,
            **_pair("first_start_healthy_s", first_ours, first_theirs),
            **_pair("later_start_healthy_s", stack.healthy_after_s, server.healthy_after_s),
            **_lists(stack, server, rounds, seconds),
        }


def _lists(stack: OwnStack, server: Peer, rounds: int, seconds: float) -> Figures:
    people = join(stack.url, services_of(stack.folder), CALLERS, LISTED)
    asks = [Ask("list", "GET", "/api/instances", each.headers) for each in people]
    call(stack.url, asks, callers=CALLERS, seconds=seconds / 2)  # both have loaded everything
    call(server.url, [server.listing], callers=CALLERS, seconds=seconds / 2)
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(call(stack.url, asks, callers=CALLERS, seconds=seconds))
        theirs.append(call(server.url, [server.listing], callers=CALLERS, seconds=seconds))
    own = psutil.Process(stack.pid)
    return {
        "callers": CALLERS,
        "rounds": rounds,
        **_pair("lists_per_s", *(median(each.per_s for each in side) for side in (ours, theirs))),
        **_pair("list_p50_ms", _of(ours, figures.middle), _of(theirs, figures.middle)),
        **_pair("list_p99_ms", _of(ours, figures.p99), _of(theirs, figures.p99)),
        **_pair(
            "memory_mib",
            figures.resident_mib([own, *own.children(recursive=True)]),
            figures.resident_mib(server.processes),
        ),
        "ours_failed": sum(sum(each.failed.values()) for each in ours),
        "peer_failed": sum(sum(each.failed.values()) for each in theirs),
    }


def _of(rounds: Sequence[Told], figure: Callable[[Sequence[float]], float | None]) -> float | None:
    """The median over the rounds of each round's figure."""
    found = [value for each in rounds if (value := figure(each.all_ms)) is not None]
    return round(median(found), 3) if found else None


def _pair(name: str, ours: float | None, theirs: float | None) -> Figures:
    """Both, and ours as a share of theirs."""
    ratio = round(ours / theirs, 3) if ours is not None and theirs else None
    return {
        f"ours_{name}": round(ours, 3) if ours is not None else None,
        f"peer_{name}": round(theirs, 3) if theirs is not None else None,
        f"ratio_{name}": ratio,
    }
