"""What can be rented, and with what money: /api/instances/offers and /api/instances/balance."""

from __future__ import annotations

from shared.contract.offers import BalanceAnswer, OfferQuery, OffersAnswer
from shared.contract.offers_mapping import balance_answer, filter_of, offers_answer
from shared.contract.paging import NoBody, NoQuery
from shared.edge.route import Access, Call, Route


def get_offers(call: Call[OfferQuery, NoBody]) -> OffersAnswer:
    from shared.app.market.offers import search_offers

    caller = call.principal.user_id if call.principal else None
    book = search_offers(
        call.services,
        filter_of(call.query),
        caller,
        include_blacklisted=call.query.include_blacklisted,
    )
    return offers_answer(book, call.query)


def get_balance(call: Call[NoQuery, NoBody]) -> BalanceAnswer:
    from shared.app.market.balances import balances

    return balance_answer(balances(call.services, call.user))


OFFER_ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/instances/offers",
        get_offers,
        "GPU offers of every provider",
        access=Access.PUBLIC,
        query=OfferQuery,
        answer=OffersAnswer,
        tag="Instances",
    ),
    Route(
        "GET",
        "/api/instances/balance",
        get_balance,
        "Your credit at the providers, and what was spent of it",
        query=NoQuery,
        answer=BalanceAnswer,
        tag="Instances",
    ),
)
