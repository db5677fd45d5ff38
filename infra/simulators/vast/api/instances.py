"""Reads and writes of instances (section 5)."""

from __future__ import annotations

import hashlib
import json
import shlex
from typing import TYPE_CHECKING

from infra.simulators.vast.api.wire import numbers
from infra.simulators.vast.model import billing, create, faults, lifecycle, listing, pages
from infra.simulators.vast.model.instance_rows import instance_row
from infra.simulators.vast.model.refusal import Refused, invalid

if TYPE_CHECKING:
    from infra.simulators.vast.api.wire import Call
    from infra.simulators.vast.model.state import Contract, Row

DONE: dict[str, object] = {"success": True}
LONGEST_LABEL = 256
LOWEST_BID_USD = 0.001
ALLOWED_COMMANDS = frozenset({"ls", "rm", "du"})


def list_pages(call: Call) -> Row:
    page = pages.page(call.world, _visible(call), call.query, call.now)
    rows = page["instances"]
    if faults.has(call.faults, "listing_partial") and isinstance(rows, list):
        page["instances"] = rows[::2]
    if faults.has(call.faults, "listing_malformed") and isinstance(rows, list) and rows:
        page["instances"] = [{**rows[0], "machine_id": None}, *rows[1:]]
    return page


def list_all(call: Call) -> Row:
    """The old unpaged form."""
    rows = [instance_row(call.world, each, call.now) for each in _visible(call)]
    return {"instances": rows[::2] if faults.has(call.faults, "listing_partial") else rows}


def show(call: Call) -> Row:
    """An object, or null with status 200 when it is gone."""
    contract = call.world.contracts.get(call.contract_id)
    mine = contract is not None and contract.account_id == call.account.id
    if contract is None or not mine or contract.gone_at is not None:
        return {"instances": None}
    return {"instances": instance_row(call.world, contract, call.now)}


def filters(call: Call) -> Row:
    rows = [instance_row(call.world, c, call.now) for c in _visible(call)]
    names = ("actual_status", "gpu_name", "verification")
    return {"filters": [{name: row.get(name) for name in names} for row in rows]}


def _visible(call: Call) -> list[Contract]:
    contracts = pages.visible(call.world, call.account.id)
    return faults.listed(call.world, call.faults, contracts, call.now)


def put_state(call: Call) -> Row:
    """Start, stop or label; what cannot be done is 200 with success false (section 2)."""
    return _apply_state(call, call.own_contract())


def put_state_bulk(call: Call) -> Row:
    results = [_apply_state(call, call.own_contract(each)) for each in _ids(call, "ids")]
    return {"success": all(each["success"] for each in results)}


def _ids(call: Call, name: str) -> list[int]:
    return numbers(call.body.get(name))


def _apply_state(call: Call, contract: Contract) -> Row:
    if "label" in call.body:
        label = call.body["label"]
        if not isinstance(label, str | None) or len(label or "") > LONGEST_LABEL:
            raise invalid("label must be text of at most 256 characters")
        contract.label = label or None
        call.world.changes += 1
    state = call.body.get("state")
    if state == "stopped":
        lifecycle.user_stop(call.world, contract, call.now)
    elif state == "running":
        if not lifecycle.user_start(call.world, contract, call.now):
            text = "cannot be started: no credit, or its end date has passed"
            return {"success": False, "error": "invalid_request", "msg": text}
    elif state is not None or "label" not in call.body:
        raise invalid("state must be running or stopped")
    return dict(DONE)


def destroy(call: Call) -> Row:
    lifecycle.destroy(call.world, call.own_contract(), call.now)
    return dict(DONE)


def destroy_bulk(call: Call) -> Row:
    for contract_id in _ids(call, "instance_ids"):
        lifecycle.destroy(call.world, call.own_contract(contract_id), call.now)
    return dict(DONE)


def reboot(call: Call) -> Row:
    return _restart(call, pull=False)


def recycle(call: Call) -> Row:
    """Pulls the image again; the GPU is kept."""
    return _restart(call, pull=True)


def _restart(call: Call, *, pull: bool) -> Row:
    contract = call.own_contract()
    if contract.up_since is None:
        return {"success": False, "error": "invalid_request", "msg": "instance is not running"}
    lifecycle.reboot(call.world, contract, call.now, pull=pull)
    return dict(DONE)


