"""A GPU marketplace under one key. Nothing here retries: every call is made once.

Amounts are integer micro-USD, rates micro-USD per hour. Times are the *provider's*: read off
its own clock (the Date header of its answers), so that skew never enters the bill.

Every call raises ProviderBusy (nothing was done), ProviderKeyRejected, ProviderRefused (a
well-formed no) or ProviderUnknown (no clean answer: it may have taken effect). A provider that
has no such call at all raises ProviderCannot: for reboot, credit, charges or a bid.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from shared.domain.frozen import dataclass
from shared.domain.ids import ContractId
from shared.domain.rentals.contract_status import ContractStatus

if TYPE_CHECKING:
    from shared.domain.market.offers import Offer, OfferFilter


@dataclass(frozen=True, slots=True)
class CreateOrder:
    """One create call. `bid_micro_usd_per_hour` is None for on-demand.

    `ssh_public_key` is the owner's, "" for none: a provider that insists on one is given one.
    """

    offer_id: str
    label: str
    image: str
    disk_gb: int
    env: Mapping[str, str]
    ports: tuple[int, ...]
    onstart: str
    bid_micro_usd_per_hour: int | None
    ssh_public_key: str = ""


@dataclass(frozen=True, slots=True)
class Created:
    contract_id: ContractId
    at: datetime


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract as the provider shows it. `running_since` is None unless RUNNING.

    None: the provider does not say.
    """

    id: ContractId
    at: datetime  # when the provider said so
    label: str
    status: ContractStatus
    status_message: str
    machine_id: str | None
    gpu_rate: int | None  # micro-USD per hour while running
    storage_rate: int | None  # micro-USD per hour while it exists
    download_price: int | None  # micro-USD per GB received by the machine
    upload_price: int | None  # micro-USD per GB sent by the machine
    is_bid: bool
    started_at: datetime | None  # when the contract began
    running_since: datetime | None
    ssh_host: str | None
    ssh_port: int | None
    public_ip: str | None
    ports: tuple[tuple[int, int], ...]  # (inside, outside)


@dataclass(frozen=True, slots=True)
class Listing:
    """All contracts of the account. `complete` only under rule 6 of the protocol:

    all pages to a null token in id order, one total on every page equal to the distinct ids,
    every row parsed. Where a provider has neither pages nor totals: well-formed, every row parsed.
    """

    contracts: tuple[Contract, ...]
    complete: bool
    why_incomplete: str
    at: datetime


class ChargeKind(StrEnum):
    GPU = "gpu"
    DISK = "disk"
    DOWNLOAD = "download"
    UPLOAD = "upload"


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of the provider's bill."""

    contract_id: ContractId
    kind: ChargeKind
    amount_micro_usd: int
    start: datetime
    end: datetime


class Marketplace(Protocol):
    @property
    def provider(self) -> str:
        """`vast`, `tensordock`, ..."""

    def search(self, wanted: OfferFilter) -> tuple[Offer, ...]:
        """Rentable offers that satisfy the filter, the cheapest first."""

    def create(self, order: CreateOrder) -> Created:
        """The one call that spends. ProviderRefused and ProviderUnknown may carry a contract."""

    def show(self, contract_id: ContractId) -> Contract | None:
        """None is only a hint that it is gone."""

    def listing(self) -> Listing:
        """Everything the account holds. A listing that is not whole says so."""

    def stop(self, contract_id: ContractId) -> datetime:
        """The provider's time at which the order was accepted."""

    def start(self, contract_id: ContractId) -> datetime: ...

    def reboot(self, contract_id: ContractId) -> datetime: ...

    def destroy(self, contract_id: ContractId) -> datetime:
        """Accepted is not gone: only listings prove that."""

    def credit_micro_usd(self) -> int: ...

    def charges(self, since: datetime) -> tuple[Charge, ...]:
        """The bill so far, open contracts included, every page."""


class MarketplaceSignup(Protocol):
    """Opens a funded account at a simulated marketplace and returns its key."""

    @property
    def provider(self) -> str: ...

    def open_account(self, user_hint: str) -> str:
        """Raises ProviderError."""
