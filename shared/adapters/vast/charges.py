"""The marketplace's bill, line by line (vast.md, section 8)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.adapters.market_api.reading import Row, Unreadable, as_row, moment, number, text
from shared.domain.billing.money import usd
from shared.domain.ids import ContractId
from shared.ports.marketplace import Charge, ChargeKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

_KINDS = {
    "gpu": ChargeKind.GPU,
    "disk": ChargeKind.DISK,
    "bwd": ChargeKind.DOWNLOAD,
    "bwu": ChargeKind.UPLOAD,
}
_SOURCE = re.compile(r"instance-(\d+)")


def charges_of(value: object) -> Iterator[Charge]:
    """The lines of one result. Volumes and serverless, which we never rent, have none.

    Raises Unreadable: a line that cannot be read is money that nobody would count.
    """
    row = as_row(value, "the charge")
    found = _SOURCE.fullmatch(text(row, "source") or "")
    if found is None:
        return
    contract_id = ContractId(str(int(found.group(1))))
    start, end = moment(row, "start"), moment(row, "end")
    if start is None or end is None:
        raise Unreadable("a charge does not say from when to when")
    items = row.get("items")
    if not isinstance(items, list):
        raise Unreadable("a charge is not split into its items")
    for item in items:
        yield _line(as_row(item, "an item"), contract_id, start, end)


def _line(item: Row, contract_id: ContractId, start: datetime, end: datetime) -> Charge:
    """An item that does not say when is as long as its charge."""
    kind = _KINDS.get(text(item, "type") or "")
    amount = number(item, "amount")
    if kind is None or amount is None:
        raise Unreadable("an item of a charge has no known kind or no amount")
    return Charge(
        contract_id,
        kind,
        usd(amount),
        moment(item, "start") or start,
        moment(item, "end") or end,
    )


def since_only(lines: Iterable[Charge], since: datetime) -> tuple[Charge, ...]:
    """Lines that reach past `since`. One that began before is kept whole: only the provider
    could split it.
    """
    return tuple(line for line in lines if line.end > since)
