"""Our own metering as lines, to be held against the provider's bill line by line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.domain.billing.budget import cost_of
from shared.domain.billing.meter import CLOCK_GRAIN_S, Meter
from shared.domain.rentals.model import Rental

GB = 1_000_000_000
TAIL_BYTES = 256 * 1024  # spoken after the last reading that reached us
SILENT_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """Micro-USD. `uncertainty` bounds how far the amount may be off.

    `kind` is gpu, disk, download or upload. `quantity` is seconds, or bytes for traffic, and
    None where it was never read.
    """

    rental: Rental
    kind: str
    quantity: float | None
    amount: int
    uncertainty: int
    start: datetime | None
    end: datetime | None


def lines_of(rental: Rental, provider_now: datetime | None) -> tuple[LedgerLine, ...]:
    """The lines so far; `provider_now` closes what is still open (its clock)."""
    if rental.meter.begun_at is None:
        return ()
    provider_now = rental.meter.until(provider_now)
    return (
        _gpu(rental, provider_now),
        _disk(rental, provider_now),
        _traffic(rental, "download", rental.meter.received, rental.terms.download_price),
        _traffic(rental, "upload", rental.meter.sent, rental.terms.upload_price),
    )


def total(lines: tuple[LedgerLine, ...]) -> int:
    return sum(line.amount for line in lines)


def _gpu(rental: Rental, provider_now: datetime | None) -> LedgerLine:
    seconds, slack = 0.0, _unseen_s(rental.meter, provider_now)
    for span in rental.meter.spans:
        until = span.end or provider_now or span.start
        seconds += max(0.0, (until - span.start).total_seconds())
        open_s = CLOCK_GRAIN_S + rental.meter.missing_s
        slack += span.slack_s + (open_s if span.end is None else 0.0)
    start, end = _bounds(rental.meter, provider_now)
    rate = rental.terms.gpu_rate
    return LedgerLine(
        rental, "gpu", seconds, cost_of(rate, seconds), cost_of(rate, slack) + 1, start, end
    )


def _disk(rental: Rental, provider_now: datetime | None) -> LedgerLine:
    begun, ended = rental.meter.begun_at, rental.meter.ended_at or provider_now
    seconds = _life_s(rental, provider_now)
    rate = rental.terms.storage_rate
    missing_s = 0.0 if rental.meter.ended_at else rental.meter.missing_s
    slack = rental.meter.slack_s + CLOCK_GRAIN_S + missing_s
    return LedgerLine(
        rental, "disk", seconds, cost_of(rate, seconds), cost_of(rate, slack) + 1, begun, ended
    )


def _unseen_s(meter: Meter, provider_now: datetime | None) -> float:
    """It may have run without being seen: after a create or a start, before it was stopped."""
    since = meter.waiting_at or meter.hidden_at
    if since is None or provider_now is None:
        return meter.unseen_s
    return meter.unseen_s + max(0.0, (provider_now - since).total_seconds())


def _life_s(rental: Rental, provider_now: datetime | None) -> float:
    begun, ended = rental.meter.begun_at, rental.meter.ended_at or provider_now
    return max(0.0, (ended - begun).total_seconds()) if begun and ended else 0.0


def _traffic(rental: Rental, kind: str, count: int | None, price: int) -> LedgerLine:
    begun, ended = rental.meter.begun_at, rental.meter.ended_at
    # A machine that never told its counters got no further than fetching its agent.
    untold = TAIL_BYTES if count is not None else SILENT_BYTES
    amount = round(price * (count or 0) / GB)
    quantity = None if count is None else float(count)
    uncertainty = round(price * untold / GB) + 1
    return LedgerLine(rental, kind, quantity, amount, uncertainty, begun, ended)


def _bounds(meter: Meter, provider_now: datetime | None) -> tuple[datetime | None, datetime | None]:
    if not meter.spans:
        return None, None
    return meter.spans[0].start, meter.spans[-1].end or provider_now
