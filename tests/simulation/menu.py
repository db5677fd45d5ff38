"""Which faults there are, where each can strike, and how often.

A cell is a fault at an outside call. Each seed draws some cells, and for each a rate that lets it
strike about once or twice in the seed: so rare calls meet their faults as often as common ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.provider.menu import OUTSIDE as OUTSIDE_MENU

if TYPE_CHECKING:
    import random
    from collections.abc import Collection, Mapping

# Seconds in which faults strike. Most of what lasts does for minutes; a control plane that is away
# for an hour has to come back while they still do.
STORM_S, LONG_STORM_S = 3600.0, 7200.0

STORE_READS = ("store.get", "store.get_each", "store.find", "store.count")
# Between a claim and what it claims: rare among all saves, and where a pause is dearest.
TURN_TAKEN = "store.save of a turn"
# What a call outside has brought, and what was claimed before it: rare among all commits, too.
RENTAL_TOLD = "store.commit of a rental"
STORE_WRITES = (
    "store.add",
    "store.save",
    "store.commit",
    "store.delete",
    TURN_TAKEN,
    RENTAL_TOLD,
)
BUS = ("bus.publish",)
BLOBS = ("blobs.get", "blobs.stat", "blobs.grant", "blobs.delete")
PROVIDER = (
    "provider.search",
    "provider.create",
    "provider.show",
    "provider.listing",
    "provider.stop",
    "provider.start",
    "provider.reboot",
    "provider.destroy",
    "provider.credit_micro_usd",
    "provider.charges",
)
OUTSIDE = (*STORE_READS, *STORE_WRITES, *BUS, *BLOBS, *PROVIDER)

KNOWN_CALLS = frozenset(OUTSIDE)

TURN = "others go first"
DIES_BEFORE = "the process dies before"
DIES_AFTER = "the process dies after"
PAUSE = "a long pause before"
AWAY = "no answer, nothing done"
LOST_ANSWER = "done, the answer is lost"
CONFLICT = "somebody else saves first"
LOST = "lost"
DOUBLED = "doubled"
LATE = "late"
REORDERED = "reordered"
SKIPPED = "skipped"
TOGETHER = "twice at the same moment"
CONTROL_PLANE_AWAY = "the control plane is away"
NEWER_SCHEMA = "newer schema for a while"
UNKNOWN_STATE = "unknown state for a while"
OLDER_STORE = "an older copy of the store"
WIPED_STORE = "an empty store"

TOPICS = ("instance-changed", "instance-idle", "snapshot-requested")
SCHEDULES = ("tick", "snapshots")
REQUESTS = ("ask.instances", "ask.agent")
DOCUMENTS = ("instances", "rentals", "snapshots", "looks", "budgets")

FAULTS: Mapping[str, tuple[str, ...]] = {
    DIES_BEFORE: OUTSIDE,
    DIES_AFTER: OUTSIDE,
    PAUSE: OUTSIDE,
    AWAY: (*STORE_READS, *STORE_WRITES, *BUS),
    LOST_ANSWER: (*STORE_WRITES, *BUS, *REQUESTS),
    CONFLICT: ("store.save", "store.commit", "store.delete", TURN_TAKEN, RENTAL_TOLD),
    LOST: (*TOPICS, *REQUESTS),
    DOUBLED: (*TOPICS, *SCHEDULES, *REQUESTS),
    LATE: (*TOPICS, *SCHEDULES),
    REORDERED: TOPICS,
    SKIPPED: SCHEDULES,
    TOGETHER: (*TOPICS, *SCHEDULES),
    CONTROL_PLANE_AWAY: ("everything",),
    NEWER_SCHEMA: DOCUMENTS,
    UNKNOWN_STATE: ("instances", "rentals", "snapshots"),
    OLDER_STORE: ("everything",),
    WIPED_STORE: ("everything",),
}
"""The engine's own faults."""

