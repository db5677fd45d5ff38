"""What nobody of us can hurry: an instance that waits for it is as settled as it can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.judge.naming import rental_named

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import Contract
    from shared.domain.instances.model import Instance
    from tests.simulation.judge.documents import Documents
    from tests.simulation.provider.site import Site


class Convergence:
    def __init__(self, site: Site, documents: Documents) -> None:
        self._site = site
        self._documents = documents

    def is_excused(self, instance: Instance) -> bool:
        """It waits for its host, for a GPU that others hold, or for a last snapshot that cannot
        be taken; its owner was told.
        """
        if instance.failover.final_since or instance.failover.told:
            return True
        primary = self._documents.rentals.get(instance.primary or "")
        contracts = self._site.ours()
        mine = [each for each in contracts if primary and rental_named(each) == primary.id]
        return any(self._waits(each) for each in mine if each.destroyed_at is None)

    def _waits(self, contract: Contract) -> bool:
        """Its host is dead, or its GPU is another's."""
        if self._site.is_dead(contract):
            return True
        return contract.intended_status == "running" and contract.cur_state == "stopped"
