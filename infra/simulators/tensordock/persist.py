"""The marketplace's memory on disk: written whole at every change that costs or allocates."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import cattrs

from infra.simulators.machine.load import write_whole
from infra.simulators.tensordock.model.state import Account, Host, Knobs, Machine, Place, World

if TYPE_CHECKING:
    from pathlib import Path

COUNTERS = ("now", "next_account", "next_port")


def save(path: Path, world: World) -> None:
    document: dict[str, object] = {name: getattr(world, name) for name in COUNTERS}
    document |= {"keys": world.keys, "fault_rules": world.fault_rules}
    document["knobs"] = asdict(world.knobs)
    for name in ("places", "hosts", "accounts", "machines"):
        document[name] = [asdict(each) for each in getattr(world, name).values()]
    write_whole(path, json.dumps(document))


def load(path: Path, world: World) -> None:
    """Fill an empty world from the file of an earlier run."""
    document = json.loads(path.read_text())
    reader = cattrs.Converter()
    for name in COUNTERS:
        setattr(world, name, document[name])
    # Not the draws of the earlier run again: its ids are in use.
    world.rng.seed(f"{world.now}:{len(document['machines'])}:{world.next_account}")
    world.knobs = reader.structure(document["knobs"], Knobs)
    world.keys, world.fault_rules = document["keys"], document["fault_rules"]
    world.places = {each.id: each for each in reader.structure(document["places"], list[Place])}
    world.hosts = {each.id: each for each in reader.structure(document["hosts"], list[Host])}
    for account in reader.structure(document["accounts"], list[Account]):
        world.accounts[account.id] = account
    for machine in reader.structure(document["machines"], list[Machine]):
        world.machines[machine.id] = machine
