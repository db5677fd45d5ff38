"""One contract with a provider, from the intent to the proof that it is gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from enum import StrEnum

from shared.domain.billing.budget import Charged
from shared.domain.billing.meter import Meter
from shared.domain.frozen import dataclass
from shared.domain.ids import AccountId, ContractId, InstanceId, RentalId, UserId
from shared.domain.rentals.contract_status import ContractStatus


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


class Blame(StrEnum):
    """Whose doing it is that a rental cannot become ready."""

    MACHINE = "machine"  # or its provider's
    OURS = "ours"  # our key, our money, our order, the image that was asked for


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
    host_id: str | None = None
    download_mbps: float | None = None
    reliability: float | None = None  # 0 to 1, as the provider gives it
    verified: bool | None = None

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


# What a listing says of a rental that is at rest.
AS_EXPECTED = {
    RentalState.LIVE: frozenset({ContractStatus.RUNNING}),
    RentalState.STOPPED: frozenset({ContractStatus.STOPPED, ContractStatus.OUTBID}),
}
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rental:
    """`contract_id` is written once. `strays` are other contracts under our label: ours to end.

    `absences` are the starts of complete listings without it, each after `visible_by` and the
    last destroy. `ordered_at` is when its create call was let go, by our clock; None before.
    `blame` is set once something said that it cannot become ready. `switching_since` is set
    from the first call of a stop, a start or a destroy until its clean answer.
    `agent_key_hash` is SHA-256 of the key of the first agent that said hello. `stirred_at` is when
    its state last changed, NEVER while the next listing may bring something.
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
    reserved: int  # micro-USD over its whole life: what is charged and what is held
    contract_id: ContractId | None = None
    strays: tuple[ContractId, ...] = ()
    ended_strays: tuple[ContractId, ...] = ()  # destroyed and not seen since
    claim: Claim | None = None
    ordered_at: datetime | None = None
    ran: bool = False  # its container was seen to run, or spoke
    blame: Blame | None = None
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
    clock_ahead_s: float = 0.0  # how far its provider's clock was before ours then
    meter: Meter = field(default_factory=Meter)
    ledgered: Meter | None = None  # as it stood when its last page of the ledger was written
    unbilled: bool = False  # its contracts are not yet compared for good with the provider's bill
    open: bool = True  # not GONE; for queries
    stirred_at: datetime = NEVER  # made of the others, for queries: when it came to rest
    reserved_rate: int = 0  # micro-USD per hour that the reservation reckons with
    booked: Mapping[str, Charged] = field(default_factory=dict)  # by month, what is charged
    data_key: str = ""  # seals what its machine stores, sealed itself; "" before it spoke, and gone

    def __post_init__(self) -> None:
        stirred_at = self.state_since if self.at_rest else NEVER
        object.__setattr__(self, "stirred_at", stirred_at)

    @property
    def at_rest(self) -> bool:
        """Whether nothing of ours is under way, and its provider said last what was expected."""
        expected = AS_EXPECTED.get(self.state, frozenset())
        return (
            self.provider_status in expected
            and self.contract_id is not None
            and self.claim is None
            and self.switching_since is None
            and self.destroyed_at is None
            and not self.absences
        )
