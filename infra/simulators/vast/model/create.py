"""Renting an ask (section 4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra.simulators.vast.model import billing, lifecycle, listing, misfortune, refusal, volumes
from infra.simulators.vast.model.search import number
from infra.simulators.vast.model.state import ApiKey, Contract

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import Account, Row, Slice, World

LONGEST = {"image": 1024, "label": 256, "onstart": 4048}
LONGEST_ENV = 32_768
LONGEST_COMMAND = 4096
PRICE_USD = (0.001, 128.0)
MOST_PORTS = 64
SMALLEST_DISK_GB = 8.0
DOCUMENTED_DISK_GB = 8.0
ENV_TEXT = re.compile(r"(-[epv])\s+(\S+)")


def create(world: World, account: Account, ask_id: int, body: Row, now: float) -> Contract:
    """Rent the ask. The error for a low bid carries `new_contract` (the orphan hazard)."""
    slot = world.asks.get(ask_id)
    price = _price(body)
    if slot is None:
        raise refusal.no_such_ask(ask_id, gone=body.get("cancel_unavail") is True)
    template = _template(account, body)
    env, ports = read_env(body.get("env"), _text(template.get("env")))
    scalars: Row = {k: template[k] for k in ("image", "onstart", "runtype") if k in template}
    merged = {**scalars, **{k: v for k, v in body.items() if v is not None}}
    _check(merged, env, ports)
    if account.broke or billing.credit(world, account, now) <= 0:
        status = world.knobs.no_credit_status
        text = "Your account lacks credit; please add some."
        raise refusal.Refused(status, "insufficient_credit", text, ask_id=ask_id)
    piece = world.slices[slot]
    contract = _draft(world, account, piece, merged, now)
    contract.env, contract.port_specs = env, ports
    contract.template = {k: template[k] for k in ("id", "hash_id", "name") if k in template}
    _allocate(world, piece, contract, price, merged, now)
    return contract


def _allocate(
    world: World, piece: Slice, contract: Contract, price: float | None, body: Row, now: float
) -> None:
    floor = listing.lowest_bid(world, piece)
    if price is not None and price < floor:
        text = f"bid {price} is below the lowest winning price {floor:.4f}"
        if not world.knobs.low_bid_leaves_orphan:
            raise refusal.invalid(text, ask_id=piece.ask_id)
        _add(world, contract, body, now)
        contract.cur_state = contract.next_state = contract.intended_status = "stopped"
        lifecycle.settle(world, contract, now)
        raise refusal.invalid(text, ask_id=piece.ask_id, new_contract=contract.id)
    _add(world, contract, body, now)
    _preempt(world, piece, contract, now)
    if body.get("target_state") == "stopped":
        contract.cur_state = contract.next_state = contract.intended_status = "stopped"
        lifecycle.settle(world, contract, now)
        return
    lifecycle.begin(world, contract, now)


def _preempt(world: World, piece: Slice, contract: Contract, now: float) -> None:
    """5.2 pitfall 2: on-demand demand preempts bids, and so does a higher bid."""
    if piece.holder is not None:
        loser = world.contracts[piece.holder]
        misfortune.outbid(world, loser, now, contract.gpu_rate)
        piece.rival_bid = 0.0


def _add(world: World, contract: Contract, body: Row, now: float) -> None:
    account = world.accounts[contract.account_id]
    volumes.attach(world, account, contract, body.get("volume_info"), now)
    world.contracts[contract.id] = contract
    world.open_contracts.setdefault(account.id, {})[contract.id] = None
    world.keys[contract.instance_key] = ApiKey(
        id=world.draw_id(),
        key=contract.instance_key,
        account_id=contract.account_id,
        name=f"instance {contract.id}",
        contract_id=contract.id,
    )


def _draft(world: World, account: Account, piece: Slice, body: Row, now: float) -> Contract:
    price = _price(body)
    disk_gb = max(SMALLEST_DISK_GB, number(body.get("disk"), DOCUMENTED_DISK_GB))
    arguments = body.get("args")
    return Contract(
        id=world.draw_id(),
        account_id=account.id,
        slot=piece.slot,
        machine_id=piece.machine_id,
        image=_text(body.get("image")),
        runtype=_text(body.get("runtype")) or "ssh",
        disk_gb=disk_gb,
        is_bid=price is not None,
        gpu_rate=piece.dph_base if price is None else price,
        disk_rate=billing.disk_rate(piece.storage_cost, disk_gb),
        down_usd_per_gb=number(piece.fields.get("inet_down_cost"), 0.0),
        up_usd_per_gb=number(piece.fields.get("inet_up_cost"), 0.0),
        created_at=now,
        end_date=piece.end_date,
        instance_key=world.draw_token(),
        label=_text(body.get("label")) or None,
        onstart=_text(body.get("onstart")),
        image_args=[str(each) for each in arguments] if isinstance(arguments, list) else [],
        ssh_keys=dict(account.ssh_keys),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _price(body: Row) -> float | None:
    if body.get("price") is None:
        return None
    price = number(body["price"], 0.0)
    low, high = PRICE_USD
    if not low <= price <= high:
        raise refusal.Refused(400, "invalid_price", f"price must be {low} to {high} USD per hour")
    return price


def _template(account: Account, body: Row) -> Row:
    """Request scalars win over the template's, `env` is merged by key (section 4)."""
    wanted = body.get("template_hash_id") or body.get("template_id")
    if wanted is None:
        return {}
    for template in account.templates.values():
        if wanted in {template["hash_id"], template["id"]}:
            return template
    raise refusal.Refused(404, "not_found", f"template {wanted} not found")


def read_env(env: object, template_env: str = "") -> tuple[dict[str, str], list[str]]:
    """Variables and `-p` specs, from the object form or the docker-flag text."""
    variables, ports = _env_text(template_env)
    if isinstance(env, str):
        more, more_ports = _env_text(env)
        return {**variables, **more}, ports + more_ports
    for name, value in (env if isinstance(env, Mapping) else {}).items():
        flag, _, rest = str(name).partition(" ")
        if flag == "-p":
            ports.append(rest.strip())
        elif flag != "-v":
            variables[str(name)] = str(value)
    return variables, ports


def _env_text(text: str) -> tuple[dict[str, str], list[str]]:
    variables, ports = {}, []
    for flag, rest in ENV_TEXT.findall(text):
        if flag == "-p":
            ports.append(rest)
        elif flag == "-e":
            name, _, value = rest.partition("=")
            variables[name] = value
    return variables, ports


def _check(body: Row, env: dict[str, str], ports: list[str]) -> None:
    if not _text(body.get("image")):
        raise refusal.invalid("image is required")
    for name, longest in LONGEST.items():
        if len(_text(body.get(name))) > longest:
            raise refusal.invalid(f"{name} is longer than {longest}")
    arguments = body.get("args")
    words = arguments if isinstance(arguments, list) else []
    command = sum(len(str(each)) for each in words) + len(_text(body.get("args_str")))
    if command + len(_text(body.get("onstart"))) > LONGEST_COMMAND:
        raise refusal.invalid(f"args and onstart are longer than {LONGEST_COMMAND} together")
    if sum(len(k) + len(v) for k, v in env.items()) > LONGEST_ENV:
        raise refusal.invalid(f"env is longer than {LONGEST_ENV}")
    if len(ports) > MOST_PORTS:
        raise refusal.invalid(f"more than {MOST_PORTS} ports")
