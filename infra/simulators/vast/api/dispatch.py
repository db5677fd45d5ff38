"""One request against the model: door, call interval, faults, handler.

`answer` is a pure function of the world, the request and the two clocks; the HTTP server and a
fault simulation call it alike.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from infra.simulators.vast.api import routes
from infra.simulators.vast.api.wire import Call, read_body, read_query
from infra.simulators.vast.model import accounts, create, faults, limits
from infra.simulators.vast.model.advance import advance
from infra.simulators.vast.model.refusal import Refused
from infra.simulators.vast.model.search import number
from infra.simulators.wire import Answer

if TYPE_CHECKING:
    from infra.simulators.vast.api.routes import Route
    from infra.simulators.vast.model.state import ApiKey, Contract, Row, World
    from infra.simulators.wire import Request


def answer(
    world: World, request: Request, now: float, real_now: float, base_url: str = ""
) -> Answer:
    """What the marketplace answers at simulated time `now`; `real_now` serves call intervals.

    `base_url` is put before the paths of result_url.
    """
    advance(world, now)
    found = routes.find(request.method, request.path)
    if found is None:
        return Answer.of({"success": False, "error": "not_found", "msg": "no such path"}, 404)
    route, params = found
    try:
        call = _admit(world, request, route, params, now, real_now)
        call.base_url = base_url
        return _perform(call, route)
    except Refused as refused:
        return Answer.of(refused.body(), refused.status)
    except TooFrequent as error:
        text = f"API requests too frequent: endpoint threshold={error.threshold_s:g}"
        return Answer.text(text, 429)


class TooFrequent(Exception):
    def __init__(self, threshold_s: float) -> None:
        super().__init__(threshold_s)
        self.threshold_s = threshold_s


def _admit(
    world: World, request: Request, route: Route, params: dict[str, str], now: float, real: float
) -> Call:
    query = read_query(request.query)
    text = _key_text(request, query)
    key = world.keys.get(text) if text else None
    identity = f"{route.method} {route.template} {text or 'anonymous'}"
    threshold = limits.refused_interval(world, identity, route.interval_s, route.per_minute, real)
    if threshold is not None:
        raise TooFrequent(threshold)
    if route.auth != "none":
        _check_key(route, text, key)
    body = read_body(request.body)
    call = Call(world, now, real, request, params, query, body, key, "")
    if key is not None:
        _check_reach(call, route, key)
    return call


def _key_text(request: Request, query: dict[str, object]) -> str:
    """Bearer header, or `?api_key=` (section 1)."""
    header = request.headers.get("authorization", "")
    if header.startswith("Bearer "):
        return header.removeprefix("Bearer ").strip()
    return str(query.get("api_key") or "")


def _check_key(route: Route, text: str, key: ApiKey | None) -> None:
    """Section 2: a bad key is 404 on search and billing, 401 elsewhere; none at all is 403."""
    if key is not None or (route.auth == "search" and not text):
        return
    if not text and route.auth == "billing":
        raise Refused(403, "auth_error", "This action requires login.")
    status = 404 if route.auth in {"search", "billing"} else 401
    raise Refused(status, "auth_error", "Invalid user key")


def _check_reach(call: Call, route: Route, key: ApiKey) -> None:
    """Scoped keys by group; a per-instance key may start, stop, destroy its own instance."""
    forbidden = Refused(403, "auth_error", "This action is not permitted for this key.")
    if key.contract_id is None:
        if not accounts.may(key, route.group):
            raise forbidden
        return
    own = call.params.get("id") == str(key.contract_id)
    states = route.name == "state" and set(call.body) == {"state"}
    if not own or not (route.name == "destroy" or states):
        raise forbidden


def _perform(call: Call, route: Route) -> Answer:
    contract = _subject(call)
    names = {route.name}
    if route.name == "state":
        names |= {"stop"} if call.body.get("state") == "stopped" else {"start"}
    machine_id, label = _match_facts(call, contract)
    call.faults = faults.draw(call.world, names, machine_id, label)
    for rule in call.faults:
        _fail_before(call, rule)
        if refusal := _answer_before(rule):
            return refusal
    return _shaped(call, _handled(call, route, contract))


def _handled(call: Call, route: Route, contract: Contract | None) -> Answer:
    before = set(call.world.open_contracts.get(call.key.account_id, {})) if call.key else set()
    try:
        result = route.handler(call)
        made = result if isinstance(result, Answer) else Answer.of(result)
    except Refused as refused:
        made = Answer.of(refused.body(), refused.status)
    if call.faults and call.key:
        after = call.world.open_contracts.get(call.key.account_id, {})
        touched = [call.world.contracts[each] for each in after if each not in before]
        for each in touched or ([contract] if contract else []):
            faults.strike(call.world, call.faults, each, call.now)
        if touched and faults.has(call.faults, "create_twice"):
            _create_once_more(call)
        if touched and faults.has(call.faults, "create_error_with_contract"):
            body: Row = {"success": False, "error": "invalid_args", "msg": "create failed"}
            return Answer.of({**body, "new_contract": touched[0].id}, 400)
    advance(call.world, call.now)
    return made


def _create_once_more(call: Call) -> None:
    """The same body on another offer: what a provider does that repeats a request inside."""
    ask_id = faults.another_ask(call.world)
    if ask_id is not None:
        with suppress(Refused):
            create.create(call.world, call.account, ask_id, call.body, call.now)


def _subject(call: Call) -> Contract | None:
    text = call.params.get("id", "")
    contract = call.world.contracts.get(int(text)) if text.isdigit() else None
    mine = contract is not None and call.key and contract.account_id == call.key.account_id
    return contract if mine else None


def _match_facts(call: Call, contract: Contract | None) -> tuple[int | None, object]:
    if contract is not None:
        return contract.machine_id, contract.label
    text = call.params.get("id", "")
    slot = call.world.asks.get(int(text)) if text.isdigit() else None
    machine_id = None if slot is None else call.world.slices[slot].machine_id
    return machine_id, call.body.get("label")


def _fail_before(call: Call, rule: Row) -> None:
    if rule["fault"] == "credit_zero":
        faults.zero_credit(call.world, call.account, call.now)
        advance(call.world, call.now)
    text = call.params.get("id", "")
    if rule["fault"] == "offer_stolen" and text.isdigit():
        faults.steal(call.world, int(text))


def _answer_before(rule: Row) -> Answer | None:
    fault = str(rule["fault"])
    if fault == "refuse":
        return Answer.of({"success": False, "error": "refused", "msg": "refused by rule"})
    if fault == "429":
        return Answer.text("API requests too frequent: endpoint threshold=4.5", 429)
    if fault == "cut_before_effect":
        return Answer(0, b"", lost=True)
    if fault in {"destroy_noop", "stop_noop"}:
        return Answer.of({"success": True})
    if fault == "5xx" or (fault.isdigit() and fault.startswith("5")):
        status = int(fault) if fault.isdigit() else int(str(rule.get("status", 503)))
        return Answer.text("<html><body>Server Error</body></html>", status, "text/html")
    return None


def _shaped(call: Call, made: Answer) -> Answer:
    """The answer as a bad connection delivers it."""
    for rule in call.faults:
        if rule["fault"] == "timeout_after_effect":
            hold_s = number(rule.get("seconds"), 0.0)
            return Answer(made.status, made.body, made.content_type, lost=True, hold_s=hold_s)
    if faults.has(call.faults, "garbled"):
        return Answer(made.status, made.body[: len(made.body) // 2], made.content_type)
    return made
