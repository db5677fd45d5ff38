"""What the simulation's engine asks of a provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.provider.desk import Desk
from tests.simulation.provider.site import Site
from tests.simulation.provider.wire import SimulatedMarketplace

if TYPE_CHECKING:
    from shared.domain.accounts import ProviderAccount
    from shared.ports.marketplace import Marketplace
    from tests.simulation.ports import World


class Provider:
    """`site` is the truth; `marketplace` is what the control plane sees of it."""

    def __init__(self, world: World, deployment_id: str) -> None:
        self._world = world
        self.site = Site(world, deployment_id)
        self.desk = Desk(world, self.site)

    def marketplace(self, account: ProviderAccount) -> Marketplace:
        """The real adapter under the account's key."""
        key = self.site.key_of(account.owner)
        return SimulatedMarketplace(self.desk, key, self._world.clock)
