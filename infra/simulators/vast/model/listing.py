"""Asks: the ids under which slices are offered (section 9.2).

An ask id disappears once it is rented and the slice comes back under a new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import Contract, Slice, World

BID_STEP_USD = 0.001  # section 4: the finest price


def put_up(world: World, piece: Slice) -> None:
    """Offer the slice under a fresh id."""
    withdraw(world, piece)
    if piece.host_dead:
        return
    piece.ask_id = world.draw_id()
    world.asks[piece.ask_id] = piece.slot
    if piece.volume_ask_id is None:
        piece.volume_ask_id = world.draw_id()
        world.volume_asks[piece.volume_ask_id] = piece.slot


def withdraw(world: World, piece: Slice) -> None:
    if piece.ask_id is not None:
        world.asks.pop(piece.ask_id, None)
    piece.ask_id = None


def seize(world: World, piece: Slice, contract: Contract) -> None:
    """Give the GPUs to the contract."""
    piece.holder = contract.id
    withdraw(world, piece)
    if contract.is_bid and world.knobs.bid_slices_stay_listed:
        put_up(world, piece)


def lowest_bid(world: World, piece: Slice) -> float:
    """The price that wins the slice now, USD per hour for the whole offer."""
    floor = max(piece.min_bid, piece.rival_bid + BID_STEP_USD if piece.rival_bid else 0.0)
    holder = world.contracts.get(piece.holder) if piece.holder is not None else None
    if holder is not None and holder.is_bid:
        floor = max(floor, holder.gpu_rate + BID_STEP_USD)
    return floor


def is_free_for(piece: Slice, contract: Contract) -> bool:
    """Could this contract take the GPUs now?"""
    if piece.host_dead:
        return False
    if contract.is_bid and contract.gpu_rate < max(piece.min_bid, piece.rival_bid):
        return False
    return piece.holder in {None, contract.id}
