"""Pick what an instance will be rented on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from shared.app.accounts.load import accounts_of
from shared.app.history.regard import regard_of
from shared.app.market.experience import experience_of
from shared.app.market.offers import find_offer, market_offers
from shared.domain.frozen import dataclass
from shared.domain.history.book import machine_key
from shared.domain.instances.policies import RaceStart
from shared.domain.market.candidates import candidates
from shared.domain.market.filtering import matching
from shared.domain.market.offers import Offer
from shared.domain.racing.decide import next_racers
from shared.domain.racing.entry import entry_of_offer, racer_of
from shared.domain.racing.odds import READY_WITHIN_S, oddsmaker
from shared.domain.racing.stakes import Stakes, purse_too_small
from shared.domain.replacing import replace
from shared.domain.serverless.bids import bid_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.app.services import Services
    from shared.domain.instances.scene import Scene
    from shared.domain.market.offers import OfferFilter


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rent these now. `look_at`: when the race may want another; None: not before one is lost.

    `odds`: for each offer that was chosen by them, its chance to be ready within READY_WITHIN_S.
    """

    offers: tuple[Offer, ...]
    look_at: datetime | None = None
    odds: tuple[float, ...] = ()


def choose(services: Services, scene: Scene, most: int) -> Chosen:
    """At most `most` offers on different machines, none of which has a rental of the instance.

    They are of any provider at which the owner has an account and that answers.
    A machine that was tried in this provisioning, or that the instance slept on last, is taken
    only where nothing else fits; a blacklisted one never, unless its offer was named. Raises
    ProviderError when no provider answers, BudgetExceeded when the race's money covers none, and
    OfferGone when the offer that was named is not there any more.
    """
    instance = scene.instance
    if instance.offer_id and instance.attempts == 0 and instance.epoch == 0:
        return Chosen((find_offer(services, instance.offer_id, instance.seeks.machine_type),))
    seeks = instance.seeks
    want = replace(seeks, min_disk_gb=max(seeks.min_disk_gb, instance.spec.disk_gb))
    preferred, others = _open_offers(services, scene, want)
    if instance.race.start is RaceStart.TOGETHER:
        return Chosen(candidates(preferred, want, most) or candidates(others, want, most))
    return _by_odds(services, scene, matching(preferred, want) or matching(others, want), most)


def _open_offers(
    services: Services, scene: Scene, want: OfferFilter
) -> tuple[Sequence[Offer], Sequence[Offer]]:
    """Without the avoided, and with them."""
    held = {machine_key(each.terms.provider, each.terms.machine_id) for each in scene.rentals}
    avoided = {*scene.instance.tried, scene.instance.avoid_machine}
    mine = accounts_of(services, scene.instance.owner)
    allowed = regard_of(services, scene.instance.owner).allowed(market_offers(services, want))
    open_ = [o for o in allowed if o.provider in mine and _key(o) not in held]
    return [each for each in open_ if _key(each) not in avoided], open_


def _key(offer: Offer) -> str:
    """Two providers may call two machines the same."""
    return machine_key(offer.provider, offer.machine_id)


def _by_odds(services: Services, scene: Scene, offers: Sequence[Offer], most: int) -> Chosen:
    instance, now = scene.instance, services.clock.now()
    race, spec = instance.race, instance.spec
    racing = [racer_of(each, spec.image) for each in scene.racers()]
    left = None if race.max_micro_usd is None else race.max_micro_usd - instance.race_promised
    experience = experience_of(services)
    entries = [
        entry_of_offer(each, spec.image, spec.disk_gb, bid_for(instance, each)) for each in offers
    ]
    turn = next_racers(
        now,
        racing,
        entries,
        experience,
        Stakes(most, instance.provision_deadline or now, left, race.waiting_rate),
    )
    cap = race.max_micro_usd
    if cap is not None and entries and not turn.start and not racing:
        cheapest = min(each.reserved for each in entries)
        raise purse_too_small(cap, instance.race_promised, cheapest)
    started = {each.offer_id for each in turn.start}
    by_id = {each.offer_id: each for each in offers if each.offer_id in started}
    oracle = oddsmaker(experience, now)
    odds = tuple(oracle.odds(each.subject).ready_within(READY_WITHIN_S) for each in turn.start)
    return Chosen(tuple(by_id[each.offer_id] for each in turn.start), turn.look_at, odds)
