"""Every failure the product can speak of, drawn once as a tree. None of them knows HTTP.

Runs on the rented machine too: Python 3.10, standard library only.
"""

from __future__ import annotations


class DumontError(Exception):
    """The root. `code` is stable and public; the message is written for a person."""

    code = "internal"


# --- what the caller asked for -----------------------------------------------------------------


class Invalid(DumontError):
    """The request is understood and breaks a rule. `pointer` is an RFC 6901 path into it."""

    code = "invalid"

    def __init__(self, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.pointer = pointer


class Malformed(DumontError):
    """The request cannot be parsed at all."""

    code = "malformed"


class Unauthenticated(DumontError):
    """No proof of who calls, or one that does not hold (bad signature, expired, revoked)."""

    code = "unauthenticated"


class Forbidden(DumontError):
    """The caller is known and may not do this."""

    code = "forbidden"


class NotFound(DumontError):
    """There is no such thing, or it is somebody else's: the two look the same."""

    code = "not_found"


class Conflicting(DumontError):
    """The thing's present state does not allow this."""

    code = "conflict"


class AlreadyTaken(Conflicting):
    """A name that must be unique is in use."""

    code = "already_taken"


class OfferGone(Conflicting):
    """The offer was rented by somebody else, or withdrawn."""

    code = "offer_gone"


class InsufficientFunds(DumontError):
    """The provider's credit does not cover what this would reserve."""

    code = "insufficient_funds"


class BudgetExceeded(DumontError):
    """The caller's own budget does not cover what this would reserve.

    Micro-USD: of a month, or of an hour where the limit is a rate. `needed` is what was asked
    for beside what is spent and reserved.
    """

    code = "budget_exceeded"

    def __init__(
        self, message: str, *, cap: int = 0, spent: int = 0, reserved: int = 0, needed: int = 0
    ) -> None:
        super().__init__(message)
        self.cap = cap
        self.spent = spent
        self.reserved = reserved
        self.needed = needed


class RateLimited(DumontError):
    """Too many calls; worth repeating after `retry_after_s`."""

    code = "rate_limited"

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotAwake(DumontError):
    """The instance is on its way up; worth repeating after `retry_after_s`."""

    code = "not_awake"

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Unreachable(DumontError):
    """The instance's own server could not be reached. Nothing was sent."""

    code = "upstream_unreachable"


class UpgradeUnsupported(DumontError):
    """Another protocol was asked for than requests and answers. Nothing was sent."""

    code = "upgrade_unsupported"


class UpstreamFailed(DumontError):
    """The instance's own server gave no clean answer; it may have acted."""

    code = "upstream_failed"


# --- the store, the bus, the blobs, the keys -------------------------------------------------


class StoreError(DumontError):
    """The store did not do what was asked; whether it took effect may be unknown."""

    code = "store_unavailable"


class VersionConflict(StoreError):
    """A write named a version that is no longer the document's. Nothing was written."""

    code = "version_conflict"


class DocumentExists(StoreError):
    """A create-only write met a document. Nothing was written."""

    code = "document_exists"


class UnknownSchema(StoreError):
    """A document was written by newer code; it is to be left alone."""

    code = "unknown_schema"


class BusUnavailable(DumontError):
    """A hint was not accepted. The sweep finds what it would have told."""

    code = "bus_unavailable"


class SchedulerUnavailable(DumontError):
    """Whoever starts the background jobs does not answer. Whether it heard is unknown."""

    code = "scheduler_unavailable"


class KeysUnavailable(DumontError):
    """The keys that a proof or a seal needs cannot be read now. Nothing was decided by it."""

    code = "keys_unavailable"


class BlobError(DumontError):
    """The blob store did not do what was asked; whether it took effect may be unknown."""

    code = "blobs_unavailable"


class BlobMissing(BlobError):
    """There is no object under this key."""

    code = "blob_missing"


class BlobPrecondition(BlobError):
    """The object exists (create-only), or its generation is another. Nothing was written."""

    code = "blob_precondition"


class BlobRefused(BlobError):
    """The grant does not allow this: wrong prefix, method or size, or it has expired."""

    code = "blob_refused"


# --- snapshots ---------------------------------------------------------------------------------


class SnapshotError(DumontError):
    """A snapshot could not be written or read."""

    code = "snapshot_failed"


class SnapshotCorrupt(SnapshotError):
    """Bytes are missing or are not those that were written."""

    code = "snapshot_corrupt"


class SnapshotKeyMissing(SnapshotError):
    """What seals the snapshot is not at hand."""

    code = "snapshot_key_missing"


class DiskFull(SnapshotError):
    """The machine's disk, or its quota, does not hold what is to be restored."""

    code = "disk_full"


# --- marketplaces ------------------------------------------------------------------------------


class ProviderError(DumontError):
    """A marketplace call did not end well."""

    code = "provider_error"


class ProviderUnknown(ProviderError):
    """No clean answer (time-out, cut, garbled, 5xx): the call may have taken effect.

    `contract_id` is set when even so the answer named a contract.
    """

    code = "provider_unknown"

    def __init__(self, message: str, contract_id: str | None = None) -> None:
        super().__init__(message)
        self.contract_id = contract_id


class ProviderRefused(ProviderError):
    """The provider said no, in a well-formed answer. It may have made a contract all the same.

    `reason` is one of: offer_gone, insufficient_credit, invalid, not_found, forbidden, other.
    """

    code = "provider_refused"

    def __init__(self, message: str, reason: str, contract_id: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.contract_id = contract_id


class ProviderBusy(ProviderError):
    """The provider limits our calls. Nothing was done. `retry_after_s` is its wish or our guess."""

    code = "provider_busy"

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ProviderCannot(ProviderError):
    """This provider has no such call. Nothing was sent, and asking again changes nothing."""

    code = "provider_cannot"


class ProviderKeyRejected(ProviderError):
    """The account's key is not, or no longer, accepted."""

    code = "provider_key_rejected"