def change_bid(call: Call) -> Row:
    """No price is the winning price; a bid too low loses the GPU, one high enough wins it back."""
    contract = call.own_contract()
    piece = call.world.slices[contract.slot]
    price = call.body.get("price")
    winning = max(piece.min_bid, piece.rival_bid + listing.BID_STEP_USD * bool(piece.rival_bid))
    bid = winning if price is None else call.body_number("price")
    if bid < LOWEST_BID_USD:
        raise invalid("price must be at least 0.001")
    if not contract.is_bid:
        raise invalid("not an interruptible instance")
    contract.gpu_rate = bid
    lifecycle.settle(call.world, contract, call.now)
    lifecycle.judge_bid(call.world, contract, call.now)
    return dict(DONE)


def update_template(call: Call) -> Row:
    """Takes effect at the next start of the container."""
    contract = call.own_contract()
    for name in ("image", "onstart"):
        value = call.body.get(name)
        if isinstance(value, str):
            setattr(contract, name, value)
    if "env" in call.body:
        contract.env, contract.port_specs = create.read_env(call.body["env"])
    call.world.changes += 1
    row = instance_row(call.world, contract, call.now)
    return {"success": True, "updated_instance": row}


def prepay(call: Call) -> Row:
    """411 when the credit does not cover it (section 2)."""
    contract = call.own_contract()
    amount = call.body_number("amount")
    if amount <= 0:
        raise invalid("amount must be positive")
    if amount > billing.credit(call.world, call.account, call.now):
        raise Refused(411, "insufficient_credit", "Insufficient credit")
    contract.prepaid += amount
    call.world.changes += 1
    return {"success": True, "timescale": 1.0, "discount_rate": 0.0}


def balance(call: Call) -> Row:
    contract = call.own_contract()
    return {
        "success": True,
        "refundable_deposit": contract.prepaid,
        "total_discount": 0.0,
        "discount_months": 0.0,
    }


def request_logs(call: Call) -> Row:
    contract = call.world.contracts.get(call.contract_id)
    if contract is not None and contract.account_id != call.account.id:
        raise Refused(403, "not_authorized", "not your instance")
    contract = call.own_contract()
    options = {name: call.body.get(name) for name in ("filter", "tail", "daemon_logs")}
    return {"success": True, **_result(call, contract, "logs", options), "msg": "logs requested"}


def execute(call: Call) -> Row:
    """Only ls, rm and du, also on stopped instances."""
    contract = call.own_contract()
    command = call.body.get("command")
    if not isinstance(command, str) or not command.strip():
        raise Refused(483, "invalid_args", "Invalid json_body")
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise invalid(f"cannot read the command: {error}") from error
    if words[0] not in ALLOWED_COMMANDS:
        raise invalid(f"command {words[0]} is not allowed: use ls, rm or du")
    return {
        "success": True,
        "writeable_path": "/workspace",
        **_result(call, contract, "execute", {"words": words}),
    }


def _result(call: Call, contract: Contract, kind: str, options: Row) -> Row:
    """A result_url that is 404 for a moment (section 9.5)."""
    token = call.world.draw_token()[:32]
    call.world.results[token] = {
        "contract_id": contract.id,
        "kind": kind,
        "options": options,
        "ready_at": call.real_now + call.world.knobs.result_delay_s,
    }
    return {"result_url": f"{call.base_url}/api/v0/results/{token}"}


def instance_keys(call: Call) -> Row:
    """The keys as a JSON *string* (section 5.3)."""
    contract = call.own_contract()
    keys = [{"id": key_id, "public_key": key} for key_id, key in contract.ssh_keys.items()]
    return {"success": True, "ssh_keys": json.dumps(keys)}


def attach_key(call: Call) -> Row:
    contract = call.own_contract()
    key = call.body.get("ssh_key")
    if not isinstance(key, str) or len(key.split()) < 2:
        raise invalid("ssh_key must be a public key")
    contract.ssh_keys[_key_id(key)] = key.strip()
    call.world.changes += 1
    return dict(DONE)


def _key_id(key: str) -> int:
    return int(hashlib.sha256(key.strip().encode()).hexdigest()[:7], 16)


def detach_key(call: Call) -> Row:
    contract = call.own_contract()
    if contract.ssh_keys.pop(call.number_param("key"), None) is None:
        raise Refused(404, "no_such_ssh_key", "no such key on this instance")
    call.world.changes += 1
    return dict(DONE)


def no_price_increases(call: Call) -> Row:
    """Hosts of the simulator never raise the price of a running contract."""
    return {"success": True, "pending_price_increases": [], "owner": call.account.id}
