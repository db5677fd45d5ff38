"""Marketplaces, and sign-ups of simulated ones, by provider. Each is imported at its first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.errors import NotFound

if TYPE_CHECKING:
    from shared.ports.clock import Clock
    from shared.ports.marketplace import Marketplace, MarketplaceSignup


def marketplace_at(provider: str, key: str, clock: Clock, url: str) -> Marketplace:
    """The provider's marketplace under this key; `url` "" is its public one. Raises NotFound."""
    if provider == "vast":
        from shared.adapters.vast import marketplace as vast

        return vast.VastMarketplace(key, clock, url or vast.PUBLIC_URL)
    if provider == "tensordock":
        from shared.adapters.tensordock import marketplace as tensordock

        return tensordock.TensorDockMarketplace(key, clock, url or tensordock.PUBLIC_URL)
    raise NotFound(f"there is no provider {provider}")


def signup_at(
    provider: str, sim_key: str, clock: Clock, url: str, credit: int
) -> MarketplaceSignup:
    """Opens accounts with `credit` micro-USD at the provider's simulator. Raises NotFound."""
    from shared.adapters.market_api.signup import SimulatedSignup

    if provider == "vast":
        from shared.adapters.vast.transport import VastTransport

        return SimulatedSignup(provider, VastTransport, url, sim_key, clock, credit)
    if provider == "tensordock":
        from shared.adapters.tensordock.transport import TensorDockTransport

        return SimulatedSignup(provider, TensorDockTransport, url, sim_key, clock, credit)
    raise NotFound(f"there is no simulator of {provider}")
