"""What we asked of the provider, request by request: creates, and orders for contracts."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.domain.rentals.model import RentalState
from shared.domain.rentals.timing import ISSUE_S, Timing
from tests.simulation.judge.findings import (
    BOUND_DESTROYED,
    DOUBLE_PROVISIONED,
    FACTS_LOST,
    FOREIGN_TOUCHED,
    LATE_SENDS,
    RENTED_UNPAID,
)
from tests.simulation.judge.naming import rental_in, rental_named

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import Contract
    from infra.simulators.wire import Request
    from tests.simulation.judge.documents import Documents
    from tests.simulation.judge.findings import Findings
    from tests.simulation.ports import World
    from tests.simulation.provider.site import Site

LETTING_GO = frozenset({RentalState.RELEASING, RentalState.GONE})
HALTS = frozenset({"provider.destroy", "provider.stop"})
ORDERS = HALTS | {"provider.start", "provider.reboot"}


class RequestJudge:
    """`let_go_at` is when we first ordered a contract's end, by the provider's clock; `halted` are
    those that we last ordered to stop or to end.
    """

    def __init__(self, world: World, site: Site, documents: Documents, findings: Findings) -> None:
        self._world = world
        self._site = site
        self._documents = documents
        self._findings = findings
        self._creates: Counter[str] = Counter()
        self.let_go_at: dict[int, float] = {}
        self.halted: set[int] = set()
        self._told: dict[object, list[tuple[str, str]]] = {}  # by task: rental and its contract

    def leaves(self, label: str) -> None:
        """The code sends a create now; what befalls its process or the way is no fault of it."""
        rental = self._documents.rentals.get(rental_in(label))
        now = self._world.clock.now()
        if rental is None or rental.visible_by is None:
            return
        issued_by = rental.visible_by - timedelta(seconds=Timing().visible_by_s - ISSUE_S)
        if now > issued_by:
            text = f"the create of {rental.id} leaves {now - issued_by} too late"
            self._findings.add(LATE_SENDS, rental.id, text)

    def answered(self, task: object, label: str, contract_id: str) -> None:
        """This task was told by a clean answer which contract it has made."""
        self._told.setdefault(task, []).append((rental_in(label), contract_id))

    def ended(self, task: object, *, well: bool) -> None:
        """Rule 2: what it was told stands in a document, unless it died or failed with that."""
        for rental_id, contract_id in self._told.pop(task, []):
            rental = self._documents.rentals.get(rental_id)
            if not well or rental is None:
                continue
            if contract_id not in {rental.contract_id, *rental.strays}:
                text = f"{rental_id} does not know contract {contract_id}, which it made"
                self._findings.add(FACTS_LOST, contract_id, text)

    def issued(self, call: str, request: Request) -> None:
        """It leaves our process now."""
        if call not in ORDERS:
            return
        contract = self._contract(request)
        if contract is None:
            return
        if call in HALTS:
            self.halted.add(contract.id)
        else:
            self.halted.discard(contract.id)
        if contract.id in self._site.foreign.ids:
            self._findings.add(FOREIGN_TOUCHED, contract.id, f"{call} of {contract.label!r}")
        elif call == "provider.destroy":
            self.let_go_at.setdefault(contract.id, self._site.now())
            self._is_releasing(contract)

    def arrived(self, call: str, request: Request) -> None:
        """The provider has it."""
        if call != "provider.create":
            return
        label = str(json.loads(request.body)["label"])
        self._creates[label] += 1
        if self._creates[label] > 1:
            self._findings.add(DOUBLE_PROVISIONED, label, f"{self._creates[label]} of {label}")
        self._is_paid(label)

    def _is_paid(self, label: str) -> None:
        """A market without this would hide what we do when it refuses."""
        model, now = self._site.model, self._site.now()
        for contract in model.contracts.values():
            fresh = contract.label == label and now - contract.created_at < 1.0
            if fresh and model.accounts[contract.account_id].broke:
                text = f"contract {contract.id} of {label} was begun without credit"
                self._findings.add(RENTED_UNPAID, contract.id, text)

    def check_foreign(self) -> None:
        """Others' contracts end only by their owners' hands."""
        foreign = self._site.foreign
        for contract_id in foreign.ids - foreign.ended:
            contract = self._site.model.contracts[contract_id]
            if contract.destroyed_at is not None:
                self._findings.add(FOREIGN_TOUCHED, contract_id, f"{contract.label!r} is destroyed")

    def _is_releasing(self, contract: Contract) -> None:
        """Rule 8: a bound contract is ended by its rental's own release alone."""
        rental = self._documents.rentals.get(rental_named(contract))
        bound = rental is not None and rental.contract_id == str(contract.id)
        if rental is not None and bound and rental.state not in LETTING_GO:
            text = f"contract {contract.id} of {rental.id}, which is {rental.state.value}"
            self._findings.add(BOUND_DESTROYED, contract.id, text)

    def _contract(self, request: Request) -> Contract | None:
        text = request.path.rstrip("/").rpartition("/")[2]
        return self._site.model.contracts.get(int(text)) if text.isdigit() else None
