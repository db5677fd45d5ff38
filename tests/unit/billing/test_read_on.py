"""A bill is read on from where it stands: no sum changes for it, and no month is read each hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from shared.app.collections import BILLS, LOOKS, RENTALS, STATEMENTS
from shared.app.ledger.import_bill import import_bill
from shared.domain.accounts import account_id_of
from shared.domain.billing.bill import Kept, Statement, billed_lines, read_on
from shared.domain.errors import VersionConflict
from shared.domain.ids import ContractId, RentalId
from shared.domain.market.look import Look
from shared.domain.rentals.model import RentalState
from shared.ports.marketplace import Charge, ChargeKind
from tests.fakes.marketplace import FakeMarketplace
from tests.orchestration.cloud import OWNER, Cloud, Process
from tests.orchestration.fate import CrashAt
from tests.unit.rentals.samples import BOUND, bound

if TYPE_CHECKING:
    from collections.abc import Sequence

ACCOUNT = account_id_of(OWNER, "vast")
DAY = timedelta(days=1)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def split(days: int, hours: float = 0.0) -> list[Charge]:
    """A line for each day, and one for the hours of today."""
    ends = [FIRST + n * DAY for n in range(1, days + 1)]
    lines = [Charge(BOUND, ChargeKind.DISK, 24_000, end - DAY, end) for end in ends]
    today = FIRST + days * DAY
    if hours:
        until = today + timedelta(hours=hours)
        lines.append(Charge(BOUND, ChargeKind.DISK, round(1_000 * hours), today, until))
    return lines


def whole(days: float, kind: ChargeKind = ChargeKind.DISK) -> Charge:
    return Charge(BOUND, kind, round(24_000 * days), FIRST, FIRST + days * DAY)


def since(lines: Sequence[Charge], kept: Kept) -> list[Charge]:
    return [each for each in lines if kept.until is None or each.end > kept.until]


@given(st.lists(st.integers(1, 24 * 20), min_size=1, max_size=12).map(sorted))
def test_read_on_from_what_is_kept_it_says_what_the_whole_bill_says(hours: list[int]) -> None:
    kept = Kept()
    for each in hours:
        bill = split(*divmod(each, 24))

        lines, kept = read_on(kept, since(bill, kept))

        assert lines == billed_lines(bill)[BOUND]


def test_days_that_are_over_are_not_read_again() -> None:
    _, kept = read_on(Kept(), split(90))

    assert kept.until == FIRST + 88 * DAY
    assert len(since(split(91), kept)) == 3


def test_of_a_bill_that_is_not_split_nothing_is_kept() -> None:
    _, kept = read_on(Kept(), [whole(90), whole(30, ChargeKind.GPU)])

    assert kept == Kept()


def test_a_kept_line_that_is_told_anew_is_not_counted_twice() -> None:
    """A contract that was stopped for long runs again."""
    _, kept = read_on(
        Kept(), [whole(30), Charge(BOUND, ChargeKind.GPU, 5, FIRST + 89 * DAY, FIRST + 90 * DAY)]
    )

    lines, after = read_on(kept, [whole(91)])

    assert [each.amount for each in lines if each.kind == "disk"] == [24_000 * 91]
    assert all(each.kind != "disk" for each in after.lines)


# --- the import


class Billed(FakeMarketplace):
    """Bills `lines`; says from when it was asked."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud.clock, ())
        self.lines: list[Charge] = []
        self.asked: list[datetime] = []

    def charges(self, since: datetime) -> tuple[Charge, ...]:
        self.asked.append(since)
        return tuple(each for each in self.lines if each.end > since)


def billed(*names: str) -> tuple[Cloud, Billed]:
    """Rentals that run since 90 days."""
    cloud = Cloud()
    market = Billed(cloud)
    cloud.markets["vast"] = market
    cloud.services = Process(cloud, cloud.fate)
    now = cloud.clock.now()
    for number, name in enumerate(names):
        rental = bound(
            RentalState.LIVE,
            id=RentalId(name),
            contract_id=ContractId(f"{number}"),
            owner=OWNER,
            account_id=ACCOUNT,
            unbilled=True,
            created_at=now - 90 * DAY,
        )
        cloud.store.add(RENTALS, rental.id, rental)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        market.lines += [
            Charge(ContractId(f"{number}"), ChargeKind.DISK, 24_000, end - DAY, end)
            for end in (midnight - n * DAY for n in range(90))
        ]
    cloud.store.add(LOOKS, ACCOUNT, Look(ACCOUNT, now, 0, bill_due_at=now))
    return cloud, market


def due_again(cloud: Cloud) -> timedelta:
    stored = cloud.store.get(LOOKS, ACCOUNT)
    assert stored
    assert stored.value.bill_due_at
    return stored.value.bill_due_at - cloud.clock.now()


def test_months_are_read_once() -> None:
    cloud, market = billed("rent_1")
    import_bill(cloud.services, ACCOUNT)
    first = cloud.store.get(BILLS, "rent_1")
    cloud.clock.advance(3 * 3600)

    import_bill(cloud.services, ACCOUNT)

    assert market.asked[0] < cloud.clock.now() - 90 * DAY
    assert market.asked[1] > cloud.clock.now() - 4 * DAY
    second = cloud.store.get(BILLS, "rent_1")
    assert first
    assert second
    assert second.value.lines == first.value.lines


class RefusesOne(CrashAt):
    """The store refuses the fourth write of an import: the bill of the second rental."""

    def __init__(self) -> None:
        super().__init__(None)
        self.saves = 0

    def before(self, call: str) -> None:
        if call == "store.write":
            self.saves += 1
            if self.saves == 4:
                raise VersionConflict("somebody was faster")


def test_one_that_is_refused_does_not_keep_the_others_from_their_bills() -> None:
    cloud, _ = billed("rent_1", "rent_2", "rent_3")
    cloud.services.store = Process(cloud, RefusesOne()).store

    import_bill(cloud.services, ACCOUNT)

    kept = [bool(cloud.store.get(BILLS, f"rent_{n}")) for n in (1, 2, 3)]
    assert kept.count(False) == 1
    assert cloud.store.get(STATEMENTS, ACCOUNT)
    assert due_again(cloud) <= timedelta(minutes=10), "it is not left for an hour"


def test_what_was_told_is_remembered_while_the_bill_has_it() -> None:
    cloud, market = billed("rent_1")
    market.lines.append(Charge(ContractId("77"), ChargeKind.DISK, 1, FIRST, cloud.clock.now()))
    told = (ContractId("77"), ContractId("78"))
    before = Statement(ACCOUNT, cloud.clock.now(), 0, 0, 0, 0, {}, told)
    cloud.store.add(STATEMENTS, ACCOUNT, before)

    import_bill(cloud.services, ACCOUNT)

    after = cloud.store.get(STATEMENTS, ACCOUNT)
    assert after
    assert after.value.told == (ContractId("77"),)
