"""What a thousand machines and a few people ask of a deployment, in the proportions of a day."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from shared.agent_wire.messages import PATH_HEARTBEAT
from tests.bench.callers import Ask

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.domain.ids import InstanceId
    from tests.bench.stored import Machine

# Of a hundred calls. One beat of ten renews its lease, as with beats of 30 s and leases of 300 s.
STEADY, RENEWING = 63, 7
READS = {
    "list": (12, "/api/instances"),
    "list running": (4, "/api/instances?status=running&limit=20"),
    "one": (6, "/api/instances/{instance_id}"),
    "timeline": (3, "/api/instances/{instance_id}/events"),
    "snapshots": (2, "/api/snapshots"),
    "audit": (2, "/api/audit"),
    "health": (1, "/health"),
}
ROUNDS = 20  # of a hundred calls each, before they repeat


def beats(machines: Sequence[Machine]) -> list[Ask]:
    """A steady beat of each."""
    return [_beat("steady beat", each, each.steady) for each in machines]


def mixed(
    machines: Sequence[Machine],
    owners: Mapping[InstanceId, Mapping[str, str]],
    seed: int = 0,
) -> list[Ask]:
    """Beats of all these machines, and reads by those who own the instances, with their headers."""
    chance = random.Random(seed)
    instances = list(owners)
    asks = []
    for _ in range(ROUNDS):
        asks += [_beat("steady beat", m, m.steady) for m in chance.choices(machines, k=STEADY)]
        asks += [_beat("renewal", m, m.renewing) for m in chance.choices(machines, k=RENEWING)]
        for name, (times, path) in READS.items():
            for _ in range(times):
                chosen = chance.choice(instances)
                asks.append(Ask(name, "GET", path.format(instance_id=chosen), owners[chosen]))
    chance.shuffle(asks)
    return asks


def _beat(name: str, machine: Machine, body: bytes) -> Ask:
    return Ask(name, "POST", PATH_HEARTBEAT, machine.headers, body)
