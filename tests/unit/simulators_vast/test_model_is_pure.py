"""The model decides the same in a server and in a simulation of faults, and forgets nothing."""

from __future__ import annotations

import ast
import random
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import infra.simulators.vast.model.state as state_module
from infra.simulators.vast import persist
from infra.simulators.vast.model import faults
from infra.simulators.vast.model.advance import next_due
from infra.simulators.vast.model.state import World
from tests.unit.simulators_vast.exchange import Exchange, open_exchange

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(state_module.__file__).parents[1]
IMPURE = {"time", "os", "socket", "subprocess", "threading", "pathlib", "datetime", "psutil"}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def test_model_and_api_touch_neither_clock_nor_disk_nor_network() -> None:
    files = [*(ROOT / "model").glob("*.py"), *(ROOT / "api").glob("*.py")]

    assert len(files) > 20
    assert {path.name for path in files if IMPURE & set(imports(path))} == set()


def live(seed: int) -> Exchange:
    exchange = open_exchange()
    exchange.world.rng.seed(seed)
    rules = [{"match": {"call": "create"}, "fault": "outbid", "after_s": 400, "probability": 0.5}]
    faults.set_rules(exchange.world, rules)
    for price in (None, 5.0, 6.0):
        exchange.rent(price=price, label=str(price))
        exchange.wait(300)
    exchange.ask("POST", "/api/v0/ssh/", {"ssh_key": "ssh-ed25519 AAAA me"})
    offer = exchange.ask("POST", "/api/v0/volumes/search/", {"limit": 1})["offers"][0]
    exchange.ask("PUT", "/api/v0/volumes/", {"id": offer["id"], "size": 10})
    return exchange


def test_the_same_seed_and_calls_make_the_same_story() -> None:
    assert _story(live(5).world) == _story(live(5).world)
    assert _story(live(5).world) != _story(live(6).world)


def _story(world: World) -> list[object]:
    return [asdict(contract) for contract in world.contracts.values()]


def test_a_world_read_back_from_disk_goes_on_alike(tmp_path: Path) -> None:
    exchange = live(5)
    world = exchange.world
    exchange.ask("DELETE", f"/api/v0/instances/{min(world.contracts)}/", {})
    exchange.wait(60)
    persist.save_market(tmp_path / "market.json", world)
    persist.Book(tmp_path / "state.json").save(world)

    again = World(rng=random.Random(1))
    persist.load(tmp_path / "state.json", tmp_path / "market.json", again)

    for name in ("contracts", "accounts", "volumes", "keys", "asks", "volume_asks", "timers"):
        assert getattr(again, name) == getattr(world, name), name
    assert again.slices == world.slices
    assert again.open_contracts == world.open_contracts
    assert next_due(again) == next_due(world)
    other = Exchange(again, exchange.key, exchange.now, exchange.real_now)
    exchange.wait(5000)
    other.wait(5000)
    bills = [each.ask("GET", "/api/v0/charges/") for each in (exchange, other)]
    assert bills[0] == bills[1]


def test_a_book_keeps_closed_contracts_as_they_were(tmp_path: Path) -> None:
    exchange = open_exchange()
    book = persist.Book(tmp_path / "state.json")
    contract_id = exchange.rent()
    book.save(exchange.world)
    open_size = (tmp_path / "state.json").stat().st_size
    exchange.ask("DELETE", f"/api/v0/instances/{contract_id}/", {})
    exchange.wait(60)
    for _ in range(2):
        book.save(exchange.world)

    assert (tmp_path / "state.json").stat().st_size != open_size
    persist.save_market(tmp_path / "market.json", exchange.world)
    again = World(rng=random.Random(1))
    persist.load(tmp_path / "state.json", tmp_path / "market.json", again)
    assert again.contracts == exchange.world.contracts
