"""Create an instance: everything that can be refused at once is, then the intent is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.accounts.load import accounts_for, credit_at
from shared.app.audit.about import about
from shared.app.budgets.refuse import refuse_new
from shared.app.collections import INSTANCES, OPERATIONS, shard_of
from shared.app.history.regard import regard_of
from shared.app.instances.hints import hint
from shared.app.instances.save import note
from shared.app.market.offers import find_offer
from shared.app.snapshots.lend import lent
from shared.domain.billing.budget import reservation
from shared.domain.billing.limits import NO_LIMITS, Limits
from shared.domain.errors import (
    Conflicting,
    InsufficientFunds,
    ProviderError,
    StoreError,
    VersionConflict,
)
from shared.domain.frozen import dataclass
from shared.domain.ids import AccountId, InstanceId, OperationId, SnapshotId, UserId
from shared.domain.instances.model import Desired, Instance, InstanceState, WorkspaceSpec
from shared.domain.instances.policies import HibernationPolicy, RacePolicy, SnapshotPolicy
from shared.domain.instances.transitions import provision
from shared.domain.market.offers import OfferFilter
from shared.domain.operations import Operation, OperationKind, Phase
from shared.domain.racing.stakes import purse_too_small
from shared.domain.replacing import replace
from shared.domain.sleep.timetable import next_turn
from shared.ports.store import Add, Write

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.accounts import ProviderAccount
    from shared.domain.market.offers import Offer

TRIES = 5


@dataclass(frozen=True, slots=True)
class NewInstance:
    """What the owner asks for, in the domain's units. Either `offer_id` or only `want`."""

    label: str
    spec: WorkspaceSpec
    want: OfferFilter
    offer_id: str | None
    bid: int | None
    race: RacePolicy
    hibernation: HibernationPolicy
    snapshots: SnapshotPolicy
    restore_from: SnapshotId | None = None
    budget: Limits = NO_LIMITS


def create_instance(
    services: Services, owner: UserId, new: NewInstance, *, idempotency_id: str = ""
) -> tuple[Instance, Operation]:
    """The instance and the operation that follows it.

    The same `idempotency_id` meets what an earlier try made.

    Raises OfferGone, InsufficientFunds, BudgetExceeded, Conflicting (no provider account, or a
    snapshot that cannot be restored), NotFound (no such snapshot) or ProviderError.
    """
    made = _made_before(services, owner, idempotency_id)
    if made:
        return made
    provider = new.want.provider
    gpu_rate, offer = 0, None
    if new.offer_id:
        offer = find_offer(services, new.offer_id, new.want.machine_type)
        provider, gpu_rate = offer.provider, offer.price(new.spec.disk_gb)
        new = replace(new, want=_like(offer, new.want, gpu_rate))
    accounts = accounts_for(services, owner, provider)
    if not accounts:
        missing = provider or "any provider"
        raise Conflicting(f"there is no key for {missing}: PUT /api/settings/providers first")
    refuse_new(services, owner, new.budget, gpu_rate)
    _refuse_small_purse(new, offer)
    account = _funded(services, accounts, gpu_rate)
    instance, operation = _records(services, owner, account.id, new, idempotency_id)
    about(instance_id=instance.id, operation_id=operation.id)
    ordered = note(services, instance, "ordered.create", instance.state_reason, target=operation.id)
    writes = [
        Add(INSTANCES, instance.id, instance),
        Add(OPERATIONS, operation.id, operation),
        ordered,
        *_warned(services, instance, offer),
    ]
    _commit(services, instance, writes)
    hint(services, instance.id, "created")
    return instance, operation


def _commit(services: Services, instance: Instance, writes: list[Write]) -> None:
    """Where it is made from a snapshot, with that: it is not removed from under it."""
    source = instance.restore_from
    if source is None:
        services.store.commit(writes)
        return
    for _ in range(TRIES):
        try:
            services.store.commit([*writes, lent(services, source, instance.id)])
        except VersionConflict:
            continue
        return
    raise StoreError("the snapshot is too busy")


