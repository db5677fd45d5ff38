"""Rentals made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.domain.billing.accrual import rate_of
from shared.domain.billing.meter import Meter
from shared.domain.ids import AccountId, ContractId, InstanceId, RentalId, UserId
from shared.domain.rentals.decide import Parent
from shared.domain.rentals.model import Address, Rental, RentalState, Terms
from shared.domain.rentals.observe import Sighting
from shared.domain.rentals.timing import Timing
from tests.fakes.clock import START

TIMING = Timing()
BOUND = ContractId("1001")
OTHER = ContractId("1002")
WANTED = Parent(wanted=True, why_not="", run=True, primary=False)
UNWANTED = replace(WANTED, wanted=False, why_not="another machine was ready first")
PRIMARY = replace(WANTED, primary=True)
HELD = replace(PRIMARY, held=True)
STILL_PRIMARY = replace(PRIMARY, run=False)  # its instance is paused


def after(seconds: float) -> Any:
    """A moment after the start of these tests."""
    return START + timedelta(seconds=seconds)


TERMS = Terms(
    provider="vast",
    offer_id="1",
    machine_id="m1",
    gpu_name="RTX 4090",
    num_gpus=1,
    gpu_ram_mb=24_564,
    geolocation=None,
    gpu_rate=360_000,
    storage_rate=36_000,
    download_price=1_000_000,
    upload_price=2_000_000,
    bid=None,
)


def a_rental(state: RentalState = RentalState.INTENT, **changes: Any) -> Rental:
    """Its reservation is ample, and made for what it costs now."""
    rental = Rental(
        id=RentalId("rent_1"),
        owner=UserId("user_ada"),
        account_id=AccountId("acct_1"),
        instance_id=InstanceId("inst_1"),
        epoch=0,
        terms=TERMS,
        label="dumont/test/rent_1/mac",
        state=state,
        state_since=START,
        reason="",
        created_at=START,
        reserved=1_000_000_000_000,
        open=state is not RentalState.GONE,
    )
    changed = replace(rental, **changes)
    return replace(changed, **{"reserved_rate": rate_of(changed), **changes})


def bound(state: RentalState, **changes: Any) -> Rental:
    return a_rental(state, **{"contract_id": BOUND, **changes})


def ended(state: RentalState = RentalState.RELEASING, at: float = 200, **changes: Any) -> Rental:
    """Bound, and its destroy was accepted."""
    meter = Meter(begun_at=START, ended_at=after(at))
    return bound(state, **{"destroyed_at": after(at), "meter": meter, **changes})


def seen(contract_id: ContractId = BOUND, status: str = "running", **changes: Any) -> Sighting:
    sighting = Sighting(
        contract_id=contract_id,
        status=status,
        message="",
        provider_at=after(100),
        provider_started_at=START,
        provider_running_since=after(30) if status == "running" else None,
        address=Address(ssh_host="ssh.example.org", ssh_port=22000),
    )
    return replace(sighting, **changes)
