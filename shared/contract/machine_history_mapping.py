"""Launches, machines and the blacklist as the wire shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contract import machine_history as wire
from shared.contract.offers_mapping import block_wire, history_wire
from shared.contract.paging import Listing
from shared.domain.history.attempt import Stage
from shared.domain.history.summary import failures, waits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from shared.app.history.read import MachineStats, Summary
    from shared.domain.history.attempt import Attempt
    from shared.domain.history.standing import Standing
    from shared.domain.history.summary import Counts, Waits

NO_REASON = "its user gave no reason"


def summary_answer(found: Summary) -> wire.SummaryAnswer:
    return wire.SummaryAnswer(
        **_counts(found.total),
        since=found.since,
        as_of=found.as_of,
        blacklisted=found.blacklisted,
        complete=found.complete,
        providers=tuple(
            wire.ProviderCountsWire(provider=provider, **_counts(counts))
            for provider, counts in found.providers.items()
        ),
    )


def attempt_wire(attempt: Attempt) -> wire.AttemptWire:
    return wire.AttemptWire(
        rental_id=attempt.rental_id,
        instance_id=attempt.instance_id,
        provider=attempt.provider,
        machine_id=attempt.machine_id,
        gpu_name=attempt.gpu_name,
        num_gpus=attempt.num_gpus,
        geolocation=attempt.geolocation,
        image=attempt.image,
        began_at=attempt.began_at,
        ended_at=attempt.ended_at,
        seconds=attempt.seconds,
        stage=attempt.stage,
        outcome=attempt.outcome,
        reason=attempt.reason,
        lost_at=attempt.lost_at,
        lost_reason=attempt.lost_reason or None,
    )


def machine_wire(standing: Standing) -> wire.MachineWire:
    return wire.MachineWire(**_machine(standing))


def stats_answer(found: MachineStats) -> wire.StatsAnswer:
    return wire.StatsAnswer(
        **_machine(found.standing),
        as_of=found.as_of,
        failed_by_stage=_failed(failures(found.record.marks)),
        seconds_to_ready=_waits(waits(found.record.marks)),
        recent=tuple(map(attempt_wire, found.recent)),
    )


def check_answer(standing: Standing) -> wire.CheckAnswer:
    return wire.CheckAnswer(
        provider=standing.provider,
        machine_id=standing.machine_id,
        blacklisted=standing.block is not None,
        blacklist=block_wire(standing.block) if standing.block else None,
    )


def blacklisted_wire(standing: Standing) -> wire.BlacklistedWire:
    """Of a machine that is passed over."""
    if standing.block is None:
        raise AssertionError("only what is blocked is on the blacklist")
    return wire.BlacklistedWire(
        provider=standing.provider,
        machine_id=standing.machine_id,
        gpu_name=standing.gpu_name or None,
        **block_wire(standing.block).model_dump(),
    )


def machines_page(found: Sequence[Standing], asked: wire.NumberedPage) -> Listing[wire.MachineWire]:
    shown, following = _page(found, asked)
    items = tuple(map(machine_wire, shown))
    return Listing[wire.MachineWire](items=items, next_page_token=following)


def blacklist_page(
    found: Sequence[Standing], asked: wire.NumberedPage
) -> Listing[wire.BlacklistedWire]:
    shown, following = _page(found, asked)
    items = tuple(map(blacklisted_wire, shown))
    return Listing[wire.BlacklistedWire](items=items, next_page_token=following)


def _page(
    found: Sequence[Standing], asked: wire.NumberedPage
) -> tuple[Sequence[Standing], str | None]:
    first = int(asked.page_token or 0)
    after = first + asked.limit
    return found[first:after], str(after) if after < len(found) else None


def _machine(standing: Standing) -> dict[str, Any]:
    return {
        "provider": standing.provider,
        "machine_id": standing.machine_id,
        "gpu_name": standing.gpu_name or None,
        "geolocation": standing.geolocation,
        "own": history_wire(standing.own) if standing.own else None,
        "shared": history_wire(standing.shared) if standing.shared else None,
        "blacklist": block_wire(standing.block) if standing.block else None,
    }


def _counts(counts: Counts) -> dict[str, Any]:
    return {
        "attempts": counts.attempts,
        "ready": counts.ready,
        "failed": counts.failed,
        "withdrawn": counts.withdrawn,
        "lost": counts.lost,
        "success_rate": counts.success_rate,
        "failed_by_stage": _failed(counts.failed_by_stage),
        "seconds_to_ready": _waits(counts.waits),
        "machines": counts.machines,
    }


def _failed(stages: Mapping[Stage, int]) -> wire.FailedWire:
    return wire.FailedWire(
        creating=stages[Stage.CREATING],
        loading=stages[Stage.LOADING],
        booting=stages[Stage.BOOTING],
    )


def _waits(found: Waits) -> wire.WaitsWire:
    return wire.WaitsWire(p50_s=found.p50_s, p90_s=found.p90_s, samples=found.samples)
