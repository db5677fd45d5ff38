"""What really happened, for tests to judge by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators.vast.model import billing

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import Account, Contract, Row, World

MICRO = 1_000_000


def of_account(world: World, account: Account, now: float) -> Row:
    """Every contract and volume ever of the account; amounts in micro-USD."""
    contracts = [c for c in world.contracts.values() if c.account_id == account.id]
    return {
        "now": now,
        "account_id": account.id,
        "credit_usd": billing.credit(world, account, now),
        "spent_micro_usd": round((account.deposited - billing.credit(world, account, now)) * MICRO),
        "contracts": [of_contract(contract, now) for contract in contracts],
        "volumes": [
            {
                "id": volume.id,
                "deleted_at": volume.deleted_at,
                "billed_micro_usd": round(
                    sum(billing.cost(each, now) for each in volume.intervals) * MICRO
                ),
            }
            for volume in world.volumes.values()
            if volume.account_id == account.id
        ],
    }


def of_contract(contract: Contract, now: float) -> Row:
    return {
        "id": contract.id,
        "machine_id": contract.machine_id,
        "label": contract.label,
        "is_bid": contract.is_bid,
        "actual_status": contract.actual_status,
        "intended_status": contract.intended_status,
        "cur_state": contract.cur_state,
        "created_at": contract.created_at,
        "destroyed_at": contract.destroyed_at,
        "gone_at": contract.gone_at,
        "boot_no": contract.boot_no,
        "up_since": contract.up_since,
        "history": [list(entry) for entry in contract.history],
        "intervals": [
            {"kind": each.kind, "start": each.start, "end": each.end, "usd_per_hour": each.rate}
            for each in contract.intervals
        ],
        "down_bytes": contract.down_bytes,
        "up_bytes": contract.up_bytes,
        "billed_micro_usd": billed(contract, now),
    }


def billed(contract: Contract, now: float) -> dict[str, int]:
    usd = dict.fromkeys(("gpu", "disk"), 0.0)
    for interval in contract.intervals:
        usd[interval.kind] += billing.cost(interval, now)
    usd["bwd"] = contract.down_bytes / billing.BYTES_PER_GB * contract.down_usd_per_gb
    usd["bwu"] = contract.up_bytes / billing.BYTES_PER_GB * contract.up_usd_per_gb
    return {kind: round(amount * MICRO) for kind, amount in usd.items()}
