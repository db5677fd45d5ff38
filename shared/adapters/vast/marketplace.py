"""The VAST.ai marketplace under one key."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.adapters.market_api.reading import Unreadable, number
from shared.adapters.vast.charges import charges_of, since_only
from shared.adapters.vast.contracts import contract
from shared.adapters.vast.listing import ListedPage, assemble, next_token
from shared.adapters.vast.offers import offer, query
from shared.adapters.vast.orders import body_of
from shared.adapters.vast.transport import VastTransport
from shared.adapters.vast.verdict import new_contract
from shared.domain.billing.money import usd
from shared.domain.errors import ProviderError, ProviderRefused, ProviderUnknown
from shared.domain.market.filtering import matching
from shared.ports.marketplace import Charge, Contract, Created, Listing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    import httpx

    from shared.adapters.market_api.transport import Reply
    from shared.domain.ids import ContractId
    from shared.domain.market.offers import Offer, OfferFilter
    from shared.ports.clock import Clock
    from shared.ports.marketplace import CreateOrder

log = logging.getLogger(__name__)

PUBLIC_URL = "https://console.vast.ai"
_CONTRACTS_PER_PAGE = 25  # the largest that the marketplace gives
_CHARGES_PER_PAGE = 100
# The documented interval between two calls of these endpoints is 1 s; their clock is not ours.
_PAGE_INTERVAL_S = 1.1
# A token that never ends is a broken listing, not a large account.
_MOST_PAGES = 200


class VastMarketplace:
    """Implements Marketplace. One call is one request; listings and bills are one per page.

    Threads may share it. The pages of a listing keep the marketplace's interval by `clock`;
    between calls the interval is the caller's to keep (ProviderBusy says how long).
    """

    def __init__(
        self,
        api_key: str,
        clock: Clock,
        base_url: str = PUBLIC_URL,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._clock = clock
        self._http = VastTransport(base_url, api_key, clock, transport)

    @property
    def provider(self) -> str:
        return "vast"

    def search(self, wanted: OfferFilter) -> tuple[Offer, ...]:
        reply = self._http.send("POST", "/api/v0/bundles/", query(wanted))
        rows = reply.row.get("offers")
        if not isinstance(rows, list):
            raise ProviderUnknown("the search answered without a list of offers")
        found, dropped = _offers(rows, wanted, reply)
        if dropped:
            log.warning("%d of %d offers could not be read", dropped, len(rows))
        cheapest_first = sorted(
            matching(found.values(), wanted),
            key=lambda each: (each.price(wanted.min_disk_gb), each.offer_id),
        )
        return tuple(cheapest_first[: wanted.limit])

    def create(self, order: CreateOrder) -> Created:
        body = body_of(order)
        reply = self._http.send("PUT", f"/api/v0/asks/{_number(order.offer_id)}/", body)
        contract_id = new_contract(reply.row)
        if contract_id is None or reply.row.get("success") is not True:
            raise ProviderUnknown("the create call did not answer in full", contract_id)
        return Created(contract_id, reply.at)

    def show(self, contract_id: ContractId) -> Contract | None:
        try:
            reply = self._http.get(f"/api/v0/instances/{_number(contract_id)}/", owner="me")
        except ProviderRefused as refused:
            if refused.reason == "not_found":
                return None
            raise
        if "instances" not in reply.row:
            raise ProviderUnknown("the answer names no contract, not even none")
        row = reply.row["instances"]
        if row is None:
            return None
        shown = _contract(row, reply)
        if shown.id != contract_id:
            raise ProviderUnknown("the answer is about another contract")
        return shown

    def listing(self) -> Listing:
        """Raises only when the first page fails; what fails later makes it incomplete.

        Its time is the provider's, and no later than the moment the listing began.
        """
        started_s = self._clock.monotonic_s()
        page = self._contracts_page(None)
        began_at = page.at - timedelta(seconds=self._clock.monotonic_s() - started_s)
        pages, cut_short = [page], ""
        try:
            while (token := next_token(pages[-1].row)) is not None:
                if len(pages) == _MOST_PAGES:
                    cut_short = "the listing does not end"
                    break
                self._clock.sleep(_PAGE_INTERVAL_S)
                pages.append(self._contracts_page(token))
        except (ProviderError, Unreadable) as error:
            cut_short = f"page {len(pages) + 1}: {error}"
        return assemble(pages, began_at, cut_short)

    def stop(self, contract_id: ContractId) -> datetime:
        return self._order("PUT", f"/api/v0/instances/{_number(contract_id)}/", state="stopped")

    def start(self, contract_id: ContractId) -> datetime:
        return self._order("PUT", f"/api/v0/instances/{_number(contract_id)}/", state="running")

    def reboot(self, contract_id: ContractId) -> datetime:
        return self._order("PUT", f"/api/v0/instances/reboot/{_number(contract_id)}/")

    def destroy(self, contract_id: ContractId) -> datetime:
        return self._order("DELETE", f"/api/v0/instances/{_number(contract_id)}/")

    def credit_micro_usd(self) -> int:
        reply = self._http.get("/api/v0/users/current")
        try:
            credit = number(reply.row, "credit")
        except Unreadable as error:
            raise ProviderUnknown(f"the account cannot be read: {error}") from error
        if credit is None:
            raise ProviderUnknown("the account does not say its credit")
        return usd(credit)

    def charges(self, since: datetime) -> tuple[Charge, ...]:
        """Raises ProviderUnknown when any page or line cannot be read: a bill is whole or none."""
        lines: list[Charge] = []
        for row in self._charge_results(since):
            try:
                lines += charges_of(row)
            except Unreadable as error:
                raise ProviderUnknown(f"the bill cannot be read: {error}") from error
        return since_only(lines, since)

    def _contracts_page(self, token: str | None) -> ListedPage:
        after = {} if token is None else {"after_token": token}
        reply = self._http.get(
            "/api/v1/instances/",
            limit=_CONTRACTS_PER_PAGE,
            order_by=[{"col": "id", "dir": "asc"}],
            **after,
        )
        return ListedPage(reply.row, reply.at)

    def _charge_results(self, since: datetime) -> Iterator[object]:
        """Whole days from `since` on: the filter is by day. Its end lies far ahead, as their clock
        is not ours, and a simulated one runs fast.
        """
        midnight = since.replace(hour=0, minute=0, second=0, microsecond=0)
        far_ahead = self._clock.now() + timedelta(days=366)
        days = {"gte": int(midnight.timestamp()), "lte": int(far_ahead.timestamp())}
        after: dict[str, object] = {}
        for _ in range(_MOST_PAGES):
            reply = self._http.get(
                "/api/v0/charges/",
                select_filters={"day": days},
                latest_first=False,
                limit=_CHARGES_PER_PAGE,
                format="tree",
                **after,
            )
            rows = reply.row.get("results")
            if not isinstance(rows, list):
                raise ProviderUnknown("a page of the bill has no lines")
            yield from rows
            token = _token(reply)
            if token is None:
                return
            after = {"after_token": token}
            self._clock.sleep(_PAGE_INTERVAL_S)
        raise ProviderUnknown("the bill does not end")

    def _order(self, method: str, path: str, **body: object) -> datetime:
        reply = self._http.send(method, path, body)
        if reply.row.get("success") is not True:
            raise ProviderUnknown("the order was neither accepted nor refused")
        return reply.at


def _offers(rows: list[object], wanted: OfferFilter, reply: Reply) -> tuple[dict[str, Offer], int]:
    """Readable offers by id, and how many rows were not."""
    found: dict[str, Offer] = {}
    dropped = 0
    for row in rows:
        try:
            each = offer(row, wanted.machine_type, reply.at)
        except Unreadable:
            dropped += 1
            continue
        found[each.offer_id] = each
    return found, dropped


def _contract(row: object, reply: Reply) -> Contract:
    try:
        return contract(row, reply.at)
    except Unreadable as error:
        raise ProviderUnknown(f"the contract cannot be read: {error}") from error


def _token(reply: Reply) -> str | None:
    try:
        return next_token(reply.row)
    except Unreadable as error:
        raise ProviderUnknown(f"the bill cannot be read on: {error}") from error


def _number(provider_id: str) -> str:
    """The id as a part of a path. Raises ProviderRefused for one that cannot be theirs."""
    if not (provider_id.isascii() and provider_id.isdigit()):
        raise ProviderRefused(f"{provider_id!r} is not an id of this marketplace", "not_found")
    return provider_id
