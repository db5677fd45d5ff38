"""A GPU marketplace in memory, with a truth of its own and faults that a test orders."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.domain.errors import ProviderBusy, ProviderRefused, ProviderUnknown
from shared.domain.ids import ContractId
from shared.domain.market.filtering import matching
from shared.ports.counting import record
from shared.ports.marketplace import (
    Charge,
    ChargeKind,
    Contract,
    Created,
    CreateOrder,
    Listing,
)
from tests.fakes.contracts import TrueContract, whole_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.domain.market.offers import Offer, OfferFilter
    from shared.ports.clock import Clock


class Fault(StrEnum):
    BEFORE = "before"  # no answer, and nothing was done
    AFTER = "after"  # no answer, though it took effect
    BUSY = "busy"
    REFUSED = "refused"
    REFUSED_WITH_CONTRACT = "refused_with_contract"  # a create: a no that left a contract
    TWICE = "twice"  # a create: two contracts under one label
    STOLEN = "stolen"  # a create: somebody else was faster
    NOOP = "noop"  # a destroy that only says yes
    EMPTY = "empty"  # a listing: a well-formed lie
    PARTIAL = "partial"  # a listing that lacks rows, and says so


class FakeMarketplace:
    """Implements Marketplace for one account. Its clock runs `skew_s` before ours.

    A contract runs `boot_s` after its create. It is missing from listings for `lag_s`, and
    listed as leaving for `leaving_s` after its end.
    """

    provider = "vast"

    def __init__(
        self, clock: Clock, offers: Iterable[Offer], skew_s: float = 0.0, first_id: int = 1001
    ) -> None:
        self._clock = clock
        self._skew = timedelta(seconds=skew_s)
        self.offers = list(offers)
        self.contracts: dict[ContractId, TrueContract] = {}
        self.faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self.creates: list[str] = []  # the label of every create call that arrived
        self.calls: list[tuple[str, str]] = []
        self.credit = 25_000_000
        self.boot_s = 30.0
        self.lag_s = 0.0
        self.leaving_s = 0.0
        self._next_id = first_id - 1

    # --- the truth

    def now(self) -> datetime:
        return self._clock.now() + self._skew

    def standing(self) -> list[TrueContract]:
        return [each for each in self.contracts.values() if each.destroyed_at is None]

    def under(self, label: str) -> list[TrueContract]:
        return [each for each in self.contracts.values() if each.order.label == label]

    def place(self, order: CreateOrder, offer: Offer) -> TrueContract:
        """A contract that nobody was told of."""
        self._next_id += 1
        up_at = self.now() + timedelta(seconds=self.boot_s)
        made = TrueContract(
            id=ContractId(str(self._next_id)),
            order=order,
            offer=offer,
            created_at=self.now(),
            up_at=up_at,
            machine_up_at=up_at,
            visible_at=self.now() + timedelta(seconds=self.lag_s),
        )
        self.contracts[made.id] = made
        return made

    # --- the port

    def search(self, wanted: OfferFilter) -> tuple[Offer, ...]:
        self._fault("search", "")
        found = sorted(matching(self._free(wanted), wanted), key=lambda o: o.gpu_rate)
        return tuple(replace(each, as_of=self._clock.now()) for each in found[: wanted.limit])

    def create(self, order: CreateOrder) -> Created:
        self.creates.append(order.label)
        fault = self._fault("create", order.label)
        offer = next((o for o in self._free(None) if o.offer_id == order.offer_id), None)
        if offer is None or fault is Fault.STOLEN:
            raise ProviderRefused("no_such_ask", "offer_gone")
        made = self.place(order, offer)
        if fault is Fault.TWICE:
            self.place(order, offer)
        if fault is Fault.REFUSED_WITH_CONTRACT:
            raise ProviderRefused("something went wrong", "other", made.id)
        if fault is Fault.AFTER:
            raise ProviderUnknown("timed out")
        return Created(made.id, whole_seconds(self.now()))

    def show(self, contract_id: ContractId) -> Contract | None:
        self._fault("show", contract_id)
        contract = self.contracts.get(contract_id)
        return contract.shown(self.now()) if contract and self._is_listed(contract) else None

    def listing(self) -> Listing:
        fault = self._fault("listing", "")
        now = self.now()
        listed = [
            each for each in self.contracts.values() if self._is_listed(each, now=now, lagging=True)
        ]
        rows = tuple(each.shown(now) for each in listed)
        if fault is Fault.EMPTY:
            rows = ()
        if fault is Fault.PARTIAL:
            return Listing(rows[1:], False, "rows are missing", whole_seconds(now))
        return Listing(rows, True, "", whole_seconds(now))

    def stop(self, contract_id: ContractId) -> datetime:
        return self._power("stop", contract_id)

    def start(self, contract_id: ContractId) -> datetime:
        return self._power("start", contract_id)

    def reboot(self, contract_id: ContractId) -> datetime:
        return self._power("reboot", contract_id)

    def destroy(self, contract_id: ContractId) -> datetime:
        return self._power("destroy", contract_id)

    def credit_micro_usd(self) -> int:
        self._fault("credit", "")
        return self.credit

    def charges(self, since: datetime) -> tuple[Charge, ...]:
        self._fault("charges", "")
        now = self.now()
        return tuple(
            Charge(each.id, kind, round(amount), each.created_at, each.destroyed_at or now)
            for each in self.contracts.values()
            for kind, amount in each.bill(now).items()
            if kind in {ChargeKind.GPU, ChargeKind.DISK} or amount
            if (each.destroyed_at or now) > since
        )

    # --- inside

    def _power(self, call: str, contract_id: ContractId) -> datetime:
        fault = self._fault(call, contract_id)
        contract = self.contracts.get(contract_id)
        if contract is None or contract.destroyed_at:
            raise ProviderRefused("no such instance", "not_found")
        now = self.now()
        if fault is not Fault.NOOP:
            self._take(call, contract, now)
        if fault is Fault.AFTER:
            raise ProviderUnknown("timed out")
        return whole_seconds(now)

    def _take(self, call: str, contract: TrueContract, now: datetime) -> None:
        if call == "start":
            contract.start(now, self.boot_s)
        elif call == "reboot":
            contract.reboot(now, self.boot_s / 3)
        elif call == "stop":
            contract.stop(now)
        else:
            contract.destroy(now)

    def _fault(self, call: str, what: str) -> Fault | None:
        self.calls.append((call, what))
        record(provider_calls=1)
        fault = self.faults[call].popleft() if self.faults[call] else None
        if fault is Fault.BEFORE:
            raise ProviderUnknown("cut off")
        if fault is Fault.BUSY:
            raise ProviderBusy("too many requests", 3.0)
        if fault is Fault.REFUSED:
            raise ProviderRefused("no", "other")
        return fault

    def _free(self, wanted: OfferFilter | None) -> list[Offer]:
        taken = {each.offer.machine_id for each in self.standing()}
        return [
            each
            for each in self.offers
            if each.machine_id not in taken
            and (wanted is None or each.machine_type is wanted.machine_type)
        ]

    def _is_listed(
        self, contract: TrueContract, *, now: datetime | None = None, lagging: bool = False
    ) -> bool:
        moment = now or self.now()
        if lagging and moment < contract.visible_at:
            return False
        ended = contract.destroyed_at
        return ended is None or moment < ended + timedelta(seconds=self.leaving_s)
