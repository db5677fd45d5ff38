"""Our own metering as lines, to be held against the provider's bill line by line."""

from __future__ import annotations

from datetime import datetime

from shared.domain.billing.budget import cost_of
from shared.domain.billing.meter import CLOCK_GRAIN_S, Meter
from shared.domain.frozen import dataclass
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


def at_most(rental: Rental, provider_now: datetime | None) -> int:
    """Micro-USD of all lines, each as far off as it may be: asked at every look at a rental."""
    if rental.meter.begun_at is None:
        return 0
    now, meter, terms = rental.meter.until(provider_now), rental.meter, rental.terms
    return (
        sum(_timed(terms.gpu_rate, *_gpu_s(meter, now)))
        + sum(_timed(terms.storage_rate, *_disk_s(meter, now)))
        + sum(_counted(terms.download_price, meter.received))
        + sum(_counted(terms.upload_price, meter.sent))
    )


def _timed(rate: int, seconds: float, slack_s: float) -> tuple[int, int]:
    """Amount and uncertainty."""
    return cost_of(rate, seconds), cost_of(rate, slack_s) + 1


def _counted(price: int, count: int | None) -> tuple[int, int]:
    """Amount and uncertainty."""
    # A machine that never told its counters got no further than fetching its agent.
    untold = TAIL_BYTES if count is not None else SILENT_BYTES
    return round(price * (count or 0) / GB), round(price * untold / GB) + 1


def _gpu(rental: Rental, provider_now: datetime | None) -> LedgerLine:
    seconds, slack = _gpu_s(rental.meter, provider_now)
    start, end = _bounds(rental.meter, provider_now)
    amount, uncertainty = _timed(rental.terms.gpu_rate, seconds, slack)
    return LedgerLine(rental, "gpu", seconds, amount, uncertainty, start, end)


def _gpu_s(meter: Meter, provider_now: datetime | None) -> tuple[float, float]:
    """Seconds, and how many more they may have been."""
    seconds, slack = 0.0, _unseen_s(meter, provider_now)
    for span in meter.spans:
        until = span.end or provider_now or span.start
        seconds += max(0.0, (until - span.start).total_seconds())
        open_s = CLOCK_GRAIN_S + meter.missing_s
        slack += span.slack_s + (open_s if span.end is None else 0.0)
    return seconds, slack


def _disk(rental: Rental, provider_now: datetime | None) -> LedgerLine:
    begun, ended = rental.meter.begun_at, rental.meter.ended_at or provider_now
    seconds, slack = _disk_s(rental.meter, provider_now)
    amount, uncertainty = _timed(rental.terms.storage_rate, seconds, slack)
    return LedgerLine(rental, "disk", seconds, amount, uncertainty, begun, ended)


def _disk_s(meter: Meter, provider_now: datetime | None) -> tuple[float, float]:
    """Seconds, and how many more they may have been."""
    missing_s = 0.0 if meter.ended_at else meter.missing_s
    return _life_s(meter, provider_now), meter.slack_s + CLOCK_GRAIN_S + missing_s


def _unseen_s(meter: Meter, provider_now: datetime | None) -> float:
    """It may have run without being seen: after a create or a start, before it was stopped."""
    since = meter.waiting_at or meter.hidden_at
    if since is None or provider_now is None:
        return meter.unseen_s
    return meter.unseen_s + max(0.0, (provider_now - since).total_seconds())


def _life_s(meter: Meter, provider_now: datetime | None) -> float:
    begun, ended = meter.begun_at, meter.ended_at or provider_now
    return max(0.0, (ended - begun).total_seconds()) if begun and ended else 0.0


def _traffic(rental: Rental, kind: str, count: int | None, price: int) -> LedgerLine:
    amount, uncertainty = _counted(price, count)
    quantity = None if count is None else float(count)
    begun, ended = rental.meter.begun_at, rental.meter.ended_at
    return LedgerLine(rental, kind, quantity, amount, uncertainty, begun, ended)


def _bounds(meter: Meter, provider_now: datetime | None) -> tuple[datetime | None, datetime | None]:
    if not meter.spans:
        return None, None
    return meter.spans[0].start, meter.spans[-1].end or provider_now
