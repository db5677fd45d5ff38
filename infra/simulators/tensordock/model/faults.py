"""Faults on order: a list of rules, each tried at every call.

    {"match": {"call": "create", "name": "x", "nth": 2}, "fault": "timeout_after_effect",
     "times": 1, "seconds": 60, "status": 503}

`match` may be empty (every call). `call` is locations, hostnodes, hostnode, create, list, show,
start, stop or delete. `nth` counts the calls that match the rest, from 1. `times` is how often
the rule fires (for ever without it).

    refuse                      a well-formed 400, nothing done
    capacity_gone               a 400 that says so, nothing done
    429                         nothing done
    5xx (or 500, 502, 503...)   HTML with `status` (503), nothing done
    timeout_after_effect        done, but the connection breaks without an answer
    garbled                     done, but the answer is cut in the middle
    create_error_with_machine   created, but the answer is a 500
    delete_noop                 "success", nothing done
    listing_lag_s               machines younger than `seconds` (120) are missing
    listing_empty               no rows
    listing_malformed           one row more, without a name
    slow_boot                   the boot takes `seconds` (600) more
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra.simulators.tensordock.model.refusal import Refused, number

if TYPE_CHECKING:
    from infra.simulators.tensordock.model.state import Machine, Row, World

KNOWN = frozenset(
    {
        "refuse",
        "capacity_gone",
        "429",
        "5xx",
        "timeout_after_effect",
        "garbled",
        "create_error_with_machine",
        "delete_noop",
        "listing_lag_s",
        "listing_empty",
        "listing_malformed",
        "slow_boot",
    }
)


def set_rules(world: World, rules: object) -> None:
    """Replace all rules. Raises Refused for one that nobody would understand."""
    if not isinstance(rules, list):
        raise Refused(400, "rules must be a list")
    world.fault_rules = [_checked(rule) for rule in rules]
    world.changes += 1


def draw(world: World, call: str, name: object) -> list[Row]:
    """The rules that fire for this call, in their order."""
    return [rule for rule in world.fault_rules if _fires(rule, call, name)]


def find(active: list[Row], fault: str) -> Row | None:
    return next((rule for rule in active if rule["fault"] == fault), None)


def listed(active: list[Row], machines: list[Machine], now: float) -> list[Machine]:
    """What of the account a faulty index still shows."""
    if find(active, "listing_empty"):
        return []
    lag = find(active, "listing_lag_s")
    since = now - number(lag.get("seconds"), 120.0) if lag else now
    return [each for each in machines if each.created_at <= since]


def _checked(rule: object) -> Row:
    fault = str(rule.get("fault")) if isinstance(rule, Mapping) else ""
    if fault not in KNOWN and not (fault.isdigit() and fault.startswith("5")):
        raise Refused(400, f"unknown fault in {rule!r}")
    assert isinstance(rule, Mapping)
    if not isinstance(rule.get("match", {}), Mapping):
        raise Refused(400, f"match must be an object in {rule!r}")
    return {**rule, "seen": 0, "fired": 0}


def _fires(rule: Row, call: str, name: object) -> bool:
    match = rule.get("match") or {}
    if not isinstance(match, Mapping):
        return False
    if match.get("call", call) != call or match.get("name", name) != name:
        return False
    seen, fired = int(number(rule["seen"], 0)) + 1, int(number(rule["fired"], 0))
    rule["seen"] = seen
    if fired >= number(rule.get("times"), float("inf")) or match.get("nth", seen) != seen:
        return False
    rule["fired"] = fired + 1
    return True
