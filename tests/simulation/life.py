"""One seed from its first order to the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import INSTANCES
from shared.domain.instances.model import InstanceState
from tests.simulation.outsiders import Outsiders
from tests.simulation.settled import Settling
from tests.simulation.users import Users
from tests.simulation.world import SimWorld

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tests.simulation.faults import Strike
    from tests.simulation.outcome import Outcome

# What was ordered last is to be done when the faults stop: a machine may boot for so long.
ORDERS_END_BEFORE_S = 900.0
SETTLED_WITHIN_S = 1500.0
STEPS_AT_LEAST, LASTS_AT_LEAST_S = 400, 7200.0
LONGER_S = 4 * 3600.0  # for those steps, where the control plane was away or all was asleep
AFTER_LOSS_S = 900.0
ENDED_WITHIN_S = 2400.0
ENDED = frozenset({InstanceState.ASLEEP, InstanceState.DESTROYED, InstanceState.FAILED})


def live(
    seed: int,
    machines: int = 3,
    *,
    masked: Collection[Strike] | None = None,
    trace: Callable[[str], None] | None = None,
) -> Outcome:
    """Storm, calm, convergence, the owners' last orders, the verdict."""
    world = SimWorld(seed, masked=masked, trace=trace)
    try:
        return _live(world, machines)
    finally:
        world.close()


def _live(world: SimWorld, machines: int) -> Outcome:
    orders_end_s = world.storm_s - ORDERS_END_BEFORE_S
    users = Users(world, machines, orders_end_s)
    world.users = users
    Outsiders(world, users, orders_end_s)
    world.agenda.run_until(world.storm_s)
    world.stop_faults()
    if world.lost_store.happened:
        world.agenda.run_until(world.storm_s + AFTER_LOSS_S)
        _go_on(world)
        _end(world)
        return world.verdict()
    settling = Settling(world, users)
    settling.watch(SETTLED_WITHIN_S)
    _go_on(world)
    _last_orders(world, users)
    outcome = world.verdict()
    outcome.converged_s, outcome.kept_books_s = settling.visible_s, settling.books_s
    return outcome


def _go_on(world: SimWorld) -> None:
    """Ordinary life, until the seed is enough work to mean something: sweeps go on to its end."""

    def is_enough() -> bool:
        sweeps = (LASTS_AT_LEAST_S - world.agenda.now_s) / 60.0
        return world.fleet.steps + max(0.0, sweeps) >= STEPS_AT_LEAST

    world.agenda.run_until(world.agenda.now_s + LONGER_S, is_enough)


def _end(world: SimWorld) -> None:
    """Nothing is ordered any more, and nothing may begin by itself."""
    world.agenda.run_until(max(world.agenda.now_s + 60.0, LASTS_AT_LEAST_S))
    world.agenda.run_until(
        world.agenda.now_s + LONGER_S, lambda: world.fleet.steps >= STEPS_AT_LEAST
    )


def _last_orders(world: SimWorld, users: Users) -> None:
    """Each owner destroys, or leaves it asleep."""
    chance = world.chance("last orders")
    for instance_id in users.instances:
        stored = world.store.get(INSTANCES, instance_id)
        if stored is None or stored.value.state in ENDED:
            continue
        if chance.random() < 0.3 and stored.value.state is InstanceState.RUNNING:
            users.insist(instance_id, "hibernate")
        else:
            users.insist(
                instance_id,
                "destroy",
                final_snapshot=chance.random() < 0.5,
                keep_snapshots=True,
                reason="done",
            )
    world.agenda.run_until(world.agenda.now_s + ENDED_WITHIN_S, lambda: _all_ended(world, users))
    world.bus.deliver_overdue()
    _end(world)


def _all_ended(world: SimWorld, users: Users) -> bool:
    for instance_id in users.instances:
        stored = world.store.get(INSTANCES, instance_id)
        if stored is None or stored.value.state not in ENDED or stored.value.rentals:
            return False
    return True
