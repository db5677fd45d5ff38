"""Timelines, series and costs as the wire shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contract import history as wire
from shared.domain.billing.ledger import total
from shared.domain.billing.money import to_usd

if TYPE_CHECKING:
    from shared.domain.billing.ledger import LedgerLine
    from shared.domain.machines.lease import Point
    from shared.domain.timeline import TimelineEvent

TRAFFIC = frozenset({"download", "upload"})


def timeline_wire(event: TimelineEvent) -> wire.TimelineWire:
    return wire.TimelineWire(
        id=event.id,
        at=event.at,
        kind=event.kind,
        message=event.message,
        rental_id=event.rental_id,
    )


def series_answer(instance_id: str, points: tuple[Point, ...]) -> wire.SeriesAnswer:
    return wire.SeriesAnswer(
        instance_id=instance_id,
        as_of=points[-1].at if points else None,
        items=tuple(
            wire.PointWire(
                at=each.at,
                gpu_util_percent=each.gpu_util_percent,
                gpu_temperature_c=each.gpu_temperature_c,
                cpu_percent=each.cpu_percent,
                ram_used_bytes=each.memory_used_bytes,
            )
            for each in points
        ),
    )


def cost_answer(instance_id: str, lines: tuple[LedgerLine, ...]) -> wire.CostAnswer:
    return wire.CostAnswer(
        instance_id=instance_id,
        total_usd=to_usd(total(lines)),
        uncertainty_usd=to_usd(sum(line.uncertainty for line in lines)),
        lines=tuple(_line(line) for line in lines),
    )


def _line(line: LedgerLine) -> wire.CostLineWire:
    traffic = line.kind in TRAFFIC
    terms = line.rental.terms
    rates = {
        "gpu": terms.gpu_rate,
        "disk": terms.storage_rate,
        "download": terms.download_price,
        "upload": terms.upload_price,
    }
    return wire.CostLineWire(
        rental_id=line.rental.id,
        contract_id=line.rental.contract_id,
        provider=terms.provider,
        kind=line.kind,
        seconds=None if traffic else line.quantity,
        bytes=int(line.quantity) if traffic and line.quantity is not None else None,
        rate=to_usd(rates[line.kind]),
        usd=to_usd(line.amount),
        uncertainty_usd=to_usd(line.uncertainty),
        start=line.start,
        end=line.end,
    )
