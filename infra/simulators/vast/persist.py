"""The marketplace's memory on disk: written whole at every change that costs or allocates."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

import cattrs

from infra.simulators.vast.machine.load import write_whole
from infra.simulators.vast.model.knobs import Knobs
from infra.simulators.vast.model.state import (
    Account,
    ApiKey,
    Contract,
    Row,
    Slice,
    Timer,
    Volume,
    World,
)

if TYPE_CHECKING:
    from pathlib import Path

COUNTERS = ("now", "next_id", "next_seq", "next_port")
TABLES = {"accounts": Account, "contracts": Contract, "volumes": Volume}


def save_market(path: Path, world: World) -> None:
    """What hosts offer never changes, so it is written once and apart."""
    write_whole(path, json.dumps([piece.fields for piece in world.slices]))


def save(path: Path, world: World) -> None:
    document: Row = {name: getattr(world, name) for name in COUNTERS}
    document["knobs"] = asdict(world.knobs)
    document["fault_rules"] = world.fault_rules
    document["keys"] = [asdict(key) for key in world.keys.values()]
    document["timers"] = [asdict(timer) for timer in world.timers]
    document["slices"] = [_without_fields(piece) for piece in world.slices]
    for name in TABLES:
        document[name] = [asdict(each) for each in getattr(world, name).values()]
    write_whole(path, json.dumps(document))


def _without_fields(piece: Slice) -> Row:
    names = (each.name for each in fields(piece))
    return {name: getattr(piece, name) for name in names if name != "fields"}


def load(state: Path, market: Path, world: World) -> None:
    """Fill an empty world from the files of an earlier run."""
    document = json.loads(state.read_text())
    for name in COUNTERS:
        setattr(world, name, document[name])
    world.knobs = cattrs.structure(document["knobs"], Knobs)
    world.fault_rules = document["fault_rules"]
    world.timers = cattrs.structure(document["timers"], list[Timer])
    _load_slices(world, document["slices"], json.loads(market.read_text()))
    for key in cattrs.structure(document["keys"], list[ApiKey]):
        world.keys[key.key] = key
    for account in cattrs.structure(document["accounts"], list[Account]):
        world.accounts[account.id] = account
        world.open_contracts[account.id] = {}
    for volume in cattrs.structure(document["volumes"], list[Volume]):
        world.volumes[volume.id] = volume
    for contract in cattrs.structure(document["contracts"], list[Contract]):
        world.contracts[contract.id] = contract
        if contract.gone_at is None:
            world.open_contracts[contract.account_id][contract.id] = None


def _load_slices(world: World, rows: list[Row], market: list[Row]) -> None:
    for row, offered in zip(rows, market, strict=True):
        piece = cattrs.structure({**row, "fields": offered}, Slice)
        world.slices.append(piece)
        if piece.ask_id is not None:
            world.asks[piece.ask_id] = piece.slot
        if piece.volume_ask_id is not None:
            world.volume_asks[piece.volume_ask_id] = piece.slot
