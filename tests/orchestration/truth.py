"""What must hold whatever happened, read from the fakes' own truth and from the documents."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from shared.app.collections import (
    BUDGETS,
    OPERATIONS,
    RENTALS,
    RENTALS_OF_INSTANCE,
    SNAPSHOTS,
    SNAPSHOTS_OF_INSTANCE,
)
from shared.domain.billing.budget import month_of
from shared.domain.billing.ledger import lines_of
from shared.domain.instances.model import InstanceState
from shared.domain.operations import OperationState
from shared.domain.rentals.model import RentalState
from shared.domain.snapshots.model import SnapshotState
from shared.ports.marketplace import CreateOrder
from tests.fakes.clock import START
from tests.orchestration.cloud import OWNER, Cloud
from tests.unit.market.world import an_offer

if TYPE_CHECKING:
    from shared.domain.ids import InstanceId, SnapshotId
    from shared.domain.rentals.model import Rental
    from tests.fakes.contracts import TrueContract

FOREIGN = (
    "somebody else's",
    "dumont/production/rent_1/0123456789abcdef",
    "dumont/test/rent_1/0123456789abcdef",  # our name under another's key
)


def with_decoys(cloud: Cloud) -> list[TrueContract]:
    """Contracts of the same account that are not ours."""
    return [
        cloud.market.place(
            CreateOrder("0", label, "image", 10, {}, (), "", None), an_offer(f"decoy{n}")
        )
        for n, label in enumerate(FOREIGN)
    ]


def assert_untouched(decoys: list[TrueContract]) -> None:
    for each in decoys:
        assert each.destroyed_at is None, each.order.label
        assert each.intended == "running", each.order.label


def watch_for_two_at_work(cloud: Cloud) -> None:
    """Rule 10: at every moment at most one machine's user processes run."""

    def look() -> None:
        at_work = [each.contract.id for each in cloud.machines.values() if each.works]
        assert len(at_work) <= 1, f"two machines work: {at_work}"

    cloud.watchers.append(look)


def rentals_of(cloud: Cloud, instance_id: InstanceId) -> list[Rental]:
    page = cloud.store.find(RENTALS_OF_INSTANCE, {"instance_id": instance_id}, limit=200)
    return [each.value for each in page.items]


def assert_one_create_each(cloud: Cloud) -> None:
    """Rule 3."""
    repeated = {label: n for label, n in Counter(cloud.market.creates).items() if n > 1}
    assert not repeated


def ours_standing(cloud: Cloud) -> list[str]:
    return [each.id for each in cloud.market.standing() if each.order.label not in FOREIGN]


def assert_over(cloud: Cloud, instance_id: InstanceId) -> None:
    """Nothing of it is left anywhere, and every promise is settled."""
    assert not ours_standing(cloud)
    instance = cloud.instance(instance_id)
    assert (instance.state, instance.rentals) == (InstanceState.DESTROYED, ())
    for rental in rentals_of(cloud, instance_id):
        assert (rental.state, rental.open) == (RentalState.GONE, False)
    for month in {month_of(START), month_of(cloud.clock.now())}:
        stored = cloud.store.get(BUDGETS, f"{OWNER}:{month}")
        assert stored is None or not stored.value.reserved
    if instance.operation_id:
        operation = cloud.store.get(OPERATIONS, instance.operation_id)
        assert operation
        assert operation.value.state is OperationState.SUCCEEDED


def assert_bill(cloud: Cloud, instance_id: InstanceId) -> None:
    """Our ledger is the provider's bill, line by line, within the uncertainty that it names."""
    told = 0
    for rental in rentals_of(cloud, instance_id):
        lines = {line.kind: line for line in lines_of(rental, rental.meter.ended_at)}
        true_of = cloud.market.contracts.get(rental.contract_id) if rental.contract_id else None
        if true_of is None:
            assert not lines
            continue
        for kind, amount in true_of.bill(cloud.market.now()).items():
            line = lines[kind.value]
            assert abs(line.amount - amount) <= line.uncertainty + 1, (kind, line, amount)
        told += sum(line.amount for line in lines.values())
    stored = cloud.store.get(BUDGETS, f"{OWNER}:{month_of(START)}")
    assert stored is None or abs(stored.value.spent - told) <= 1


def chain_of(cloud: Cloud, instance_id: InstanceId) -> list[SnapshotId]:
    """From the head to the first; every acknowledged snapshot is in it (rule 11)."""
    chain: list[SnapshotId] = []
    at = cloud.instance(instance_id).head
    while at:
        chain.append(at)
        stored = cloud.store.get(SNAPSHOTS, at)
        assert stored
        assert stored.value.state is SnapshotState.ACKED
        assert stored.value.manifest_key in cloud.blobs.objects
        at = stored.value.parent
    page = cloud.store.find(SNAPSHOTS_OF_INSTANCE, {"instance_id": instance_id}, limit=200)
    acked = {each.key for each in page.items if each.value.state is SnapshotState.ACKED}
    assert acked == set(chain)
    return chain


def assert_winner_only(cloud: Cloud, instance_id: InstanceId) -> None:
    """While it runs: one machine stands, the primary's."""
    rental = cloud.store.get(RENTALS, cloud.instance(instance_id).primary or "none")
    assert rental
    assert ours_standing(cloud) == [rental.value.contract_id]
