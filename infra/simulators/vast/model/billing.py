"""Money, integrated by the second (sections 5.2 and 8).

GPU time costs while running or frozen, disk while the contract exists and its host is
connected, traffic by the byte at any time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators.vast.model import timers
from infra.simulators.vast.model.state import Interval

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.simulators.vast.model.state import Account, Contract, Volume, World

HOURS_PER_MONTH = 720  # section 3: $/GB/month x GB / 720 is the price per hour
SECONDS_PER_HOUR = 3600.0
BYTES_PER_GB = 1_000_000_000
GPU_BILLED = frozenset({"running", "frozen"})
DISK_FREE = frozenset({"offline"})


def disk_rate(usd_per_gb_month: float, size_gb: float) -> float:
    """USD per hour."""
    return usd_per_gb_month * size_gb / HOURS_PER_MONTH


def cost(interval: Interval, now: float) -> float:
    """USD of an interval up to `now`."""
    end = now if interval.end is None else interval.end
    return interval.rate * max(0.0, end - interval.start) / SECONDS_PER_HOUR


def settle(world: World, contract: Contract, now: float) -> None:
    """Open and close the contract's intervals to fit its status. Call after every change."""
    exists = contract.destroyed_at is None
    gpu = exists and contract.actual_status in GPU_BILLED
    disk = exists and contract.actual_status not in DISK_FREE
    account = world.accounts[contract.account_id]
    _meter(account, contract.intervals, "gpu", contract.gpu_rate if gpu else None, now)
    _meter(account, contract.intervals, "disk", contract.disk_rate if disk else None, now)
    expect_broke(world, account, now)
    world.changes += 1


def settle_volume(world: World, volume: Volume, now: float) -> None:
    rate = disk_rate(volume.usd_per_gb_month, volume.size_gb)
    account = world.accounts[volume.account_id]
    wanted = None if volume.deleted_at is not None else rate
    _meter(account, volume.intervals, "disk", wanted, now)
    expect_broke(world, account, now)
    world.changes += 1


def _meter(
    account: Account, intervals: list[Interval], kind: str, rate: float | None, now: float
) -> None:
    for interval in intervals:
        if interval.kind == kind and interval.end is None:
            if interval.rate == rate:
                return
            interval.end = now
            account.spent += cost(interval, now)
    if rate is not None:
        intervals.append(Interval(kind, now, None, rate))


def add_traffic(world: World, contract: Contract, down: int, up: int, now: float) -> None:
    """Bill bytes that the machine received (`down`) and sent (`up`)."""
    contract.down_bytes += down
    contract.up_bytes += up
    account = world.accounts[contract.account_id]
    account.spent += down / BYTES_PER_GB * contract.down_usd_per_gb
    account.spent += up / BYTES_PER_GB * contract.up_usd_per_gb
    expect_broke(world, account, now)


def _open_intervals(world: World, account: Account) -> Iterator[Interval]:
    for contract_id in world.open_contracts.get(account.id, {}):
        yield from (i for i in world.contracts[contract_id].intervals if i.end is None)
    for volume in world.volumes.values():
        if volume.account_id == account.id:
            yield from (i for i in volume.intervals if i.end is None)


def credit(world: World, account: Account, now: float) -> float:
    """What is left of the prepaid money; below zero while disks go on costing."""
    running = sum(cost(interval, now) for interval in _open_intervals(world, account))
    return account.deposited - account.spent - running


def expect_broke(world: World, account: Account, now: float) -> None:
    """Set the timer of the moment at which the account runs dry (5.2 pitfall 9)."""
    account.money_turn += 1
    if account.broke:
        return
    rate = sum(interval.rate for interval in _open_intervals(world, account))
    left = credit(world, account, now)
    if left > 0 and rate <= 0:
        return
    at = now if left <= 0 else now + left / rate * SECONDS_PER_HOUR
    timers.schedule(world, at, "broke", account.id, account.money_turn)


def deposit(world: World, account: Account, usd: float, now: float) -> None:
    account.deposited += usd
    account.payments.append({"when": now, "amount": usd, "id": world.draw_id()})
    account.broke = credit(world, account, now) <= 0
    expect_broke(world, account, now)
    world.changes += 1
