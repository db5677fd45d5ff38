"""Accounts at a simulated marketplace. The real ones have no such call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.market_api.reading import Unreadable, text
from shared.domain.billing.money import to_usd
from shared.domain.errors import ProviderUnknown

if TYPE_CHECKING:
    import httpx

    from shared.adapters.market_api.transport import MarketTransport
    from shared.ports.clock import Clock


class SimulatedSignup:
    """Implements MarketplaceSignup against `POST /sim/accounts`. `credit` is micro-USD."""

    def __init__(
        self,
        provider: str,
        speaks: type[MarketTransport],
        base_url: str,
        sim_key: str,
        clock: Clock,
        credit: int,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.provider = provider
        self._credit = credit
        self._http = speaks(base_url, sim_key, clock, transport, headers={"X-Sim-Key": sim_key})

    def open_account(self, user_hint: str) -> str:
        body = {"hint": user_hint, "credit_usd": to_usd(self._credit)}
        reply = self._http.send("POST", "/sim/accounts", body)
        try:
            key = text(reply.row, "api_key")
        except Unreadable as error:
            raise ProviderUnknown(f"the new account cannot be read: {error}") from error
        if key is None:
            raise ProviderUnknown("the new account came without a key")
        return key
