"""The provider's bill held against our own ledger, line by line. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from shared.domain.billing.budget import cost_of
from shared.domain.billing.ledger import LedgerLine, lines_of
from shared.domain.frozen import dataclass
from shared.domain.ids import AccountId, ContractId, InstanceId, RentalId, UserId
from shared.domain.rentals.model import Rental, RentalState
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from enum import StrEnum

# A bill may come late, never before its time: what is too much is known at once, what is too
# little only when the bill has had this long to come.
SETTLES = timedelta(hours=2)
STILL_CHANGES = timedelta(days=2)  # a line of a bill that ended longer ago stands
TIMED = frozenset({"gpu", "disk"})


class Charge(Protocol):
    """One line of a provider's bill, in micro-USD (shared.ports.marketplace.Charge)."""

    @property
    def contract_id(self) -> ContractId: ...

    @property
    def kind(self) -> StrEnum: ...

    @property
    def amount_micro_usd(self) -> int: ...

    @property
    def start(self) -> datetime: ...

    @property
    def end(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class BilledLine:
    """What one contract was charged for one kind of use. `parts` lines of the bill, each of
    which the provider rounded.
    """

    contract_id: ContractId
    kind: str
    amount: int
    start: datetime
    end: datetime
    parts: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Ours and theirs lie further apart than we know ourselves to be unsure. Micro-USD."""

    contract_id: ContractId
    kind: str
    ours: int
    theirs: int
    uncertainty: int

    @property
    def key(self) -> str:
        return f"{self.contract_id}:{self.kind}"

    def __str__(self) -> str:
        ours = f"${self.ours / 1e6:.6f} +/- {self.uncertainty / 1e6:.6f}"
        theirs = f"${self.theirs / 1e6:.6f}"
        return f"contract {self.contract_id}, {self.kind}: billed {theirs}, ours {ours}"


@dataclass(frozen=True, slots=True)
class Kept:
    """Lines of a bill that ended by `until`, the provider's time: they are not read again."""

    until: datetime | None = None
    lines: tuple[BilledLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Bill:
    """The provider's charges for one rental, as of its own last word. One document per rental.

    `told` are the lines whose difference was told. `settled`: compared for good.
    """

    rental_id: RentalId
    owner: UserId
    account_id: AccountId
    instance_id: InstanceId
    imported_at: datetime
    as_of: datetime | None = None
    lines: tuple[BilledLine, ...] = ()
    differences: tuple[Difference, ...] = ()
    told: tuple[str, ...] = ()
    settled: bool = False
    kept: Kept = Kept()


@dataclass(frozen=True, slots=True)
class Statement:
    """The last import of an account's bill, as far as it was read. `known` says of contracts beside
    those of open rentals whether they are `ours` (settled before) or `foreign`, not our matter.
    """

    account_id: AccountId
    imported_at: datetime
    lines: int
    matched: int
    foreign_contracts: int
    foreign_amount: int  # micro-USD
    known: Mapping[ContractId, str]
    told: tuple[ContractId, ...] = ()  # contracts of this bill under our label that no intent knows


def billed_lines(charges: Iterable[Charge]) -> Mapping[ContractId, tuple[BilledLine, ...]]:
    """By contract, one line for each kind."""
    found: defaultdict[ContractId, list[BilledLine]] = defaultdict(list)
    for line in _summed(_line(each) for each in charges):
        found[line.contract_id].append(line)
    return {contract_id: tuple(lines) for contract_id, lines in found.items()}


def read_on(kept: Kept, charges: Iterable[Charge]) -> tuple[tuple[BilledLine, ...], Kept]:
    """One line for each contract and kind, and what of them need not be read again.

    A line that began no later than the kept one of its kind is the same use told anew, as of a
    contract that runs again: it takes its place.
    """
    read = [_line(each) for each in charges if kept.until is None or each.end > kept.until]
    began: dict[tuple[ContractId, str], datetime] = {}
    for line in read:
        key = line.contract_id, line.kind
        began[key] = min(line.start, began.get(key, line.start))
    before = [
        each
        for each in kept.lines
        if (since := began.get((each.contract_id, each.kind))) is None or since > each.start
    ]
    lines = _summed([*before, *read])
    return lines, _kept_on(replace(kept, lines=_summed(before)), read)


def _kept_on(kept: Kept, read: list[BilledLine]) -> Kept:
    """With the days that are over. Nothing of a bill that is not split by days: a line that runs
    on is found only from its start.
    """
    if not read:
        return kept
    until = _day_of(max(line.end for line in read) - STILL_CHANGES)
    runs_on = any(line.start < until < line.end for line in read)
    over = [line for line in read if line.end <= until]
    if runs_on or not over:
        return kept
    return Kept(until, _summed([*kept.lines, *over]))


def _line(charge: Charge) -> BilledLine:
    amount, kind = charge.amount_micro_usd, charge.kind.value
    return BilledLine(charge.contract_id, kind, amount, charge.start, charge.end, 1)


def _summed(lines: Iterable[BilledLine]) -> tuple[BilledLine, ...]:
    grouped: defaultdict[tuple[ContractId, str], list[BilledLine]] = defaultdict(list)
    for each in lines:
        grouped[each.contract_id, each.kind].append(each)
    return tuple(
        BilledLine(
            contract_id,
            kind,
            sum(each.amount for each in parts),
            min(each.start for each in parts),
            max(each.end for each in parts),
            sum(each.parts for each in parts),
        )
        for (contract_id, kind), parts in grouped.items()
    )


def _day_of(moment: datetime) -> datetime:
    """A bill is split at midnight (UTC), if at all."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def is_settled(rental: Rental, now: datetime) -> bool:
    """It is gone, and its bill has had its time."""
    return rental.state is RentalState.GONE and now - rental.state_since >= SETTLES


def differences(
    rental: Rental, lines: Iterable[BilledLine], looked_at: datetime | None, now: datetime
) -> tuple[Difference, ...]:
    """Where the bill leaves our ledger. `looked_at` is the provider's time of our last look.

    Of what still stands only too much is a difference: our meter is as new as that look, and
    the bytes are counted when the machine goes.
    """
    billed = tuple(lines)
    return tuple(
        each
        for each in (*_of_contract(rental, billed, looked_at, now), *_of_strays(rental, billed))
        if each
    )


def _of_contract(
    rental: Rental, billed: tuple[BilledLine, ...], looked_at: datetime | None, now: datetime
) -> Iterator[Difference | None]:
    mine = {line.kind: line for line in billed if line.contract_id == rental.contract_id}
    as_of = max((line.end for line in mine.values()), default=looked_at)
    until = rental.meter.ended_at or as_of
    ours = {line.kind: line for line in lines_of(rental, until)}
    over = rental.state is RentalState.GONE
    for kind in sorted(ours.keys() | mine.keys()):
        if kind not in TIMED and not over:
            continue
        unseen = 0 if over else _unseen(rental, kind, looked_at, as_of)
        both = _compared(rental, kind, ours.get(kind), mine.get(kind), unseen)
        too_little = both is not None and both.theirs < both.ours
        yield None if too_little and not is_settled(rental, now) else both


def _of_strays(rental: Rental, billed: tuple[BilledLine, ...]) -> Iterator[Difference]:
    """Nobody ordered a second contract under the label: all of it is a difference."""
    for line in billed:
        if line.contract_id != rental.contract_id and line.amount:
            yield Difference(line.contract_id, line.kind, 0, line.amount, 0)


def _compared(
    rental: Rental, kind: str, ours: LedgerLine | None, theirs: BilledLine | None, unseen: int
) -> Difference | None:
    amount, billed = ours.amount if ours else 0, theirs.amount if theirs else 0
    unsure = (ours.uncertainty if ours else 0) + (theirs.parts if theirs else 0) + unseen
    if abs(amount - billed) <= unsure:
        return None
    contract_id = rental.contract_id or (theirs.contract_id if theirs else ContractId(""))
    return Difference(contract_id, kind, amount, billed, unsure)


def _unseen(rental: Rental, kind: str, looked_at: datetime | None, as_of: datetime | None) -> int:
    """What may have begun, or ended, since our last look."""
    since = looked_at or rental.meter.begun_at
    if since is None or as_of is None:
        return 0
    rate = rental.terms.gpu_rate if kind == "gpu" else rental.terms.storage_rate
    return cost_of(rate, abs((as_of - since).total_seconds()))
