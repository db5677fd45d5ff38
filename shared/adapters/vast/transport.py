"""VAST.ai's way of answering, over the transport of every marketplace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.market_api.transport import MarketTransport
from shared.adapters.vast.verdict import clean_row, new_contract

if TYPE_CHECKING:
    from shared.adapters.market_api.reading import Row
    from shared.adapters.market_api.transport import RawReply
    from shared.domain.ids import ContractId


class VastTransport(MarketTransport):
    def clean_row(self, raw: RawReply) -> Row:
        return clean_row(raw)

    def new_contract(self, row: Row) -> ContractId | None:
        return new_contract(row)
