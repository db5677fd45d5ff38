"""One request against the model: key, limit of calls, faults, handler. A pure function."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.simulators.tensordock.api import shapes
from infra.simulators.tensordock.model import faults, lifecycle
from infra.simulators.tensordock.model.create import create
from infra.simulators.tensordock.model.refusal import Refused, number
from infra.simulators.tensordock.model.state import Account, Row, World
from infra.simulators.wire import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.simulators.tensordock.model.state import Machine
    from infra.simulators.wire import Request

BASE = "/api/v2"
CALLS_PER_MINUTE = 100
MINUTE_S = 60.0


@dataclass(slots=True)
class Call:
    world: World
    now: float
    account: Account
    target: str
    body: Row
    faults: list[Row]

    def machine(self) -> Machine:
        """The account's own that is not gone. Raises Refused."""
        found = self.world.machines.get(self.target)
        if found is None or found.account_id != self.account.id or found.gone_at is not None:
            raise Refused(404, "Instance not found")
        return found


def answer(world: World, request: Request, now: float, real_now: float) -> Answer:
    """What the marketplace answers at simulated time `now`; `real_now` counts its calls."""
    lifecycle.advance(world, now)
    try:
        return _answer(world, request, now, real_now)
    except Refused as refused:
        row, status = shapes.failure(world, refused.status, refused.text)
        return Answer.of(row, status)


def read_body(body: bytes) -> Row:
    """The JSON object of a request; nothing counts as empty. Raises Refused."""
    if not body.strip():
        return {}
    try:
        value = json.loads(body)
    except ValueError as error:
        raise Refused(400, "the body is not JSON") from error
    if not isinstance(value, dict):
        raise Refused(400, "the body must be an object")
    return value


def _answer(world: World, request: Request, now: float, real_now: float) -> Answer:
    account = _account(world, request)
    _count(world, account, real_now)
    name, handler, target = _route(request)
    call = Call(world, now, account, target, read_body(request.body), [])
    call.faults = faults.draw(world, name, _subject(call))
    if early := _instead(call.faults):
        return early
    return _as_delivered(call, handler(call))


def _account(world: World, request: Request) -> Account:
    key = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    account_id = world.keys.get(key)
    if account_id is None:
        raise Refused(401, "Unauthorized: the token is missing or wrong")
    return world.accounts[account_id]


def _count(world: World, account: Account, real_now: float) -> None:
    recent = [at for at in world.calls.get(account.id, []) if at > real_now - MINUTE_S]
    if world.knobs.call_limit and len(recent) >= CALLS_PER_MINUTE:
        raise Refused(429, "Too many requests: 100 a minute for each organisation")
    world.calls[account.id] = [*recent, real_now]


def _route(request: Request) -> tuple[str, Callable[[Call], Answer], str]:
    for name, method, template, handler in ROUTES:
        found = re.fullmatch(BASE + template, request.path)
        if found and request.method == method:
            return name, handler, found.groupdict().get("id", "")
    raise Refused(404, f"no {request.method} {request.path}")


def _subject(call: Call) -> object:
    """The name of the machine that the call is about."""
    known = call.world.machines.get(call.target)
    if known is not None:
        return known.name
    inner = call.body.get("data")
    attributes = inner.get("attributes") if isinstance(inner, dict) else None
    return attributes.get("name") if isinstance(attributes, dict) else None


def _instead(active: list[Row]) -> Answer | None:
    for rule in active:
        fault = str(rule["fault"])
        if fault in {"refuse", "capacity_gone"}:
            text = "refused by rule" if fault == "refuse" else "No capacity for these resources"
            raise Refused(400, text)
        if fault == "429":
            raise Refused(429, "Too many requests")
        if fault == "delete_noop":
            return Answer.of(shapes.deleted())
        if fault == "5xx" or fault.isdigit():
            status = int(fault) if fault.isdigit() else int(number(rule.get("status"), 503))
            return Answer.text("<html><body>Server Error</body></html>", status, "text/html")
    return None


def _as_delivered(call: Call, made: Answer) -> Answer:
    """The answer as a bad connection delivers it."""
    lost = faults.find(call.faults, "timeout_after_effect")
    if lost:
        hold_s = number(lost.get("seconds"), 0.0)
        return Answer(made.status, made.body, made.content_type, lost=True, hold_s=hold_s)
    if faults.find(call.faults, "garbled"):
        return Answer(made.status, made.body[: len(made.body) // 2], made.content_type)
    return made


def _locations(call: Call) -> Answer:
    return Answer.of(shapes.locations(call.world))


def _hostnodes(call: Call) -> Answer:
    return Answer.of(shapes.hostnodes(call.world))


def _hostnode(call: Call) -> Answer:
    host = call.world.hosts.get(call.target)
    if host is None or not host.named or host.dead:
        raise Refused(404, "Hostnode not found")
    return Answer.of({"data": shapes.host_row(call.world, host)})


def _create(call: Call) -> Answer:
    slow = faults.find(call.faults, "slow_boot")
    slow_s = number(slow.get("seconds"), 600.0) if slow else 0.0
    machine = create(call.world, call.account, call.body, call.now, slow_s)
    if faults.find(call.faults, "create_error_with_machine"):
        return Answer.of({"status": 500, "error": "the deployment failed"}, 500)
    row, status = shapes.created(call.world, machine)
    return Answer.of(row, status)


def _list(call: Call) -> Answer:
    own = [
        each
        for each in call.world.machines.values()
        if each.account_id == call.account.id and each.gone_at is None
    ]
    row = shapes.listing(call.world, faults.listed(call.faults, own, call.now))
    if faults.find(call.faults, "listing_malformed"):
        row = {"data": {"instances": [{"type": "virtualmachine", "id": "half-a-row"}]}}
    return Answer.of(row)


def _show(call: Call) -> Answer:
    return Answer.of(shapes.machine_row(call.world, call.machine()))


def _start(call: Call) -> Answer:
    machine = call.machine()
    lifecycle.start(call.world, machine, call.now)
    return Answer.of(shapes.ordered(machine))


def _stop(call: Call) -> Answer:
    machine = call.machine()
    lifecycle.stop(call.world, machine, call.now)
    return Answer.of(shapes.ordered(machine))


def _delete(call: Call) -> Answer:
    machine = call.machine()
    if machine.destroyed_at is None:
        lifecycle.delete(call.world, machine, call.now)
    return Answer.of(shapes.deleted())


_ID = r"(?P<id>[A-Za-z0-9-]+)"
ROUTES: tuple[tuple[str, str, str, Callable[[Call], Answer]], ...] = (
    ("locations", "GET", "/locations", _locations),
    ("hostnodes", "GET", "/hostnodes", _hostnodes),
    ("hostnode", "GET", f"/hostnodes/{_ID}", _hostnode),
    ("create", "POST", "/instances", _create),
    ("list", "GET", "/instances", _list),
    ("show", "GET", f"/instances/{_ID}", _show),
    ("start", "POST", f"/instances/{_ID}/start", _start),
    ("stop", "POST", f"/instances/{_ID}/stop", _stop),
    ("delete", "DELETE", f"/instances/{_ID}", _delete),
)
