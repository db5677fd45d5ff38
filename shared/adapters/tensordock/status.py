"""The provider's one status word in ours. Its case varies."""

from __future__ import annotations

from shared.domain.rentals.contract_status import ContractStatus

_S = ContractStatus
_STATUSES = {
    "starting": _S.STARTING,
    # Only the agent's hello says that it can be used; this says that it is paid for.
    "running": _S.RUNNING,
    "stopping": _S.RUNNING,  # being stopped it still runs
    "stopped": _S.STOPPED,
    "stoppeddisassociated": _S.STOPPED,  # its GPU may be somebody else's by now
    "deleting": _S.LEAVING,
    "error": _S.FAILED,
}
DELETED = "deleted"


def status_of(word: str) -> ContractStatus:
    """UNCLEAR for a word that we do not know."""
    return _STATUSES.get(word.strip().lower(), ContractStatus.UNCLEAR)


def is_deleted(word: str) -> bool:
    """The provider's word that there is nothing any more, said in a row."""
    return word.strip().lower() == DELETED
