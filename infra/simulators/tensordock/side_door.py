"""What only whoever holds the simulator's own key may ask.

GET  /sim/truth[?account=ID]                what really happened and what it cost
POST /sim/contracts/{id}/{event}            kill-host, stop-outside
POST /sim/accounts {"hint", "credit_usd"}   a funded account -> {api_key, account_id}
POST /sim/accounts/{id}/credit {"usd"}      deposit (or take away) money
PUT  /sim/faults [rules] or {"rules": []}   see model/faults.py
PUT  /sim/knobs {name: value}               see model/state.py
GET  /sim/health                            (no key needed)
"""

from __future__ import annotations

import hmac
import re
from dataclasses import asdict, fields
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from infra.simulators.tensordock.api.dispatch import read_body
from infra.simulators.tensordock.model import faults, lifecycle, market, truth
from infra.simulators.tensordock.model.refusal import Refused, number
from infra.simulators.tensordock.model.state import Knobs
from infra.simulators.wire import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.simulators.tensordock.model.state import Row, World
    from infra.simulators.tensordock.simulation import Simulation
    from infra.simulators.wire import Request

    Act = Callable[[World, float], Row]

USUAL_CREDIT_USD = 100.0
_EVENT = re.compile(r"^/sim/contracts/([A-Za-z0-9-]+)/(kill-host|stop-outside)$")
_CREDIT = re.compile(r"^/sim/accounts/(\d+)/credit$")


def answer(simulation: Simulation, request: Request, sim_key: str) -> tuple[Answer, float]:
    """The side door's answer and the simulated time."""
    if request.path == "/sim/health":
        result, now = simulation.change(lambda world, now: {"ok": True, "now": now,
                                                            "hosts": len(world.hosts)})  # fmt: skip
        return Answer.of(result), now
    given = request.headers.get("x-sim-key", "")
    if not hmac.compare_digest(given.encode(), sim_key.encode()):
        return Answer.of({"error": "X-Sim-Key is wrong or missing"}, 401), simulation.clock.now()
    try:
        result, now = simulation.change(_action(simulation, request))
    except Refused as refused:
        return Answer.of({"error": refused.text}, refused.status), simulation.clock.now()
    return Answer.of(result), now


def _action(simulation: Simulation, request: Request) -> Act:
    if (request.method, request.path) == ("GET", "/sim/truth"):
        return _truth(simulation, request)
    text = request.body.strip()
    body = read_body(b'{"rules":' + text + b"}" if text.startswith(b"[") else text)
    if match := _EVENT.match(request.path):
        return _befall(match[1], match[2])
    if match := _CREDIT.match(request.path):
        return _credit(int(match[1]), body)
    named = {
        ("POST", "/sim/accounts"): _open_account,
        ("PUT", "/sim/faults"): _set_faults,
        ("PUT", "/sim/knobs"): _set_knobs,
    }
    make = named.get((request.method, request.path))
    if make is None:
        raise Refused(404, f"no {request.method} {request.path}")
    return make(body)


def _truth(simulation: Simulation, request: Request) -> Act:
    wanted = parse_qs(request.query).get("account", [])

    def act(world: World, now: float) -> Row:
        found = [a for a in world.accounts.values() if not wanted or str(a.id) in wanted]
        told = [truth.of_account(world, each, now) for each in found]
        for row in told:
            machines = row["contracts"]
            for each in machines if isinstance(machines, list) else []:
                each["alive_processes"] = simulation.keeper.alive_processes(each["id"])
        if wanted and not told:
            raise Refused(404, "no such account")
        return told[0] if wanted else {"now": now, "accounts": told}

    return act


def _befall(machine_id: str, event: str) -> Act:
    def act(world: World, now: float) -> Row:
        machine = world.machines.get(machine_id)
        if machine is None:
            raise Refused(404, f"no machine {machine_id}")
        if event == "stop-outside":
            lifecycle.stop(world, machine, now)
        else:
            world.hosts[machine.host_id].dead = True
            lifecycle.fail(world, machine, now)
        return {"ok": True, "status": machine.status}

    return act


def _credit(account_id: int, body: Row) -> Act:
    def act(world: World, now: float) -> Row:
        account = world.accounts.get(account_id)
        if account is None:
            raise Refused(404, "no such account")
        account.deposited += number(body.get("usd"), 0.0)
        world.changes += 1
        return {"credit_usd": lifecycle.credit(world, account, now)}

    return act


def _open_account(body: Row) -> Act:
    def act(world: World, _now: float) -> Row:
        credit_usd = number(body.get("credit_usd"), USUAL_CREDIT_USD)
        account, key = market.open_account(world, credit_usd)
        return {"api_key": key, "account_id": account.id}

    return act


def _set_faults(body: Row) -> Act:
    def act(world: World, _now: float) -> Row:
        faults.set_rules(world, body.get("rules", []))
        return {"ok": True, "rules": len(world.fault_rules)}

    return act


def _set_knobs(body: Row) -> Act:
    kinds = {each.name: type(getattr(Knobs(), each.name)) for each in fields(Knobs)}

    def act(world: World, _now: float) -> Row:
        for name, value in body.items():
            if name not in kinds or not isinstance(value, kinds[name] | int):
                raise Refused(400, f"no such knob or wrong type: {name}")
            setattr(world.knobs, name, kinds[name](value))
        world.changes += 1
        return asdict(world.knobs)

    return act
