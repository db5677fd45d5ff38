"""The model's one step in time: everything due happens, each at its own moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators.vast.model import lifecycle, misfortune, timers

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import Timer, World


def advance(world: World, now: float) -> None:
    """Bring the world to `now` (simulated seconds). Time never goes back: an earlier value
    is ignored.
    """
    while timer := timers.pop_due(world, now):
        world.now = max(world.now, timer.at)
        _fire(world, timer)
    world.now = max(world.now, now)


def _fire(world: World, timer: Timer) -> None:
    if timer.event == "broke":
        account = world.accounts[timer.subject]
        if account.money_turn == timer.turn:
            misfortune.broke(world, account, timer.at)
        return
    contract = world.contracts[timer.subject]
    if timer.turn not in {timers.ANY_TURN, contract.turn} or contract.gone_at is not None:
        return
    if timer.event in lifecycle.STEPS:
        lifecycle.STEPS[timer.event](world, contract, timer.at)
    else:
        misfortune.happen(world, timer.event, contract, timer.at)


def next_due(world: World) -> float | None:
    """When the next thing happens by itself, for a simulation that skips time."""
    return world.timers[0].at if world.timers else None
