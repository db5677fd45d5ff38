"""What was used, second by second: the lines that the ledger keeps for ever."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from shared.domain.billing.budget import cost_of
from shared.domain.billing.ledger import lines_of
from shared.domain.frozen import dataclass
from shared.domain.ids import AccountId, ContractId, InstanceId, RentalId, UserId
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.billing.ledger import LedgerLine
    from shared.domain.billing.meter import Meter
    from shared.domain.rentals.model import Rental


@dataclass(frozen=True, slots=True)
class UsageLine:
    """Micro-USD; `quantity` in seconds, or bytes for traffic, None where it was never read.

    `end` is None for what still runs, which is counted up to the moment of the question. A
    GPU line of no seconds and some uncertainty is a time in which it may have run unseen.
    """

    kind: str
    quantity: float | None
    amount: int
    uncertainty: int
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Everything that a rental used, written once when it is GONE. Pages are only ever added.

    A rental that is seen again after its page is given another one, which holds what came to it
    since: the sum of its pages is what it used. The rental is the intent that was recorded
    before anything was ordered.
    """

    rental_id: RentalId
    owner: UserId
    account_id: AccountId
    instance_id: InstanceId
    contract_id: ContractId | None
    provider: str
    closed_at: datetime
    lines: tuple[UsageLine, ...]
    correction: bool = False


def usage_of(rental: Rental, provider_now: datetime | None) -> tuple[UsageLine, ...]:
    """One line per stretch of running, one for the disk, one for each way of traffic.

    They add up to `lines_of`, to the micro-dollar.
    """
    lines = {line.kind: line for line in lines_of(rental, provider_now)}
    if not lines:
        return ()
    others = (_plain(lines[kind], rental.meter) for kind in ("disk", "download", "upload"))
    return (*_spans(rental, lines["gpu"], provider_now), *others)


def rate_now(rental: Rental) -> int:
    """Micro-USD per hour that it costs as far as we saw: its disk while the contract stands, its
    GPU while it runs.
    """
    meter, terms = rental.meter, rental.terms
    if meter.begun_at is None or meter.ended_at or meter.missing_at:
        return 0
    runs = bool(meter.spans) and meter.spans[-1].end is None
    return terms.storage_rate + (terms.gpu_rate if runs else 0)


def page_of(rental: Rental, now: datetime) -> LedgerPage | None:
    """What is to be written at the end of a rental; None where nothing was used since the last."""
    lines = usage_of(rental, rental.meter.ended_at)
    if rental.ledgered is not None:
        lines = tuple(_since(rental, rental.ledgered))
    if not lines:
        return None
    return LedgerPage(
        rental_id=rental.id,
        owner=rental.owner,
        account_id=rental.account_id,
        instance_id=rental.instance_id,
        contract_id=rental.contract_id,
        provider=rental.terms.provider,
        closed_at=now,
        lines=lines,
        correction=rental.ledgered is not None,
    )


def _spans(rental: Rental, whole: LedgerLine, provider_now: datetime | None) -> Iterator[UsageLine]:
    """Rounded by what has been told so far, so that the parts are the whole."""
    rate, seconds, told, doubted = rental.terms.gpu_rate, 0.0, 0, 0
    provider_now = rental.meter.until(provider_now)
    for span in rental.meter.spans:
        until = span.end or provider_now or span.start
        lasted = max(0.0, (until - span.start).total_seconds())
        seconds += lasted
        amount, doubt = cost_of(rate, seconds) - told, cost_of(rate, span.slack_s)
        told, doubted = told + amount, doubted + doubt
        yield UsageLine("gpu", lasted, amount, doubt, span.start, span.end)
    rest = max(0, whole.uncertainty - doubted)
    if rest:
        meter = rental.meter
        yield UsageLine("gpu", 0.0, 0, rest, meter.begun_at, meter.ended_at)


def _plain(line: LedgerLine, meter: Meter) -> UsageLine:
    return UsageLine(
        line.kind, line.quantity, line.amount, line.uncertainty, line.start, meter.ended_at
    )


def _since(rental: Rental, before: Meter) -> Iterator[UsageLine]:
    """By kind, what the meter has added to what it had when the last page was written."""
    was = {line.kind: line for line in lines_of(replace(rental, meter=before), before.ended_at)}
    for line in lines_of(rental, rental.meter.ended_at):
        old = was.get(line.kind)
        amount = line.amount - (old.amount if old else 0)
        doubt = line.uncertainty - (old.uncertainty if old else 0)
        if amount or doubt:
            had = old.quantity if old else None
            more = None if line.quantity is None else line.quantity - (had or 0.0)
            yield UsageLine(line.kind, more, amount, doubt, before.ended_at, rental.meter.ended_at)
