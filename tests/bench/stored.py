"""A fleet that stands in the store as if it had been rented, written there beside the stack.

Nobody sweeps it: its account has never been looked at, and nothing of it is due.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.agent_wire.codec import encode
from shared.agent_wire.messages import BUSY, READY, AgentStatus, HeartbeatRequest, Idleness
from shared.app.collections import INSTANCES, LEASES, RENTALS
from shared.app.machines.keys import keys_for
from shared.domain.ids import AccountId, ContractId, InstanceId, RentalId, UserId
from shared.domain.instances.model import InstanceState, WorkspaceSpec
from shared.domain.machines.tokens import MACHINE_TOKEN_S, MachineToken, Receipt
from shared.domain.rentals.model import Address, RentalState
from shared.ports.store import Add
from tests.unit.instances.samples import a_lease, an_instance
from tests.unit.rentals.samples import a_rental

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.app.services import Services
    from shared.domain.instances.model import Instance
    from shared.domain.rentals.model import Rental

AT_ONCE = 50  # instances in a commit, each with its rental
ACCOUNT = AccountId("acct_bench")
SPEC = WorkspaceSpec(
    image="pytorch/pytorch:2.4.0-cuda12.4-cudnn9-runtime",
    disk_gb=50,
    ports=(8080,),
    env={"WANDB_MODE": "offline"},
    onstart="python train.py",
    ssh_public_key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBench bench",
)


@dataclass(frozen=True, slots=True)
class Machine:
    """What one rented machine sends: `steady` shows its receipt, `renewing` has none."""

    instance_id: InstanceId
    headers: dict[str, str]
    steady: bytes
    renewing: bytes


def store(services: Services, owner: str, count: int) -> list[Instance]:
    """That many running instances of this owner, each with its machine."""
    now = services.clock.now()
    made: list[tuple[Instance, Rental]] = []
    for number in range(count):
        instance_id = InstanceId(services.ids.new("inst"))
        rental_id = RentalId(services.ids.new("rent"))
        since = now - timedelta(seconds=count - number)
        instance = an_instance(
            id=instance_id,
            owner=UserId(owner),
            account_id=ACCOUNT,
            label=f"stored-{number}",
            created_at=since,
            state_since=since,
            state=InstanceState.RUNNING,
            spec=SPEC,
            primary=rental_id,
            rentals=(rental_id,),
        )
        rental = a_rental(
            RentalState.LIVE,
            id=rental_id,
            owner=UserId(owner),
            account_id=ACCOUNT,
            instance_id=instance_id,
            contract_id=ContractId(str(10_000_000 + number)),
            created_at=since,
            address=Address(
                "ssh5.example.org", 22000 + number % 1000, "192.0.2.7", ((8080, 41080),)
            ),
        )
        made.append((instance, rental))
    for begin in range(0, count, AT_ONCE):
        _commit(services, made[begin : begin + AT_ONCE])
    return [instance for instance, _ in made]


def machines(services: Services, instances: Sequence[Instance]) -> list[Machine]:
    """The machines beneath them, each with a lease that was just renewed."""
    return [_machine(services, each) for each in instances]


def _commit(services: Services, made: Sequence[tuple[Instance, Rental]]) -> None:
    services.store.commit(
        [
            write
            for instance, rental in made
            for write in (Add(INSTANCES, instance.id, instance), Add(RENTALS, rental.id, rental))
        ]
    )


def _machine(services: Services, instance: Instance) -> Machine:
    now, rental_id = services.clock.now(), instance.primary
    assert rental_id
    lease = a_lease(rental_id=rental_id, instance_id=instance.id, epoch=instance.epoch)
    services.store.add(LEASES, rental_id, lease)
    expires = now + timedelta(seconds=MACHINE_TOKEN_S)
    token = MachineToken(rental_id, instance.id, instance.epoch, expires)
    receipt = Receipt(rental_id, instance.epoch, now, lease.state_seq)
    well = AgentStatus(READY, Idleness(BUSY, 60.0), boot_id="boot-1")
    told = HeartbeatRequest(state_seq=lease.state_seq, clock=now.timestamp(), status=well)
    steady = HeartbeatRequest(
        state_seq=lease.state_seq,
        clock=now.timestamp(),
        receipt=receipt.text(keys_for(services, "receipt")),
    )
    authorization = f"Bearer {token.text(keys_for(services, 'machine'))}"
    return Machine(
        instance.id,
        {"Authorization": authorization, "Content-Type": "application/json"},
        encode(steady),
        encode(told),
    )
