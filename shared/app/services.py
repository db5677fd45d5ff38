"""The outside, as the use cases see it. Each property is made at its first use, so that a
function loads only the adapters that it touches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from shared.app.machines.index_cache import CommandIndexCache
    from shared.app.machines.lease_cache import LeaseCache
    from shared.app.market.offers_cache import OfferCache
    from shared.app.settings import Settings
    from shared.domain.accounts import ProviderAccount
    from shared.ports.blobs import Blobs
    from shared.ports.bus import Bus
    from shared.ports.callers import Callers
    from shared.ports.clock import Clock, Ids
    from shared.ports.lanes import Lanes
    from shared.ports.marketplace import Marketplace, MarketplaceSignup
    from shared.ports.scheduler import Scheduler
    from shared.ports.secrets import Secrets
    from shared.ports.snapshots import SnapshotVerifier
    from shared.ports.store import Store


class Services(Protocol):
    @property
    def settings(self) -> Settings: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def ids(self) -> Ids: ...

    @property
    def store(self) -> Store: ...

    @property
    def bus(self) -> Bus: ...

    @property
    def blobs(self) -> Blobs: ...

    @property
    def secrets(self) -> Secrets: ...

    @property
    def scheduler(self) -> Scheduler: ...

    @property
    def callers(self) -> Callers:
        """Who may start what runs behind topics and schedules."""

    @property
    def command_index(self) -> CommandIndexCache:
        """One per process."""

    @property
    def leases(self) -> LeaseCache:
        """One per process."""

    @property
    def snapshots(self) -> SnapshotVerifier: ...

    @property
    def public_marketplaces(self) -> tuple[Marketplace, ...]:
        """Every configured provider under the deployment's own key: for offers, never to rent."""

    @property
    def offers_cache(self) -> OfferCache:
        """One per process: OfferCache(clock, settings.offers_cache_s)."""

    @property
    def lanes(self) -> Lanes:
        """For what mostly waits for somebody outside."""

    def marketplace(self, account: ProviderAccount) -> Marketplace:
        """The provider under a tenant's key."""

    @property
    def signups(self) -> tuple[MarketplaceSignup, ...]:
        """Open provider accounts for new users: only for marketplaces that are simulated."""
