"""What happens to a contract that its user did not ask for (vast-states.json, 5.2 pitfalls)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators.vast.model import lifecycle, listing, timers

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.simulators.vast.model.state import Account, Contract, World


OUT_OF_SIGHT = frozenset({"unknown", "offline"})


def outbid(world: World, contract: Contract, now: float, rival_bid: float | None = None) -> None:
    """A higher bid, or on-demand, takes the GPU. It resumes by itself when it wins again."""
    piece = lifecycle.slice_of(world, contract)
    piece.rival_bid = rival_bid or contract.gpu_rate + listing.BID_STEP_USD
    keep = world.knobs.outbid_intended
    contract.actual_status = contract.cur_state = contract.next_state = "stopped"
    contract.intended_status = keep
    contract.before_outage = "outbid"
    lifecycle.goes_down(world, contract, now)
    if piece.holder == contract.id:
        piece.holder = None
        listing.withdraw(world, piece)  # somebody else has it now


def rival_leaves(world: World, contract: Contract, now: float) -> None:
    piece = lifecycle.slice_of(world, contract)
    piece.rival_bid = 0.0
    if piece.holder is None:
        listing.put_up(world, piece)
        lifecycle.offer_gpu(world, piece, now)
    world.changes += 1


def stop_outside(world: World, contract: Contract, now: float) -> None:
    """Stopped by another hand (the console, a second program)."""
    lifecycle.user_stop(world, contract, now)


def neighbours(world: World, contract: Contract) -> list[Contract]:
    """Every contract on the same host, this one first: they share its fate."""
    others = [
        world.contracts[contract_id]
        for contracts in world.open_contracts.values()
        for contract_id in contracts
        if contract_id != contract.id
    ]
    here = [each for each in others if each.machine_id == contract.machine_id]
    return [contract, *(each for each in here if each.destroyed_at is None)]


def host_offline(world: World, contract: Contract, now: float) -> None:
    """Host disconnected: computed status, no billing, may recover."""
    for each in neighbours(world, contract):
        _lose_sight(world, each, "offline", now)


def host_unknown(world: World, contract: Contract, now: float) -> None:
    """Heartbeat lost."""
    for each in neighbours(world, contract):
        _lose_sight(world, each, "unknown", now)


def _lose_sight(world: World, contract: Contract, status: str, now: float) -> None:
    if contract.actual_status not in OUT_OF_SIGHT:
        contract.before_outage = contract.actual_status
    contract.actual_status = status
    lifecycle.settle(world, contract, now)


def host_returns(world: World, contract: Contract, now: float) -> None:
    """Nobody returns from a dead host."""
    if lifecycle.slice_of(world, contract).host_dead:
        return
    for each in neighbours(world, contract):
        if each.actual_status in OUT_OF_SIGHT:
            each.actual_status = each.before_outage
            each.before_outage = None
            lifecycle.settle(world, each, now)


def host_death(world: World, contract: Contract, now: float) -> None:
    """The host is lost for good: unknown, then offline; its processes are dead at once."""
    for piece in world.slices:
        if piece.machine_id == contract.machine_id:
            piece.host_dead = True
            listing.withdraw(world, piece)
    host_unknown(world, contract, now)
    for each in neighbours(world, contract):
        lifecycle.goes_down(world, each, now)
    timers.schedule(world, now + world.knobs.unknown_s, "host_offline", contract.id)


def freeze(world: World, contract: Contract, now: float) -> None:
    """Paused with the GPU kept, and billed."""
    contract.before_outage = contract.actual_status
    contract.actual_status = contract.intended_status = "frozen"
    lifecycle.settle(world, contract, now)


def thaw(world: World, contract: Contract, now: float) -> None:
    if contract.actual_status == "frozen":
        contract.actual_status = contract.before_outage
        contract.before_outage = None
        contract.intended_status = "running"
        lifecycle.settle(world, contract, now)


def broke(world: World, account: Account, now: float) -> None:
    """Credit <= 0 stops every instance of the account; disks go on costing (pitfall 9)."""
    account.broke = True
    for contract_id in list(world.open_contracts.get(account.id, {})):
        contract = world.contracts[contract_id]
        if contract.destroyed_at is None and contract.cur_state == "running":
            contract.intended_status = contract.next_state = "stopped"
            lifecycle.halted(world, contract, now)
    world.changes += 1


EVENTS: dict[str, Callable[[World, Contract, float], None]] = {
    "outbid": outbid,
    "rival_leaves": rival_leaves,
    "stop_outside": stop_outside,
    "host_offline": host_offline,
    "host_unknown": host_unknown,
    "host_returns": host_returns,
    "host_death": host_death,
    "freeze": freeze,
    "thaw": thaw,
    "container_ended": lifecycle.container_ended,
}


def happen(world: World, event: str, contract: Contract, now: float) -> None:
    """Let a named event befall a contract that still exists."""
    if contract.destroyed_at is None:
        EVENTS[event](world, contract, now)
