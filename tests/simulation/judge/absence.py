"""Rules 6 and 7: what is called gone does not stand, unless lists lied that nobody can see through.

An agent that speaks or a read by id may make up for it, so that no machine is lost at last; it is
the proof itself that is judged here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.rentals.model import RentalState
from tests.simulation.judge.findings import GONE_TOO_EARLY
from tests.simulation.judge.naming import rental_named

if TYPE_CHECKING:
    from shared.domain.rentals.model import Rental
    from tests.simulation.judge.documents import Documents
    from tests.simulation.judge.findings import Findings
    from tests.simulation.provider.desk import Desk
    from tests.simulation.provider.site import Site

# Two lists without it are the whole proof: where two were wrong and well-formed, it is excused.
LIES = 2


class AbsenceJudge:
    def __init__(self, site: Site, desk: Desk, documents: Documents, findings: Findings) -> None:
        self._site = site
        self._desk = desk
        self._findings = findings
        documents.on("rentals", self._changed)

    def _changed(self, key: str, before: Rental | None, after: Rental | None) -> None:
        if after is None or after.state is not RentalState.GONE:
            return
        if before is not None and before.state is RentalState.GONE:
            return
        for contract in self._site.ours():
            stands = contract.destroyed_at is None and rental_named(contract) == key
            if stands and self._desk.lies < LIES:
                text = f"{key} is called gone, and contract {contract.id} stands"
                self._findings.add(GONE_TOO_EARLY, key, text)
