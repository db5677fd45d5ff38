"""Small steps of the marketplace suite: choose, rent, wait."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shared.domain.market.filtering import ANYTHING
from shared.domain.market.offers import MachineType, Offer
from shared.ports.marketplace import Contract, CreateOrder
from tests.contract.vast_simulator import eventually

if TYPE_CHECKING:
    from shared.domain.ids import ContractId
    from shared.domain.rentals.contract_status import ContractStatus
    from shared.ports.marketplace import Marketplace

WHOLE_MARKET = replace(ANYTHING, limit=1000)


def cheapest(market: Marketplace, machine_type: MachineType = MachineType.ON_DEMAND) -> Offer:
    return market.search(replace(WHOLE_MARKET, machine_type=machine_type))[0]


def order(offer: Offer, label: str = "suite.rent_1", bid: int | None = None) -> CreateOrder:
    return CreateOrder(
        offer_id=offer.offer_id,
        label=label,
        image="python:3.11",
        disk_gb=20,
        env={"SUITE": "1"},
        ports=(8080,),
        onstart="true",
        bid_micro_usd_per_hour=bid,
    )


def until(market: Marketplace, contract_id: ContractId, status: ContractStatus) -> Contract:
    def look() -> Contract | None:
        shown = market.show(contract_id)
        return shown if shown is not None and shown.status is status else None

    return eventually(look)


def rented(market: Marketplace, **terms: Any) -> ContractId:
    return market.create(order(cheapest(market), **terms)).contract_id
