"""Timelines, series and costs as the wire shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contract import history as wire
from shared.domain.billing.ledger import total
from shared.domain.billing.money import to_usd

if TYPE_CHECKING:
    from shared.app.ledger.cost import Costs
    from shared.domain.billing.bill import Bill, Difference
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


def cost_answer(instance_id: str, costs: Costs) -> wire.CostAnswer:
    bills = {bill.rental_id: bill for bill in costs.bills}
    billed = [line.amount for bill in costs.bills for line in bill.lines]
    words = [bill.as_of for bill in costs.bills if bill.as_of]
    return wire.CostAnswer(
        instance_id=instance_id,
        total_usd=to_usd(total(costs.lines)),
        uncertainty_usd=to_usd(sum(line.uncertainty for line in costs.lines)),
        as_of=costs.as_of,
        billed_usd=to_usd(sum(billed)) if costs.bills else None,
        billed_as_of=max(words, default=None),
        differences=tuple(_difference(each) for b in costs.bills for each in b.differences),
        lines=tuple(_line(line, bills.get(line.rental.id)) for line in costs.lines),
    )


def _difference(found: Difference) -> wire.DifferenceWire:
    return wire.DifferenceWire(
        contract_id=found.contract_id,
        kind=found.kind,
        usd=to_usd(found.ours),
        uncertainty_usd=to_usd(found.uncertainty),
        billed_usd=to_usd(found.theirs),
    )


def _line(line: LedgerLine, bill: Bill | None) -> wire.CostLineWire:
    traffic = line.kind in TRAFFIC
    rental, terms = line.rental, line.rental.terms
    rates = {
        "gpu": terms.gpu_rate,
        "disk": terms.storage_rate,
        "download": terms.download_price,
        "upload": terms.upload_price,
    }
    spans = rental.meter.spans if line.kind == "gpu" else ()
    return wire.CostLineWire(
        rental_id=rental.id,
        contract_id=rental.contract_id,
        provider=terms.provider,
        kind=line.kind,
        seconds=None if traffic else line.quantity,
        bytes=int(line.quantity) if traffic and line.quantity is not None else None,
        rate=to_usd(rates[line.kind]),
        usd=to_usd(line.amount),
        uncertainty_usd=to_usd(line.uncertainty),
        start=line.start,
        end=line.end,
        spans=tuple(wire.SpanWire(start=each.start, end=each.end) for each in spans),
        billed_usd=to_usd(_billed(line, bill)) if bill else None,
    )


def _billed(line: LedgerLine, bill: Bill) -> int:
    """What the bill says of it; a bill that does not name it charges nothing for it."""
    mine = (line.rental.contract_id, line.kind)
    return sum(each.amount for each in bill.lines if (each.contract_id, each.kind) == mine)
