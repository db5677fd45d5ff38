"""What really happened, for tests to judge by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators.tensordock.model import lifecycle

if TYPE_CHECKING:
    from infra.simulators.tensordock.model.state import Account, Machine, Row, World

MICRO = 1_000_000


def of_account(world: World, account: Account, now: float) -> Row:
    """Every machine ever of the account; amounts in micro-USD."""
    machines = [each for each in world.machines.values() if each.account_id == account.id]
    return {
        "now": now,
        "account_id": account.id,
        "credit_usd": lifecycle.credit(world, account, now),
        "contracts": [of_machine(each, now) for each in machines],
    }


def of_machine(machine: Machine, now: float) -> Row:
    compute, disk = lifecycle.billed_usd(machine, now)
    return {
        "id": machine.id,
        "name": machine.name,
        "host_id": machine.host_id,
        "status": machine.status,
        "created_at": machine.created_at,
        "destroyed_at": machine.destroyed_at,
        "gone_at": machine.gone_at,
        "boot_no": machine.boot_no,
        "storage_gb": machine.storage_gb,
        "spans": [[each.start, each.end] for each in machine.spans],
        "billed_micro_usd": {"gpu": round(compute * MICRO), "disk": round(disk * MICRO)},
    }
