"""What an answer of the marketplace means: reference vast.md, section 2, as one pure function."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.adapters.market_api.reading import Row, Unreadable, identity, object_of
from shared.domain.errors import (
    ProviderBusy,
    ProviderError,
    ProviderKeyRejected,
    ProviderRefused,
    ProviderUnknown,
)
from shared.domain.ids import ContractId

if TYPE_CHECKING:
    from shared.adapters.market_api.transport import RawReply

# The longest documented interval between calls of one kind is 6 s (searches, 10 a minute).
DEFAULT_WAIT_S = 6.0
LONGEST_WAIT_S = 60.0

_THRESHOLD = re.compile(r"threshold\s*=\s*(\d+(?:\.\d+)?)")
_CREDIT = re.compile(r"credit|balance|funds", re.IGNORECASE)
_BAD_KEY = re.compile(r"invalid user key|session expired|requires login|log in", re.IGNORECASE)
_CREDIT_STATUSES = frozenset({200, 400, 402, 411})
# The slug of a vanished offer stands in `msg`, as "error 404/3603: no_such_ask".
_OFFER_GONE = "no_such_ask"
# The server gave up waiting for us: what it did meanwhile is not said.
_REQUEST_TIMEOUT = 408
_REASON_OF_STATUS = {400: "invalid", 403: "forbidden", 404: "not_found", 410: "offer_gone"}
_REASON_OF_SLUG = {
    "invalid_args": "invalid",
    "invalid_price": "invalid",
    "invalid_request": "invalid",
    "invalid_token": "invalid",
    "no_ssh_key_for_vm": "invalid",
    "not_authorized": "forbidden",
    "no_such_instance": "not_found",
    "not_found": "not_found",
    "invalid_id": "not_found",
    "no_such_volume": "not_found",
    "no_such_ssh_key": "not_found",
}


def clean_row(reply: RawReply) -> Row:
    """The object of a clean answer: status 200, a JSON object, no word of failure.

    Raises the ProviderError that any other answer stands for. One that names a new contract
    hands it on: an error may have made a machine all the same.
    """
    row = object_of(reply.body)
    if reply.status == 200 and row is not None and row.get("success", True) is True:
        return row
    error = _failure(reply, row or {}, well_formed=row is not None)
    contract_id = new_contract(row or {})
    if contract_id is None:
        raise error
    if isinstance(error, ProviderRefused):
        raise ProviderRefused(str(error), error.reason, contract_id)
    raise ProviderUnknown(f"{error}, and it names contract {contract_id}", contract_id)


def new_contract(row: Row) -> ContractId | None:
    """The contract that an answer to create names. `id` is never it."""
    try:
        return ContractId(identity(row, "new_contract"))
    except Unreadable:
        return None


def _failure(reply: RawReply, row: Row, *, well_formed: bool) -> ProviderError:
    said = _said(row)
    if reply.status == 429:
        return ProviderBusy(f"too many requests: {said or 'no reason'}", _wait_s(reply))
    if _is_bad_key(reply.status, row, said):
        return ProviderKeyRejected(f"the marketplace does not accept the key ({reply.status})")
    # A success that is neither true nor false is not a well-formed no.
    says_no = row.get("success") is False if reply.status == 200 else True
    a_no = reply.status == 200 or 400 <= reply.status < 500
    if well_formed and says_no and a_no and reply.status != _REQUEST_TIMEOUT:
        reason = _reason(reply.status, str(row.get("error") or ""), said)
        return ProviderRefused(f"refused ({reply.status}): {said or 'no reason'}", reason)
    return ProviderUnknown(f"no clean answer: status {reply.status}")


def _is_bad_key(status: int, row: Row, said: str) -> bool:
    """401 always; elsewhere (search and billing answer 404) by slug and text.

    A scoped key without the permission has the same slug: only the text tells it from a bad one.
    """
    if status == 401:
        return True
    return (
        status in (200, 403, 404)
        and row.get("error") == "auth_error"
        and (_BAD_KEY.search(said) is not None)
    )


def _reason(status: int, slug: str, said: str) -> str:
    if _OFFER_GONE in said:
        return "offer_gone"
    if status == 402 or (status in _CREDIT_STATUSES and _CREDIT.search(said)):
        return "insufficient_credit"
    if slug == "auth_error":
        return "forbidden"
    return _REASON_OF_STATUS.get(status) or _REASON_OF_SLUG.get(slug, "other")


def _said(row: Row) -> str:
    """Everything the body says, for matching and for a person; bounded, as it is not ours."""
    words = [row.get(name) for name in ("error", "msg", "message", "detail")]
    return ": ".join(word for word in words if isinstance(word, str) and word)[:500]


def _wait_s(reply: RawReply) -> float:
    """Retry-After where it is a number, the interval named in the text, or our guess."""
    asked_s = reply.retry_after_s()
    if asked_s is None:
        found = _THRESHOLD.search(reply.body[:1000].decode("utf-8", "replace"))
        asked_s = float(found.group(1)) if found else DEFAULT_WAIT_S
    return min(asked_s, LONGEST_WAIT_S)
