"""From the domain's offers to the wire, and from the query to the domain's filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contract.offers import (
    BalanceAnswer,
    BalanceWire,
    BlockWire,
    FiltersWire,
    HistoryWire,
    OfferQuery,
    OffersAnswer,
    OfferWire,
    PriceWire,
    ScoreWire,
    WarningWire,
)
from shared.domain.billing.money import to_usd, usd
from shared.domain.market.offers import OfferFilter
from shared.domain.racing.odds import READY_WITHIN_S
from shared.domain.racing.subject import USUAL_IMAGE, subject_of_offer

if TYPE_CHECKING:
    from shared.app.market.balances import Balance, Balances
    from shared.app.market.offers import OfferBook, Warned
    from shared.domain.history.regard import Tally
    from shared.domain.history.verdict import Block
    from shared.domain.market.ranking import RankedOffer, Score

_NOT_FILTERS = {"limit", "page_token"}


def filter_of(query: OfferQuery) -> OfferFilter:
    """The limit reaches to the end of the page that is asked for."""
    return OfferFilter(
        gpu_name=query.gpu_name,
        num_gpus=query.num_gpus,
        min_gpu_ram_gb=query.min_gpu_ram_gb,
        min_cpu_cores=query.min_cpu_cores,
        min_cpu_ram_gb=query.min_cpu_ram_gb,
        min_disk_gb=query.min_disk_gb,
        min_inet_down_mbps=query.min_inet_down_mbps,
        min_inet_up_mbps=query.min_inet_up_mbps,
        max_price=usd(query.max_price),
        min_reliability=query.min_reliability,
        region=query.region,
        verified_only=query.verified_only,
        static_ip=query.static_ip,
        cuda_version=query.cuda_version,
        machine_type=query.machine_type,
        provider=query.provider,
        order_by=query.order_by,
        limit=first_of_page(query) + query.limit,
    )


def first_of_page(query: OfferQuery) -> int:
    return int(query.page_token or 0)


def offers_answer(book: OfferBook, query: OfferQuery) -> OffersAnswer:
    first = first_of_page(query)
    after = first + query.limit
    return OffersAnswer(
        items=tuple(_offer(each, query.min_disk_gb, book) for each in book.offers[first:after]),
        count=book.matched,
        next_page_token=str(after) if after < book.matched else None,
        as_of=book.as_of,
        filters_applied=FiltersWire.model_validate(query.model_dump(exclude=_NOT_FILTERS)),
        hidden_by_default=book.hidden_by_default,
        warnings=tuple(map(_warning, book.warnings)),
    )


def balance_answer(found: Balances) -> BalanceAnswer:
    return BalanceAnswer(
        items=tuple(map(_balance, found.balances)),
        as_of=found.as_of,
        warnings=tuple(map(_warning, found.warnings)),
    )


def history_wire(tally: Tally) -> HistoryWire:
    return HistoryWire(
        source=tally.source,
        attempts=tally.attempts,
        ready=tally.ready,
        lost=tally.lost,
        success_rate=tally.success_rate,
        reliability=tally.reliability,
        last_at=tally.last_at,
    )


def block_wire(block: Block) -> BlockWire:
    return BlockWire(source=block.source, reason=block.reason, since=block.since, until=block.until)


def _offer(ranked: RankedOffer, disk_gb: int, book: OfferBook) -> OfferWire:
    offer, regard = ranked.offer, book.regard
    odds = book.odds.odds(subject_of_offer(offer, USUAL_IMAGE))
    tally = regard.tally(offer.provider, offer.machine_id)
    block = regard.block(offer.provider, offer.machine_id)
    return OfferWire(
        offer_id=offer.offer_id,
        provider=offer.provider,
        machine_id=offer.machine_id,
        host_id=offer.host_id,
        machine_type=offer.machine_type,
        gpu_name=offer.gpu_name,
        num_gpus=offer.num_gpus,
        gpu_ram_gb=offer.gpu_ram_mb / 1000,
        cpu_cores=offer.cpu_cores,
        cpu_ram_gb=None if offer.cpu_ram_mb is None else offer.cpu_ram_mb / 1000,
        disk_gb=offer.disk_gb,
        inet_down_mbps=offer.inet_down_mbps,
        inet_up_mbps=offer.inet_up_mbps,
        price=_price(ranked, disk_gb),
        min_bid_usd_per_hour=_usd_or_unknown(offer.min_bid),
        geolocation=offer.geolocation,
        country=offer.country,
        reliability=offer.reliability,
        p_ready=round(odds.ready_within(READY_WITHIN_S), 3),
        verified=offer.verified,
        static_ip=offer.static_ip,
        direct_ports=offer.direct_ports,
        cuda_version=offer.cuda_version,
        dlperf=offer.dlperf,
        available_for_s=offer.duration_s,
        history=history_wire(tally) if tally else None,
        blacklist=block_wire(block) if block else None,
        score=_score(ranked.score),
        as_of=offer.as_of,
    )


def _price(ranked: RankedOffer, disk_gb: int) -> PriceWire:
    offer = ranked.offer
    return PriceWire(
        total_usd_per_hour=to_usd(ranked.price),
        gpu_usd_per_hour=to_usd(offer.gpu_rate),
        storage_usd_per_hour=to_usd(offer.storage_rate(disk_gb)),
        download_usd_per_gb=to_usd(offer.download_micro_usd_per_gb),
        upload_usd_per_gb=to_usd(offer.upload_micro_usd_per_gb),
    )


def _score(score: Score) -> ScoreWire:
    return ScoreWire(
        total=score.total,
        price=score.price,
        reliability=score.reliability,
        bandwidth=score.bandwidth,
        verified=score.verified,
        direct_ports=score.direct_ports,
    )


def _balance(balance: Balance) -> BalanceWire:
    return BalanceWire(
        provider=balance.provider,
        account_id=balance.account_id,
        credit_usd=_usd_or_unknown(balance.credit),
        spent_today_usd=_usd_or_unknown(balance.spent_today),
        spent_this_month_usd=_usd_or_unknown(balance.spent_this_month),
    )


def _warning(warned: Warned) -> WarningWire:
    return WarningWire(provider=warned.provider, code=warned.code, message=warned.message)


def _usd_or_unknown(micro_usd: int | None) -> float | None:
    return None if micro_usd is None else to_usd(micro_usd)
