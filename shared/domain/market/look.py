"""When an account's contracts are listed, and strays that no document knows."""

from __future__ import annotations

from datetime import datetime

from shared.domain.frozen import dataclass
from shared.domain.ids import AccountId, ContractId, RentalId


@dataclass(frozen=True, slots=True)
class Look:
    """One listing pass serves every rental of the account (rule 6). Times are ours.

    `provider_at` is the provider's clock in the last listing, which was read at `ended_at`.
    `stood` are the rentals of which the last whole listing, that began at `stood_at` and was made
    at `stood_provider_at`, said nothing new: it is not written down at each of them.
    `echo` is a digest of what was listed when that was all that stood open, "" where it was not;
    `echo_at` is when that listing began.
    `unowned` are those listed that no rental explains, and of which the owner was told.
    """

    account_id: AccountId
    due_at: datetime
    shard: int
    started_at: datetime | None = None
    ended_at: datetime | None = None
    complete_at: datetime | None = None
    provider_at: datetime | None = None
    error: str = ""
    bill_due_at: datetime | None = None  # when the account's bill is imported; None: nothing is due
    stood: tuple[RentalId, ...] = ()
    stood_at: datetime | None = None
    stood_provider_at: datetime | None = None
    echo: str = ""
    echo_at: datetime | None = None
    unowned: tuple[ContractId, ...] = ()


@dataclass(frozen=True, slots=True)
class Stray:
    """A contract under a label of ours without a document (rule 9)."""

    account_id: AccountId
    contract_id: ContractId
    rental_id: RentalId
    first_seen_at: datetime
    last_seen_at: datetime
    destroyed_at: datetime | None = None
