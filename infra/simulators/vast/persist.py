"""The marketplace's memory on disk: written whole at every change that costs or allocates."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

import cattrs

from infra.simulators.machine.load import write_whole
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


def save_market(path: Path, world: World) -> None:
    """What hosts offer never changes, so it is written once and apart."""
    write_whole(path, json.dumps([piece.fields for piece in world.slices]))


def _reader() -> cattrs.Converter:
    """Rows of wire values are taken as they are."""
    converter = cattrs.Converter()
    converter.register_structure_hook_func(
        lambda wanted: wanted is object, lambda value, _type: value
    )
    return converter


class Book:
    """Writes the state; a contract that is gone never changes, so its text is made once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._closed: dict[int, str] = {}

    def save(self, world: World) -> None:
        document: Row = {name: getattr(world, name) for name in COUNTERS}
        document["knobs"] = asdict(world.knobs)
        document["fault_rules"] = world.fault_rules
        document["keys"] = [asdict(key) for key in world.keys.values()]
        document["timers"] = [asdict(timer) for timer in world.timers]
        document["slices"] = [_without_fields(piece) for piece in world.slices]
        document["accounts"] = [asdict(each) for each in world.accounts.values()]
        document["volumes"] = [asdict(each) for each in world.volumes.values()]
        contracts = ",".join(self._text(each) for each in world.contracts.values())
        rest = json.dumps(document)
        write_whole(self._path, f'{{"contracts":[{contracts}],{rest[1:]}')

    def _text(self, contract: Contract) -> str:
        if contract.gone_at is None:
            return json.dumps(asdict(contract))
        if contract.id not in self._closed:
            self._closed[contract.id] = json.dumps(asdict(contract))
        return self._closed[contract.id]


def _without_fields(piece: Slice) -> Row:
    names = (each.name for each in fields(piece))
    return {name: getattr(piece, name) for name in names if name != "fields"}


def load(state: Path, market: Path, world: World) -> None:
    """Fill an empty world from the files of an earlier run."""
    document = json.loads(state.read_text())
    reader = _reader()
    for name in COUNTERS:
        setattr(world, name, document[name])
    # Not the draws of the earlier run again: its keys are in use.
    world.rng.seed(f"{world.next_id}:{world.next_seq}")
    world.knobs = reader.structure(document["knobs"], Knobs)
    world.fault_rules = document["fault_rules"]
    world.timers = reader.structure(document["timers"], list[Timer])
    _load_slices(reader, world, document["slices"], json.loads(market.read_text()))
    for key in reader.structure(document["keys"], list[ApiKey]):
        world.keys[key.key] = key
    for account in reader.structure(document["accounts"], list[Account]):
        world.accounts[account.id] = account
        world.open_contracts[account.id] = {}
    for volume in reader.structure(document["volumes"], list[Volume]):
        world.volumes[volume.id] = volume
    for contract in reader.structure(document["contracts"], list[Contract]):
        world.contracts[contract.id] = contract
        if contract.gone_at is None:
            world.open_contracts[contract.account_id][contract.id] = None


def _load_slices(
    reader: cattrs.Converter, world: World, rows: list[Row], market: list[Row]
) -> None:
    for row, offered in zip(rows, market, strict=True):
        piece = reader.structure({**row, "fields": offered}, Slice)
        world.slices.append(piece)
        if piece.ask_id is not None:
            world.asks[piece.ask_id] = piece.slot
        if piece.volume_ask_id is not None:
            world.volume_asks[piece.volume_ask_id] = piece.slot
