"""A provider that gives no bill is not asked for one, and costs no reads for the want of it."""

from __future__ import annotations

from dataclasses import replace

from shared.app.collections import LOOKS, RENTALS, STATEMENTS
from shared.app.ledger.import_bill import import_bill
from shared.domain.accounts import account_id_of
from shared.domain.ids import RentalId
from shared.domain.market.look import Look
from shared.domain.rentals.model import RentalState
from shared.ports.counting import counted
from tests.fakes.reticent import ReticentMarketplace
from tests.orchestration.cloud import OWNER, Cloud
from tests.unit.rentals.samples import a_rental


def test_however_much_was_rented_there_an_import_reads_no_more() -> None:
    cloud = Cloud()
    cloud.open_market(ReticentMarketplace(cloud.clock, (), first_id=5001))
    account_id = account_id_of(OWNER, "tensordock")
    now = cloud.clock.now()
    cloud.store.add(LOOKS, account_id, Look(account_id, now, 0, bill_due_at=now))
    gone = a_rental(RentalState.GONE, account_id=account_id, unbilled=True)
    for number in range(50):
        name = RentalId(f"rent_{number}")
        cloud.store.add(RENTALS, name, replace(gone, id=name))

    with counted() as counts:
        import_bill(cloud.services, account_id)

    assert counts.reads < 10
    look = cloud.store.get(LOOKS, account_id)
    assert look
    assert look.value.bill_due_at is None
    assert cloud.store.get(STATEMENTS, account_id) is None
