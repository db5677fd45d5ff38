"""A second marketplace in memory, which tells as little as TensorDock does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from shared.domain.errors import ProviderCannot
from tests.fakes.marketplace import FakeMarketplace

if TYPE_CHECKING:
    from datetime import datetime

    from shared.domain.ids import ContractId
    from shared.ports.marketplace import Contract, Listing


class ReticentMarketplace(FakeMarketplace):
    """Says neither when a machine began, nor since when it runs, nor what it costs."""

    provider = "tensordock"

    def show(self, contract_id: ContractId) -> Contract | None:
        shown = super().show(contract_id)
        return None if shown is None else _untold(shown)

    def listing(self) -> Listing:
        listing = super().listing()
        return replace(listing, contracts=tuple(_untold(each) for each in listing.contracts))

    def reboot(self, contract_id: ContractId) -> NoReturn:
        raise ProviderCannot(f"no reboot of {contract_id}")

    def credit_micro_usd(self) -> NoReturn:
        raise ProviderCannot("no credit is told")

    def charges(self, since: datetime) -> NoReturn:
        raise ProviderCannot(f"no bill since {since}")


def _untold(contract: Contract) -> Contract:
    return replace(
        contract,
        machine_id=None,
        gpu_rate=None,
        storage_rate=None,
        download_price=None,
        upload_price=None,
        started_at=None,
        running_since=None,
    )