_NO_GRACE = "bytes go a day after they were let go, a seed lasts three hours"
CANNOT_EXIST: Mapping[tuple[str, str], str] = {
    (fault, call): _NO_GRACE
    for fault, calls in FAULTS.items()
    for call in calls
    if call in {"blobs.delete", "store.delete"}
}

# How often a call, an event or a moment is met in the storm of a seed of three instances
# (`--calls` tells of the calls).
TYPICAL: Mapping[str, float] = {
    "store.get": 1700.0,
    "store.save": 310.0,
    TURN_TAKEN: 34.0,
    "store.find": 520.0,
    "store.get_each": 150.0,
    "store.commit": 140.0,
    RENTAL_TOLD: 80.0,
    "store.count": 5.0,
    "store.add": 20.0,
    "bus.publish": 90.0,
    "blobs.grant": 28.0,
    "blobs.get": 25.0,
    "blobs.stat": 10.0,
    "provider.search": 4.5,
    "provider.create": 8.0,
    "provider.show": 11.0,
    "provider.listing": 40.0,
    "provider.destroy": 7.0,
    "provider.stop": 1.0,
    "provider.start": 0.5,
    "provider.reboot": 0.8,
    "provider.credit_micro_usd": 4.0,
    "provider.credit": 4.0,
    "provider.charges": 6.0,
    "provider.host": 6.0,
    "provider.account": 4.0,
    "ask.agent": 280.0,
    "ask.instances": 18.0,
    "instance-changed": 80.0,
    "instance-idle": 12.0,
    "snapshot-requested": 0.7,
    "tick": 60.0,
    "snapshots": 2.0,
    "machine.life": 260.0,
    "machine.beat": 250.0,
    "machine.events": 27.0,
    "machine.hello": 6.0,
    "machine.uploads": 8.0,
    "machine.put": 15.0,
    "machine.get": 4.0,
    "machine.boot": 6.0,
    "machine.snapshot": 8.0,
    "machine.restore": 2.0,
    **dict.fromkeys(DOCUMENTS, 1.0),
    "everything": 1.0,
}

# How many cells a seed has, and how often each strikes on average.
_CELLS = (4, 9)
_STRIKES_PER_CELL = 1.9
# The whole deployment is hit only in a part of the seeds: its effects drown the others'.
_RARE = {CONTROL_PLANE_AWAY: 0.05, OLDER_STORE: 0.02, WIPED_STORE: 0.01}
# In how many seeds tasks get into each other's way, and at how many calls.
_TURNS = (0.0, 0.0, 0.01, 0.05)


def cells() -> tuple[tuple[str, str], ...]:
    """Every fault at every call: the engine's, and those of provider, machines and blobs."""
    menus = (FAULTS, OUTSIDE_MENU)
    found = [(fault, call) for menu in menus for fault, calls in menu.items() for call in calls]
    return tuple(cell for cell in found if cell not in CANNOT_EXIST)


def plan(chance: random.Random) -> dict[tuple[str, str], float]:
    """A seed's faults: for each of its cells the rate at which it strikes."""
    known = cells()
    common = [cell for cell in known if cell[0] not in _RARE]
    drawn = chance.sample(common, chance.randint(*_CELLS))
    drawn += [cell for cell in known if chance.random() < _RARE.get(cell[0], 0.0)]
    rates = {cell: rate_of(cell[1]) for cell in drawn}
    turn = chance.choice(_TURNS)
    return rates | ({(TURN, call): turn for call in OUTSIDE} if turn else {})


def storm_s(planned: Collection[tuple[str, str]]) -> float:
    """How long a seed with these cells has faults."""
    away = any(fault == CONTROL_PLANE_AWAY for fault, _ in planned)
    return LONG_STORM_S if away else STORM_S


def rate_of(call: str) -> float:
    return min(0.7, _STRIKES_PER_CELL / TYPICAL[call])
