"""What befalls one call to the marketplace, drawn fault by fault and said as the model's rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from infra.simulators.vast.model.state import Row
from tests.simulation.provider.menu import OUTSIDE

if TYPE_CHECKING:
    import random

    from tests.simulation.ports import Faults

TIMEOUT_S = 20.0
LATE_EFFECT_S = 14.5  # after the time-out; the protocol allows for 15
STALL_S = 19.0
LONGEST_LAG_S = 120.0

# Our fault -> the model's rule for it, for this one call.
RULES: dict[str, Row] = {
    "cut_before_effect": {"fault": "cut_before_effect"},
    "timeout_after_effect": {"fault": "timeout_after_effect"},
    "late_effect": {"fault": "timeout_after_effect"},
    "too_many_requests": {"fault": "429"},
    "server_error": {"fault": "5xx"},
    "garbled": {"fault": "garbled"},
    "error_with_contract": {"fault": "create_error_with_contract"},
    "duplicate_contract": {"fault": "create_twice"},
    "offer_stolen": {"fault": "offer_stolen"},
    "slow_pull": {"fault": "slow_pull", "seconds": 400},
    "oci_error": {"fault": "oci_error"},
    "stuck_loading": {"fault": "stuck_loading"},
    "destroy_noop": {"fault": "destroy_noop"},
    "stop_noop": {"fault": "stop_noop"},
    "listing_empty": {"fault": "listing_empty"},
    "listing_partial": {"fault": "listing_partial"},
    "listing_malformed": {"fault": "listing_malformed"},
    "listing_blinks": {"fault": "listing_blink"},
}
# Each is well-formed: nobody can tell from the list itself.
LIES = frozenset({"listing_empty", "listing_blinks"})
# Longer than it takes until absence would be believed.
BROKEN_S = (300.0, 420.0)
# By then every contract has to be listed (rule 7): from then on one list is whole but for this.
STALE_AFTER_S = 185.0
# A machine that is slow to come up, or never does (boot deadline), is waited for so long: that is
# no convergence, so none begins when less of the storm is left.
WAITED_FOR_S = {"slow_pull": 435.0, "index_breaks": 435.0, "stuck_loading": 900.0}
HIDDEN_S = (90.0, 119.0)
NAMES_OF_CALL: dict[str, tuple[str, ...]] = {}
for _fault, _calls in OUTSIDE.items():
    for _call in _calls:
        NAMES_OF_CALL[_call] = (*NAMES_OF_CALL.get(_call, ()), _fault)


@dataclass(slots=True)
class Fortune:
    """`stall_s` passes before the call leaves; `late_s` after its time-out it takes effect."""

    rules: list[Row] = field(default_factory=list)
    stall_s: float = 0.0
    late_s: float | None = None
    pause_s: float = 0.0
    moves: bool = False
    broken_s: float = 0.0  # for so long no list is whole
    hidden_s: float = 0.0  # for so long no list shows what was just made
    lies: bool = False


_NEW: Row = {"seen": 0, "fired": 0}


def _rule(fault: str, **details: object) -> Row:
    return {"fault": fault, **details, **_NEW}


def short_of_rows() -> Row:
    """For a list while the index is broken."""
    return _rule("listing_partial")


def without_the_young(seconds: float) -> Row:
    """For a list that shows no contract younger than that."""
    return _rule("listing_lag_s", seconds=seconds)


def without(contract_id: int) -> Row:
    """For a list that is well-formed, and lacks one contract."""
    return _rule("listing_blink", contract=contract_id)


def draw(faults: Faults, chance: random.Random, call: str, left_s: float) -> Fortune:
    """`left_s`: how long the storm still lasts."""
    fortune = Fortune()
    if faults.calm:
        return fortune
    for fault in NAMES_OF_CALL[call]:
        if left_s < WAITED_FOR_S.get(fault, 0.0) or not faults.strikes(fault, call):
            continue
        if fault in RULES:
            fortune.rules.append({**RULES[fault], **_NEW})
        fortune.lies = fortune.lies or fault in LIES
        _befall(fortune, fault, chance)
    return fortune


def _befall(fortune: Fortune, fault: str, chance: random.Random) -> None:
    """What takes time of its own, or outlasts the call."""
    if fault == "late_effect":
        fortune.late_s = chance.uniform(0.0, LATE_EFFECT_S)
    elif fault == "stalled":
        fortune.stall_s = chance.uniform(1.0, STALL_S)
    elif fault == "listing_lags":
        seconds = chance.uniform(5.0, LONGEST_LAG_S)
        fortune.rules.append(without_the_young(seconds))
    elif fault == "listing_pauses":
        fortune.pause_s = chance.uniform(2.0, STALL_S)
    elif fault == "listing_moves":
        fortune.moves = True
    elif fault == "listed_late":
        fortune.rules.append(_rule("timeout_after_effect"))
        fortune.hidden_s = chance.uniform(*HIDDEN_S)
    elif fault == "index_breaks":
        fortune.rules += [_rule("timeout_after_effect"), _rule("slow_pull", seconds=400)]
        fortune.broken_s = chance.uniform(*BROKEN_S)