def _refuse_small_purse(new: NewInstance, offer: Offer | None) -> None:
    """What is known at once: an offer that was named has a price."""
    cap = new.race.max_micro_usd
    if cap is None or offer is None:
        return
    gpu_rate = offer.gpu_rate if new.bid is None else new.bid
    needed = reservation(gpu_rate + offer.storage_rate(new.spec.disk_gb))
    if needed > cap:
        raise purse_too_small(cap, 0, needed)


def _warned(services: Services, instance: Instance, offer: Offer | None) -> list[Write]:
    """Whoever names a blacklisted machine is told of it, and gets it: the choice is theirs."""
    if offer is None:
        return []
    block = regard_of(services, instance.owner).block(offer.provider, offer.machine_id)
    if block is None:
        return []
    said = f"machine {offer.machine_id} was named though it is blacklisted: {block.reason}"
    return [note(services, instance, "warning.blacklisted", said)]


def _funded(
    services: Services, accounts: tuple[ProviderAccount, ...], rate: int
) -> ProviderAccount:
    """The first that has, or may have, what would be reserved.

    Raises what a provider raised, and InsufficientFunds where all answered.
    """
    left: list[str] = []
    failed: ProviderError | None = None
    for account in accounts:
        try:
            credit = credit_at(services.marketplace(account))
        except ProviderError as error:
            failed = failed or error
            continue
        if credit is None or credit > reservation(rate):
            return account
        left.append(f"{account.provider} has ${credit / 1e6:.2f} left for this account")
    raise failed or InsufficientFunds("; ".join(left))


def _made_before(
    services: Services, owner: UserId, idempotency_id: str
) -> tuple[Instance, Operation] | None:
    """What a try made that was cut off before its answer was kept."""
    if not idempotency_id:
        return None
    instance = services.store.get(INSTANCES, f"inst_{idempotency_id}")
    operation = services.store.get(OPERATIONS, f"op_{idempotency_id}")
    if instance is None or operation is None or instance.value.owner != owner:
        return None
    hint(services, instance.value.id, "created")
    return instance.value, operation.value


def _like(offer: Offer, want: OfferFilter, rate: int) -> OfferFilter:
    """Who names an offer means its kind of machine: a wake looks for that, not for just any."""
    return replace(
        want,
        gpu_name=offer.gpu_name,
        num_gpus=offer.num_gpus,
        max_price=max(want.max_price, rate),
    )


def _records(
    services: Services,
    owner: UserId,
    account_id: AccountId,
    new: NewInstance,
    idempotency_id: str,
) -> tuple[Instance, Operation]:
    now = services.clock.now()
    named = bool(idempotency_id)
    instance_id = InstanceId(f"inst_{idempotency_id}" if named else services.ids.new("inst"))
    operation = Operation.begun(
        OperationId(f"op_{idempotency_id}" if named else services.ids.new("op")),
        owner,
        OperationKind.CREATE,
        instance_id,
        now,
        Phase(InstanceState.PROVISIONING.value, now),
    )
    instance = Instance(
        id=instance_id,
        owner=owner,
        account_id=account_id,
        label=new.label,
        created_at=now,
        spec=new.spec,
        want=new.want,
        offer_id=new.offer_id,
        bid=new.bid,
        race=new.race,
        hibernation=new.hibernation,
        snapshots=new.snapshots,
        desired=Desired.RUNNING,
        generation=1,
        state=InstanceState.PROVISIONING,
        state_reason="ordered by its owner",
        state_since=now,
        epoch=0,
        primary=None,
        rentals=(),
        head=None,
        restore_from=new.restore_from,
        drain=None,
        thaw=None,
        open_snapshot=None,
        keep_alive_until=None,
        final_snapshot=True,
        keep_snapshots=True,
        attempts=0,
        provision_deadline=None,
        search_at=None,
        avoid_machine=None,
        ready_at=None,
        silent_since=None,
        next_snapshot_at=None,
        operation_id=operation.id,
        due_at=now,
        shard=shard_of(instance_id),
        budget=new.budget,
        source=new.restore_from,
        turn=next_turn(new.hibernation.schedules, now),
    )
    return provision(instance, now), operation
