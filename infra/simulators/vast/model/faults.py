"""Faults on order: a list of rules, each tried at every call.

A rule is a JSON object:

    {"match": {"call": "create", "machine_id": 41, "label": "x", "nth": 2},
     "fault": "timeout_after_effect", "times": 1, "probability": 0.5,
     "after_s": 10, "seconds": 60, "status": 503}

`match` may be empty (every call). `call` is the call's name in `api/routes.py` (search, create,
list, show, state, label, destroy, bid, reboot, recycle, logs, execute, charges, user, ...), with
`start` and `stop` for the two states. `nth` counts the calls that match the rest, from 1. `times`
is how often the rule fires (for ever without it), `probability` is drawn per call.

    refuse                      200 {"success": false}, nothing done
    429                         plain text, nothing done
    5xx (or 500, 502, 503...)   HTML with `status` (503), nothing done
    credit_zero                 the account's credit is gone from now on
    cut_before_effect           the connection breaks before anything was done
    offer_stolen                create: the offer is gone, its machine is listed under another id
    timeout_after_effect        done, but the connection breaks without an answer, after
                                `seconds` (0) of real time
    garbled                     done, but the answer is cut in the middle
    create_error_with_contract  created, but the answer is an error that carries new_contract
    create_twice                two contracts under one label, the answer names the first
    destroy_noop, stop_noop     "success", nothing done
    listing_lag_s               contracts younger than `seconds` (120) are missing
    listing_empty               no rows, total 0
    listing_partial             every second row is missing, the total tells the truth
    listing_blink               one row (of `contract`, or any) is missing, and the total does not
                                count it
    listing_malformed           one row has no machine
    slow_pull                   the pull takes `seconds` (600) more
    oci_error, stuck_loading    the first start never succeeds
    outbid, stop_outside, host_death, host_offline, freeze
                                befall the contract `after_s` (0) after the call; host_offline and
                                freeze end after `seconds`, outbid too, when `seconds` is given
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra.simulators.vast.model import billing, listing, timers
from infra.simulators.vast.model.refusal import Refused
from infra.simulators.vast.model.search import number

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import Account, Contract, Row, World

STARTS = frozenset({"slow_pull", "oci_error", "stuck_loading"})
BEFALL = frozenset({"outbid", "stop_outside", "host_death", "host_offline", "freeze"})
RECOVERIES = {"outbid": "rival_leaves", "host_offline": "host_returns", "freeze": "thaw"}
ANSWERS = frozenset(
    {"timeout_after_effect", "garbled", "create_error_with_contract", "create_twice"}
)
LISTINGS = frozenset(
    {"listing_lag_s", "listing_empty", "listing_partial", "listing_blink", "listing_malformed"}
)
BEFORE = frozenset(
    {
        "refuse",
        "429",
        "5xx",
        "credit_zero",
        "destroy_noop",
        "stop_noop",
        "cut_before_effect",
        "offer_stolen",
    }
)
KNOWN = STARTS | BEFALL | ANSWERS | LISTINGS | BEFORE


def set_rules(world: World, rules: object) -> None:
    """Replace all rules; raises Refused for one that nobody would understand."""
    if not isinstance(rules, list):
        raise Refused(400, "invalid_args", "rules must be a list")
    world.fault_rules = [_checked(rule) for rule in rules]
    world.changes += 1


def _checked(rule: object) -> Row:
    if not isinstance(rule, Mapping) or not _is_known(str(rule.get("fault"))):
        raise Refused(400, "invalid_args", f"unknown fault in {rule!r}")
    if not isinstance(rule.get("match", {}), Mapping):
        raise Refused(400, "invalid_args", f"match must be an object in {rule!r}")
    return {**rule, "seen": 0, "fired": 0}


def _is_known(fault: str) -> bool:
    return fault in KNOWN or (fault.isdigit() and fault.startswith("5"))


def draw(world: World, names: set[str], machine_id: int | None, label: object) -> list[Row]:
    """The rules that fire for this call, in their order."""
    return [rule for rule in world.fault_rules if _fires(world, rule, names, machine_id, label)]


def _fires(world: World, rule: Row, names: set[str], machine_id: int | None, label: object) -> bool:
    match = rule.get("match") or {}
    if not isinstance(match, Mapping) or not _fits(match, names, machine_id, label):
        return False
    seen, fired = int(number(rule["seen"], 0)) + 1, int(number(rule["fired"], 0))
    rule["seen"] = seen
    spent = fired >= number(rule.get("times"), float("inf"))
    if spent or match.get("nth", seen) != seen:
        return False
    if "probability" in rule and world.rng.random() >= number(rule["probability"], 1.0):
        return False
    rule["fired"] = fired + 1
    return True


def _fits(
    match: Mapping[str, object], names: set[str], machine_id: int | None, label: object
) -> bool:
    return (
        match.get("call", next(iter(names))) in names
        and match.get("machine_id", machine_id) == machine_id
        and match.get("label", label) == label
    )


def has(active: list[Row], fault: str) -> bool:
    return any(rule["fault"] == fault for rule in active)


def zero_credit(world: World, account: Account, now: float) -> None:
    account.deposited -= billing.credit(world, account, now)
    billing.expect_broke(world, account, now)


def strike(world: World, active: list[Row], contract: Contract, now: float) -> None:
    """Let the rules that concern a contract take their course."""
    for rule in active:
        fault = str(rule["fault"])
        if fault in STARTS:
            contract.pull_script = fault
            contract.pull_extra_s = number(rule.get("seconds"), 600.0) * (fault == "slow_pull")
        elif fault in BEFALL:
            at = now + number(rule.get("after_s"), 0.0)
            timers.schedule(world, at, fault, contract.id)
            if fault in RECOVERIES and "seconds" in rule:
                until = at + number(rule["seconds"], 0.0)
                timers.schedule(world, until, RECOVERIES[fault], contract.id)


def steal(world: World, ask_id: int) -> None:
    """Somebody else was faster; the machine is soon listed again, under another id."""
    slot = world.asks.get(ask_id)
    if slot is not None:
        listing.put_up(world, world.slices[slot])


def another_ask(world: World) -> int | None:
    return next(iter(world.asks), None)


def listed(
    world: World, active: list[Row], contracts: list[Contract], now: float
) -> list[Contract]:
    """What of the listing a faulty index still shows."""
    for rule in active:
        if rule["fault"] == "listing_empty":
            return []
        if rule["fault"] == "listing_lag_s":
            since = now - number(rule.get("seconds"), 120.0)
            contracts = [each for each in contracts if each.created_at <= since]
        if rule["fault"] == "listing_blink" and contracts:
            hidden = rule["contract"] if "contract" in rule else world.rng.choice(contracts).id
            contracts = [each for each in contracts if each.id != hidden]
    return contracts
