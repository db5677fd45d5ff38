"""What the owners do: create, and order about at any moment."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from shared.app.budgets.change import set_user_limit
from shared.app.instances import orders
from shared.app.instances.create import NewInstance, create_instance
from shared.app.snapshots.condemn import delete_snapshot
from shared.app.snapshots.restore import restore
from shared.domain.billing.limits import AtLimit, Limit, Period
from shared.domain.errors import DumontError, StoreError
from shared.domain.failover.model import FailoverPolicy
from shared.domain.ids import InstanceId, SnapshotId
from shared.domain.instances.model import InstanceState, WorkspaceSpec
from shared.domain.instances.policies import (
    HibernationPolicy,
    RacePolicy,
    RaceStart,
    SnapshotPolicy,
)
from shared.domain.market.offers import MachineType, OfferFilter
from shared.domain.serverless.model import Mode, Serverless
from tests.simulation.ports import Unreachable
from tests.simulation.world import OWNERS

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from shared.app.services import Services
    from shared.domain.ids import UserId
    from tests.simulation.world import SimWorld

ORDERS = (
    "pause",
    "resume",
    "hibernate",
    "wake",
    "wake",
    "reboot",
    "snapshot",
    "keep_alive",
    "destroy",
    "configure",
    "restore",
    "delete_snapshot",
    "set_serverless",
)
LIMITED = 0.2
# Of their instances: something long runs in them, and they order nothing until it is done.
STEADY = 0.15
CAPS_USD = (0.2, 0.5, 1.0)
BIDS = (None, None, None, 600_000)  # micro-USD an hour
MODES = (Serverless(Mode.FAST), Serverless(Mode.FAST), Serverless(Mode.ECONOMIC), None)
# The longer one outlives the evidence of its machine's idleness.
KEPT_MINUTES = (2.0, 7.0)
FORCED, _FORCED_AFTER_S = 0.5, (0.5, 60.0)
_AGAIN_S = 7.0
_LAST_TRY = 60
_BETWEEN_S = (30.0, 1200.0)
_AT_ONCE, _AT_ONCE_S = 0.1, (0.2, 12.0)  # how often an order follows upon another's heels
_MOST_INSTANCES = 4
_WHILE_IT_WAKES = 0.3
_ANEW = 0.3  # how many of the snapshots that are asked for go into a new instance


class Users:
    """One owner for each instance. They order until `until_s`."""

    def __init__(self, world: SimWorld, instances: int, until_s: float) -> None:
        self._world = world
        self._chance = world.chance("users")
        self._until_s = until_s
        self.instances: dict[InstanceId, UserId] = {}
        self.orders = 0
        for number in range(instances):
            owner = OWNERS[0] if number < 2 else OWNERS[number % len(OWNERS)]
            instance_id = InstanceId(f"inst_{number}")
            self.instances[instance_id] = owner
            world.later(
                self._chance.uniform(0.0, 300.0), "create", partial(self._create, instance_id)
            )
        self._set_limits()

    def insist(self, instance_id: InstanceId, name: str, **details: Any) -> None:
        """Order it until it stands, as a client does after a 503."""
        self._order(instance_id, name, details, tries=_LAST_TRY)

    # --- inside

    def _set_limits(self) -> None:
        """In some seeds an owner bounds what may be spent in the month."""
        chance = self._world.chance("limits")
        for owner in OWNERS:
            limit = Limit(round(chance.choice(CAPS_USD) * 1e6), chance.choice(list(AtLimit)))
            if chance.random() < LIMITED:
                self._world.later(
                    chance.uniform(0.0, self._until_s / 3),
                    "limit",
                    partial(self._set_limit, owner, limit),
                )

    def _set_limit(self, owner: UserId, limit: Limit) -> None:
        self._until_answered(
            lambda services: set_user_limit(services, owner, Period.MONTHLY, limit),
            f"limit of {owner}: {limit}",
            3,
        )

    def _create(self, instance_id: InstanceId) -> None:
        owner, steady = self.instances[instance_id], self._chance.random() < STEADY
        new = _new_instance(self._chance)
        if steady:
            new = replace(new, hibernation=HibernationPolicy(enabled=False))
        number = instance_id.removeprefix("inst_")

        def make(services: Services) -> object:
            return create_instance(services, owner, new, idempotency_id=number)

        self._until_answered(make, "create", _LAST_TRY)
        if not steady:
            self._plan(instance_id)

    def _plan(self, instance_id: InstanceId) -> None:
        at_once = self._chance.random() < _AT_ONCE
        wait_s = self._chance.uniform(*(_AT_ONCE_S if at_once else _BETWEEN_S))
        if self._world.agenda.now_s + wait_s < self._until_s:
            self._world.later(wait_s, "order", partial(self._some_order, instance_id))

    def _some_order(self, instance_id: InstanceId) -> None:
        name = self._chance.choice(ORDERS)
        details: dict[str, Any] = {}
        if name == "destroy":
            if self._chance.random() < 0.7:
                name = "wake"
            else:
                details = _destroy(final_snapshot=self._chance.random() < 0.5)
                self._perhaps_force(instance_id)
        if name == "restore":
            self._restore(instance_id)
        elif name == "delete_snapshot":
            self._delete_snapshot(instance_id)
        else:
            if name == "configure":
                details = _rules(self._chance)
            self._order(instance_id, name, details, tries=3)
        self._plan(instance_id)

    def _perhaps_force(self, instance_id: InstanceId) -> None:
        """Who cannot wait for the last snapshot: force takes none, and comes while it is taken."""
        chance = self._world.chance("force")
        if chance.random() < FORCED:
            force = partial(self._order, instance_id, "destroy", _destroy(final_snapshot=False), 3)
            self._world.later(chance.uniform(*_FORCED_AFTER_S), "force", force)

    def _restore(self, instance_id: InstanceId) -> None:
        """Any snapshot of it: into itself while it sleeps, into a new instance otherwise."""
        chance, known = self._chance, self._restorable(instance_id)
        source = self._world.judge.documents.instances.get(instance_id)
        if source is None or not known:
            return
        snapshot_id, owner = SnapshotId(chance.choice(known)), self.instances[instance_id]
        anew = source.state is not InstanceState.ASLEEP
        full = len(self.instances) >= _MOST_INSTANCES
        if anew and (full or chance.random() > _ANEW):
            return
        number = f"r{len(self.instances)}"
        if anew:
            self.instances[InstanceId(f"inst_{number}")] = owner
        else:
            self._world.judge.work.named.add(snapshot_id)
        self._until_answered(
            lambda services: restore(
                services, owner, snapshot_id, new_instance=anew, label="", idempotency_id=number
            ),
            f"restore {snapshot_id} of {instance_id}",
            3,
        )

    def _restorable(self, instance_id: InstanceId) -> list[str]:
        snapshots = self._world.judge.documents.snapshots
        return sorted(
            key
            for key, each in snapshots.items()
            if each.instance_id == instance_id and each.restorable
        )

    def _delete_snapshot(self, instance_id: InstanceId) -> None:
        """Any of it, now and then while it wakes; every other time what it would wake from."""
        chance, known = self._chance, self._restorable(instance_id)
        instance = self._world.judge.documents.instances.get(instance_id)
        if instance is None or not known:
            return
        if instance.state is InstanceState.ASLEEP and chance.random() < _WHILE_IT_WAKES:
            self._order(instance_id, "wake", {}, tries=3)
        needed = instance.saved if chance.random() < 0.5 else None
        snapshot_id, owner = needed or SnapshotId(chance.choice(known)), self.instances[instance_id]
        self._until_answered(
            lambda services: delete_snapshot(services, owner, snapshot_id),
            f"delete {snapshot_id} of {instance_id}",
            3,
        )

    def _order(
        self, instance_id: InstanceId, name: str, details: dict[str, Any], tries: int
    ) -> None:
        named: dict[str, dict[str, Any]] = {
            "wake": {"want": None, "snapshot_id": None},
            "snapshot": {"reason": "by its owner"},
            "keep_alive": {"minutes": self._chance.choice(KEPT_MINUTES)},
            "set_serverless": {"chosen": self._chance.choice(MODES)},
        }
        call: Callable[..., object] = getattr(orders, name)
        owner, whole = self.instances[instance_id], {**named.get(name, {}), **details}
        self.orders += 1
        self._until_answered(
            lambda services: call(services, owner, instance_id, **whole),
            f"{name} {instance_id}",
            tries,
        )

    def _until_answered(
        self, use_case: Callable[[Services], object], what: str, tries: int
    ) -> None:
        def failed(error: Exception) -> None:
            self._world.tell(f"user: {what} failed: {error!r}")
            unclear = isinstance(error, Unreachable | StoreError)
            if tries > 1 and (unclear or (tries > 10 and isinstance(error, DumontError))):
                again = partial(self._until_answered, use_case, what, tries - 1)
                self._world.later(_AGAIN_S, what, again)

        self._world.tell(f"user: {what}")
        self._world.ask("instances", use_case, lambda _answer: None, failed)


def _destroy(*, final_snapshot: bool) -> dict[str, Any]:
    return {"final_snapshot": final_snapshot, "keep_snapshots": True, "reason": "by chance"}


def _rules(chance: random.Random) -> dict[str, Any]:
    """Other rules from now on, some of them those that it has."""
    minutes = chance.choice([0, 5, 60])
    changed: dict[str, Any] = {
        "hibernation": HibernationPolicy(
            enabled=chance.random() < 0.9, idle_minutes=chance.choice([1.0, 3.0, 3.0, 20.0])
        ),
        "snapshots": SnapshotPolicy(interval_minutes=minutes, keep_last=chance.choice([1, 3])),
        "failover": FailoverPolicy(enabled=chance.random() < 0.7),
    }
    chosen = chance.sample(sorted(changed), chance.randint(1, len(changed)))
    return {"label": None, **dict.fromkeys(changed), **{name: changed[name] for name in chosen}}


def _new_instance(chance: random.Random) -> NewInstance:
    """Half of the races start together: those by odds rarely need a second machine here."""
    width, minutes = chance.choice([1, 1, 2, 3]), chance.choice([0, 5, 10, 60])
    bid = chance.choice(BIDS)
    kind = MachineType.ON_DEMAND if bid is None else MachineType.INTERRUPTIBLE
    start = chance.choice([RaceStart.ODDS, RaceStart.TOGETHER])
    return NewInstance(
        label="a workspace",
        spec=WorkspaceSpec("python:3.11", 50, (8080,), {}, "", ""),
        want=OfferFilter(machine_type=kind),
        offer_id=None,
        bid=bid,
        race=RacePolicy(width=width, start=start),
        hibernation=HibernationPolicy(),
        snapshots=SnapshotPolicy(interval_minutes=minutes, keep_last=chance.choice([1, 3, 100])),
    )
