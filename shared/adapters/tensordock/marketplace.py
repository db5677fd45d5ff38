"""The TensorDock marketplace under one key.

Best effort: its pages and a mirror of them disagree in places, so what comes is read in either
form. It has no spot market, no reboot and no bill, and does not say what credit is left.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn

from shared.adapters.market_api.reading import Unreadable
from shared.adapters.tensordock.contracts import contract, contract_id_of
from shared.adapters.tensordock.listing import assemble
from shared.adapters.tensordock.offer_ids import HOST, deal_of
from shared.adapters.tensordock.orders import body_of
from shared.adapters.tensordock.search import free_ports, offers_in
from shared.adapters.tensordock.transport import TensorDockTransport
from shared.domain.errors import ProviderCannot, ProviderRefused, ProviderUnknown
from shared.domain.market.filtering import matching
from shared.domain.market.offers import MachineType
from shared.ports.marketplace import Contract, Created, Listing

if TYPE_CHECKING:
    from datetime import datetime

    import httpx

    from shared.adapters.tensordock.offer_ids import Deal
    from shared.domain.ids import ContractId
    from shared.domain.market.offers import Offer, OfferFilter
    from shared.ports.clock import Clock
    from shared.ports.marketplace import CreateOrder

PUBLIC_URL = "https://dashboard.tensordock.com"
_API = "/api/v2"
PORTS_WITHIN_S = 5.0  # what rule 7 of the rental protocol allows between a claim and its call


class TensorDockMarketplace:
    """Implements Marketplace. One call is one request; a search reads places and hosts, and a
    create on a host without addresses of its own first reads which ports it has left.

    Threads may share it. The limit of calls is the caller's to keep (ProviderBusy says how long).
    """

    def __init__(
        self,
        api_key: str,
        clock: Clock,
        base_url: str = PUBLIC_URL,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._clock = clock
        self._http = TensorDockTransport(base_url, api_key, clock, transport)

    @property
    def provider(self) -> str:
        return "tensordock"

    def search(self, wanted: OfferFilter) -> tuple[Offer, ...]:
        if wanted.machine_type is not MachineType.ON_DEMAND:
            return ()
        hosts, places = (self._http.get(f"{_API}/{name}") for name in ("hostnodes", "locations"))
        found = {each.offer_id: each for each in offers_in(hosts.row, places.row, places.at)}
        cheapest_first = sorted(
            matching(found.values(), wanted),
            key=lambda each: (each.price(wanted.min_disk_gb), each.offer_id),
        )
        return tuple(cheapest_first[: wanted.limit])

    def create(self, order: CreateOrder) -> Created:
        deal = deal_of(order.offer_id)
        ports = () if deal.own_ip or deal.kind != HOST else self._free_ports(deal)
        body = body_of(order, deal, ports)
        reply = self._http.send("POST", f"{_API}/instances", body)
        contract_id = self._http.new_contract(reply.row)
        if contract_id is None:
            raise ProviderUnknown("the create call did not name a machine")
        return Created(contract_id, reply.at)

    def show(self, contract_id: ContractId) -> Contract | None:
        try:
            reply = self._http.get(_path(contract_id))
        except ProviderRefused as refused:
            if refused.reason == "not_found":
                return None
            raise
        try:
            shown = contract(reply.row, reply.at)
        except Unreadable as error:
            raise ProviderUnknown(f"the machine cannot be read: {error}") from error
        if shown is not None and shown.id != contract_id:
            raise ProviderUnknown("the answer is about another machine")
        return shown

    def listing(self) -> Listing:
        """Its time is the provider's, and no later than the moment the listing began."""
        started_s = self._clock.monotonic_s()
        reply = self._http.get(f"{_API}/instances")
        took = timedelta(seconds=self._clock.monotonic_s() - started_s)
        return assemble(reply.row, reply.at, reply.at - took)

    def stop(self, contract_id: ContractId) -> datetime:
        return self._order("POST", f"{_path(contract_id)}/stop")

    def start(self, contract_id: ContractId) -> datetime:
        return self._order("POST", f"{_path(contract_id)}/start")

    def destroy(self, contract_id: ContractId) -> datetime:
        return self._order("DELETE", _path(contract_id))

    def reboot(self, contract_id: ContractId) -> NoReturn:
        raise ProviderCannot(f"TensorDock has no reboot: stop and start {contract_id} instead")

    def credit_micro_usd(self) -> NoReturn:
        raise ProviderCannot("TensorDock does not say what credit is left")

    def charges(self, since: datetime) -> NoReturn:
        raise ProviderCannot(f"TensorDock gives no bill, since {since.date()} or ever")

    def _free_ports(self, deal: Deal) -> list[int]:
        """Ports of the host that nobody forwards.

        Raises ProviderRefused where it tells none, and where it took so long to tell that the
        create call would leave later than whoever ordered it reckons with.
        """
        started_s = self._clock.monotonic_s()
        reply = self._http.get(f"{_API}/hostnodes/{deal.where}")
        if self._clock.monotonic_s() - started_s > PORTS_WITHIN_S:
            raise ProviderRefused("its host was too slow to tell its ports; nothing sent", "other")
        try:
            return free_ports(reply.row)
        except Unreadable as error:
            raise ProviderRefused(f"the host's ports: {error}", "offer_gone") from error

    def _order(self, method: str, path: str) -> datetime:
        reply = self._http.send(method, path, {})
        if not isinstance(reply.row.get("data"), dict):
            raise ProviderUnknown("the order was neither accepted nor refused")
        return reply.at


def _path(contract_id: ContractId) -> str:
    """Raises ProviderRefused for an id that cannot be theirs."""
    try:
        return f"{_API}/instances/{contract_id_of({'id': contract_id})}"
    except Unreadable as error:
        raise ProviderRefused(str(error), "not_found") from error
