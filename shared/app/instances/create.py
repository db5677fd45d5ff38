"""Create an instance: everything that can be refused at once is, then the intent is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.app.accounts.load import account_for
from shared.app.collections import BUDGETS, INSTANCES, OPERATIONS, TIMELINE, shard_of
from shared.app.instances.hints import hint
from shared.app.market.offers import find_offer
from shared.domain.billing.budget import Budget, month_of, reservation
from shared.domain.errors import Conflicting, InsufficientFunds
from shared.domain.ids import AccountId, InstanceId, OperationId, SnapshotId, UserId
from shared.domain.instances.model import Desired, Instance, InstanceState, WorkspaceSpec
from shared.domain.instances.policies import HibernationPolicy, RacePolicy, SnapshotPolicy
from shared.domain.instances.transitions import provision
from shared.domain.market.offers import OfferFilter
from shared.domain.operations import Operation, OperationKind, OperationState, Phase
from shared.domain.timeline import TimelineEvent
from shared.ports.store import Add

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.market.offers import Offer

DEFAULT_PROVIDER = "vast"


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


def create_instance(
    services: Services, owner: UserId, new: NewInstance, *, idempotency_id: str = ""
) -> tuple[Instance, Operation]:
    """The instance and the operation that follows it.

    The same `idempotency_id` meets what an earlier try made.

    Raises OfferGone, InsufficientFunds, BudgetExceeded, Conflicting (no provider account) or
    ProviderError.
    """
    made = _made_before(services, owner, idempotency_id)
    if made:
        return made
    provider = new.want.provider or DEFAULT_PROVIDER
    gpu_rate = 0
    if new.offer_id:
        offer = find_offer(services, new.offer_id, new.want.machine_type)
        provider, gpu_rate = offer.provider, offer.price(new.spec.disk_gb)
        new = replace(new, want=_like(offer, new.want, gpu_rate))
    account = account_for(services, owner, provider)
    if account is None:
        raise Conflicting(f"there is no key for {provider}: PUT /api/settings/providers first")
    _afford(services, owner, gpu_rate)
    credit = services.marketplace(account).credit_micro_usd()
    if credit <= reservation(gpu_rate):
        raise InsufficientFunds(f"{provider} has ${credit / 1e6:.2f} left for this account")
    instance, operation = _records(services, owner, account.id, new, idempotency_id)
    event = TimelineEvent(
        id=services.ids.new("evt"),
        instance_id=instance.id,
        owner=owner,
        at=instance.created_at,
        kind="state.provisioning",
        message=instance.state_reason,
    )
    services.store.commit(
        [
            Add(INSTANCES, instance.id, instance),
            Add(OPERATIONS, operation.id, operation),
            Add(TIMELINE, event.id, event),
        ]
    )
    hint(services, instance.id, "created")
    return instance, operation


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


def _afford(services: Services, owner: UserId, rate: int) -> None:
    """What is known at once is refused at once; the intent reserves it for certain."""
    month = month_of(services.clock.now())
    stored = services.store.get(BUDGETS, f"{owner}:{month}")
    budget = stored.value if stored else Budget(owner, month)
    budget.reserve("", reservation(rate))  # type: ignore[arg-type]


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
    operation = Operation(
        id=OperationId(f"op_{idempotency_id}" if named else services.ids.new("op")),
        owner=owner,
        kind=OperationKind.CREATE,
        target=instance_id,
        state=OperationState.RUNNING,
        created_at=now,
        phases=(Phase(InstanceState.PROVISIONING.value, now),),
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
    )
    return provision(instance, now), operation
