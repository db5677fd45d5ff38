"""What an answer means (tensordock.md, "Errors"), as one pure function.

The form of an error is not confirmed: the newer is a list of `errors`, older deployments answered
200 with `{"status": 400, "error": "text"}`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.adapters.market_api.reading import Row, Unreadable, object_of
from shared.adapters.tensordock.contracts import contract_id_of, unwrapped
from shared.domain.errors import (
    ProviderBusy,
    ProviderError,
    ProviderKeyRejected,
    ProviderRefused,
    ProviderUnknown,
)

if TYPE_CHECKING:
    from shared.adapters.market_api.transport import RawReply
    from shared.domain.ids import ContractId

# A hundred requests a minute for the whole organisation: who met the limit waits for others too.
DEFAULT_WAIT_S = 6.0
LONGEST_WAIT_S = 60.0
_CLEAN = frozenset({200, 201})
_LONGEST_TEXT = 500
# The server gave up waiting for us: what it did meanwhile is not said.
_REQUEST_TIMEOUT = 408
_CREDIT = re.compile(r"credit|balance|funds|deposit", re.IGNORECASE)
_NO_ROOM = re.compile(
    r"capacity|not available|unavailable|no longer|out of stock|insufficient resources|"
    r"not enough|already in use",
    re.IGNORECASE,
)
_REASONS = {402: "insufficient_credit", 403: "forbidden", 404: "not_found", 410: "offer_gone"}


def clean_row(reply: RawReply) -> Row:
    """The object of a clean answer: 200 or 201, a JSON object, no word of failure.

    Raises the ProviderError that any other answer stands for. One that names a new machine hands
    its id on: an error may have made one all the same.
    """
    row = object_of(reply.body)
    status = _status(reply, row or {})
    if status in _CLEAN and row is not None and not _says_failure(row):
        return row
    error = _failure(reply, status, row)
    contract_id = new_contract(row or {})
    if contract_id is None:
        raise error
    if isinstance(error, ProviderRefused):
        raise ProviderRefused(str(error), error.reason, contract_id)
    raise ProviderUnknown(f"{error}, and it names machine {contract_id}", contract_id)


def new_contract(row: Row) -> ContractId | None:
    """The machine that an answer to create names: the id of a `virtualmachine`."""
    try:
        inner = unwrapped(row)
        return contract_id_of(inner) if inner.get("type") == "virtualmachine" else None
    except Unreadable:
        return None


def _status(reply: RawReply, row: Row) -> int:
    """That of HTTP, unless it is well and the body holds a worse one of its own."""
    inner = row.get("status")
    if reply.status in _CLEAN and isinstance(inner, int) and inner >= 400:
        return inner
    return reply.status


def _says_failure(row: Row) -> bool:
    return bool(row.get("error")) or bool(row.get("errors"))


def _failure(reply: RawReply, status: int, row: Row | None) -> ProviderError:
    said = _said(row or {})
    if status == 429:
        return ProviderBusy(f"too many requests: {said or 'no reason'}", _wait_s(reply))
    if status == 401:
        return ProviderKeyRejected("the marketplace does not accept the key")
    a_no = (status in _CLEAN and row is not None and _says_failure(row)) or 400 <= status < 500
    if row is None or not a_no or status == _REQUEST_TIMEOUT:
        return ProviderUnknown(f"no clean answer: status {status}")
    return ProviderRefused(f"refused ({status}): {said or 'no reason'}", _reason(status, said))


def _reason(status: int, said: str) -> str:
    if status in _REASONS:
        return _REASONS[status]
    if _CREDIT.search(said):
        return "insufficient_credit"
    if _NO_ROOM.search(said):
        return "offer_gone"
    return "invalid" if status in {400, 422} else "other"


def _said(row: Row) -> str:
    """Everything the body says, for matching and for a person; bounded, as it is not ours."""
    errors = row.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else errors
    details = [first.get("title"), first.get("detail")] if isinstance(first, dict) else [first]
    words = [row.get("error"), *details, row.get("message")]
    return ": ".join(word for word in words if isinstance(word, str) and word)[:_LONGEST_TEXT]


def _wait_s(reply: RawReply) -> float:
    asked_s = reply.retry_after_s()
    return DEFAULT_WAIT_S if asked_s is None else min(asked_s, LONGEST_WAIT_S)
