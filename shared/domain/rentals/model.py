"""One contract with a provider, from the intent to the proof that it is gone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.domain.billing.meter import Meter
from shared.domain.ids import AccountId, ContractId, InstanceId, RentalId, UserId


class RentalState(StrEnum):
    INTENT = "intent"  # reserved, nothing sent
    CREATING = "creating"  # the one create call is claimed
    UNKNOWN = "unknown"  # it may or may not have made a contract
    BOOTING = "booting"  # bound to a contract; its agent has not spoken since the start
    LIVE = "live"
    STOPPED = "stopped"
    RELEASING = "releasing"
    GONE = "gone"  # absent from complete listings, twice


class Action(StrEnum):
    """What a claim was made for."""

    CREATE = "create"
    START = "start"
    STOP = "stop"
    REBOOT = "reboot"
    DESTROY = "destroy"
    LOOK = "look"  # a read by id


@dataclass(frozen=True, slots=True)
class Claim:
    """Nobody else calls the provider for this rental before `deadline`."""

    op_id: str
    action: Action
    deadline: datetime


@dataclass(frozen=True, slots=True)
class Terms:
    """The offer as it was rented. Rates are micro-USD per hour, prices micro-USD per GB."""

    provider: str
    offer_id: str
    machine_id: str
    gpu_name: str
    num_gpus: int
    gpu_ram_mb: int
    geolocation: str | None
    gpu_rate: int
    storage_rate: int
    download_price: int
    upload_price: int
    bid: int | None

    @property
    def rate(self) -> int:
        """Micro-USD per hour while it runs."""
        return self.gpu_rate + self.storage_rate


@dataclass(frozen=True, slots=True)
class Address:
    """Where people reach the machine; None where the provider does not say (yet)."""

    ssh_host: str | None = None
    ssh_port: int | None = None
    public_ip: str | None = None
    ports: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Rental:
    """`contract_id` is written once. `strays` are other contracts under our label: ours to end.

    `absences` are the starts of complete listings without it, each after `visible_by` and the
    last destroy. `switching_since` is set from the first call of a stop, a start or a destroy
    until its clean answer. `agent_key_hash` is SHA-256 of the key of the first agent that said
    hello.
    """

    id: RentalId
    owner: UserId
    account_id: AccountId
    instance_id: InstanceId
    epoch: int
    terms: Terms
    label: str
    state: RentalState
    state_since: datetime
    reason: str
    created_at: datetime
    reserved: int  # micro-USD
    contract_id: ContractId | None = None
    strays: tuple[ContractId, ...] = ()
    ended_strays: tuple[ContractId, ...] = ()  # destroyed and not seen since
    claim: Claim | None = None
    visible_by: datetime | None = None
    boot_deadline: datetime | None = None
    reboot_wanted: bool = False
    stopped_by_us: bool = False
    switching_since: datetime | None = None  # since when an order may be in effect (our clock)
    destroyed_at: datetime | None = None  # our last accepted destroy, by our clock
    absences: tuple[datetime, ...] = ()
    confirmed_absent: bool = False  # the read by id lacked it too, after two absences
    retry_at: datetime | None = None
    retries: int = 0
    agent_key_hash: str | None = None
    boot_id: str | None = None
    address: Address = field(default_factory=Address)
    provider_status: str = ""
    provider_message: str = ""
    seen_at: datetime | None = None  # the last listing or read that held it
    meter: Meter = field(default_factory=Meter)
    open: bool = True  # not GONE; for queries
