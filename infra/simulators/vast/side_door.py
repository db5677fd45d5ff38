"""The door for tests and the local stack: /sim/..., with the header X-Sim-Key.

POST /sim/accounts {"hint", "credit_usd"}   -> {"api_key", "account_id"}
GET  /sim/truth?account=ID                  -> what really happened and what it cost
POST /sim/contracts/{id}/{event}            kill-host, outbid, offline, unknown, return,
                                            freeze, thaw, stop-outside, rival-leaves
POST /sim/accounts/{id}/credit {"usd"}      deposit (or take away) money
PUT  /sim/faults [rules] or {"rules": []}   see model/faults.py
GET, PUT /sim/knobs {name: value}           see model/knobs.py
GET  /sim/health                            (no key needed)
"""

from __future__ import annotations

import hmac
import re
from dataclasses import asdict, fields
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from infra.simulators.vast.api.wire import read_body
from infra.simulators.vast.model import accounts, billing, faults, misfortune, truth
from infra.simulators.vast.model.knobs import Knobs
from infra.simulators.vast.model.refusal import Refused, invalid
from infra.simulators.vast.model.search import number
from infra.simulators.wire import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.simulators.vast.model.state import Contract, Row, World
    from infra.simulators.vast.simulation import Simulation

EVENTS = {
    "kill-host": "host_death",
    "outbid": "outbid",
    "offline": "host_offline",
    "unknown": "host_unknown",
    "return": "host_returns",
    "freeze": "freeze",
    "thaw": "thaw",
    "stop-outside": "stop_outside",
    "rival-leaves": "rival_leaves",
}
USUAL_CREDIT_USD = 100.0
CONTRACT_EVENT = re.compile(r"^/sim/contracts/(\d+)/([a-z-]+)$")
CREDIT = re.compile(r"^/sim/accounts/(\d+)/credit$")


def answer(simulation: Simulation, request: Request, sim_key: str) -> tuple[Answer, float]:
    """The side door's answer and the simulated time."""
    if request.path == "/sim/health":
        return _health(simulation)
    given = request.headers.get("x-sim-key", "")
    if not hmac.compare_digest(given.encode(), sim_key.encode()):
        return Answer.of({"msg": "X-Sim-Key is wrong or missing"}, 401), simulation.clock.now()
    try:
        act = _action(simulation, request)
        result, now = simulation.change(act)
    except Refused as refused:
        return Answer.of(refused.body(), refused.status), simulation.clock.now()
    return Answer.of(result), now


def _health(simulation: Simulation) -> tuple[Answer, float]:
    def look(world: World, now: float) -> Row:
        running = sum(c.up_since is not None for c in world.contracts.values())
        return {"ok": True, "now": now, "offers": len(world.asks), "running": running,
                "speed": simulation.clock.speed}  # fmt: skip

    result, now = simulation.change(look)
    return Answer.of(result), now


def _action(simulation: Simulation, request: Request) -> Callable[[World, float], Row]:
    if request.path == "/sim/truth" and request.method == "GET":
        return _truth(simulation, request)
    if request.path == "/sim/knobs" and request.method == "GET":
        return lambda world, _now: asdict(world.knobs)
    body = _rules(request) if request.path == "/sim/faults" else read_body(request.body)
    if match := CONTRACT_EVENT.match(request.path):
        return _befall(int(match[1]), match[2], body)
    if match := CREDIT.match(request.path):
        return _credit(int(match[1]), body)
    named = {
        ("POST", "/sim/accounts"): _open_account,
        ("PUT", "/sim/faults"): _set_faults,
        ("PUT", "/sim/knobs"): _set_knobs,
    }
    make = named.get((request.method, request.path))
    if make is None:
        raise Refused(404, "not_found", f"no {request.method} {request.path}")
    return make(body)


def _rules(request: Request) -> Row:
    text = request.body.strip()
    return read_body(b'{"rules":' + text + b"}" if text.startswith(b"[") else text)


def _truth(simulation: Simulation, request: Request) -> Callable[[World, float], Row]:
    wanted = parse_qs(request.query).get("account", [])

    def act(world: World, now: float) -> Row:
        found = [a for a in world.accounts.values() if not wanted or str(a.id) in wanted]
        if not found:
            raise Refused(404, "not_found", "no such account")
        told = [_with_processes(simulation, truth.of_account(world, a, now)) for a in found]
        return told[0] if wanted else {"now": now, "accounts": told}

    return act


def _with_processes(simulation: Simulation, told: Row) -> Row:
    contracts = told["contracts"]
    for row in contracts if isinstance(contracts, list) else []:
        row["alive_processes"] = simulation.keeper.alive_processes(str(row["id"]))
    return told


def _open_account(body: Row) -> Callable[[World, float], Row]:
    hint = re.sub(r"[^a-z0-9.+-]", "-", str(body.get("hint") or "user").lower())[:40]
    credit = number(body.get("credit_usd"), USUAL_CREDIT_USD)

    def act(world: World, now: float) -> Row:
        account, key = accounts.open_account(world, hint, credit, now)
        return {"api_key": key.key, "account_id": account.id}

    return act


def _credit(account_id: int, body: Row) -> Callable[[World, float], Row]:
    def act(world: World, now: float) -> Row:
        account = world.accounts.get(account_id)
        if account is None:
            raise Refused(404, "not_found", "no such account")
        billing.deposit(world, account, number(body.get("usd"), 0.0), now)
        return {"credit_usd": billing.credit(world, account, now)}

    return act


def _befall(contract_id: int, event: str, body: Row) -> Callable[[World, float], Row]:
    if event not in EVENTS:
        raise Refused(404, "not_found", f"no such event: {event}")

    def act(world: World, now: float) -> Row:
        contract: Contract | None = world.contracts.get(contract_id)
        if contract is None:
            raise Refused(404, "no_such_instance", f"no contract {contract_id}")
        price = body.get("price")
        if event == "outbid" and price is not None:
            misfortune.outbid(world, contract, now, number(price, 0.0))
        else:
            misfortune.happen(world, EVENTS[event], contract, now)
        return {"ok": True, "actual_status": contract.actual_status}

    return act


def _set_faults(body: Row) -> Callable[[World, float], Row]:
    def act(world: World, _now: float) -> Row:
        faults.set_rules(world, body.get("rules", []))
        return {"ok": True, "rules": len(world.fault_rules)}

    return act


def _set_knobs(body: Row) -> Callable[[World, float], Row]:
    kinds = {each.name: type(getattr(Knobs(), each.name)) for each in fields(Knobs)}

    def act(world: World, _now: float) -> Row:
        for name, value in body.items():
            if name not in kinds or not isinstance(value, kinds[name] | int):
                raise invalid(f"no such knob or wrong type: {name}")
            setattr(world.knobs, name, kinds[name](value))
        world.changes += 1
        return asdict(world.knobs)

    return act
